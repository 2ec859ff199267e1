// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import ScaLogic

/// Hook "core.request": the ACK to a 2xx. Scripts need not show it to sca_call_info_update().
func acknowledged(_ call: borrowing Call) -> Outcome {
    let message = call.message
    let places = places(of: message)
    guard !places.isEmpty else { return .yes }
    let isHeld = SessionHold.isHeld(message.body) ?? false
    let name = callName(message)
    let now = Now.milliseconds
    for place in places {
        lines.with(place.group) {
            $0.acknowledged(place.index, name.callID, fromTag: name.fromTag, isHeld: isHeld, at: now)
        }
    }
    settle(call.raw, places.map(\.group), isLate: true)
    return .yes
}

/// Hook "tm.replying": the final answer to an INVITE is passed on, whoever gave it.
func replying(_ call: borrowing Call) -> Outcome {
    guard let event = call.data(as: tm_event.self), event.pointee.status >= 300, call.hasMessage else {
        return .yes
    }
    failed(call, Int(event.pointee.status))
    return .yes
}

/// Hook "sl.local-response": the same without a transaction.
func repliedStatelessly(_ call: borrowing Call) -> Outcome {
    let status = call.message.status ?? 0
    if status >= 300 { failed(call, status) }
    return .yes
}

private func failed(_ call: borrowing Call, _ status: Int) {
    let message = call.message
    guard message.cseqMethod == "INVITE" as StaticString else { return }
    let places = places(of: message)
    guard !places.isEmpty else { return }
    let callID = String(message.callID)
    let sequence = UInt32(truncatingIfNeeded: message.cseq ?? 0)
    let fromTag = String(message.fromTag)
    let now = Now.milliseconds
    for place in places {
        let wasPickUp = lines.with(place.group) { group -> Bool in
            guard let appearance = group.appearance(place.index) else { return false }
            // An INVITE inside the call that fails does not end it.
            group.reinviteFailed(place.index, callID, sequence: sequence, at: now)
            guard appearance.call.fromTag == fromTag else { return false }
            group.failed(place.index, callID, status: status, at: now)
            return appearance.isPickUp
        }
        if wasPickUp == true { Count.failedPickUps.add() }
    }
    settle(call.raw, places.map(\.group), isLate: true)
}

/// Hook "dialog.end": by BYE, by command, or because its time was over.
func dialogEnded(_ call: borrowing Call) -> Outcome {
    let places = places(of: call.message)
    guard !places.isEmpty else { return .yes }
    Updating.end(call.message, places)
    settle(call.raw, places.map(\.group), isLate: true)
    return .yes
}

/// Hook "dialog.failed": it never became a call.
func dialogFailed(_ call: borrowing Call) -> Outcome {
    guard let event = call.data(as: dlg_event.self) else { return .yes }
    let status = Int(event.pointee.status)
    let callID = String(call.message.callID)
    let now = Now.milliseconds
    let places = places(of: call.message)
    guard !places.isEmpty else { return .yes }
    for place in places {
        lines.with(place.group) {
            $0.failed(place.index, callID, status: status < 300 ? 408 : status, at: now)
        }
    }
    settle(call.raw, places.map(\.group), isLate: true)
    return .yes
}
