// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

/// Ends a call from the middle: BYE to those sides, or CANCEL and a refusal before it is one.
///
/// With one side only the call is over when that has answered. `.no`: it is over, or that side has its BYE.
@discardableResult
func terminate(
    _ call: CallPointer, _ dialog: DialogPointer, _ sides: Sides, _ cause: Life.Cause, reason: mt_str,
    headers: mt_str, _ occasion: Occasion = .none
) -> Outcome {
    dialog.pointee.pins += 1
    defer { unpin(call, dialog) }
    setReason(dialog, reason)
    if dialog.pointee.life.isSettingUp { return giveUp(call, dialog, cause, reason, occasion) }
    guard dialog.pointee.life.isCall else { return .no }
    var left = sides
    if dialog.pointee.has(.byeToCaller) { left.remove(.caller) }
    if dialog.pointee.has(.byeToCallee) { left.remove(.callee) }
    guard !left.isEmpty else { return .no }
    let isAll = left == .both || dialog.pointee.has(.byeToCaller) || dialog.pointee.has(.byeToCallee)
    sendByes(call, dialog, left, cause, headers)
    if isAll { perform(dialog.pointee.life.end(cause, at: Now.seconds), call, dialog, occasion) }
    return .yes
}

/// "Reason: SIP;cause=408;text="..."" (RFC 3326), where there is one to be told.
private func addReason(_ request: OpaquePointer, _ dialog: DialogPointer, _ cause: Life.Cause) {
    let reason = dialog.text(.reason)
    guard reason.len > 0 else { return }
    let status =
        switch cause {
        case .expired, .noACK: 408
        case .unreachable: 480
        default: 200
        }
    let words = plain(reason, Message(request))
    append(request, Line("Reason: SIP;cause=\(status);text=\"\(words)\""))
}

/// Without what would end a quoted text.
private func plain(_ text: mt_str, _ message: Message) -> mt_str {
    var clean = Text(unchecked: text)
    if !clean.contains(34), !clean.contains(92), !clean.contains(13), !clean.contains(10) { return text }
    var line = Line("")
    while clean.count > 0 {
        let byte = clean[0]
        if byte != 34, byte != 92, byte >= 32 { line.append(clean.prefix(1)) }
        clean = clean.dropFirst()
    }
    return line.kept(by: message).raw
}

/// Nobody has answered yet.
private func giveUp(
    _ call: CallPointer, _ dialog: DialogPointer, _ cause: Life.Cause, _ reason: mt_str, _ occasion: Occasion
) -> Outcome {
    let invite = dialog.pointee.invite
    guard invite != 0 else { return .no }
    perform(dialog.pointee.life.giveUp(cause, at: Now.seconds), call, dialog, occasion)
    _ = tm.table.pointee.answer(
        call, invite, Int32(byeEarlyCode.value), Text(unchecked: byeEarlyReason.value.raw).raw)
    _ = tm.table.pointee.cancel(call, invite, mt_str())
    return .yes
}

/// Each side gets its BYE whatever becomes of the other's.
func sendByes(
    _ call: CallPointer, _ dialog: DialogPointer, _ sides: Sides, _ cause: Life.Cause, _ headers: mt_str
) {
    if headers.len > 0 {
        table(dialog).pointee.byeHeaders[dialog.pointee.index] = String(Text(unchecked: headers))
    }
    if sides.contains(.caller), !dialog.pointee.has(.byeToCaller) {
        dialog.pointee.marks.insert(.byeToCaller)
        sendBye(call, dialog, .caller, nextSequence(dialog, to: .caller), cause, headers, attempt: 0)
    }
    if sides.contains(.callee), !dialog.pointee.has(.byeToCallee) {
        dialog.pointee.marks.insert(.byeToCallee)
        sendBye(call, dialog, .callee, nextSequence(dialog, to: .callee), cause, headers, attempt: 0)
    }
}

private func sendBye(
    _ call: CallPointer, _ dialog: DialogPointer, _ side: Sides, _ sequence: UInt32,
    _ cause: Life.Cause, _ headers: mt_str, attempt: Int
) {
    dialog.pointee.life.transactionBegan(isInitial: false)
    if let request = makeRequest(dialog, to: side, mt_str("BYE"), sequence: sequence, headers: headers) {
        addReason(request, dialog, cause)
        let done = side == .caller ? callerAnswered : calleeAnswered
        let sent = sendRequest(
            call, dialog, to: side, request, attempt: attempt, done, token(dialog.number.number))
        Server.message.pointee.release(request)
        if sent != 0 { return }
    }
    byeEnded(call, dialog, side, 477, attempt: attempt)
}

private let callerAnswered: mt_fn = { call in
    guard let call else { return 1 }
    byeAnswered(call, .caller)
    return 1
}

private let calleeAnswered: mt_fn = { call in
    guard let call else { return 1 }
    byeAnswered(call, .callee)
    return 1
}

private func byeAnswered(_ call: CallPointer, _ side: Sides) {
    guard let dialog = find(number(call.pointee.user)) else { return }
    let status = call.pointee.data?.assumingMemoryBound(to: tm_event.self).pointee.status ?? 408
    byeEnded(call, dialog, side, Int(status), attempt: 0)
}

/// What became of a BYE. One that could not be sent, or that a server in between could not deal with, is sent again.
private func byeEnded(
    _ call: CallPointer, _ dialog: DialogPointer, _ side: Sides, _ status: Int, attempt: Int
) {
    dialog.pointee.pins += 1
    defer { unpin(call, dialog) }
    let tries = triesLeft(dialog, side)
    let isWorthwhile = status >= 500 && status < 600 || status == 477 || status == 478 || status == 479
    if isWorthwhile, tries > 0 {
        useTry(dialog, side)
        sendAgain(dialog, side, after: UInt32(1 << (2 - tries)))
    } else {
        let level: Host.Level = status < 300 || status == 481 ? .notice : .warning
        let name = side == .caller ? "caller" : "callee"
        Host.log(level, "BYE to the \(name) of \(Text(unchecked: dialog.text(.callID))): \(status)")
        // The first answer of two ends it where only one side was to be told.
        perform(dialog.pointee.life.end(.ended, at: Now.seconds), call, dialog, .none)
    }
    perform(dialog.pointee.life.transactionEnded(isInitial: false, at: Now.seconds), call, dialog, .none)
}

/// Two more, counted where pings are: those have ended.
private func triesLeft(_ dialog: DialogPointer, _ side: Sides) -> Int {
    let used = side == .caller ? dialog.pointee.missedByCaller : dialog.pointee.missedByCallee
    return 2 - Int(used >> 6)
}

private func useTry(_ dialog: DialogPointer, _ side: Sides) {
    if side == .caller { dialog.pointee.missedByCaller += 64 } else { dialog.pointee.missedByCallee += 64 }
}

private func sendAgain(_ dialog: DialogPointer, _ side: Sides, after seconds: UInt32) {
    dialog.pointee.life.transactionBegan(isInitial: false)
    let number = dialog.number.number
    let worker = Int(dialog.pointee.worker)
    Loop.after(.seconds(Int(seconds)), on: worker) { call in
        guard let dialog = find(number) else { return .yes }
        dialog.pointee.pins += 1
        let attempt = 3 - triesLeft(dialog, side)
        let sequence = nextSequence(dialog, to: side)
        let headers = table(dialog).pointee.byeHeaders[dialog.pointee.index]
        headers.withRaw {
            sendBye(call.raw, dialog, side, sequence, dialog.pointee.life.cause, $0, attempt: attempt)
        }
        perform(
            dialog.pointee.life.transactionEnded(isInitial: false, at: Now.seconds), call.raw, dialog, .none)
        unpin(call.raw, dialog)
        return .yes
    }
}
