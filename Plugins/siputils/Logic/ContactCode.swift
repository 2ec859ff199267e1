// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// A Contact packed into the user of another URI: prefix*user*password*host*port*transport.
public enum ContactCode {
    /// The five parts behind the prefix; any may be empty but the host.
    public struct Parts: Equatable, Sendable {
        public let user, password, host, port, transport: Range<Int>
    }

    /// Takes a packed user apart; nil when it is not one.
    public static func parts(of user: Text, separator: UInt8) -> Parts? {
        var bounds = InlineArray<7, Int>(repeating: 0)
        var found = 0
        bounds[0] = -1
        for at in 0..<user.count where user[at] == separator {
            found += 1
            guard found <= 5 else { return nil }
            bounds[found] = at
        }
        guard found == 5 else { return nil }
        bounds[6] = user.count
        let host = bounds[3] + 1..<bounds[4]
        guard !host.isEmpty else { return nil }
        return Parts(
            user: bounds[1] + 1..<bounds[2], password: bounds[2] + 1..<bounds[3], host: host,
            port: bounds[4] + 1..<bounds[5], transport: bounds[5] + 1..<bounds[6])
    }
}
