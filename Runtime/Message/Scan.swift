// SPDX-License-Identifier: Apache-2.0

/// Looking at sixteen bytes at once.
///
/// Safe only on text that is followed by a line feed and by 63 more bytes that may be read: then `line` ends at that
/// line feed at the latest, and no load reaches further than 32 bytes behind the byte it starts at.
enum Scan {
    struct Line {
        /// The CR or the LF that ends it.
        var end: UnsafePointer<UInt8>
        /// Behind the LF.
        var next: UnsafePointer<UInt8>
        var isFolded: Bool
    }

    /// A line with its continuation lines.
    @inline(__always) static func line(from start: UnsafePointer<UInt8>, _ doubts: inout Doubts) -> Line {
        var at = start
        var folded = false
        while true {
            // Control characters below 16 are rare but for the end, so one comparison finds what matters. (Written
            // as less-than, it would not become one instruction.)
            let bytes = UnsafeRawPointer(at).loadUnaligned(as: SIMD16<UInt8>.self)
            let (low, high) = words((bytes & SIMD16(repeating: 0xF0)) .== SIMD16(repeating: 0))
            if low | high == 0 {
                at += 16
                continue
            }
            at += low != 0 ? low.trailingZeroBitCount >> 3 : 8 &+ (high.trailingZeroBitCount >> 3)
            let end = at
            if at.pointee == 13, at[1] == 10 {
                at += 2
            } else if at.pointee == 10 {
                at += 1
            } else {
                // A quoted pair may hold any of them but CR (RFC 3261, 25.1); a tab may stand anywhere.
                if at.pointee != 9, at.pointee == 13 || at == start || at[-1] != UInt8(ascii: "\\") {
                    doubts.control = true
                }
                at += 1
                continue
            }
            if at.pointee != 0x20, at.pointee != 9 { return Line(end: end, next: at, isFolded: folded) }
            folded = true
        }
    }

    /// How far the first colon is, which may lie behind the end of the line; Int.max when there is none before it.
    @inline(__always) static func colon(from start: UnsafePointer<UInt8>) -> Int {
        let raw = UnsafeRawPointer(start)
        let colon = SIMD16<UInt8>(repeating: UInt8(ascii: ":"))
        let (low, high) = words(raw.loadUnaligned(as: SIMD16<UInt8>.self) .== colon)
        if low != 0 { return low.trailingZeroBitCount >> 3 }
        if high != 0 { return 8 &+ (high.trailingZeroBitCount >> 3) }
        return farColon(start)
    }

    /// Beyond sixteen bytes, one by one up to the end of the line.
    private static func farColon(_ start: UnsafePointer<UInt8>) -> Int {
        var at = start
        while at.pointee != 10 {
            if at.pointee == UInt8(ascii: ":") { return at - start }
            at += 1
        }
        return Int.max
    }

    /// All bits of a byte set where the lane is true.
    @inline(__always) private static func words(_ mask: SIMDMask<SIMD16<Int8>>) -> (UInt64, UInt64) {
        let pair = unsafeBitCast(mask, to: SIMD2<UInt64>.self)
        return (pair[0], pair[1])
    }
}
