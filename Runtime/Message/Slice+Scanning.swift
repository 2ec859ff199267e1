// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Looking for things in bytes. Everything here reads inside the slice only.
extension Slice {
    @inlinable public func equalsIgnoringCase(_ other: Slice) -> Bool {
        guard count == other.count else { return false }
        guard let a = base, let b = other.base else { return base == nil && other.base == nil }
        var i = 0
        while count &- i >= 8 {
            if Self.lowercased(a + i) != Self.lowercased(b + i) { return false }
            i &+= 8
        }
        if i > 0 {
            // Some of the last eight are looked at twice.
            return i == count || Self.lowercased(a + (count &- 8)) == Self.lowercased(b + (count &- 8))
        }
        while i < count {
            if a[i] != b[i] && a[i].lowercased != b[i].lowercased { return false }
            i &+= 1
        }
        return true
    }

    /// Eight bytes. Adding reaches the top bit of a byte from `A` on, or from behind `Z` on, and never the next byte.
    @inlinable static func lowercased(_ start: UnsafePointer<UInt8>) -> UInt64 {
        let word = UnsafeRawPointer(start).loadUnaligned(as: UInt64.self)
        let low = word & 0x7F7F_7F7F_7F7F_7F7F
        let isUpper = (low &+ 0x3F3F_3F3F_3F3F_3F3F) & ~(low &+ 0x2525_2525_2525_2525) & ~word
        return word | (isUpper & 0x8080_8080_8080_8080) >> 2
    }

    /// Is it this word of one to eight lower-case letters, in any letter case?
    @inlinable @inline(__always) func isWord(_ word: StaticString) -> Bool {
        let n = word.utf8CodeUnitCount
        guard count == n, let base else { return false }
        return Self.letters(base, n) == Self.letters(word.utf8Start, n)
    }

    /// The letters in one word: where `n` is known, as it is for a literal, this is two loads.
    @inlinable @inline(__always) static func letters(_ start: UnsafePointer<UInt8>, _ n: Int) -> UInt64 {
        let raw = UnsafeRawPointer(start)
        var word = UInt64(start[0])
        if n >= 4 {
            word = UInt64(raw.loadUnaligned(as: UInt32.self))
            word |= UInt64(raw.loadUnaligned(fromByteOffset: n &- 4, as: UInt32.self)) << 32
        } else if n >= 2 {
            word = UInt64(raw.loadUnaligned(as: UInt16.self))
            word |= UInt64(raw.loadUnaligned(fromByteOffset: n &- 2, as: UInt16.self)) << 16
        }
        return word | 0x2020_2020_2020_2020
    }

    @inlinable public func hasPrefix(_ other: Slice) -> Bool {
        count >= other.count && (other.isEmpty || prefix(other.count) == other)
    }

    @inlinable public func hasPrefixIgnoringCase(_ other: Slice) -> Bool {
        count >= other.count && (other.isEmpty || prefix(other.count).equalsIgnoringCase(other))
    }

    @inlinable public func hasSuffix(_ other: Slice) -> Bool {
        count >= other.count && (other.isEmpty || suffix(other.count) == other)
    }

    /// Where `byte` first stands at or after `start`.
    @inlinable public func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        guard let base, start >= 0, start < count,
            let found = memchr(base + start, Int32(byte), count - start)
        else { return nil }
        return UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }

    @inlinable public func lastIndex(of byte: UInt8) -> Int? {
        guard let base else { return nil }
        var i = count - 1
        while i >= 0 {
            if base[i] == byte { return i }
            i -= 1
        }
        return nil
    }

    /// Where `text` first stands; an empty text stands at the start.
    public func find(_ text: Slice, from start: Int = 0) -> Int? {
        guard let base, start >= 0, start <= count else { return nil }
        guard let needle = text.base, text.count > 0 else { return start }
        var at = start
        while at + text.count <= count, let found = firstIndex(of: needle[0], from: at),
            found + text.count <= count
        {
            if memcmp(base + found, needle, text.count) == 0 { return found }
            at = found + 1
        }
        return nil
    }

    public func findIgnoringCase(_ text: Slice, from start: Int = 0) -> Int? {
        guard start >= 0, count - start >= text.count else { return nil }
        for i in start...(count - text.count) where self[i..<(i + text.count)].equalsIgnoringCase(text) {
            return i
        }
        return nil
    }

    /// Without blanks, tabs and line ends at both ends.
    @inlinable public var trimmed: Slice {
        guard let base else { return self }
        var low = 0
        var high = count
        while low < high, base[low].isSpace { low += 1 }
        while high > low, base[high - 1].isSpace { high -= 1 }
        return Slice(base: base + low, count: high - low)
    }

    /// A decimal number, all of the slice, with an optional sign; nil when it is none or does not fit.
    @inlinable public func integer() -> Int? {
        guard let base, count > 0 else { return nil }
        let negative = base[0] == UInt8(ascii: "-")
        var i = negative || base[0] == UInt8(ascii: "+") ? 1 : 0
        guard i < count else { return nil }
        var value = 0
        while i < count {
            let digit = base[i] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.subtractingReportingOverflow(Int(digit))
            guard !overflow, !carry else { return nil }
            value = sum
            i += 1
        }
        // Counted downwards, for the least Int has no positive twin.
        return negative ? value : (value == Int.min ? nil : -value)
    }

    /// A number of digits only, that fits 31 bits: what CSeq, ports, and lengths are.
    @inlinable @inline(__always) public func natural() -> Int? {
        guard var at = base, count > 0, count <= 19 else { return nil }
        let end = at + count
        var value: UInt64 = 0
        while at < end {
            let digit = at.pointee &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value &* 10 &+ UInt64(digit)
            at += 1
        }
        return value <= UInt64(Int32.max) ? Int(value) : nil
    }

    /// A hash of the bytes, the same in every process.
    @inlinable public var hash: UInt32 {
        guard let base else { return 0 }
        let raw = UnsafeRawPointer(base)
        var h = UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15
        var i = 0
        while i + 8 <= count {
            h = (h ^ raw.loadUnaligned(fromByteOffset: i, as: UInt64.self)) &* 0x9FB2_1C65_1E98_DF25
            h ^= h >> 32
            i += 8
        }
        while i < count {
            h = (h ^ UInt64(base[i])) &* 0x0000_0100_0000_01B3
            i += 1
        }
        h = (h ^ (h >> 29)) &* 0x9E37_79B9_7F4A_7C15
        return UInt32(truncatingIfNeeded: h >> 32)
    }
}

extension UInt8 {
    @inlinable public var lowercased: UInt8 { self &- UInt8(ascii: "A") < 26 ? self | 0x20 : self }
    @inlinable public var uppercased: UInt8 { self &- UInt8(ascii: "a") < 26 ? self & 0xDF : self }
    @inlinable public var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }
    @inlinable public var isAlpha: Bool { (self | 0x20) &- UInt8(ascii: "a") < 26 }
    /// A blank, a tab, or part of a line end.
    @inlinable public var isSpace: Bool { self == 0x20 || self &- 9 < 2 || self == 0x0D }

    /// RFC 3261, 25.1: alphanum and - . ! % * _ + ` ' ~
    @inlinable public var isToken: Bool {
        let low: UInt64 = 0x03FF_6CA2_0000_0000  // ! % ' * + - . 0-9
        let high: UInt64 = 0x47FF_FFFF_87FF_FFFE  // A-Z _ ` a-z ~
        return self < 128 && ((self < 64 ? low : high) >> UInt64(self & 63)) & 1 != 0
    }
}
