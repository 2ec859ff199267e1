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
        let mine = mt_match(
            column: UInt32(SubscriptionColumn.serverID.rawValue), op: UInt32(MT_EQ),
            value: mt_value(serverID.value))
        var isRead = Storage.load(states, [], stateRow, user)
        isRead = Storage.load(subscriptions, [mine], subscriptionRow, user) && isRead
        if let groups = Storage.groups { isRead = loadLimits(groups) && isRead }
        guard isRead else {
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
        func text(_ column: SubscriptionColumn) -> String { row.string(column.rawValue) }
        func number(_ column: SubscriptionColumn) -> Int { row.number(column.rawValue) }
        // 0 is what the description of the table says of call-info, and what nobody writes.
        guard
            let package = number(.event) == 0
                ? .callInfo : Package(rawValue: UInt8(truncatingIfNeeded: number(.event))),
            Int64(number(.expires)) * 1000 > now,
            let name = LineName(row.text(SubscriptionColumn.aor.rawValue)),
            LineName(row.text(SubscriptionColumn.subscriber.rawValue)) != nil, !text(.callID).isEmpty
        else { return false }
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
        let maximum = Limits.line(name)?.maximum ?? 0
        let subscription = one
        guard
            let (_, isNew) = lines.make(
                name,
                { group -> Bool in
                    group.maximum = maximum
                    let isNew = group.restore(subscription)
                    Timing.schedule(group)
                    return isNew
                })
        else { return false }
        return isNew
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
        func text(_ column: StateColumn) -> String { row.string(column.rawValue) }
        func number(_ column: StateColumn) -> Int { row.number(column.rawValue) }
        guard let state = AppearanceState(rawValue: UInt8(truncatingIfNeeded: number(.state))),
            state != .idle,
            let name = LineName(row.text(StateColumn.aor.rawValue)), number(.index) > 0,
            number(.index) <= CallInfo.greatest
        else { return false }
        let stored = Appearance(
            restored: number(.index), state: state, owner: text(.owner), farContact: text(.callee),
            display: text(.uri),
            call: CallName(callID: text(.callID), fromTag: text(.fromTag), toTag: text(.toTag)),
            isCallee: number(.role) == 1, created: Int64(number(.created)),
            modified: Int64(number(.modified)),
            deadline: Int64(number(.deadline)),
            peer: text(.peerAoR).isEmpty
                ? nil : Appearance.Peer(aor: text(.peerAoR), index: number(.peerIndex)))
        return lines.make(name) { group in
            let isTaken = group.restore(stored)
            Timing.schedule(group)
            return isTaken
        }?.1 ?? false
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
        announce(call.pointee.worker, restored, 0)
        restored = []
    }

    private static let portion = 50

    private static func announce(_ worker: UInt32, _ groups: [Group], _ from: Int) {
        guard from < groups.count else { return }
        Loop.after(from == 0 ? 0 : 5, on: Int(worker)) { call in
            for group in groups[from..<min(groups.count, from + portion)] {
                lines.with(group) { $0.resume(at: Now.milliseconds) }
                settle(call.raw, [group])
            }
            announce(worker, groups, from + portion)
            return .yes
        }
    }
}
