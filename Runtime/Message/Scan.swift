// SPDX-License-Identifier: Apache-2.0

/// Looking for the ends of lines, sixteen bytes at once.
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
            // Control characters below 16 are rare but for the end, so one comparison finds what matters.
            let found = Lanes(at).areUpTo(15).bits
            if found == 0 {
                at += 16
                continue
            }
            at += found.trailingZeroBitCount
            let end = at
            if UnsafeRawPointer(at).loadUnaligned(as: UInt16.self).littleEndian == 0x0A0D {
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
            if at.pointee > 0x20 || at.pointee != 0x20 && at.pointee != 9 {
                return Line(end: end, next: at, isFolded: folded)
            }
            folded = true
        }
    }

    /// How far the first colon is, which may lie behind the end of the line; Int.max when there is none before it.
    @inline(__always) static func colon(from start: UnsafePointer<UInt8>) -> Int {
        let found = Lanes(start).are(UInt8(ascii: ":")).bits
        return found != 0 ? found.trailingZeroBitCount : farColon(start)
    }

    /// Beyond sixteen bytes, up to the end of the line.
    @inline(never) private static func farColon(_ start: UnsafePointer<UInt8>) -> Int {
        var at = start
        while true {
            let lanes = Lanes(at)
            let found = (lanes.are(UInt8(ascii: ":")) | lanes.are(10)).bits
            if found == 0 {
                at += 16
                continue
            }
            at += found.trailingZeroBitCount
            return at.pointee == 10 ? Int.max : at - start
        }
    }
}
