// SPDX-License-Identifier: Apache-2.0

/// The addresses that `received` was written for. Who sends a Route with another one in it wants this server to send
/// where nobody has asked for it.
public struct SeenSources {
    /// How long one is known, in seconds: as long as the longest registration that is usual.
    public static let memory: Int64 = 86_400

    private var seen: [String: Int64] = [:]
    private let most: Int

    /// - Parameter most: how many are known at a time; more than that wait until old ones are forgotten.
    public init(most: Int) { self.most = most }

    public var count: Int { seen.count }

    public mutating func note(_ source: String, at now: Int64) {
        if seen[source] == nil, seen.count >= most {
            sweep(at: now)
            guard seen.count < most else { return }
        }
        seen[source] = now
    }

    public func knows(_ source: String, at now: Int64) -> Bool {
        seen[source].map { now - $0 < SeenSources.memory } ?? false
    }

    public mutating func sweep(at now: Int64) { seen = seen.filter { now - $0.value < SeenSources.memory } }
}
