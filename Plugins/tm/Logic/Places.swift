// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Which of 16,777,216 places are taken, one bit each, and above them a bit for each 64 that are full, three times over:
/// the lowest free one is four steps away, however many there are.
///
/// What stays after a burst gathers below, so that what was needed above can go.
@frozen public struct Places {
    public static var most: UInt32 { @inlinable get { 1 << 24 } }
    private static let leaves = 1 << 18
    @usableFromInline let taken: UnsafeMutablePointer<UInt64>
    @usableFromInline let full64: UnsafeMutablePointer<UInt64>
    @usableFromInline let full4096: UnsafeMutablePointer<UInt64>
    @usableFromInline var full262144: UInt64 = 0

    public init() {
        let words = Self.leaves + Self.leaves / 64 + Self.leaves / 4096
        taken = ZeroPages.take(words * MemoryLayout<UInt64>.stride).bindMemory(
            to: UInt64.self, capacity: words)
        full64 = taken + Self.leaves
        full4096 = full64 + Self.leaves / 64
    }

    /// The lowest that is free. nil: all are taken.
    @inlinable public mutating func take() -> UInt32? {
        guard full262144 != .max else { return nil }
        let first = (~full262144).trailingZeroBitCount
        let second = first << 6 | (~full4096[first]).trailingZeroBitCount
        let third = second << 6 | (~full64[second]).trailingZeroBitCount
        let bit = (~taken[third]).trailingZeroBitCount
        taken[third] |= 1 << UInt64(bit)
        if taken[third] == .max { fill(third) }
        return UInt32(third << 6 | bit)
    }

    @usableFromInline mutating func fill(_ word: Int) {
        full64[word >> 6] |= 1 << UInt64(word & 63)
        guard full64[word >> 6] == .max else { return }
        full4096[word >> 12] |= 1 << UInt64(word >> 6 & 63)
        guard full4096[word >> 12] == .max else { return }
        full262144 |= 1 << UInt64(word >> 12)
    }

    @inlinable public mutating func give(_ place: UInt32) {
        let word = Int(place >> 6)
        if taken[word] == .max {
            full64[word >> 6] &= ~(1 << UInt64(word & 63))
            full4096[word >> 12] &= ~(1 << UInt64(word >> 6 & 63))
            full262144 &= ~(1 << UInt64(word >> 12))
        }
        taken[word] &= ~(1 << UInt64(place & 63))
    }

    /// None of the 64 times `words` from that one on, a multiple of 64, is taken.
    public func isEmpty(from first: UInt32, words: Int) -> Bool {
        let start = Int(first >> 6)
        return (start..<start + words).allSatisfy { taken[$0] == 0 }
    }
}

/// Memory in zeroes that costs nothing until it is used.
public enum ZeroPages {
    /// Ends the process when there is no more.
    public static func take(_ size: Int) -> UnsafeMutableRawPointer {
        let raw = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let raw, raw != MAP_FAILED else { fatalError("out of memory for transactions") }
        // A page of 2 MiB would make all of it resident, of which most may never be touched.
        madvise(raw, size, MADV_NOHUGEPAGE)
        return raw
    }

    public static func give(_ memory: UnsafeMutableRawPointer, _ size: Int) { munmap(memory, size) }
}
