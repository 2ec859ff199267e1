// SPDX-License-Identifier: Apache-2.0

/// Base64 with the usual alphabet, and with the signs for padding (RFC 4648, 4), in room that is there.
@frozen public enum Base64 {
    @inlinable public static func room(for count: Int) -> Int { (count + 2) / 3 * 4 }

    /// Answers how many digits that are.
    @inlinable @inline(__always)
    public static func write(_ bytes: UnsafeRawBufferPointer, into text: UnsafeMutablePointer<UInt8>) -> Int {
        var at = 0
        var index = 0
        while index < bytes.count {
            let left = bytes.count - index
            let group =
                UInt32(bytes[index]) << 16 | (left > 1 ? UInt32(bytes[index + 1]) << 8 : 0)
                | (left > 2 ? UInt32(bytes[index + 2]) : 0)
            text[at] = digit(group >> 18)
            text[at + 1] = digit(group >> 12 & 63)
            text[at + 2] = left > 1 ? digit(group >> 6 & 63) : UInt8(ascii: "=")
            text[at + 3] = left > 2 ? digit(group & 63) : UInt8(ascii: "=")
            index += 3
            at += 4
        }
        return at
    }

    /// Answers how many bytes that are, or nil when it is not written as `write` writes it.
    @inlinable @inline(__always)
    public static func read(_ text: UnsafeBufferPointer<UInt8>, into bytes: UnsafeMutableRawBufferPointer)
        -> Int?
    {
        guard text.count % 4 == 0, text.count > 0, text.count / 4 * 3 <= bytes.count else { return nil }
        var padding = 0
        if text[text.count - 1] == UInt8(ascii: "=") {
            padding = text[text.count - 2] == UInt8(ascii: "=") ? 2 : 1
        }
        var at = 0
        var index = 0
        while index < text.count {
            var group: UInt32 = 0
            for place in 0..<4 {
                let isPadding = index + place >= text.count - padding
                guard let value = isPadding ? 0 : value(text[index + place]) else { return nil }
                group = group << 6 | value
            }
            bytes[at] = UInt8(truncatingIfNeeded: group >> 16)
            bytes[at + 1] = UInt8(truncatingIfNeeded: group >> 8)
            bytes[at + 2] = UInt8(truncatingIfNeeded: group)
            at += 3
            index += 4
        }
        // What the padding hides is zero: one token has one text.
        for hidden in (at - padding)..<at where bytes[hidden] != 0 { return nil }
        return at - padding
    }

    @inlinable public static func isDigit(_ byte: UInt8) -> Bool {
        value(byte) != nil || byte == UInt8(ascii: "=")
    }

    @inlinable @inline(__always) static func digit(_ value: UInt32) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: value)
        switch value {
        case 0..<26: return value + 65
        case 26..<52: return value + 71
        case 52..<62: return value - 4
        case 62: return UInt8(ascii: "+")
        default: return UInt8(ascii: "/")
        }
    }

    @inlinable @inline(__always) static func value(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 65...90: UInt32(byte) - 65
        case 97...122: UInt32(byte) - 71
        case 48...57: UInt32(byte) + 4
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
