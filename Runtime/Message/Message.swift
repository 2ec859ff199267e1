// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// A SIP message: a handle of one pointer to a block of memory that its pool recycles.
///
/// Copying the handle copies no message and counts nothing; `retain` and `release` do, on one thread at a time.
/// The bytes are indexed once and stay where they were received. Edits are recorded in the index, show at once,
/// and are applied when the message is written, so that everything else leaves as it came, byte for byte.
@frozen public struct Message: Equatable, @unchecked Sendable {
    @usableFromInline let store: UnsafeMutablePointer<Storage>

    @inlinable init(store: UnsafeMutablePointer<Storage>) { self.store = store }

    /// The handle as plugins see it, an `mt_msg *`, and back.
    @inlinable public var opaque: OpaquePointer { OpaquePointer(store) }
    @inlinable public init(_ opaque: OpaquePointer) { store = UnsafeMutablePointer(opaque) }

    @inlinable public static func == (a: Message, b: Message) -> Bool { a.store == b.store }

    // MARK: Life

    @inlinable public func retain() { store.pointee.references &+= 1 }

    /// At the last one the block goes back to its pool, from whichever thread.
    @inlinable public func release() {
        store.pointee.references &-= 1
        if store.pointee.references == 0 { recycle() }
    }

    @inlinable public var references: Int { Int(store.pointee.references) }

    /// The pool it came from and goes back to.
    @inlinable public var pool: MessagePool { MessagePool(state: store.pointee.home) }

    /// Set once by whoever keeps attributes: called with them when the message that holds them goes back.
    nonisolated(unsafe) public static var attributesRelease:
        (@convention(c) (UnsafeMutableRawPointer) -> Void)?

    /// A whole line, `Server: martlet\r\n`, for the replies that `reply` makes; set at start-up.
    nonisolated(unsafe) public static var serverHeader: StaticString?

    @usableFromInline func recycle() {
        if let attributes = store.pointee.attributes {
            store.pointee.attributes = nil
            Self.attributesRelease?(attributes)
        }
        freeMemory()
        pool.give(store)
    }

    // MARK: Where it stands in the server

    /// Where a datagram is received to: 64 KiB. What follows it is padding and belongs to nobody.
    @inlinable public var receiveBuffer: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: store.pointee.buffer, count: 65_536)
    }

    /// How it came; its `protocol` is 0 in messages that did not.
    @inlinable public var flow: mt_flow {
        get { store.pointee.flow }
        nonmutating set { store.pointee.flow = newValue }
    }

    /// The worker whose pool it came from, until somebody sets another.
    @inlinable public var worker: UInt32 {
        get { store.pointee.worker }
        nonmutating set { store.pointee.worker = newValue }
    }

    /// Counts up with each message taken from the pool.
    @inlinable public var serial: UInt64 { store.pointee.serial }

    @inlinable public var flags: UInt64 {
        get { store.pointee.flags }
        nonmutating set { store.pointee.flags = newValue }
    }

    @inlinable public var scriptFlags: UInt64 {
        get { store.pointee.scriptFlags }
        nonmutating set { store.pointee.scriptFlags = newValue }
    }

    @inlinable public var branchFlags: UInt64 {
        get { store.pointee.branchFlags }
        nonmutating set { store.pointee.branchFlags = newValue }
    }

    /// MT_O_ bits.
    @inlinable public var options: UInt32 {
        get { store.pointee.options }
        nonmutating set { store.pointee.options = newValue }
    }

    @inlinable public func has(option: Int) -> Bool {
        store.pointee.options & UInt32(truncatingIfNeeded: option) != 0
    }

    /// Whatever keeps $avp and its like here; see `attributesRelease`. A copy starts without.
    @inlinable public var attributes: UnsafeMutableRawPointer? {
        get { store.pointee.attributes }
        nonmutating set { store.pointee.attributes = newValue }
    }
}
