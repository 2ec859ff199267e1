// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// What `shvset` and `varset` say: name=i:1, name=s:text.
public struct Assignment: Equatable, Sendable {
    public enum Value: Equatable, Sendable {
        case number(Int)
        case text(String)
    }

    public let name: String
    public let value: Value

    /// Nil when it is malformed.
    public init?(_ line: Text) {
        guard let equals = line.firstIndex(of: UInt8(ascii: "=")), line.count >= equals + 3,
            line[equals + 2] == UInt8(ascii: ":")
        else { return nil }
        name = String(line.prefix(equals).trimmed)
        guard !name.isEmpty else { return nil }
        let text = line.dropFirst(equals + 3)
        switch line[equals + 1] {
        case UInt8(ascii: "i"), UInt8(ascii: "I"):
            guard let number = text.trimmed.integer else { return nil }
            value = .number(number)
        case UInt8(ascii: "s"), UInt8(ascii: "S"): value = .text(String(text))
        default: return nil
        }
    }
}
