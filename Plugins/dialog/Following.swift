// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

/// Hook "rr.routed": loose_route() took a Route of ours; its cookie names the dialog.
func routed(_ call: CallPointer) -> Outcome {
    guard let message = call.pointee.msg,
        let data = call.pointee.data?.assumingMemoryBound(to: rr_routed.self), data.pointee.preloaded == 0
    else { return .yes }
    let cookie =
        matchMode.value == 2 ? nil : Cookie.find(rrParam.value, in: Text(unchecked: data.pointee.params))
    if matchMode.value == 0, cookie == nil {
        // Dialogs of before this server, or that nobody asked to follow.
        return .yes
    }
    let method = number(message, MT_F_METHOD_ID)
    guard let (dialog, direction) = match(call, message, cookie, matchMode.value) else {
        if method == MT_BYE {
            LateLoading.note(bye: message, on: Int(call.pointee.worker))
            if cookie != nil { Host.log(.warning, "no dialog for a BYE with our cookie") }
        }
        return .yes
    }
    return follow(call, message, dialog, direction)
}

/// What the parameter of our Route says.
func cookie(_ text: Text?) -> Cookie? {
    guard let text else { return nil }
    return Cookie(text)
}

/// The dialog of a request that has a To tag, and which way it goes. Those whose other tag is known come first: where
/// several callees answered, all have the same cookie.
func match(_ call: CallPointer, _ message: OpaquePointer, _ cookie: Cookie?, _ mode: Int)
    -> (DialogPointer, UInt8)?
{
    let fromTag = text(message, MT_F_FROM_TAG)
    let toTag = text(message, MT_F_TO_TAG)
    guard fromTag.len > 0, toTag.len > 0 else { return nil }
    let callID = text(message, MT_F_CALL_ID)
    let table = table(call)
    func search(_ cookie: Cookie?) -> DialogPointer? {
        var open: DialogPointer?
        let exact = table.pointee.first(callID) { dialog in
            if let cookie, dialog.pointee.entry != cookie.entry || dialog.pointee.cookie != cookie.id {
                return false
            }
            switch fit(dialog, fromTag, toTag) {
            case .exact: return true
            case .open:
                if open == nil || open?.pointee.life.isOver == true { open = dialog }
                return false
            case .none: return false
            }
        }
        return exact ?? open
    }
    var found = search(cookie)
    if found == nil, mode == 1, cookie != nil { found = search(nil) }
    guard let found else { return nil }
    let isDown = isSame(found.text(.fromTag), fromTag)
    return (found, UInt8(isDown ? DLG_DOWNSTREAM : DLG_UPSTREAM))
}

private enum Fit { case exact, open, none }

private func fit(_ dialog: DialogPointer, _ fromTag: mt_str, _ toTag: mt_str) -> Fit {
    let caller = dialog.text(.fromTag)
    let callee = dialog.text(.toTag)
    let other: mt_str
    if isSame(caller, fromTag) {
        other = toTag
    } else if isSame(caller, toTag) {
        other = fromTag
    } else {
        return .none
    }
    if callee.len > 0 { return isSame(callee, other) ? .exact : .none }
    var one = dialog.pointee.early
    while let here = one {
        if isSame(here.name, other) { return .exact }
        one = here.pointee.next
    }
    return .open
}

/// A request inside a dialog is about to be routed. `.stop`: it has been answered.
func follow(
    _ call: CallPointer, _ message: OpaquePointer, _ dialog: DialogPointer, _ direction: UInt8
) -> Outcome {
    let state = MessageState.make(message)
    if state.pointee.dialog != 0 { return .yes }
    state.pointee.dialog = dialog.number.number
    state.pointee.direction = direction
    dialog.pointee.pins += 1
    defer { unpin(call, dialog) }
    if dialog.pointee.isGuest {
        state.pointee.holdsGuest = true
        dialog.pointee.pins += 1
    }
    let transaction = tm.table.pointee.find(message)
    if transaction != 0 { begin(dialog, transaction, isInitial: false, direction) }
    var occasion = Occasion()
    occasion.message = message
    occasion.request = message
    occasion.transaction = transaction
    occasion.direction = direction
    let method = number(message, MT_F_METHOD_ID)
    if method == MT_ACK {
        let actions = dialog.pointee.life.acknowledged()
        if !actions.isEmpty {
            perform(actions, call, dialog, occasion)
            return .yes
        }
        return Outcome(tell(.request, call, dialog, occasion) ? 1 : 0)
    }
    noteSequence(dialog, number(message, MT_F_CSEQ), direction)
    if method != MT_BYE {
        if let seconds = timeout(call, message), dialog.pointee.life.isCall {
            perform(
                dialog.pointee.life.set(lifetime: seconds, at: Now.seconds, isWish: true), call, dialog,
                occasion)
        } else {
            let resets = noReset.value == 0 && !dialog.pointee.properties.contains(.noReset)
            perform(dialog.pointee.life.request(at: Now.seconds, resets: resets), call, dialog, occasion)
        }
    }
    guard tell(.request, call, dialog, occasion) else { return .stop }
    if method == MT_BYE {
        let wasUnconfirmed = dialog.pointee.life.state == .unconfirmed
        if wasUnconfirmed { Host.log(.warning, "a BYE for a call that nobody has answered") }
        setReason(dialog, header(message, reasonHeader)?.body ?? mt_str())
        perform(dialog.pointee.life.bye(at: Now.seconds), call, dialog, occasion)
    }
    return .yes
}

private func noteSequence(_ dialog: DialogPointer, _ sequence: Int, _ direction: UInt8) {
    let sequence = UInt32(truncatingIfNeeded: sequence)
    if direction == UInt8(DLG_DOWNSTREAM) {
        guard sequence > dialog.pointee.callerSequence else { return }
        dialog.pointee.callerSequence = sequence
    } else {
        guard sequence > dialog.pointee.calleeSequence else { return }
        dialog.pointee.calleeSequence = sequence
    }
    if dialog.pointee.life.hasRow { save(dialog) }
}

/// Why it ended, for lists and logs.
func setReason(_ dialog: DialogPointer, _ reason: mt_str) {
    guard reason.len > 0, reason.len < 256 else { return }
    table(dialog).pointee.rewrite(dialog) { $0 == .reason ? reason : nil }
}

// MARK: - transactions

/// Hook "tm.created": a request that has a dialog, or is to have one, has got its transaction.
func transactionCreated(_ call: CallPointer) -> Outcome {
    guard let message = call.pointee.msg,
        let data = call.pointee.data?.assumingMemoryBound(to: tm_event.self)
    else { return .yes }
    if let state = MessageState.find(message), state.pointee.dialog != 0 {
        if let dialog = find(state.pointee.dialog) {
            begin(
                dialog, data.pointee.transaction, isInitial: state.pointee.isInitial,
                state.pointee.direction)
        }
        return .yes
    }
    guard Settings.flag != 0, UInt(bitPattern: number(message, MT_F_FLAGS)) & Settings.flag != 0 else {
        return .yes
    }
    if case .stopped = create(call, message, []) { return .stop }
    return .yes
}

/// Hook "tm.ended".
func transactionEnded(_ call: CallPointer) -> Outcome {
    guard let data = call.pointee.data?.assumingMemoryBound(to: tm_event.self),
        let entry = table(call).pointee.transactions.remove(data.pointee.transaction),
        let dialog = find(entry.dialog)
    else { return .yes }
    dialog.pointee.pins += 1
    var occasion = Occasion()
    occasion.message = call.pointee.msg
    occasion.request = data.pointee.request
    occasion.transaction = data.pointee.transaction
    occasion.direction = entry.direction
    occasion.flags = entry.isInitial ? UInt32(DLG_INITIAL) : 0
    let actions = dialog.pointee.life.transactionEnded(isInitial: entry.isInitial, at: Now.seconds)
    if entry.isInitial {
        dialog.pointee.invite = 0
        table(call).pointee.empty(&dialog.pointee.early)
    }
    perform(actions, call, dialog, occasion)
    unpin(call, dialog)
    return .yes
}

/// Hook "core.finished": the script is done with a request.
func requestFinished(_ call: CallPointer) -> Outcome {
    guard let message = call.pointee.msg, let state = MessageState.find(message) else { return .yes }
    if state.pointee.profiles != nil { leavePending(state) }
    guard state.pointee.dialog != 0, let dialog = find(state.pointee.dialog) else { return .yes }
    if state.pointee.holdsGuest {
        state.pointee.holdsGuest = false
        dialog.pointee.pins -= 1
    }
    if state.pointee.owesCreated {
        state.pointee.owesCreated = false
        if !announce(call, message, dialog) { return .yes }
    }
    // Nothing was sent on: nothing will ever be heard of it.
    if state.pointee.isInitial, dialog.pointee.life.isSettingUp, !dialog.pointee.life.hasInvite,
        dialog.pointee.life.transactions == 0
    {
        discard(call, message, dialog)
        return .yes
    }
    dialog.pointee.pins += 1
    unpin(call, dialog)
    return .yes
}
