// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// A tel URI as the user of a SIP URI (RFC 3261, 19.1.6).
public enum TelURI {
    public static func isTel(_ uri: Text) -> Bool { uri.hasPrefixIgnoringCase("tel:") }

    /// Writes the number without its visual separators and its parameters in lower case; returns how many
    /// bytes. There are at most as many as the URI has.
    public static func write(userOf uri: Text, into bytes: UnsafeMutablePointer<UInt8>) -> Int {
        let number = uri.dropFirst(4)
        var at = 0
        var inParams = false
        for index in 0..<number.count {
            let byte = number[index]
            if byte == UInt8(ascii: ";") { inParams = true }
            if inParams {
                bytes[at] = byte >= 65 && byte <= 90 ? byte | 32 : byte
            } else if isSeparator(byte) {
                continue
            } else {
                bytes[at] = byte
            }
            at += 1
        }
        return at
    }

    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "(")
            || byte == UInt8(ascii: ")")
    }
}
