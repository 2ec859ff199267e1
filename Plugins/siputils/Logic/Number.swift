// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// What a value consists of.
public enum Number {
    /// Only digits.
    public static func isNumeric(_ text: Text) -> Bool { all(of: text, isDigit) }

    /// Only digits and letters of ASCII, and what `extra` has.
    public static func isAlphanumeric(_ text: Text, extra: Text = Text("")) -> Bool {
        guard text.count > 0 else { return false }
        for at in 0..<text.count {
            let byte = text[at]
            guard isDigit(byte) || isLetter(byte) || extra.contains(byte) else { return false }
        }
        return true
    }

    /// Digits, with a plus in front at most.
    public static func isTelephone(_ text: Text) -> Bool {
        text.count > 0 && isNumeric(text[0] == UInt8(ascii: "+") ? text.dropFirst() : text)
    }

    /// A plus and 2 to 15 digits (ITU-T E.164).
    public static func isE164(_ text: Text) -> Bool {
        text.count > 2 && text.count <= 16 && text[0] == UInt8(ascii: "+") && isNumeric(text.dropFirst())
    }

    private static func all(of text: Text, _ isMember: (UInt8) -> Bool) -> Bool {
        guard text.count > 0 else { return false }
        for at in 0..<text.count where !isMember(text[at]) { return false }
        return true
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 32) >= 97 && (byte | 32) <= 122 }
}
