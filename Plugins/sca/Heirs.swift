// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Peers
import PluginKit
import ScaLogic

/// Another server that shares our lines is dead, and we go on for it: its telephones hear from us how their lines are, what
/// it was setting up is over, and what was seized stays for the rest of its seconds.
enum Heirs {
    /// Before traffic; and on the first worker afterwards.
    nonisolated(unsafe) private static var heartbeat: Heartbeat?

    /// [main]
    static func open(_ url: StorageURL) -> Outcome {
        var settings = Heartbeat.Settings(
            service: "sca", server: serverID.value, table: String(serversTable.value))
        settings.patience = shareTimeout.value
        settings.interval = max(100, min(1000, shareTimeout.value / 5))
        guard let made = Heartbeat(url, settings) else { return .error }
        made.inherit = { call, dead, finished in inherit(call, dead.server, finished) }
        made.buried = { call in Sharing.want(call, all: true) }
        made.joined = { Sharing.want($0) }
        heartbeat = made
        return .yes
    }

    static func start() {
        heartbeat?.start(on: 0)
        // What was being taken over when we started has been taken by then.
        Loop.after(3000, on: 0) { call in
            compare(call.raw)
            return .yes
        }
    }

    /// Other servers that live.
    static var others: [Int] { heartbeat?.liveness.others(at: Loop.ticks / 1_000_000) ?? [] }

    // MARK: - for a dead one

    private static func inherit(
        _ call: CallPointer, _ dead: Int, _ finished: @escaping (CallPointer) -> Void
    ) {
        let rows = SubscriptionRows { call, rows in
            guard rows.isRead else { return again { inherit($0, dead, finished) } }
            var groups = rows.groups
            for group in lines.all where groups[ObjectIdentifier(group)] == nil {
                let isTouched = lines.with(group) { $0.appearances.contains { $0.server == dead } }
                if isTouched == true { groups[ObjectIdentifier(group)] = group }
            }
            Host.log(
                .notice, "\(rows.count) subscriptions of server \(dead) are ours, on \(groups.count) lines")
            Loading.announce(Array(groups.values), of: dead) { finish($0, dead, finished) }
        }
        let isAsked = rows.ask(call, of: dead) { group, one in
            guard group.restore(one) else { return false }
            group.markUnsaved(subscription: one.number)
            return true
        }
        if !isAsked { again { inherit($0, dead, finished) } }
    }

    /// Done after all that was written before.
    private static func finish(
        _ call: CallPointer, _ dead: Int, _ finished: @escaping (CallPointer) -> Void
    ) {
        let then = Unmanaged.passRetained(
            Continuation { call in
                guard call.pointee.result > 0 else { return again { finish($0, dead, finished) } }
                finished(call)
            })
        if Storage.eraseExpired(call, of: dead, Heirs.erased, then.toOpaque()) { return }
        then.release()
        again { finish($0, dead, finished) }
    }

    /// The database did not answer: others leave to us what we have begun.
    private static func again(_ body: @escaping (CallPointer) -> Void) {
        let next = Continuation(body)
        Loop.after(.seconds(1), on: 0) { call in
            next.body(call.raw)
            return .yes
        }
    }

    private static let erased: mt_fn = { call in
        guard let call, let user = call.pointee.user else { return 1 }
        Unmanaged<Continuation>.fromOpaque(user).takeRetainedValue().body(call)
        return 1
    }

    // MARK: - taken for dead

    /// Which of our subscriptions are still ours.
    static func compare(_ call: CallPointer) {
        let last = lines.nextNumber()
        let rows = SubscriptionRows { call, rows in
            guard rows.isRead else { return }
            var count = 0
            for group in lines.all {
                let gone = lines.with(group) { $0.disown(upTo: last) { rows.keys.contains($0) } } ?? 0
                // Others are to know that it has no telephones here.
                if gone > 0 { settle(call, [group]) }
                count += gone
            }
            if count > 0 { Host.log(.notice, "\(count) subscriptions are another server's now") }
        }
        rows.ask(call, of: serverID.value) { _, _ in false }
    }
}

/// The subscriptions of one server.
private final class SubscriptionRows: AskedRows, @unchecked Sendable {
    private(set) var keys: Set<Group.RowKey> = []
    private(set) var groups: [ObjectIdentifier: Group] = [:]
    private(set) var count = 0
    private var body: (Group, Subscription) -> Bool = { _, _ in false }
    private let then: (CallPointer, SubscriptionRows) -> Void
    private let now = Now.milliseconds

    init(_ then: @escaping (CallPointer, SubscriptionRows) -> Void) {
        self.then = then
        super.init(width: SubscriptionColumn.allCases.count)
    }

    /// - Parameter body: under the lock of the line; true: it has changed something.
    /// - Returns: false: they cannot be asked for.
    @discardableResult
    func ask(_ call: CallPointer, of server: Int, _ body: @escaping (Group, Subscription) -> Bool) -> Bool {
        self.body = body
        return ask(call, Storage.subscriptions, [Rows.match(SubscriptionColumn.serverID, server)])
    }

    override func take(_ row: ReadRow) {
        let done = Loading.restore(row, at: now) { group, one in
            keys.insert(Group.RowKey(one))
            return body(group, one)
        }
        guard let (group, isChanged) = done else { return }
        guard isChanged else { return lines.tidy(group) }
        count += 1
        groups[ObjectIdentifier(group)] = group
    }

    override func end(_ call: CallPointer) { then(call, self) }
}
