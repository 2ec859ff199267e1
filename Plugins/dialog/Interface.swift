// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

private let gone = mt_result(MT_GONE)
private let ok = mt_result(MT_OK)

/// What other plugins get, as dialog.h says.
func interface(_ head: mt_head) -> dlg_api {
    var api = dlg_api()
    api.head = head
    api.find = { message in
        guard let message else { return 0 }
        let worker = Server.loop.pointee.worker(text(message, MT_F_CALL_ID))
        return dialog(of: message, on: Int(worker))?.number.number ?? 0
    }
    api.match = { call, callID, fromTag, toTag in
        guard let call else { return 0 }
        return find(call, callID, fromTag, toTag)?.number.number ?? 0
    }
    api.own = { _, name in Owners.add(name) }
    addReading(&api)
    addLifetime(&api)
    api.get = { number, name in
        guard let dialog = find(number) else { return mt_str() }
        return variable(dialog, name)
    }
    api.set = { number, name, value in
        guard let dialog = find(number) else { return gone }
        guard name.len > 0 else { return mt_result(MT_NO) }
        return setVariable(dialog, name, value) ? ok : mt_result(MT_NO)
    }
    api.terminate = { call, number, sides, cause, reason, headers in
        guard let call, let dialog = find(number) else { return gone }
        let cause = Life.Cause(rawValue: UInt8(truncatingIfNeeded: cause)) ?? .ended
        return terminate(
            call, dialog, Sides(rawValue: UInt8(truncatingIfNeeded: sides & 3)),
            cause == .none ? .ended : cause, reason: reason, headers: headers
        ).code
    }
    api.send = { call, number, side, method, headers, type, body, done, user in
        guard let call, let dialog = find(number) else { return gone }
        let side: Sides = side == UInt32(DLG_CALLER) ? .caller : .callee
        return sendWithin(call, dialog, side, method, headers, type, body, done, user)
    }
    api.show = { call, name, value in
        guard let call, let value else { return mt_result(MT_ERROR) }
        return Shown.add(call, name, value.pointee)
    }
    return api
}

/// By its identifiers, among those of this worker; an absent tag is any.
func find(_ call: CallPointer, _ callID: mt_str, _ fromTag: mt_str, _ toTag: mt_str) -> DialogPointer? {
    table(call).pointee.first(callID) { dialog in
        let caller = dialog.text(.fromTag)
        let callee = dialog.text(.toTag)
        func fits(_ a: mt_str, _ b: mt_str) -> Bool { b.ptr == nil || isSame(a, b) }
        return fits(caller, fromTag) && fits(callee, toTag) || fits(callee, fromTag) && fits(caller, toTag)
    }
}

private func addReading(_ api: inout dlg_api) {
    api.info = { number, out in
        guard let out, let dialog = find(number) else { return gone }
        let life = dialog.pointee.life
        var info = dlg_info()
        info.size = min(out.pointee.size, UInt32(MemoryLayout<dlg_info>.size))
        info.entry = dialog.pointee.entry
        info.id = dialog.pointee.id
        info.state = UInt32(life.state.rawValue)
        info.cause = UInt32(life.cause.rawValue)
        info.properties = UInt32(dialog.pointee.properties.rawValue & 15)
        info.flags = dialog.pointee.flags
        info.lifetime = life.lifetime
        info.owner = UInt32(life.owner)
        info.created = Int64(life.created)
        info.started = Int64(life.started)
        info.ended = Int64(life.ended)
        info.expires = Int64(life.deadline)
        info.limit = life.isSettingUp ? 0 : Int64(life.limit)
        withUnsafeBytes(of: info) {
            UnsafeMutableRawPointer(out).copyMemory(from: $0.baseAddress!, byteCount: Int(info.size))
        }
        return ok
    }
    api.text = { number, field in
        guard let dialog = find(number) else { return mt_str() }
        let part: Texts.Part? =
            switch Int(field) {
            case DLG_T_CALL_ID: .callID
            case DLG_T_FROM_URI: .fromURI
            case DLG_T_FROM_TAG: .fromTag
            case DLG_T_TO_URI: .toURI
            case DLG_T_TO_TAG: .toTag
            case DLG_T_REQUEST_URI: .requestURI
            case DLG_T_CALLER_CONTACT: .callerContact
            case DLG_T_CALLEE_CONTACT: .calleeContact
            case DLG_T_CALLER_ROUTES: .callerRoutes
            case DLG_T_CALLEE_ROUTES: .calleeRoutes
            case DLG_T_REASON: .reason
            default: nil
            }
        return part.map { dialog.text($0) } ?? mt_str()
    }
    api.word = { number, owner in
        guard Owners.isKnown(owner), let words = find(number)?.pointee.words else { return 0 }
        return words[Int(owner) - 1]
    }
    api.set_word = { number, owner, word in
        guard let dialog = find(number) else { return gone }
        guard Owners.isKnown(owner), let words = dialog.pointee.words else { return mt_result(MT_NO) }
        guard words[Int(owner) - 1] != word else { return ok }
        words[Int(owner) - 1] = word
        if dialog.pointee.life.hasRow { save(dialog) }
        return ok
    }
}

private func addLifetime(_ api: inout dlg_api) {
    api.set_lifetime = { call, number, seconds, owner in
        guard let call, let dialog = find(number) else { return Int64(gone) }
        let actions = dialog.pointee.life.set(
            lifetime: seconds, owner: UInt8(truncatingIfNeeded: owner),
            standard: UInt32(defaultTimeout.value), at: Now.seconds)
        perform(actions, call, dialog, .none)
        let life = dialog.pointee.life
        if life.isSettingUp { return Int64(life.lifetime) }
        let now = Now.seconds
        return life.deadline > now ? Int64(life.deadline - now) : 0
    }
    api.set_limit = { call, number, seconds in
        guard let call, let dialog = find(number) else { return gone }
        perform(dialog.pointee.life.set(limit: seconds, at: Now.seconds), call, dialog, .none)
        return ok
    }
    api.warn = { call, number, seconds in
        guard let call, let dialog = find(number) else { return gone }
        perform(dialog.pointee.life.warn(before: seconds), call, dialog, .none)
        return ok
    }
    api.set_properties = { number, set, clear in
        guard let dialog = find(number) else { return gone }
        changeProperties(
            dialog, set: Properties(rawValue: UInt16(set & 15)),
            clear: Properties(rawValue: UInt16(clear & 15)))
        return ok
    }
    api.set_flags = { number, set, clear in
        guard let dialog = find(number) else { return gone }
        dialog.pointee.flags = (dialog.pointee.flags | set) & ~clear
        if dialog.pointee.life.hasRow { save(dialog) }
        return ok
    }
}

func changeProperties(_ dialog: DialogPointer, set: Properties, clear: Properties) {
    dialog.pointee.properties.formUnion(set)
    dialog.pointee.properties.subtract(clear)
    startPings(dialog)
    if dialog.pointee.life.hasRow { save(dialog) }
}

// MARK: - requests of others

/// Who asked for a request, while it is on its way.
private struct Asker {
    let dialog: UInt64
    let host: UnsafePointer<mt_host>?
    let done: mt_fn?
    let user: UnsafeMutableRawPointer?
}

/// A request inside the dialog to one side. The dialog stays at least until it is answered.
func sendWithin(
    _ call: CallPointer, _ dialog: DialogPointer, _ side: Sides, _ method: mt_str, _ headers: mt_str,
    _ type: mt_str, _ body: mt_str, _ done: mt_fn?, _ user: UnsafeMutableRawPointer?
) -> mt_result {
    guard method.len > 0 else { return mt_result(MT_NO) }
    dialog.pointee.pins += 1
    defer { unpin(call, dialog) }
    let isPing = isSame(method, mt_str("OPTIONS"))
    let used = side == .caller ? dialog.pointee.calleeSequence : dialog.pointee.callerSequence
    let sequence = isPing ? max(used, 1) - (used > 1 ? 1 : 0) : nextSequence(dialog, to: side)
    guard let request = makeRequest(dialog, to: side, method, sequence: sequence, headers: headers) else {
        return mt_result(MT_NO)
    }
    defer { Server.message.pointee.release(request) }
    if body.len > 0 {
        if type.len > 0 { append(request, Line("Content-Type: \(type)")) }
        set(request, MT_F_BODY, body)
    }
    let asker = UnsafeMutablePointer<Asker>.allocate(capacity: 1)
    asker.initialize(
        to: Asker(dialog: dialog.number.number, host: call.pointee.host, done: done, user: user))
    dialog.pointee.life.transactionBegan(isInitial: false)
    let sent = sendRequest(call, dialog, to: side, request, askerAnswered, asker)
    guard sent == 0 else { return ok }
    asker.deallocate()
    perform(dialog.pointee.life.transactionEnded(isInitial: false, at: Now.seconds), call, dialog, .none)
    return mt_result(MT_NO)
}

private let askerAnswered: mt_fn = { call in
    guard let call, let raw = call.pointee.user else { return 1 }
    let place = raw.assumingMemoryBound(to: Asker.self)
    let asker = place.pointee
    place.deallocate()
    if let done = asker.done {
        var inner = call.pointee
        inner.host = asker.host
        inner.user = asker.user
        _ = done(&inner)
    }
    guard let dialog = find(asker.dialog) else { return 1 }
    dialog.pointee.pins += 1
    perform(dialog.pointee.life.transactionEnded(isInitial: false, at: Now.seconds), call, dialog, .none)
    unpin(call, dialog)
    return 1
}
