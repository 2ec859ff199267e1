// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

/// Time, looked at once a second on each worker. What is due is worked off in portions, so that a hundred thousand
/// dialogs that end in one second leave the worker to everybody else most of the time.
enum Timing {
    /// How long a portion may take, and how long others come first then.
    private static let portion: UInt64 = 500_000
    private static let pause: Milliseconds = 3

    static func start(on worker: Int) {
        Loop.every(.seconds(1), on: worker, tick)
    }

    private static let tick = Action { call in
        let table = DialogPlugin.table(call.raw)
        let now = Now.seconds
        table.pointee.timers.advance(to: now)
        table.pointee.pings.advance(to: now)
        if !table.pointee.isDraining { drain(call.raw) }
        Storage.tick(call.raw)
        return .yes
    }

    private static let goOn = Action { call in
        drain(call.raw)
        return .yes
    }

    private static func drain(_ call: CallPointer) {
        let table = DialogPlugin.table(call)
        // Who has more to read than he can take does what must be done, and no more.
        let isLate = Server.loop.pointee.behind() > 0
        let end = Server.loop.pointee.ticks() + (isLate ? portion / 4 : portion)
        var hasMore = true
        while hasMore {
            if let index = table.pointee.timers.take() {
                if let dialog = table.pointee.occupant(index) { wake(call, dialog) }
            } else if let index = table.pointee.pings.take() {
                if let dialog = table.pointee.occupant(index) { ping(call, dialog) }
            } else {
                hasMore = false
            }
            if Server.loop.pointee.ticks() >= end { break }
        }
        table.pointee.isDraining = hasMore
        if hasMore { Loop.after(pause, on: Int(call.pointee.worker), goOn) }
    }
}

/// Its moment has come, or did once: a lifetime that was prolonged is only noticed now.
private func wake(_ call: CallPointer, _ dialog: DialogPointer) {
    if dialog.pointee.isGuest { return Guests.wake(call, dialog) }
    dialog.pointee.pins += 1
    let now = Now.seconds
    let due = dialog.pointee.life.wake(at: now, Settings.patience)
    if due.contains(.cut) {
        Host.log(.info, "no ACK for the call \(Text(unchecked: dialog.text(.callID))): it ends soon")
        save(dialog)
    }
    if due.contains(.warning) { tell(.expiring, call, dialog, .none) }
    if due.contains(.expired) { expire(call, dialog) }
    if due.contains(.silent) {
        Host.log(.info, "nobody has answered \(Text(unchecked: dialog.text(.callID))) for too long")
        if dialog.pointee.invite == 0 {
            perform(dialog.pointee.life.giveUp(.unanswered, at: now), call, dialog, .none)
        } else {
            terminate(call, dialog, .both, .unanswered, reason: mt_str(), headers: mt_str())
        }
    }
    if due.contains(.forget) {
        dialog.pointee.pins -= 1
        if dialog.pointee.pins == 0 { release(call, dialog) }
        return
    }
    arm(dialog)
    unpin(call, dialog)
}

private func expire(_ call: CallPointer, _ dialog: DialogPointer) {
    if dialog.pointee.has(.foreign), filterMode.value != 0 {
        // Another server sees to it; here it only goes.
        perform(dialog.pointee.life.end(.expired, at: Now.seconds), call, dialog, .none)
        return
    }
    if dialog.pointee.route != 0 {
        withMessage(nil, dialog) { message in
            let state = MessageState.make(message)
            state.pointee.dialog = dialog.number.number
            _ = Server.script.pointee.run(call, message, dialog.pointee.route, nil, nil)
        }
    }
    let deadline = dialog.pointee.life.deadline
    guard tell(.expired, call, dialog, .none) else { return }
    // The route or a hook has set another lifetime, or ended it.
    guard dialog.pointee.life.isCall, dialog.pointee.life.deadline <= deadline else { return }
    let callID = Text(unchecked: dialog.text(.callID))
    let isGone = dialog.pointee.has(.unreachable)
    let isUnacknowledged = dialog.pointee.life.state == .unacknowledged
    let cause: Life.Cause = isGone ? .unreachable : isUnacknowledged ? .noACK : .expired
    if dialog.text(.reason).len == 0 { setReason(dialog, reason(dialog, cause)) }
    let words = Text(unchecked: dialog.text(.reason))
    Host.log(.notice, "the lifetime of \(callID) is over: \(words)")
    if dialog.pointee.properties.contains(.byeOnTimeout) || isGone {
        terminate(call, dialog, .both, cause, reason: mt_str(), headers: mt_str())
    } else {
        perform(dialog.pointee.life.end(cause, at: Now.seconds), call, dialog, .none)
    }
}

private func reason(_ dialog: DialogPointer, _ cause: Life.Cause) -> mt_str {
    switch cause {
    case .unreachable: mt_str("Nobody answers pings")
    case .noACK: mt_str("No ACK")
    default:
        switch dialog.pointee.life.owner {
        case 0: mt_str("Dialog lifetime over")
        default: Owners.reason(dialog.pointee.life.owner)
        }
    }
}
