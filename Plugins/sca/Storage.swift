// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import ScaLogic
import Synchronization

/// Lines on their way to the database. What changes is written at once; what could not be is tried again every second.
enum Storage {
    nonisolated(unsafe) private static var api: UnsafePointer<mt_store_api>?
    nonisolated(unsafe) private(set) static var subscriptions: OpaquePointer?
    nonisolated(unsafe) private(set) static var states: OpaquePointer?
    nonisolated(unsafe) private(set) static var groups: OpaquePointer?

    static var isUsed: Bool { api != nil }

    /// What is still to be written, of lines that may be gone.
    private struct Backlog {
        var groups: [ObjectIdentifier: Group] = [:]
        var erasures: Set<Group.RowKey> = []
        var idle: [String: Set<Int>] = [:]
    }
    private static let backlog = Mutex(Backlog())
    /// So many rows of lines that are gone are remembered while the database is away.
    private static let mostLost = 100_000

    /// [main] Before "core.ready".
    static func open() -> Outcome {
        guard let url = databaseURL.value, let store = url.store else { return .yes }
        api = store
        subscriptions = Rows.openSubscriptions(url)
        states = Rows.openStates(url)
        if let name = groupsTable.value {
            groups = Rows.openGroups(url, String(name))
            guard groups != nil else { return .error }
        }
        return subscriptions == nil || states == nil ? .error : .yes
    }

    // MARK: - writing

    /// Writes what a line has decided; its lock is held, so that rows are written in the order in which they change.
    static func write(_ call: CallPointer, _ group: Group, _ settlement: Settlement?) {
        let work = group.takeUnsaved()
        guard let api, subscriptions != nil, let states else { return }
        for key in work.erased { erase(call, key, group, settlement) }
        for index in work.appearances {
            let claim = work.claims[index]
            let write =
                claim.map { Write(group, .claim(index, $0), nil) }
                ?? Write(group, .appearance(index), settlement)
            write.start(call) { done, user in
                Sharing.inOrder(group, index) { stamp in
                    let row = Rows.row(group, index, at: stamp)
                    guard let claim else { return row.with { api.pointee.put(call, states, $0, done, user) } }
                    return row.with { self.claim(call, $0, claim, done, user) }
                }
            }
        }
        if let until = group.takeAnnouncement() {
            Write(group, .announcement, settlement).start(call) { done, user in
                Sharing.inOrder(group, Rows.announcement) { stamp in
                    Rows.row(group, until: until, at: stamp).with {
                        api.pointee.put(call, states, $0, done, user)
                    }
                }
            }
        }
        for one in work.subscriptions {
            let write = Write(group, .subscription(one), settlement)
            write.start(call) { done, user in put(call, group.aor, one, done, user) }
        }
    }

    /// A subscription. Of several servers, only where its row is none, or that of the server that it was taken from.
    static func put(
        _ call: CallPointer, _ aor: String, _ one: Subscription, _ done: mt_fn,
        _ user: UnsafeMutableRawPointer
    ) -> mt_result {
        guard let api, let subscriptions else { return mt_result(MT_ERROR) }
        return Rows.row(aor, one).with { row in
            guard Sharing.isOn else { return api.pointee.put(call, subscriptions, row, done, user) }
            var match = Rows.match(SubscriptionColumn.serverID, one.server)
            return api.pointee.claim(call, subscriptions, row, &match, 1, done, user)
        }
    }

    private static func claim(
        _ call: CallPointer, _ row: UnsafePointer<mt_value>, _ claim: Group.Claim, _ done: mt_fn,
        _ user: UnsafeMutableRawPointer
    ) -> mt_result {
        guard let api, let states else { return mt_result(MT_ERROR) }
        var match =
            switch claim {
            case .free: Rows.match(StateColumn.state, 0)
            case .version(let version): Rows.match(.modified, Int(version))
            }
        return api.pointee.claim(call, states, row, &match, 1, done, user)
    }

    private static func erase(
        _ call: CallPointer, _ key: Group.RowKey, _ group: Group?, _ settlement: Settlement?
    ) {
        guard let api, let subscriptions else { return }
        let write = Write(group, .erasure(key), settlement)
        write.start(call) { done, user in
            key.with { matches in
                // What another server has taken over is that one's to erase.
                let own = Sharing.isOn ? [Rows.match(SubscriptionColumn.serverID, serverID.value)] : []
                return (matches + own).withUnsafeBufferPointer {
                    api.pointee.erase(call, subscriptions, $0.baseAddress, UInt32($0.count), done, user)
                }
            }
        }
    }

    /// It could not be written: it is not what the database has, still.
    static func failed(_ write: Write) {
        Count.databaseErrors.add()
        var waiters: [AnyObject] = []
        let isThere: Bool? = write.group.flatMap { group in
            lines.with(group) { group in
                switch write.what {
                case .appearance(let index): group.undecided(index)
                case .claim(let index, let claim): waiters = group.undecided(index, claim)
                case .announcement: group.announcementFailed()
                case .subscription(let one): group.markUnsaved(subscription: one.number, of: one.server)
                case .erasure(let key): group.markErased(key)
                }
                return true
            }
        }
        Settlement.decided(waiters)
        backlog.withLock { backlog in
            if isThere == true, let group = write.group {
                backlog.groups[ObjectIdentifier(group)] = group
                return
            }
            guard backlog.erasures.count + backlog.idle.count < mostLost else { return }
            switch write.what {
            case .appearance(let index), .claim(let index, _):
                if let aor = write.group?.aor { backlog.idle[aor, default: []].insert(index) }
            case .subscription, .announcement: break
            case .erasure(let key): backlog.erasures.insert(key)
            }
        }
    }

    /// No database takes that row: it is in memory only, and nobody else can have it.
    static func refused(_ call: CallPointer, _ write: Write) {
        Count.databaseErrors.add()
        guard case .claim(let index, let claim) = write.what, let group = write.group else { return }
        Claiming.answered(call, group, index, claim, isOurs: true)
    }

    /// Once a second, on the first worker.
    static func catchUp(_ call: CallPointer) {
        guard isUsed else { return }
        let work = backlog.withLock { backlog in
            let work = backlog
            if !backlog.groups.isEmpty || !backlog.erasures.isEmpty || !backlog.idle.isEmpty {
                backlog = Backlog()
            }
            return work
        }
        for group in work.groups.values { settle(call, [group]) }
        for key in work.erasures { erase(call, key, nil, nil) }
        for (aor, indexes) in work.idle {
            for index in indexes { writeIdle(call, aor, index) }
        }
    }

    /// Nobody uses that appearance, and its line is gone.
    private static func writeIdle(_ call: CallPointer, _ aor: String, _ index: Int) {
        guard let api, let states else { return }
        // A line of that name that was made meanwhile has something better to say.
        if let group = lines.find(aor: aor) {
            lines.with(group) { $0.markUnsaved(appearance: index) }
            return settle(call, [group])
        }
        let code = Sharing.inOrder(aor, index) { stamp in
            Rows.row(aor, Appearance(index: index, state: .idle, at: stamp)).with {
                api.pointee.put(call, states, $0, nil, nil)
            }
        }
        if code <= 0 { backlog.withLock { _ = $0.idle[aor, default: []].insert(index) } }
    }

    // MARK: - now and then

    /// Rows of idle appearances have been seen by everybody who looks for what has changed.
    static func purge(_ call: CallPointer) {
        guard let api, let states else { return }
        let matches = [
            mt_match(column: UInt32(StateColumn.state.rawValue), op: UInt32(MT_EQ), value: mt_value(0)),
            mt_match(
                column: UInt32(StateColumn.modified.rawValue), op: UInt32(MT_LT),
                value: mt_value(Int(Now.milliseconds) - 60_000)),
        ]
        matches.withUnsafeBufferPointer { _ = api.pointee.erase(call, states, $0.baseAddress, 2, nil, nil) }
        let past = [
            Rows.match(.index, 0, Int(MT_LT)),
            Rows.match(.deadline, Int(Now.milliseconds) - 60_000, Int(MT_LT)),
        ]
        past.withUnsafeBufferPointer { _ = api.pointee.erase(call, states, $0.baseAddress, 2, nil, nil) }
    }

    /// CSeqs of NOTIFYs, which change too often to be written each time.
    static func saveSequences(_ call: CallPointer) {
        guard isUsed else { return }
        for group in lines.all {
            let isChanged = lines.with(group) { $0.markSequences() }
            if isChanged == true { settle(call, [group]) }
        }
    }

    /// [main] The last that is written.
    static func dump() {
        guard isUsed else { return }
        var call = mt_call()
        call.host = Server.host
        for group in lines.all {
            lines.with(group) { group in
                _ = group.markSequences()
                write(&call, group, nil)
            }
        }
    }

    // MARK: - reading

    /// [main]
    static func load(
        _ store: OpaquePointer, _ matches: [mt_match], _ row: @escaping mt_fn, _ user: UnsafeMutableRawPointer
    )
        -> Bool
    {
        guard let api else { return false }
        return matches.withUnsafeBufferPointer {
            api.pointee.load(Server.host, store, $0.baseAddress, UInt32($0.count), row, user) > 0
        }
    }

    static func find(
        _ call: CallPointer, _ store: OpaquePointer, _ matches: [mt_match] = [], _ row: @escaping mt_fn,
        _ done: @escaping mt_fn, _ user: UnsafeMutableRawPointer
    ) -> Bool {
        guard let api else { return false }
        return matches.withUnsafeBufferPointer {
            api.pointee.find(call, store, $0.baseAddress, UInt32($0.count), row, done, user) > 0
        }
    }

    /// Erases subscriptions of a server that have had their time.
    static func eraseExpired(
        _ call: CallPointer, of server: Int, _ done: @escaping mt_fn, _ user: UnsafeMutableRawPointer
    ) -> Bool {
        guard let api, let subscriptions else { return false }
        let matches = [
            Rows.match(.serverID, server),
            mt_match(
                column: UInt32(SubscriptionColumn.expires.rawValue), op: UInt32(MT_LE),
                value: mt_value(Int(Now.milliseconds / 1000))),
        ]
        return matches.withUnsafeBufferPointer {
            api.pointee.erase(call, subscriptions, $0.baseAddress, 2, done, user) > 0
        }
    }
}
