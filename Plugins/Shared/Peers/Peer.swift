// SPDX-License-Identifier: Apache-2.0

/// One of several servers on one database, as its row says.
public struct Peer: Equatable, Sendable {
    /// The numbers are those of the column.
    public enum State: Int, Sendable {
        /// It writes, or has written until it died.
        case runs
        /// It is dead, and `heir` is taking over what it had.
        case isInherited
        /// It is dead, and nothing is left of it.
        case isOver
    }

    /// server_id.
    public let server: Int
    /// Another one each time that the server starts.
    public let boot: String
    /// Unix time in milliseconds by its own clock, greater each time that it writes.
    public let seen: Int
    public let state: State
    /// Who takes over.
    public let heir: Int

    public init(server: Int, boot: String, seen: Int, state: State = .runs, heir: Int = 0) {
        self.server = server
        self.boot = boot
        self.seen = seen
        self.state = state
        self.heir = heir
    }

    /// The same server, dead.
    public func inherited(by heir: Int) -> Peer {
        Peer(server: server, boot: boot, seen: seen, state: .isInherited, heir: heir)
    }
    public var over: Peer { Peer(server: server, boot: boot, seen: seen, state: .isOver, heir: heir) }
}
