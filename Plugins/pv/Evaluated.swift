// SPDX-License-Identifier: Apache-2.0
import PluginKit
import Synchronization

/// Texts that become expressions while the server runs. What is compiled stays, so each is compiled once, and there
/// is a limit to how many different ones there may be.
enum Evaluated {
    static let most = 1000

    private static let known = Mutex<[String: Expression]>([:])

    /// Nil when it cannot be read, or is one too many.
    static func expression(_ source: some Textual & ~Escapable) -> Expression? {
        let source = source.withRaw { String(Text(unchecked: $0)) }
        return known.withLock { known in
            if let there = known[source] { return there }
            guard known.count < most else {
                Host.log(.error, "no more than \(most) different texts can be evaluated: \(source)")
                return nil
            }
            guard let made = Expression.compile(source) else { return nil }
            known[source] = made
            return made
        }
    }
}
