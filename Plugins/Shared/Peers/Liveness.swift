// SPDX-License-Identifier: Apache-2.0

/// Which of the other servers are dead: those whose rows have stayed the same for too long, by our own clock. So nobody's
/// clock has to be right. While we cannot read, nobody dies.
public struct Liveness: Sendable {
    private struct Watched {
        var peer: Peer
        /// Milliseconds of our own clock, when it changed for the last time, or we could not look.
        var since: UInt64
    }

    public let own: Int
    /// Milliseconds.
    public let patience: UInt64
    private var peers: [Int: Watched] = [:]

    public init(own: Int, patience: UInt64) {
        self.own = own
        self.patience = patience
    }

    /// All rows that there are now.
    /// - Parameter now: milliseconds of a clock that only goes forward.
    public mutating func heard(_ rows: [Peer], at now: UInt64) {
        var fresh: [Int: Watched] = [:]
        for peer in rows where peer.server != own {
            if let known = peers[peer.server], known.peer == peer {
                fresh[peer.server] = known
            } else {
                fresh[peer.server] = Watched(peer: peer, since: now)
            }
        }
        peers = fresh
    }

    /// The rows could not be read: whether anybody wrote meanwhile we do not know.
    public mutating func missed(at now: UInt64) {
        for server in peers.keys { peers[server]?.since = now }
    }

    public func runs(_ server: Int, at now: UInt64) -> Bool {
        if server == own { return true }
        guard let watched = peers[server], watched.peer.state == .runs else { return false }
        return now &- watched.since < patience
    }

    /// Those that somebody has to take over, in the order of their numbers: whoever is silent, and whoever's heir is
    /// silent before he was done. An heir of our own number is an earlier process of ours.
    public func lost(at now: UInt64) -> [Peer] {
        peers.values.filter { watched in
            switch watched.peer.state {
            case .runs: now &- watched.since >= patience
            case .isInherited:
                now &- watched.since >= patience
                    && (watched.peer.heir == own || !runs(watched.peer.heir, at: now))
            case .isOver: false
            }
        }.map(\.peer).sorted { $0.server < $1.server }
    }

    /// The others that write, in the order of their numbers.
    public func others(at now: UInt64) -> [Int] {
        peers.keys.filter { runs($0, at: now) }.sorted()
    }

    /// All others of which there are rows, dead ones too.
    public var known: [Int] { peers.keys.sorted() }
}
