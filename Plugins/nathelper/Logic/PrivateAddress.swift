// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// Addresses that mean nothing outside somebody's network.
public enum PrivateAddress {
    /// Four numbers with stops between them; nil when it is anything else.
    public static func ipv4(_ text: Text) -> UInt32? {
        guard text.count >= 7, text.count <= 15 else { return nil }
        var address: UInt32 = 0
        var part: UInt32?
        var parts = 0
        for index in 0..<text.count {
            let byte = text[index]
            if byte == UInt8(ascii: ".") {
                guard let value = part, parts < 3 else { return nil }
                address = address << 8 | value
                part = nil
                parts += 1
            } else {
                guard byte >= 48, byte <= 57 else { return nil }
                let value = (part ?? 0) * 10 + UInt32(byte - 48)
                guard value <= 255 else { return nil }
                part = value
            }
        }
        guard let last = part, parts == 3 else { return nil }
        return address << 8 | last
    }

    /// RFC 1918, and RFC 6598 for the carriers' own translators.
    public static func contains(_ address: UInt32) -> Bool {
        address >> 24 == 10 || address >> 20 == 0xac1 || address >> 16 == 0xc0a8 || address >> 22 == 0x191
    }

    /// RFC 4193: fc00::/7.
    public static func isUniqueLocal(_ text: Text) -> Bool {
        var text = text
        if !text.isEmpty, text[0] == UInt8(ascii: "[") { text = text.dropFirst() }
        guard text.count > 4, text.contains(UInt8(ascii: ":")) else { return false }
        let first = text[0] | 32
        let second = text[1] | 32
        return first == UInt8(ascii: "f") && (second == UInt8(ascii: "c") || second == UInt8(ascii: "d"))
    }

    /// A host as it is written. A name is none.
    public static func contains(_ host: Text) -> Bool {
        ipv4(host).map { contains($0) } ?? isUniqueLocal(host)
    }
}
