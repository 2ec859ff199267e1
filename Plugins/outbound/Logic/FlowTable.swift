// SPDX-License-Identifier: Apache-2.0

/// The flows of clients: which connection each one is, which ones tokens were given out for, and which are gone.
///
/// A connection counts from the moment it opens, so that a token from before a restart finds the one that its client has
/// come back by. A datagram's flow counts when it gets a token, and only for those who want to see it: its token leads
/// there as long as our socket exists.
public struct FlowTable {
    public struct Entry: Equatable, Sendable {
        /// 0 for datagrams.
        public var connection: UInt64
        public var socket: UInt32
        /// Seconds since 1970.
        public var opened: Int64
        public var used: Int64
        /// How many tokens were given out.
        public var tokens: UInt32 = 0
        /// When it was found to be gone, or 0.
        public var failed: Int64 = 0
    }
    public enum Found: Equatable, Sendable {
        case open(Entry)
        /// Of a stream that is closed, or was never seen.
        case gone
    }

    /// How long one that is gone can still be looked at, in seconds.
    public static let memory: Int64 = 60
    /// After so many seconds without a new token, a datagram's flow is not shown any more.
    public static let datagramMemory: Int64 = 7200

    private var entries: [FlowName: Entry] = [:]
    /// The most datagram flows that are remembered: anybody can make them up.
    private let mostDatagrams: Int
    private var datagrams = 0

    public init(mostDatagrams: Int) { self.mostDatagrams = mostDatagrams }

    public var count: Int { entries.count }

    public mutating func opened(_ flow: FlowName, connection: UInt64, socket: UInt32, at now: Int64) {
        entries[flow] = Entry(connection: connection, socket: socket, opened: now, used: now)
    }

    /// Answers what has become of it if tokens were given out for it.
    public mutating func closed(_ flow: FlowName, connection: UInt64, at now: Int64) -> Entry? {
        guard var entry = entries[flow], entry.connection == connection, entry.failed == 0 else { return nil }
        guard entry.tokens > 0 else {
            entries[flow] = nil
            return nil
        }
        entry.failed = now
        entries[flow] = entry
        return entry
    }

    /// A token is given out. Answers whether it is the flow's first one.
    public mutating func issued(_ flow: FlowName, connection: UInt64, socket: UInt32, at now: Int64) -> Bool {
        if let place = entries.index(forKey: flow), entries.values[place].failed == 0 {
            entries.values[place].used = now
            entries.values[place].tokens &+= 1
            return entries.values[place].tokens == 1
        }
        if !flow.transport.isStream {
            guard datagrams < mostDatagrams else { return false }
            datagrams += 1
        }
        entries[flow] = Entry(connection: connection, socket: socket, opened: now, used: now, tokens: 1)
        return true
    }

    public func find(_ flow: FlowName) -> Found {
        guard let entry = entries[flow], entry.failed == 0 else { return .gone }
        return .open(entry)
    }

    /// Forgets what is gone, and datagram flows that nobody has used for long.
    public mutating func sweep(at now: Int64) {
        let old = entries.filter { flow, entry in
            entry.failed > 0
                ? now - entry.failed >= FlowTable.memory
                : !flow.transport.isStream && now - entry.used >= FlowTable.datagramMemory
        }
        for flow in old.keys {
            entries[flow] = nil
            if !flow.transport.isStream { datagrams -= 1 }
        }
    }

    /// Those that tokens were given out for.
    public func each(_ body: (FlowName, Entry) -> Void) {
        for (flow, entry) in entries where entry.tokens > 0 { body(flow, entry) }
    }
}
