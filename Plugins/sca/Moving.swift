// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import ScaLogic
import Synchronization

/// A telephone refreshes, or ends, at this server the subscription that it has at another one, which lives. Whose it is
/// says its row: we write our number over the other one's, and that one, which hears that the line has something new
/// here, looks at the table and lets go of it without a word. Its telephone sees one dialog whose CSeqs rise.
enum Moving {
    /// So many SUBSCRIBEs wait for the database at a time: who invents tags keeps it busy with that at most.
    private static let most = 500
    private static let waiting = Atomic<Int>(0)

    /// Waits until the subscription is here, or known not to be anywhere. Nil: there is nobody to be asked.
    static func fetch(
        _ call: borrowing Call, _ aor: String, _ request: SubscribeRequest,
        then: @escaping @Sendable (borrowing Call) -> Outcome
    ) -> Outcome? {
        guard Sharing.isOn, waiting.load(ordering: .relaxed) < most else { return nil }
        return call.wait(upTo: Settlement.patience, then: Action(then)) { ticket in
            waiting.add(1, ordering: .relaxed)
            let move = Move(aor, request) { _ in
                waiting.subtract(1, ordering: .relaxed)
                ticket.resume(.yes)
            }
            move.start(call.raw)
        }
    }

    /// The rows of a line's subscriptions: those that are another server's now are not ours any more.
    /// - Parameter unwritten: one that could not be written because of that.
    static func check(_ call: CallPointer, _ group: Group, _ unwritten: Subscription? = nil) {
        let all = unwritten.map { [$0] } ?? lines.with(group) { $0.subscriptions } ?? []
        for one in all {
            let owner = OwnerRow { call, owner in
                if let owner, owner != serverID.value { return letGo(call, group, one.number) }
                guard unwritten != nil else { return }
                lines.with(group) { $0.markUnsaved(subscription: one.number) }
                settle(call, [group])
            }
            owner.ask(call, Group.RowKey(one))
        }
    }

    private static func letGo(_ call: CallPointer, _ group: Group, _ number: UInt32) {
        guard lines.with(group, { $0.disown(number) }) == true else { return }
        Host.log(.info, "\(group.aor): a subscription is another server's now")
        settle(call, [group])
        lines.tidy(group)
    }
}

/// Whose row it is.
private final class OwnerRow: AskedRows, @unchecked Sendable {
    private var owner: Int?
    /// Gets the number of a server; nil: there is no row, or it cannot be read.
    private let then: (CallPointer, Int?) -> Void

    init(_ then: @escaping (CallPointer, Int?) -> Void) {
        self.then = then
        super.init(width: SubscriptionColumn.allCases.count)
    }

    func ask(_ call: CallPointer, _ key: Group.RowKey) {
        key.with { _ = ask(call, Storage.subscriptions, $0) }
    }

    override func take(_ row: ReadRow) { owner = row.number(SubscriptionColumn.serverID.rawValue) }
    override func end(_ call: CallPointer) { then(call, isRead ? owner : nil) }
}

/// Reads the row of a subscription, writes our number into it, and enters it in its line.
private final class Move: AskedRows, @unchecked Sendable {
    private let aor: String
    private let request: SubscribeRequest
    private var subscription: Subscription?
    private let finish: (CallPointer) -> Void

    init(_ aor: String, _ request: SubscribeRequest, _ finish: @escaping (CallPointer) -> Void) {
        self.aor = aor
        self.request = request
        self.finish = finish
        super.init(width: SubscriptionColumn.allCases.count)
    }

    func start(_ call: CallPointer) {
        let isAsked = Group.RowKey(request).with { ask(call, Storage.subscriptions, $0) }
        if !isAsked { finish(call) }
    }

    override func take(_ row: ReadRow) {
        guard row.string(SubscriptionColumn.aor.rawValue) == aor,
            let one = Loading.subscription(row, at: Now.milliseconds), one.package == request.package
        else { return }
        subscription = one
    }

    override func end(_ call: CallPointer) {
        guard isRead, let subscription else { return finish(call) }
        // One that another SUBSCRIBE has just fetched.
        guard subscription.server != serverID.value else { return finish(call) }
        let held = Unmanaged.passRetained(self)
        guard Storage.put(call, aor, subscription, Move.claimed, held.toOpaque()) <= 0 else { return }
        held.release()
        finish(call)
    }

    private static let claimed: mt_fn = { call in
        guard let call, let user = call.pointee.user else { return 1 }
        let move = Unmanaged<Move>.fromOpaque(user).takeRetainedValue()
        if call.pointee.result > 0, call.pointee.argc > 0, let count = call.pointee.args, count[0].num > 0 {
            move.enter()
        }
        move.finish(call)
        return 1
    }

    private func enter() {
        guard var one = subscription else { return }
        Host.log(.info, "\(aor): a subscription of server \(one.server) is ours now")
        one.server = serverID.value
        let ours = one
        aor.withRaw { aor in
            guard let name = LineName(Text(unchecked: aor)) else { return }
            let maximum = Limits.line(name)?.maximum ?? 0
            _ = lines.make(name) { group in
                group.maximum = maximum
                if group.restore(ours) { group.announceAnew() }
                Timing.schedule(group)
            }
        }
    }
}
