// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Addresses that nobody answered at lately, and that nothing is sent to for a while: `use_dst_blocklist`.
///
/// Without any in it, asking costs one load.
public final class Blocklist: Sendable {
    public struct Settings: Sendable {
        public var isUsed = false  // use_dst_blocklist
        public var seconds = 60  // dst_blocklist_expire
        /// Bytes: `dst_blocklist_mem`.
        public var memory = 250 << 10
        /// Failures that do not count, by transport: `dst_blocklist_udp_imask` and its like.
        public var ignored: [Transport: UInt32] = [:]
        public init() {}
    }

    /// Why an address is in it: the bits of `Settings.ignored`.
    public struct Reason: OptionSet, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }
        public static let cannotSend = Reason(rawValue: 2)
        public static let cannotConnect = Reason(rawValue: 4)
        /// Nobody answered in time.
        public static let silent = Reason(rawValue: 16)
        /// 503.
        public static let overloaded = Reason(rawValue: 32)
        /// By hand: it stays until it is deleted by hand.
        public static let permanent = Reason(rawValue: 1)
        /// By hand.
        public static let byHand = Reason(rawValue: 64)
    }

    /// No transport: any; port 0: any.
    public struct Place: Hashable, Sendable {
        public let endpoint: Endpoint
        public let transport: Transport?
        public init(_ endpoint: Endpoint, _ transport: Transport?) {
            self.endpoint = endpoint
            self.transport = transport
        }
    }
    public struct Entry: Sendable {
        public let place: Place
        public let until: UInt64
        public let reason: Reason
    }

    public let settings: Settings
    private let count = Atomic<Int>(0)
    private let entries = Mutex<[Place: Entry]>([:])
    /// About what one takes.
    public static let size = 48

    public init(_ settings: Settings) { self.settings = settings }

    /// Whether nothing is to be sent there.
    public func holds(_ endpoint: Endpoint, _ transport: Transport) -> Bool {
        guard settings.isUsed, count.load(ordering: .relaxed) > 0 else { return false }
        let anyPort = endpoint.with(port: 0)
        let places = [
            Place(endpoint, transport), Place(anyPort, transport), Place(endpoint, nil), Place(anyPort, nil),
        ]
        let now = Worker.clock()
        return entries.withLock { entries in
            places.contains { place in
                guard let entry = entries[place] else { return false }
                return entry.until > now
            }
        }
    }

    /// Something failed there. False: that does not count.
    @discardableResult
    public func add(
        _ endpoint: Endpoint, _ transport: Transport, because reason: Reason, for seconds: Int? = nil
    ) -> Bool {
        guard settings.isUsed, settings.ignored[transport, default: 0] & reason.rawValue == 0 else {
            return false
        }
        add(Place(endpoint, transport), reason, for: seconds)
        return true
    }

    /// Even when nobody looks at it.
    public func add(_ place: Place, _ reason: Reason, for seconds: Int? = nil) {
        let now = Worker.clock()
        let seconds = UInt64(max(seconds ?? settings.seconds, 0))
        let until = reason.contains(.permanent) ? .max : now + seconds * 1_000_000_000
        entries.withLock { entries in
            if entries.count * Blocklist.size >= settings.memory, entries[place] == nil {
                // Those whose time is over go first; then, one that is as good as any.
                entries = entries.filter { $0.value.until > now }
                if entries.count * Blocklist.size >= settings.memory,
                    let other = entries.first(where: { !$0.value.reason.contains(.permanent) })?.key
                {
                    entries[other] = nil
                }
            }
            entries[place] = Entry(place: place, until: until, reason: reason)
            count.store(entries.count, ordering: .relaxed)
        }
    }

    public func all() -> [Entry] {
        let now = Worker.clock()
        return entries.withLock { $0.values.filter { $0.until > now } }.sorted { $0.until > $1.until }
    }

    public var usedMemory: Int { count.load(ordering: .relaxed) * Blocklist.size }

    public func removeAll(permanentToo: Bool) {
        entries.withLock { entries in
            entries = permanentToo ? [:] : entries.filter { $0.value.reason.contains(.permanent) }
            count.store(entries.count, ordering: .relaxed)
        }
    }
}
