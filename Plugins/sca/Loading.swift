// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import ScaLogic

/// What the database has, into memory: at the start, before the first request. A row of a line is taken as it is, so
/// rows that another server has changed can be taken in the same way later.
final class Loading: @unchecked Sendable {
    private var subscriptions = 0
    private var appearances = 0
    private var skipped = 0
    private let now = Now.milliseconds
    /// Written before any traffic, and taken by the first worker.
    nonisolated(unsafe) private static var restored: [Group] = []

    /// Hook "core.ready".
    static func run() -> Outcome {
        guard Storage.isUsed, let subscriptions = Storage.subscriptions, let states = Storage.states else {
            return .yes
        }
        let loading = Loading()
        defer { restored = lines.all }
        let user = Unmanaged.passUnretained(loading).toOpaque()
        let mine = Rows.match(SubscriptionColumn.serverID, serverID.value)
        var isRead = Storage.load(states, [], stateRow, user)
        isRead = Storage.load(subscriptions, [mine], subscriptionRow, user) && isRead
        if let groups = Storage.groups { isRead = loadLimits(groups) && isRead }
        guard isRead else {
            Sharing.isBehind()
            Host.log(
                .warning,
                "shared lines are in memory only: their database cannot be read, and is caught up with when it can"
            )
            return .yes
        }
        Host.log(
            .info,
            "\(lines.count) shared lines, \(loading.subscriptions) subscriptions and \(loading.appearances) appearances go on; \(loading.skipped) rows were of no use"
        )
        return .yes
    }

    // MARK: - rows

    private static let subscriptionRow: mt_fn = { call in
        guard let call, let user = call.pointee.user,
            let row = ReadRow(call, width: SubscriptionColumn.allCases.count)
        else { return 1 }
        let loading = Unmanaged<Loading>.fromOpaque(user).takeUnretainedValue()
        if loading.restoreSubscription(row) { loading.subscriptions += 1 } else { loading.skipped += 1 }
        return 1
    }

    private func restoreSubscription(_ row: ReadRow) -> Bool {
        Loading.restore(row, at: now) { group, one in
            let isNew = group.restore(one)
            Timing.schedule(group)
            return isNew
        }?.1 ?? false
    }

    /// A subscription as its row has it, and its line. Nil: it is over, or cannot be read.
    static func restore(_ row: ReadRow, at now: Int64, _ body: (Group, Subscription) -> Bool) -> (
        Group, Bool
    )? {
        guard let name = LineName(row.text(SubscriptionColumn.aor.rawValue)),
            let one = subscription(row, at: now)
        else { return nil }
        let maximum = Limits.line(name)?.maximum ?? 0
        return lines.make(name) { group in
            group.maximum = maximum
            return body(group, one)
        }
    }

    static func subscription(_ row: ReadRow, at now: Int64) -> Subscription? {
        func text(_ column: SubscriptionColumn) -> String { row.string(column.rawValue) }
        func number(_ column: SubscriptionColumn) -> Int { row.number(column.rawValue) }
        // 0 is what the description of the table says of call-info, and what nobody writes.
        guard
            let package = number(.event) == 0
                ? .callInfo : Package(rawValue: UInt8(truncatingIfNeeded: number(.event))),
            Int64(number(.expires)) * 1000 > now,
            LineName(row.text(SubscriptionColumn.subscriber.rawValue)) != nil, !text(.callID).isEmpty
        else { return nil }
        let callID = text(.callID)
        let worker = callID.withRaw { Server.loop.pointee.worker($0) }
        var one = Subscription(
            number: lines.nextNumber(), package, contact: text(.subscriber), callID: callID,
            fromTag: text(.fromTag),
            toTag: text(.toTag), routes: text(.routes),
            sequence: UInt32(truncatingIfNeeded: max(0, number(.subscribeSequence) - 1)),
            expires: Int64(number(.expires)) * 1000, worker: Int(worker))
        one.index = Int32(truncatingIfNeeded: number(.index))
        // How many NOTIFYs went out since it was written nobody knows; they were fewer.
        let last = UInt32(truncatingIfNeeded: max(0, number(.notifySequence) - 1))
        one.savedSequence = last
        one.notifySequence = last &+ UInt32(max(1000, updateInterval.value * 100))
        one.isOwed = true
        one.server = number(.serverID)
        return one
    }

    private static let stateRow: mt_fn = { call in
        guard let call, let user = call.pointee.user,
            let row = ReadRow(call, width: StateColumn.allCases.count)
        else { return 1 }
        let loading = Unmanaged<Loading>.fromOpaque(user).takeUnretainedValue()
        if loading.restoreAppearance(row) { loading.appearances += 1 } else { loading.skipped += 1 }
        return 1
    }

    private func restoreAppearance(_ row: ReadRow) -> Bool {
        if Sharing.isOn {
            Sharing.sawRow(row)
            if row.number(StateColumn.index.rawValue) < 0 {
                Sharing.hears(Loading.announcement(row))
                return false
            }
        }
        guard let stored = Loading.appearance(row), stored.state != .idle,
            let name = LineName(row.text(StateColumn.aor.rawValue))
        else { return false }
        return lines.make(name) { group in
            let isTaken = group.restore(stored)
            Timing.schedule(group)
            return isTaken
        }?.1 ?? false
    }

    /// A line that has telephones at a server.
    static func announcement(_ row: ReadRow) -> Sharing.Announcement {
        Sharing.Announcement(
            aor: row.string(StateColumn.aor.rawValue), server: row.number(StateColumn.serverID.rawValue),
            until: Int64(row.number(StateColumn.deadline.rawValue)),
            version: Int64(row.number(StateColumn.modified.rawValue)))
    }

    /// Nil: it cannot be read.
    static func appearance(_ row: ReadRow) -> Appearance? {
        func text(_ column: StateColumn) -> String { row.string(column.rawValue) }
        func number(_ column: StateColumn) -> Int { row.number(column.rawValue) }
        guard let state = AppearanceState(rawValue: UInt8(truncatingIfNeeded: number(.state))),
            number(.index) > 0, number(.index) <= CallInfo.greatest
        else { return nil }
        var deadline = Int64(number(.deadline))
        if deadline != 0, Sharing.isOn, number(.serverID) != serverID.value { deadline += Group.grace }
        return Appearance(
            restored: number(.index), state: state, owner: text(.owner), farContact: text(.callee),
            display: text(.uri),
            call: CallName(callID: text(.callID), fromTag: text(.fromTag), toTag: text(.toTag)),
            isCallee: number(.role) == 1, created: Int64(number(.created)),
            modified: Int64(number(.modified)), deadline: deadline,
            peer: text(.peerAoR).isEmpty
                ? nil : Appearance.Peer(aor: text(.peerAoR), index: number(.peerIndex)),
            server: number(.serverID))
    }

    // MARK: - who may use what

    private static func loadLimits(_ store: OpaquePointer) -> Bool {
        let rows = LimitRows()
        guard Storage.load(store, [], limitRow, Unmanaged.passUnretained(rows).toOpaque()) else {
            return false
        }
        rows.publish()
        return true
    }

    static let limitRow: mt_fn = { call in
        guard let call, let user = call.pointee.user,
            let row = ReadRow(call, width: GroupColumn.allCases.count)
        else {
            return 1
        }
        Unmanaged<LimitRows>.fromOpaque(user).takeUnretainedValue().add(
            aor: row.text(GroupColumn.aor.rawValue), member: row.text(GroupColumn.member.rawValue),
            maximum: row.number(GroupColumn.maximum.rawValue))
        return 1
    }

    // MARK: - afterwards

    /// On the first worker: calls that were being set up when the server ended are over, and every telephone is told how
    /// its lines are; some at a time.
    static func announce(_ call: CallPointer) {
        announce(restored, of: Sharing.isOn ? serverID.value : nil) { _ in }
        restored = []
    }

    private static let portion = 50

    /// The same of what another server had.
    static func announce(
        _ groups: [Group], of dead: Int?, from: Int = 0, then: @escaping (CallPointer) -> Void
    ) {
        let then = Continuation(then)
        Loop.after(from == 0 ? 0 : 5, on: 0) { call in
            guard from < groups.count else {
                then.body(call.raw)
                return .yes
            }
            for group in groups[from..<min(groups.count, from + portion)] {
                lines.with(group) { $0.resume(of: dead, at: Now.milliseconds) }
                settle(call.raw, [group])
            }
            announce(groups, of: dead, from: from + portion, then: then.body)
            return .yes
        }
    }
}

/// What comes next, on the worker where it began.
final class Continuation: @unchecked Sendable {
    let body: (CallPointer) -> Void
    init(_ body: @escaping (CallPointer) -> Void) { self.body = body }
}
