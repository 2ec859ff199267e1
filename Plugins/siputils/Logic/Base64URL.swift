// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// Base 64 for URIs (RFC 4648, 5), without padding.
public enum Base64URL {
    public static func encodedCount(_ count: Int) -> Int { (count * 4 + 2) / 3 }

    public static func encode(_ text: Text, into bytes: UnsafeMutablePointer<UInt8>) {
        var at = 0
        var bits = 0
        var held: UInt32 = 0
        for index in 0..<text.count {
            held = held << 8 | UInt32(text[index])
            bits += 8
            while bits >= 6 {
                bits -= 6
                bytes[at] = letter(UInt8(truncatingIfNeeded: held >> UInt32(bits)) & 63)
                at += 1
            }
        }
        if bits > 0 { bytes[at] = letter(UInt8(truncatingIfNeeded: held << UInt32(6 - bits)) & 63) }
    }

    /// Returns how many bytes it wrote, at most the count of the text; nil when it is not Base 64.
    public static func decode(_ text: Text, into bytes: UnsafeMutablePointer<UInt8>) -> Int? {
        var at = 0
        var bits = 0
        var held: UInt32 = 0
        for index in 0..<text.count {
            if text[index] == UInt8(ascii: "=") { break }
            guard let value = value(text[index]) else { return nil }
            held = held << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes[at] = UInt8(truncatingIfNeeded: held >> UInt32(bits))
                at += 1
            }
        }
        return at
    }

    private static func letter(_ value: UInt8) -> UInt8 {
        switch value {
        case 0..<26: 65 + value
        case 26..<52: 71 + value
        case 52..<62: value - 4
        case 62: UInt8(ascii: "-")
        default: UInt8(ascii: "_")
        }
    }

    private static func value(_ letter: UInt8) -> UInt8? {
        switch letter {
        case 65...90: letter - 65
        case 97...122: letter - 71
        case 48...57: letter + 4
        case UInt8(ascii: "-"), UInt8(ascii: "+"): 62
        case UInt8(ascii: "_"), UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
