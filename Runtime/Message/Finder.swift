// SPDX-License-Identifier: Apache-2.0

/// Looks for separators in a stretch of text, sixteen bytes at once, and takes parameters off it.
///
/// Safe on any text: a load never leaves `begin ..< end`. What is left at the end is looked at together with what
/// came before it, and a text shorter than sixteen bytes one by one.
struct Finder {
    let begin: UnsafePointer<UInt8>
    let end: UnsafePointer<UInt8>

    @inline(__always) init(_ text: Slice, _ base: UnsafePointer<UInt8>) {
        begin = base
        end = base + text.count
    }

    /// Where any of the four first stands at or after `start`; `end` when none does.
    @inline(__always) func first(
        of a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8, from start: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8> {
        var at = start
        while end - at >= 16 {
            let (low, high) = Self.matches(at, a, b, c, d)
            if low != 0 { return at + (low.trailingZeroBitCount >> 3) }
            if high != 0 { return at + (8 &+ (high.trailingZeroBitCount >> 3)) }
            at += 16
        }
        if at >= end { return end }
        if end - begin < 16 {
            while at < end, at.pointee != a, at.pointee != b, at.pointee != c, at.pointee != d { at += 1 }
            return at
        }
        // The last sixteen bytes, without those that were seen already.
        let seen = UInt64(truncatingIfNeeded: 16 &- (end - at)) &* 8
        var (low, high) = Self.matches(end - 16, a, b, c, d)
        low = seen >= 64 ? 0 : low & (~0 &<< seen)
        if low != 0 { return end - 16 + (low.trailingZeroBitCount >> 3) }
        if seen > 64 { high &= ~0 &<< (seen &- 64) }
        return high != 0 ? end - 8 + (high.trailingZeroBitCount >> 3) : end
    }

    /// Nothing that no URI has: blanks, control characters, angle brackets, quotes.
    @inline(__always) var isURIText: Bool {
        var at = begin
        while end - at >= 16 {
            if Self.odd(at) { return false }
            at += 16
        }
        if at == end { return true }
        // Some of these are looked at twice.
        if end - begin >= 16 { return !Self.odd(end - 16) }
        while at < end {
            let byte = at.pointee
            if byte <= 0x22 && byte != UInt8(ascii: "!") || byte == UInt8(ascii: "<")
                || byte == UInt8(ascii: ">")
                || byte == 0x7F
            {
                return false
            }
            at += 1
        }
        return true
    }

    @inline(__always) private static func odd(_ at: UnsafePointer<UInt8>) -> Bool {
        let bytes = UnsafeRawPointer(at).loadUnaligned(as: SIMD16<UInt8>.self)
        let pair =
            lanes(bytes & SIMD16(repeating: 0xE0), 0) | lanes(bytes, 0x20) | lanes(bytes, 0x7F)
            | lanes(bytes, UInt8(ascii: "<")) | lanes(bytes, UInt8(ascii: ">"))
            | lanes(bytes, UInt8(ascii: "\""))
        return pair[0] | pair[1] != 0
    }

    @inline(__always) func afterSpace(_ start: UnsafePointer<UInt8>) -> UnsafePointer<UInt8> {
        var at = start
        while at < end, at.pointee.isSpace { at += 1 }
        return at
    }

    /// Behind the quote that closes the string that opens at `start`; nil when none does.
    func afterQuoted(_ start: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
        let quote = UInt8(ascii: "\"")
        let backslash = UInt8(ascii: "\\")
        var at = start + 1
        while at < end {
            at = first(of: quote, backslash, quote, quote, from: at)
            if at >= end { return nil }
            if at.pointee == quote { return at + 1 }
            at += 2
        }
        return nil
    }

    struct Param {
        var name: Slice
        /// Absent without "=".
        var value: Slice
        /// The separator that follows, or the end.
        var next: UnsafePointer<UInt8>
    }

    /// The parameter that starts at `start`, up to a semicolon or to `stop`; nil when a quote in it stays open.
    @inline(__always) func param(from start: UnsafePointer<UInt8>, before stop: UInt8) -> Param? {
        let semicolon = UInt8(ascii: ";")
        let begin = afterSpace(start)
        var at = first(of: UInt8(ascii: "="), semicolon, stop, stop, from: begin)
        let name = Slice(begin, upTo: Self.withoutSpace(begin, at))
        guard at < end, at.pointee == UInt8(ascii: "=") else {
            return Param(name: name, value: .absent, next: at)
        }
        let value = afterSpace(at + 1)
        at = value
        while true {
            at = first(of: UInt8(ascii: "\""), semicolon, stop, stop, from: at)
            guard at < end, at.pointee == UInt8(ascii: "\"") else { break }
            guard let after = afterQuoted(at) else { return nil }
            at = after
        }
        return Param(name: name, value: Slice(value, upTo: Self.withoutSpace(value, at)), next: at)
    }

    /// The end of what stands before `end` once blanks are taken off.
    @inline(__always) static func withoutSpace(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8> {
        var end = end
        while end > start, end[-1].isSpace { end -= 1 }
        return end
    }

    @inline(__always) private static func matches(
        _ at: UnsafePointer<UInt8>, _ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8
    ) -> (UInt64, UInt64) {
        let bytes = UnsafeRawPointer(at).loadUnaligned(as: SIMD16<UInt8>.self)
        // Masks are joined as words: joined as masks, they would be taken apart lane by lane.
        let pair = Self.lanes(bytes, a) | Self.lanes(bytes, b) | Self.lanes(bytes, c) | Self.lanes(bytes, d)
        return (pair[0], pair[1])
    }

    @inline(__always) private static func lanes(_ bytes: SIMD16<UInt8>, _ byte: UInt8) -> SIMD2<UInt64> {
        let all = SIMD2(repeating: UInt64(byte) &* 0x0101_0101_0101_0101)
        return unsafeBitCast(bytes .== unsafeBitCast(all, to: SIMD16<UInt8>.self), to: SIMD2<UInt64>.self)
    }
}
