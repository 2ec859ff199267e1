// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Peers
import PluginKit
import ScaLogic
import Synchronization

/// Several servers with one database have the same lines. Each looks for the rows that the others have written since it
/// looked last, and takes them as they are: when the database tells that there are some, or every few milliseconds.
///
/// Nobody's clock has to be right. A server writes its rows one after the other, each with a greater number in the column
/// "modified" than the one before, so whoever remembers the last one he has seen misses none. And a row that was read
/// counts unless we have written the same one after we asked: the database does both in the order in which we ask.
enum Sharing {
    private struct Place: Hashable {
        let aor: String
        let index: Int
    }
    struct Announcement {
        let aor: String
        let server: Int
        let until, version: Int64
    }
    private struct Order {
        /// Of all that is asked of the table.
        var sequence: UInt64 = 0
        /// The last number of ours.
        var stamp: Int64 = 0
        /// What was written since the oldest question that is open.
        var written: [Place: UInt64] = [:]
        var open: Set<UInt64> = []
    }
    private static let order = Mutex(Order())

    /// Before traffic; and on the first worker afterwards.
    nonisolated(unsafe) private static var last: [Int: Int64] = [:]
    nonisolated(unsafe) private static var asked = 0
    nonisolated(unsafe) private static var needsAll = false
    nonisolated(unsafe) private static var lookout: Lookout?

    static var isOn: Bool { lines.server != nil }

    /// [main] When parameters are known.
    static func open() -> Outcome {
        let interval = shareInterval.value ?? (serverID.value == 0 ? 0 : 50)
        guard interval > 0, let url = databaseURL.value else { return .yes }
        lines.server = serverID.value
        if let api = url.store, let states = Storage.states {
            lookout = Lookout(api, states, interval: interval, look: look)
        }
        return Heirs.open(url)
    }

    /// On the first worker.
    static func start() {
        guard isOn else { return }
        Heirs.start()
        lookout?.start(on: 0)
    }

    // MARK: - the order of things

    /// Writes a row, in the order of the numbers that rows have.
    static func inOrder(_ group: Group, _ index: Int, _ body: (Int64) -> mt_result) -> mt_result {
        inOrder(group.aor, index, body)
    }

    static func inOrder(_ aor: String, _ index: Int, _ body: (Int64) -> mt_result) -> mt_result {
        let now = Now.milliseconds
        guard isOn else { return body(now) }
        return order.withLock { order in
            order.sequence += 1
            order.stamp = max(order.stamp + 1, now)
            if !order.open.isEmpty { order.written[Place(aor: aor, index: index)] = order.sequence }
            return body(order.stamp)
        }
    }

    /// Asks for rows. Nil: that cannot be.
    fileprivate static func ask(_ body: () -> Bool) -> UInt64? {
        order.withLock { order in
            order.sequence += 1
            order.open.insert(order.sequence)
            if body() { return order.sequence }
            order.open.remove(order.sequence)
            return nil
        }
    }

    fileprivate static func answered(_ question: UInt64) {
        order.withLock { order in
            order.open.remove(question)
            guard let oldest = order.open.min() else {
                if !order.written.isEmpty { order.written = [:] }
                return
            }
            if !order.written.isEmpty { order.written = order.written.filter { $0.value > oldest } }
        }
    }

    private static func isNewer(_ aor: String, _ index: Int, than question: UInt64) -> Bool {
        order.withLock { ($0.written[Place(aor: aor, index: index)] ?? 0) > question }
    }

    /// Our numbers are greater than those that we have seen.
    private static func saw(_ version: Int64) {
        order.withLock { $0.stamp = max($0.stamp, version) }
    }

    // MARK: - looking

    /// [main] While all rows are read.
    static func sawRow(_ row: ReadRow) {
        let version = Int64(row.number(StateColumn.modified.rawValue))
        saw(version)
        last[row.number(StateColumn.serverID.rawValue), default: 0].raise(to: version)
    }

    /// [main] All has to be read again.
    static func isBehind() { needsAll = true }

    /// On the first worker: the same, or there is another server.
    static func want(_ call: CallPointer, all: Bool = false) {
        if all { needsAll = true }
        lookout?.want(call)
    }

    private static func look(_ call: CallPointer) {
        // One is for this function itself.
        asked = 1
        if needsAll {
            needsAll = false
            ask(call, nil)
        } else {
            for server in Heirs.others { ask(call, server) }
        }
        answered(call)
    }

    private static func answered(_ call: CallPointer) {
        asked -= 1
        if asked == 0 { lookout?.looked(call, isSettled: !needsAll) }
    }

    /// - Parameter server: nil: of all others, also what is not there any more.
    private static func ask(_ call: CallPointer, _ server: Int?) {
        guard let states = Storage.states else { return }
        let matches: [mt_match]
        if let server {
            matches = [
                Rows.match(StateColumn.serverID, server),
                Rows.match(.modified, Int(last[server] ?? 0), Int(MT_GT)),
            ]
        } else {
            matches = [Rows.match(StateColumn.serverID, serverID.value, Int(MT_NE))]
        }
        asked += 1
        let rows = StateRows(isAll: server == nil) { call, rows in
            took(call, rows)
            answered(call)
        }
        if !rows.ask(call, states, matches) {
            asked -= 1
            needsAll = true
        }
    }

    private static func took(_ call: CallPointer, _ rows: StateRows) {
        guard rows.isRead else {
            needsAll = true
            return
        }
        for row in rows.rows {
            last[row.appearance.server, default: 0].raise(to: row.appearance.version)
            saw(row.appearance.version)
        }
        for one in rows.announcements {
            last[one.server, default: 0].raise(to: one.version)
            saw(one.version)
            hears(one)
            // Of all that was asked for after a while, one look at the table says more.
            if !rows.isAll, let group = lines.find(aor: one.aor) { Moving.check(call, group) }
        }
        if rows.isAll { Heirs.compare(call) }
        var changed = rows.rows.compactMap { take($0, rows.question) }
        if rows.isAll { changed += forget(rows) }
        settle(call, changed)
        for group in changed { lines.tidy(group) }
    }

    /// A line has telephones at another server.
    static func hears(_ one: Announcement) {
        guard one.server != serverID.value else { return }
        let now = Now.milliseconds
        func take(_ group: Group) {
            group.isKnown(at: one.server, until: one.until, now: now)
            Timing.schedule(group)
        }
        guard one.until > now else {
            guard let group = lines.find(aor: one.aor) else { return }
            lines.with(group, take)
            return lines.tidy(group)
        }
        make(one.aor, take)
    }

    @discardableResult
    private static func make<Result: Sendable>(_ aor: String, _ body: (Group) -> Result) -> (Group, Result)? {
        aor.withRaw { aor in
            guard let name = LineName(Text(unchecked: aor)) else { return nil }
            let maximum = Limits.line(name)?.maximum ?? 0
            return lines.make(name) { group in
                group.maximum = maximum
                return body(group)
            }
        }
    }

    /// Nil: nothing is other than it was.
    private static func take(_ row: StateRows.Row, _ question: UInt64) -> Group? {
        let now = Now.milliseconds
        let one = row.appearance
        func take(_ group: Group) -> Bool {
            guard !group.isWriting(one.index), !isNewer(group.aor, one.index, than: question) else {
                return false
            }
            return group.take(one, at: now)
        }
        guard one.state != .idle else {
            guard let group = lines.find(aor: row.aor), lines.with(group, take) == true else { return nil }
            return group
        }
        guard let (group, isChanged) = make(row.aor, take) else { return nil }
        if !isChanged { lines.tidy(group) }
        return isChanged ? group : nil
    }

    private static func forget(_ rows: StateRows) -> [Group] {
        let there = Set(
            rows.rows.filter { $0.appearance.state != .idle }.map {
                Place(aor: $0.aor, index: $0.appearance.index)
            })
        let now = Now.milliseconds
        return lines.all.filter { group in
            lines.with(group) { group in
                group.forget(
                    unless: {
                        there.contains(Place(aor: group.aor, index: $0))
                            || isNewer(group.aor, $0, than: rows.question)
                    }, at: now)
            } == true
        }
    }
}

extension Int64 {
    fileprivate mutating func raise(to other: Int64) { self = Swift.max(self, other) }
}

/// Rows of appearances that were asked for.
final class StateRows: AskedRows, @unchecked Sendable {
    struct Row {
        let aor: String
        let appearance: Appearance
    }
    private(set) var rows: [Row] = []
    private(set) var announcements: [Sharing.Announcement] = []
    private(set) var question: UInt64 = 0
    let isAll: Bool
    private let then: (CallPointer, StateRows) -> Void

    init(isAll: Bool = false, then: @escaping (CallPointer, StateRows) -> Void) {
        self.isAll = isAll
        self.then = then
        super.init(width: StateColumn.allCases.count)
    }

    override func ask(_ call: CallPointer, _ states: OpaquePointer?, _ matches: [mt_match]) -> Bool {
        guard let asked = Sharing.ask({ super.ask(call, states, matches) }) else { return false }
        // The answer comes to this worker, so not before we return.
        question = asked
        return true
    }

    override func take(_ row: ReadRow) {
        if row.number(StateColumn.index.rawValue) < 0 {
            announcements.append(Loading.announcement(row))
        } else if let appearance = Loading.appearance(row) {
            rows.append(Row(aor: row.string(StateColumn.aor.rawValue), appearance: appearance))
        }
    }

    override func end(_ call: CallPointer) {
        then(call, self)
        Sharing.answered(question)
    }
}
