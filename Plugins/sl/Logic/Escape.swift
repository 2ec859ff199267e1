// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// Percent escapes for a header inside a URI: `?Route=%3Csip:192.0.2.1%3Blr%3E` (RFC 3261, 25.1, hvalue).
public enum Escape {
    /// Three bytes for each one are always enough.
    public static func room(for text: Text) -> Int { text.count * 3 }

    /// Returns how many bytes it wrote.
    public static func write(_ text: Text, into bytes: UnsafeMutablePointer<UInt8>) -> Int {
        var at = 0
        for index in 0..<text.count {
            let byte = text[index]
            if isPlain(byte) {
                bytes[at] = byte
                at += 1
            } else {
                bytes[at] = UInt8(ascii: "%")
                bytes[at + 1] = digit(byte >> 4)
                bytes[at + 2] = digit(byte & 15)
                at += 3
            }
        }
        return at
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "~"),
            UInt8(ascii: "*"), UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"),
            UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "+"),
            UInt8(ascii: "$"):
            true
        default: false
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 55 + value }
}
