// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// Globally routable URIs of one device (RFC 5627).
public enum GRUU {
    /// The digits of a number, the lowest first.
    public static func digits(_ hash: UInt32) -> String {
        var text = ""
        var rest = hash
        repeat {
            text += String(rest & 15, radix: 16)
            rest >>= 4
        } while rest > 0
        return text
    }

    static func number(_ digits: Text) -> UInt32? {
        guard !digits.isEmpty, digits.count <= 8 else { return nil }
        var value: UInt32 = 0
        for index in 0..<digits.count {
            guard let digit = hexDigit(digits[index]) else { return nil }
            value |= UInt32(digit) << UInt32(4 * index)
        }
        return value
    }

    /// The name of a contact and the hash of whose it is, out of the user part of a temporary one:
    /// `RUID-HASH`.
    public static func temporary(_ user: Text) -> (length: Int, hash: UInt32)? {
        guard let dash = user.lastIndex(of: UInt8(ascii: "-")), dash > 0,
            let hash = number(user.dropFirst(dash + 1))
        else { return nil }
        return (dash, hash)
    }
}
