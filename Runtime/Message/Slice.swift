// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc

/// Bytes that someone else owns: a pointer and a length, the Swift twin of `mt_str`.
///
/// No pointer at all is "absent"; a pointer with length 0 is "present and empty". A slice neither keeps its
/// bytes alive nor copies them: it is as good as the message, the arena or the literal that it points into.
@frozen public struct Slice: @unchecked Sendable {
    public var base: UnsafePointer<UInt8>?
    public var count: Int

    @inlinable public init(base: UnsafePointer<UInt8>?, count: Int) {
        self.base = base
        self.count = base == nil ? 0 : Swift.max(count, 0)
    }

    /// From `start` up to, and without, `end`, which is not before it.
    @inlinable init(_ start: UnsafePointer<UInt8>, upTo end: UnsafePointer<UInt8>) {
        assert(start <= end)
        self.base = start
        self.count = end - start
    }

    @inlinable public init(_ text: StaticString) {
        self.base = text.utf8Start
        self.count = text.utf8CodeUnitCount
    }

    @inlinable public init(_ bytes: UnsafeRawBufferPointer) {
        self.init(base: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), count: bytes.count)
    }

    @inlinable public init(_ text: mt_str) {
        self.init(base: UnsafeRawPointer(text.ptr)?.assumingMemoryBound(to: UInt8.self), count: text.len)
    }

    @inlinable public static var absent: Slice { Slice(base: nil, count: 0) }
    @inlinable public static var empty: Slice { Slice("" as StaticString) }

    @inlinable public var isAbsent: Bool { base == nil }
    @inlinable public var isPresent: Bool { base != nil }
    @inlinable public var isEmpty: Bool { count == 0 }

    @inlinable public var mt: mt_str {
        mt_str(ptr: UnsafeRawPointer(base)?.assumingMemoryBound(to: CChar.self), len: count)
    }

    @inlinable public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    /// A copy as a String, repaired where it is not UTF-8. Allocates: for logs, tests and start-up.
    public var string: String { String(decoding: bytes, as: UTF8.self) }

    /// The byte at `index`, or 0 outside: reading never traps.
    @inlinable public subscript(index: Int) -> UInt8 {
        guard let base, index >= 0, index < count else { return 0 }
        return base[index]
    }

    /// The part inside the bounds; what lies outside of the slice is left away.
    @inlinable public subscript(range: Range<Int>) -> Slice {
        guard let base else { return self }
        let low = Swift.min(Swift.max(range.lowerBound, 0), count)
        let high = Swift.min(Swift.max(range.upperBound, low), count)
        return Slice(base: base + low, count: high &- low)
    }

    @inlinable @inline(__always) public func dropFirst(_ n: Int = 1) -> Slice {
        guard let base else { return self }
        let low = Swift.min(Swift.max(n, 0), count)
        return Slice(base: base + low, count: count &- low)
    }

    @inlinable @inline(__always) public func prefix(_ n: Int) -> Slice {
        guard let base else { return self }
        return Slice(base: base, count: Swift.min(n, count))
    }

    @inlinable public func dropLast(_ n: Int = 1) -> Slice { prefix(Swift.max(count - n, 0)) }
    @inlinable public func suffix(_ n: Int) -> Slice { dropFirst(Swift.max(count - n, 0)) }
}

extension Slice: ExpressibleByStringLiteral {
    @inlinable public init(stringLiteral value: StaticString) { self.init(value) }
}

extension Slice: Equatable {
    /// The same bytes; absent equals only absent.
    @inlinable public static func == (a: Slice, b: Slice) -> Bool {
        guard a.count == b.count else { return false }
        guard let left = a.base, let right = b.base else { return a.base == nil && b.base == nil }
        return left == right || memcmp(left, right, a.count) == 0
    }
}

extension Slice: CustomStringConvertible {
    public var description: String { isAbsent ? "absent" : string }
}
