// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc

/// One line of the header, as it will be written, and where its parts are. 32 bytes.
@usableFromInline struct Field {
    /// The whole line with its end of line.
    @usableFromInline var line: UnsafePointer<UInt8>
    @usableFromInline var body: UnsafePointer<UInt8>
    @usableFromInline var length: UInt32
    /// The length of the body; the top bit says that it still holds folding.
    @usableFromInline var bodyAndFold: UInt32
    @usableFromInline var id: UInt16
    @usableFromInline var nameLength: UInt16
    /// Neighbours in the order of writing; 0 is none.
    @usableFromInline var next: UInt16
    @usableFromInline var previous: UInt16

    @inlinable static var folded: UInt32 { 1 << 31 }
    @inlinable var bodyLength: Int { Int(bodyAndFold & ~Self.folded) }
}

/// What a message handle points to: one block of memory that is taken from its pool, filled, and given back.
///
/// The block is `Storage`, the first-of-kind table, the plugins' words, 48 fields, the first 2 KiB of the arena, a
/// receive buffer of 64 KiB with padding and another 16 KiB of arena, in this order and without gaps: a usual message
/// touches two pages of it, which counts while it is kept for a call that rings. All members are trivial, and all bytes zero is a valid start for those from `references` on.
@usableFromInline struct Storage {
    // Set when the block is made.
    @usableFromInline var home: UnsafeMutablePointer<PoolState>
    @usableFromInline var nextFree: UnsafeMutablePointer<Storage>?
    @usableFromInline var buffer: UnsafeMutablePointer<UInt8>
    @usableFromInline var arena: UnsafeMutablePointer<UInt8>
    @usableFromInline var firstFields: UnsafeMutablePointer<Field>
    @usableFromInline var firstOfKind: UnsafeMutablePointer<UInt16>
    @usableFromInline var slots: UnsafeMutablePointer<UInt64>
    @usableFromInline var names: HeaderNamesPointer

    // Zeroed when the block is taken.
    @usableFromInline var references: Int32
    @usableFromInline var worker: UInt32
    @usableFromInline var serial: UInt64
    @usableFromInline var flags: UInt64
    @usableFromInline var scriptFlags: UInt64
    @usableFromInline var branchFlags: UInt64
    @usableFromInline var options: UInt32
    @usableFromInline var parsed: Parsed
    @usableFromInline var flow: mt_flow

    @usableFromInline var start: UnsafeMutablePointer<UInt8>?
    @usableFromInline var received: Slice
    @usableFromInline var startLine: Slice
    @usableFromInline var methodText: Slice
    @usableFromInline var uri: Slice
    @usableFromInline var receivedURI: Slice
    @usableFromInline var version: Slice
    @usableFromInline var reason: Slice
    @usableFromInline var status: Int32
    @usableFromInline var method: UInt8
    @usableFromInline var isRequest: Bool
    @usableFromInline var startEdited: Bool
    @usableFromInline var stream: Bool
    /// Start line, fields, blank line and body are as they stand in `received`, and nothing else is there.
    @usableFromInline var isIntact: Bool
    @usableFromInline var blank: Slice
    @usableFromInline var body: Slice

    @usableFromInline var fields: UnsafeMutablePointer<Field>?
    @usableFromInline var fieldCapacity: Int32
    @usableFromInline var fieldCount: Int32
    @usableFromInline var head: UInt16
    @usableFromInline var tail: UInt16
    @usableFromInline var duplicates: UInt32

    @usableFromInline var callID: Slice
    @usableFromInline var cseqMethodText: Slice
    @usableFromInline var cseq: UInt32
    @usableFromInline var cseqMethod: UInt8
    @usableFromInline var from: Address
    @usableFromInline var to: Address
    @usableFromInline var topVia: Via
    @usableFromInline var parsedURI: URI
    @usableFromInline var maxForwards: Int32
    @usableFromInline var contentLength: Int32
    @usableFromInline var expires: Int64

    @usableFromInline var nextHop: Slice
    @usableFromInline var ruid: Slice
    @usableFromInline var instance: Slice
    @usableFromInline var userAgent: Slice
    @usableFromInline var connection: UInt64
    @usableFromInline var regID: UInt32
    /// One more than it is: 0 is none.
    @usableFromInline var quality: Int32
    @usableFromInline var path: Slice
    @usableFromInline var outSocket: UInt32
    @usableFromInline var hasOutSocket: Bool
    @usableFromInline var errorStatus: Int32
    @usableFromInline var errorReason: Slice
    @usableFromInline var replyLines: Slice
    @usableFromInline var replyBody: Slice
    @usableFromInline var replyType: Slice
    @usableFromInline var firstTarget: UnsafeMutablePointer<TargetNode>?
    @usableFromInline var lastTarget: UnsafeMutablePointer<TargetNode>?
    @usableFromInline var targetCount: Int32

    @usableFromInline var moreSlots: UnsafeMutablePointer<SlotPage>?
    @usableFromInline var arenaUsed: Int
    @usableFromInline var arenaRoom: Int
    @usableFromInline var chunks: UnsafeMutablePointer<Chunk>?
    @usableFromInline var attributes: UnsafeMutableRawPointer?

    @usableFromInline var stampedVia: Slice
    @usableFromInline var stampedFrom: UnsafePointer<UInt8>?
    @usableFromInline var stampedForced: Bool
}

@usableFromInline typealias HeaderNamesPointer = UnsafePointer<HeaderNames>

/// Which of the cached readings in `Storage` are up to date.
@usableFromInline struct Parsed: OptionSet {
    @usableFromInline let rawValue: UInt32
    @inlinable init(rawValue: UInt32) { self.rawValue = rawValue }

    @inlinable static var via: Parsed { Parsed(rawValue: 1 << 0) }
    @inlinable static var from: Parsed { Parsed(rawValue: 1 << 1) }
    @inlinable static var to: Parsed { Parsed(rawValue: 1 << 2) }
    @inlinable static var callID: Parsed { Parsed(rawValue: 1 << 3) }
    @inlinable static var cseq: Parsed { Parsed(rawValue: 1 << 4) }
    @inlinable static var maxForwards: Parsed { Parsed(rawValue: 1 << 5) }
    @inlinable static var contentLength: Parsed { Parsed(rawValue: 1 << 6) }
    @inlinable static var expires: Parsed { Parsed(rawValue: 1 << 7) }
    @inlinable static var uri: Parsed { Parsed(rawValue: 1 << 8) }
}

/// One more destination of a request, in the message's arena.
@usableFromInline struct TargetNode {
    @usableFromInline var target: mt_target
    @usableFromInline var next: UnsafeMutablePointer<TargetNode>?
}

/// The words of plugins beyond the first 64, in the message's arena.
@usableFromInline struct SlotPage {
    @usableFromInline var next: UnsafeMutablePointer<SlotPage>?
    @usableFromInline var words: UnsafeMutablePointer<UInt64>
}

/// Memory from malloc that goes with the message: the arena's continuation. The bytes follow it.
@usableFromInline struct Chunk {
    @usableFromInline var next: UnsafeMutablePointer<Chunk>?
    @usableFromInline var used: Int
    @usableFromInline var room: Int
    @usableFromInline var padding: Int
}

/// Where the parts of a block are, in bytes from its start.
enum Layout {
    static var zeroed: Int { 64 }  // up to here, what is set when the block is made
    static var kinds: Int { HeaderID.known + 1 }
    static var firstOfKind: Int { rounded(MemoryLayout<Storage>.size, 16) }
    static var slots: Int { rounded(firstOfKind + kinds * 2, 16) }
    static var slotCount: Int { 64 }
    static var fields: Int { slots + slotCount * 8 }
    static var fieldCount: Int { 48 }
    static var arena: Int { fields + fieldCount * MemoryLayout<Field>.stride }
    static var arenaSize: Int { 2 * 1024 }
    static var buffer: Int { rounded(arena + arenaSize, 64) }
    static var bufferSize: Int { 64 * 1024 }
    static var padding: Int { 64 }
    static var secondArena: Int { rounded(buffer + bufferSize + padding, 64) }
    static var secondArenaSize: Int { 16 * 1024 }
    static var size: Int { rounded(secondArena + secondArenaSize, 4096) }

    static func rounded(_ n: Int, _ unit: Int) -> Int { (n + unit - 1) / unit * unit }
}
