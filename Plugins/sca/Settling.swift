// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import ScaLogic

enum Now {
    /// Unix time in milliseconds.
    static var milliseconds: Int64 { Server.loop.pointee.clock() }
}

/// What lines have decided becomes true: it is written first, and told then. So whoever has heard of something finds it
/// again after a crash.
final class Settlement: @unchecked Sendable {
    private let groups: [Group]
    private let worker: Int
    private var left = 0
    private var isOver = false
    /// Who waits for it. On one worker.
    var ticket: Ticket?

    /// Longer than that nobody waits for a database.
    static let patience = Milliseconds.seconds(2)

    private init(_ groups: [Group], on worker: Int) {
        self.groups = groups
        self.worker = worker
    }

    /// Nil: there is nothing to wait for, and the telephones may be told.
    static func begin(_ call: CallPointer, _ groups: [Group]) -> Settlement? {
        let settlement = Settlement(groups, on: Int(call.pointee.worker))
        for group in groups {
            let changes = lines.with(group) { group in
                Storage.write(call, group, settlement)
                if group.isClaiming { settlement.left += group.await(settlement) }
                Timing.schedule(group)
                return group.takeChanges()
            }
            if let changes, !changes.isEmpty { Telling.tell(call, group, changes) }
        }
        return settlement.left == 0 ? nil : settlement
    }

    func expect() { left += 1 }

    /// A row is written, or is not going to be soon.
    func written(_ call: CallPointer) {
        left -= 1
        if left == 0 { finish(call) }
    }

    /// Something that they have wanted is theirs, or somebody else's.
    static func decided(_ waiters: [AnyObject]) {
        for case let settlement as Settlement in waiters {
            Loop.post(to: settlement.worker) { call in
                settlement.written(call.raw)
                return .yes
            }
        }
    }

    private func finish(_ call: CallPointer) {
        guard !isOver else { return }
        isOver = true
        if let ticket {
            ticket.resume(.yes)
        } else {
            Notifying.flush(call, groups)
        }
    }

    /// Nobody waits: the telephones are told when it is written, or after a while.
    func goOn() {
        Loop.after(Self.patience, on: worker) { [self] call in
            finish(call.raw)
            return .yes
        }
    }
}

/// Writes and tells what these lines have decided. In a hook, `isLate`: nothing is sent before that has returned.
func settle(_ call: CallPointer, _ groups: [Group], isLate: Bool = false) {
    guard !groups.isEmpty else { return }
    if let settlement = Settlement.begin(call, groups) { return settlement.goOn() }
    guard isLate else { return Notifying.flush(call, groups) }
    Loop.post(to: Int(call.pointee.worker)) { call in
        Notifying.flush(call.raw, groups)
        return .yes
    }
}

/// The same, and the script waits for it where there is something to be written. `then` is done before the telephones
/// are told.
func settle(
    _ call: borrowing Call, _ groups: [Group], then: @escaping @Sendable (borrowing Call) -> Outcome
) -> Outcome {
    guard let settlement = Settlement.begin(call.raw, groups) else {
        let outcome = then(call)
        Notifying.flush(call.raw, groups)
        return outcome
    }
    let action = Action { call in
        let outcome = then(call)
        Notifying.flush(call.raw, groups)
        return outcome
    }
    return call.wait(upTo: Settlement.patience, then: action) { settlement.ticket = $0 }
}
