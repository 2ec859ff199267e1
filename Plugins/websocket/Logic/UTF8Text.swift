// SPDX-License-Identifier: Apache-2.0

/// Is it UTF-8 (RFC 3629)? Text messages and reasons have to be (RFC 6455, 8.1).
public enum UTF8Text {
    public static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let count = bytes.count
        var at = 0
        while at < count {
            // Nearly all of SIP is ASCII: eight bytes at a time.
            while at + 8 <= count,
                bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
            {
                at += 8
            }
            guard at < count else { break }
            let first = bytes[at]
            if first < 0x80 {
                at += 1
                continue
            }
            guard let (length, second) = form(first), at + length <= count, second.contains(bytes[at + 1])
            else { return false }
            for next in at + 2..<max(at + length, at + 2) where bytes[next] & 0xc0 != 0x80 { return false }
            at += length
        }
        return true
    }

    /// How long a character with that first byte is, and what may come second: neither overlong forms nor surrogates
    /// nor what lies behind U+10FFFF (Unicode 15, table 3-7).
    @inline(__always) private static func form(_ first: UInt8) -> (Int, ClosedRange<UInt8>)? {
        switch first {
        case 0xc2...0xdf: (2, 0x80...0xbf)
        case 0xe0: (3, 0xa0...0xbf)
        case 0xed: (3, 0x80...0x9f)
        case 0xe1...0xef: (3, 0x80...0xbf)
        case 0xf0: (4, 0x90...0xbf)
        case 0xf1...0xf3: (4, 0x80...0xbf)
        case 0xf4: (4, 0x80...0x8f)
        default: nil
        }
    }
}
