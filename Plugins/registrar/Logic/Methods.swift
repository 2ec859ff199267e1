// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// Methods as bits, as the database has them.
public enum Methods {
    private static let names: [(StaticString, UInt32)] = [
        ("INVITE", 1 << 0), ("CANCEL", 1 << 1), ("ACK", 1 << 2), ("BYE", 1 << 3), ("INFO", 1 << 4),
        ("REGISTER", 1 << 5), ("SUBSCRIBE", 1 << 6), ("NOTIFY", 1 << 7), ("MESSAGE", 1 << 8),
        ("OPTIONS", 1 << 9), ("PRACK", 1 << 10), ("UPDATE", 1 << 11), ("REFER", 1 << 12),
        ("PUBLISH", 1 << 13),
    ]
    public static let other: UInt32 = 1 << 14

    public static func bit(_ method: Text) -> UInt32 {
        for (name, bit) in names where method.equals(name) { return bit }
        return other
    }

    /// Of a list as in Allow.
    public static func mask(_ list: Text) -> UInt32 {
        var rest = list
        var mask: UInt32 = 0
        while let item = rest.take(upTo: UInt8(ascii: ",")) {
            let name = item.trimmed
            if !name.isEmpty { mask |= bit(name) }
        }
        return mask
    }
}

/// Option tags that the registrar knows.
public struct OptionTags: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static var path: OptionTags { OptionTags(rawValue: 1) }
    public static var outbound: OptionTags { OptionTags(rawValue: 2) }
    public static var gruu: OptionTags { OptionTags(rawValue: 4) }

    /// Of a list as in Supported.
    public init(_ list: Text) {
        var rest = list
        var tags: OptionTags = []
        while let item = rest.take(upTo: UInt8(ascii: ",")) {
            let tag = item.trimmed
            if tag.equalsIgnoringCase("path") { tags.insert(.path) }
            if tag.equalsIgnoringCase("outbound") { tags.insert(.outbound) }
            if tag.equalsIgnoringCase("gruu") { tags.insert(.gruu) }
        }
        self = tags
    }
}
