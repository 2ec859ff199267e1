// SPDX-License-Identifier: Apache-2.0
import Message

/// Memory for compiled variables, formats and patterns, which are flat and immutable: pointers that any
/// worker may follow without counting references. All of it goes when the storage goes.
///
/// A program's storage lives as long as the program; what is compiled while running (a text evaluated twice)
/// takes a storage of its own for that moment.
public final class CodeStorage {
    private var blocks: [UnsafeMutableRawPointer] = []
    private var cleanups: [() -> Void] = []

    public init() {}

    deinit {
        for cleanup in cleanups { cleanup() }
        for block in blocks { block.deallocate() }
    }

    /// Stores a trivial value for good.
    func place<Value>(_ value: Value) -> UnsafeMutablePointer<Value> {
        let pointer = UnsafeMutablePointer<Value>.allocate(capacity: 1)
        pointer.initialize(to: value)
        blocks.append(UnsafeMutableRawPointer(pointer))
        return pointer
    }

    func place<Value>(_ values: [Value]) -> UnsafeBufferPointer<Value> {
        guard !values.isEmpty else { return UnsafeBufferPointer(start: nil, count: 0) }
        let buffer = UnsafeMutableBufferPointer<Value>.allocate(capacity: values.count)
        _ = buffer.initialize(from: values)
        blocks.append(UnsafeMutableRawPointer(buffer.baseAddress!))
        return UnsafeBufferPointer(buffer)
    }

    /// A copy of the bytes, never absent; a NUL follows, for C's sake.
    public func text(_ bytes: some Collection<UInt8>) -> Slice {
        let room = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count + 1)
        _ = room.initialize(from: Array(bytes) + [0])
        blocks.append(UnsafeMutableRawPointer(room.baseAddress!))
        return Slice(base: UnsafePointer(room.baseAddress!), count: bytes.count)
    }

    /// Something to do before the memory goes.
    func atEnd(_ cleanup: @escaping () -> Void) { cleanups.append(cleanup) }
}
