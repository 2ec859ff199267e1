// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

/// How many seconds between two pings of a dialog; 0: none.
private func interval(_ dialog: DialogPointer) -> UInt32 {
    let properties = dialog.pointee.properties
    if !properties.isDisjoint(with: [.reinviteCaller, .reinviteCallee]) {
        return UInt32(reinviteInterval.value)
    }
    guard !properties.isDisjoint(with: .pings) else { return 0 }
    if properties.contains(.created) { return UInt32(optionsInterval.value) }
    return pingTimer.value > 0 ? UInt32(pingInterval.value) : 0
}

/// A call, or one whose properties have changed.
func startPings(_ dialog: DialogPointer) {
    let index = dialog.pointee.index
    let seconds = interval(dialog)
    guard seconds > 0, dialog.pointee.life.isCall else {
        if table(dialog).pointee.pings.due(index) != 0 { table(dialog).pointee.pings.remove(index) }
        return
    }
    if table(dialog).pointee.pings.due(index) == 0 {
        table(dialog).pointee.pings.set(index, at: Now.seconds &+ seconds)
    }
}

/// OPTIONS inside the dialog, to the sides that want it. Its CSeq is one that was used already, so that it does not
/// count: what is answered does not matter, as long as it is answered.
func ping(_ call: CallPointer, _ dialog: DialogPointer) {
    guard dialog.pointee.life.isCall else { return }
    let properties = dialog.pointee.properties
    if !properties.isDisjoint(with: [.pingCaller, .reinviteCaller]), !dialog.pointee.has(.pingedCaller) {
        dialog.pointee.marks.insert(.pingedCaller)
        send(call, dialog, .caller)
    }
    if !properties.isDisjoint(with: [.pingCallee, .reinviteCallee]), !dialog.pointee.has(.pingedCallee) {
        dialog.pointee.marks.insert(.pingedCallee)
        send(call, dialog, .callee)
    }
    startPings(dialog)
}

private func send(_ call: CallPointer, _ dialog: DialogPointer, _ side: Sides) {
    dialog.pointee.pins += 1
    dialog.pointee.life.transactionBegan(isInitial: false)
    let used = side == .caller ? dialog.pointee.calleeSequence : dialog.pointee.callerSequence
    var sent: UInt64 = 0
    if let request = makeRequest(
        dialog, to: side, mt_str("OPTIONS"), sequence: max(used, 1) - (used > 1 ? 1 : 0))
    {
        sent = sendRequest(
            call, dialog, to: side, request, side == .caller ? callerPinged : calleePinged,
            token(dialog.number.number))
        Server.message.pointee.release(request)
    }
    if sent == 0 { pinged(call, dialog, side, 477) }
    unpin(call, dialog)
}

private let callerPinged: mt_fn = { call in
    guard let call, let dialog = find(number(call.pointee.user)) else { return 1 }
    pinged(call, dialog, .caller, answer(call))
    return 1
}

private let calleePinged: mt_fn = { call in
    guard let call, let dialog = find(number(call.pointee.user)) else { return 1 }
    pinged(call, dialog, .callee, answer(call))
    return 1
}

private func answer(_ call: CallPointer) -> Int {
    Int(call.pointee.data?.assumingMemoryBound(to: tm_event.self).pointee.status ?? 408)
}

private func pinged(_ call: CallPointer, _ dialog: DialogPointer, _ side: Sides, _ status: Int) {
    dialog.pointee.pins += 1
    let isMissed = status == 408 || status == 481 || status == 477 || status == 478
    let missed: UInt8
    if side == .caller {
        dialog.pointee.marks.remove(.pingedCaller)
        dialog.pointee.missedByCaller = isMissed ? min(dialog.pointee.missedByCaller, 62) + 1 : 0
        missed = dialog.pointee.missedByCaller
    } else {
        dialog.pointee.marks.remove(.pingedCallee)
        dialog.pointee.missedByCallee = isMissed ? min(dialog.pointee.missedByCallee, 62) + 1 : 0
        missed = dialog.pointee.missedByCallee
    }
    if isMissed, Int(missed) >= min(pingFailures.value, 63), dialog.pointee.life.isCall {
        if !dialog.pointee.has(.unreachable) {
            dialog.pointee.marks.insert(.unreachable)
            Host.log(.info, "pings of \(Text(unchecked: dialog.text(.callID))) find nobody: \(status)")
        }
        // Again each time: the other side's requests may have prolonged it.
        perform(dialog.pointee.life.cut(to: 10, at: Now.seconds), call, dialog, .none)
    }
    perform(dialog.pointee.life.transactionEnded(isInitial: false, at: Now.seconds), call, dialog, .none)
    unpin(call, dialog)
}
