// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

@Declarations func functions() -> [any Declaration] {
    creationFunctions()
    endingFunctions()
    flagFunctions()
    timeFunctions()
    lookupFunctions()
    profileFunctions()
    moreFunctions()
}

/// What a script answers for what came of an INVITE.
private func outcome(_ creation: Creation) -> Outcome {
    switch creation {
    case .made: .yes
    case .none: .no
    case .stopped: .stop
    }
}

/// A request with a To tag, as if loose_route() had found its dialog; where servers share calls it may have to be read.
private func matchOrFetch(_ call: borrowing Call, mode: Int) -> Outcome {
    guard Sharing.isOn, let message = call.raw.pointee.msg else { return matchNow(call, mode: mode) }
    if let state = MessageState.find(message), state.pointee.dialog != 0 { return .yes }
    let cookie = mode == 2 ? nil : DialogPlugin.cookie(rr.param(call.message, rrParam.value))
    let user = UnsafeMutableRawPointer(bitPattern: mode + 1)
    let waits = Guests.wait(call.raw, message, cookie, mode: mode == 1 && cookie == nil ? 2 : mode) {
        Server.script.pointee.suspend(call.raw, Guests.patience, fetched, user)
    }
    return waits ? .suspended : matchNow(call, mode: mode)
}

private let fetched: mt_fn = { raw in
    guard let raw else { return Outcome.error.code }
    return matchNow(Call(raw), mode: Int(bitPattern: raw.pointee.user) - 1).code
}

/// The same with what is here.
private func matchNow(_ call: borrowing Call, mode: Int) -> Outcome {
    guard let message = call.raw.pointee.msg else { return .no }
    if let state = MessageState.find(message), state.pointee.dialog != 0 { return .yes }
    var cookie: Cookie?
    if mode != 2 { cookie = DialogPlugin.cookie(rr.param(call.message, rrParam.value)) }
    if mode == 0, cookie == nil { return .no }
    guard let (dialog, direction) = match(call.raw, message, cookie, mode) else { return .no }
    return follow(call.raw, message, dialog, direction)
}

@Declarations private func creationFunctions() -> [any Declaration] {
    Function(
        "dlg_manage", in: .request, suspends: true, "Follows the call that this request begins or belongs to."
    ) { call in
        guard call.message.isRequest else { return .no }
        if call.message.toTag.isEmpty { return outcome(create(call.raw, call.message.raw, [])) }
        return matchOrFetch(call, mode: 2)
    }
    Function(
        "create_dialog", in: .request, "Follows the call that this INVITE begins.",
        Arg("flags", Text.self, default: "", "Letters BPpRr, or words such as bye-on-timeout.")
    ) { call, flags in
        let (properties, unknown) = Properties.creation(flags)
        if let unknown { Host.log(.warning, "create_dialog: there is no flag \(unknown)") }
        return outcome(create(call.raw, call.message.raw, properties.union(.created)))
    }
    Function(
        "match_dialog", in: .request, suspends: true, "Finds the dialog that this request belongs to.",
        Arg("mode", Text.self, default: "", "DID_ONLY, DID_FALLBACK or DID_NONE.")
    ) { call, mode in
        if mode.equalsIgnoringCase("DID_ONLY") { return matchOrFetch(call, mode: 0) }
        if mode.equalsIgnoringCase("DID_NONE") { return matchOrFetch(call, mode: 2) }
        return matchOrFetch(call, mode: mode.equalsIgnoringCase("DID_FALLBACK") ? 1 : matchMode.value)
    }
    Function("is_known_dlg", in: .any, "Does this message belong to a call that is followed?") { call in
        if let state = MessageState.find(call.message.raw), state.pointee.elsewhere != nil { return .yes }
        if dialog(call.raw) != nil { return .yes }
        let message = call.message
        if message.toTag.isEmpty {
            let tag = message.fromTag.raw
            return Outcome(
                table(call.raw).pointee.first(message.callID.raw) { isSame($0.text(.fromTag), tag) } != nil)
        }
        return Outcome(match(call.raw, message.raw, nil, 2) != nil)
    }
}

// MARK: - ending

@Declarations private func endingFunctions() -> [any Declaration] {
    Function("dlg_bye", in: .any, "Ends the call at hand.", Arg("side", Text.self, "all, caller or callee")) {
        call, side in end(call, side, Text.absent)
    }
    Function(
        "dlg_terminate", in: .any, "Ends the call at hand, and says why.",
        Arg("side", Text.self, default: "all"), Arg("reason", Text?.self, "For the Reason header.")
    ) { call, side, reason in
        guard let reason else { return end(call, side, Text.absent) }
        return end(call, side, reason)
    }
    Function(
        "dlg_refer", in: .any, "Refers a side of the call at hand.", Arg("side", Text.self),
        Arg("uri", Text.self, "For Refer-To.")
    ) { call, side, uri in
        guard let sides = DialogPlugin.side(side), let seen = Seen(call.raw) else { return .no }
        let uri = String(uri)
        return seen.change(call.raw) { refer($0, $1, sides, uri) }
    }
    Function(
        "dlg_refer_cid", in: .any, suspends: true, "Refers a side of the call with that Call-ID.",
        Arg("callid", Text.self), Arg("side", Text.self), Arg("uri", Text.self)
    ) { call, callID, side, uri in
        guard let sides = DialogPlugin.side(side) else { return .no }
        let uri = String(uri)
        return ask(call, callID, Text.absent, Text.absent, { refer($0, $1, sides, uri) }) { $1 ?? .no }
    }
    Function(
        "dlg_refer_did", in: .any, suspends: true, "Refers a side of the call with those numbers.",
        Arg("h_entry", Int.self), Arg("h_id", Int.self), Arg("side", Text.self), Arg("uri", Text.self)
    ) { call, entry, id, side, uri in
        guard let sides = DialogPlugin.side(side) else { return .no }
        let uri = String(uri)
        return askAll(call, entry, id) { refer($0, $1, sides, uri) }
    }
    Function(
        "dlg_req_within", in: .any, "Sends a request inside the call at hand.", Arg("side", Text.self),
        Arg("method", Text.self), Arg("headers", Text.self, default: ""), Arg("type", Text.self, default: ""),
        Arg("body", Text.self, default: "")
    ) { call, side, method, headers, type, body in
        guard let sides = DialogPlugin.side(side), sides != .both, let seen = Seen(call.raw) else {
            return .no
        }
        let (method, headers, type, body) = (String(method), String(headers), String(type), String(body))
        return seen.change(call.raw) { call, dialog in
            method.withRaw { method in
                headers.withRaw { headers in
                    type.withRaw { type in
                        body.withRaw {
                            Outcome(
                                code: sendWithin(
                                    call, dialog, sides, method, headers, type, $0, nil, nil))
                        }
                    }
                }
            }
        }
    }
    Function(
        "dlg_bridge", in: .any, "Calls one, and refers him to the other.", Arg("from", Text.self),
        Arg("to", Text.self), Arg("op", Text.self, default: "", "The next hop.")
    ) { call, from, to, hop in
        Bridge.start(from: String(from), to: String(to), hop: String(hop))
    }
}

func side(_ text: Text) -> Sides? {
    if let sides = Sides(text) { return sides }
    Host.log(.error, "\"\(text)\" is no side: it is caller, callee or all")
    return nil
}

private func end(_ call: borrowing Call, _ side: Text, _ reason: Text) -> Outcome {
    guard let sides = DialogPlugin.side(side), let seen = Seen(call.raw) else { return .no }
    let reason = reason.isAbsent ? nil : String(reason)
    return seen.change(call.raw) { call, dialog in
        reason.withRaw { terminate(call, dialog, sides, .ended, reason: $0, headers: mt_str()) }
    }
}

private func refer(_ call: CallPointer, _ dialog: DialogPointer, _ sides: Sides, _ uri: String) -> Outcome {
    guard sides != .both, dialog.pointee.life.isCall else { return .no }
    let headers =
        "Refer-To: <\(uri)>\r\nReferred-By: <\(bridgeController.value)>\r\nContact: <\(bridgeContact.value)>\r\n"
    return headers.withRaw {
        Outcome(
            code: sendWithin(call, dialog, sides, mt_str("REFER"), $0, mt_str(), mt_str(), nil, nil))
    }
}

/// By the numbers that lists show, on whichever worker has it.
func askAll(
    _ call: borrowing Call, _ entry: Int, _ id: Int,
    _ body: @escaping @Sendable (CallPointer, DialogPointer) -> Outcome
) -> Outcome {
    let box = Box<Outcome>()
    return call.wait(upTo: .seconds(10), then: Action { _ in box.take() ?? .no }) { ticket in
        Walk.go { call, dialog in
            guard dialog.isNamed(entry, id) else { return true }
            dialog.pointee.pins += 1
            box.put(body(call, dialog))
            unpin(call, dialog)
            return false
        } done: {
            ticket.resume(.yes)
        }
    }
}

extension DialogPointer {
    func isNamed(_ entry: Int, _ id: Int) -> Bool {
        Int(pointee.id) == id && Int(pointee.entry) == entry
    }
}

// MARK: - flags and properties

@Declarations private func flagFunctions() -> [any Declaration] {
    for name in ["dlg_setflag", "set_dlg_flag"] as [StaticString] {
        Function(name, in: .any, "Sets a flag of the call.", Arg("flag", Int.self, in: 0...31)) {
            call, flag in
            changeFlags(call, set: 1 << UInt32(flag), clear: 0)
        }
    }
    for name in ["dlg_resetflag", "reset_dlg_flag"] as [StaticString] {
        Function(name, in: .any, "Takes it back.", Arg("flag", Int.self, in: 0...31)) { call, flag in
            changeFlags(call, set: 0, clear: 1 << UInt32(flag))
        }
    }
    for name in ["dlg_isflagset", "is_dlg_flag_set"] as [StaticString] {
        Function(name, in: .any, "Is it set?", Arg("flag", Int.self, in: 0...31)) { call, flag in
            let flags =
                Seen(call.raw)?.flags ?? MessageState.find(call.message.raw)?.pointee.flags ?? 0
            return Outcome(flags & 1 << UInt32(flag) != 0)
        }
    }
    Function(
        "test_and_set_dlg_flag", in: .any, "Sets a flag that has that value to the other one.",
        Arg("flag", Int.self, in: 0...31), Arg("value", Int.self, in: 0...1)
    ) { call, flag, value in
        guard let seen = Seen(call.raw), (seen.flags >> UInt32(flag) & 1 == 1) == (value == 1) else {
            return .no
        }
        let bit: UInt32 = 1 << UInt32(flag)
        return changeFlags(call, set: value == 0 ? bit : 0, clear: value == 1 ? bit : 0)
    }
    Function(
        "dlg_set_property", in: .any, "Sets properties of the call.",
        Arg("names", Text.self, "ka-src; ka-dst; timeout-noreset")
    ) { call, names in changeProperties(call, names, sets: true) }
    Function("dlg_reset_property", in: .any, "Takes them back.", Arg("names", Text.self)) { call, names in
        changeProperties(call, names, sets: false)
    }
}

private func changeFlags(_ call: borrowing Call, set: UInt32, clear: UInt32) -> Outcome {
    guard let seen = Seen(call.raw) else {
        let state = MessageState.make(call.message.raw)
        state.pointee.flags = (state.pointee.flags | set) & ~clear
        return .yes
    }
    return seen.change(call.raw) { _, dialog in
        dialog.pointee.flags = (dialog.pointee.flags | set) & ~clear
        if dialog.pointee.life.hasRow { save(dialog) }
        return .yes
    }
}

private func changeProperties(_ call: borrowing Call, _ names: Text, sets: Bool) -> Outcome {
    let (properties, unknown) = Properties.named(names)
    if let unknown {
        Host.log(.error, "\"\(unknown)\" is no property: there are ka-src, ka-dst and timeout-noreset")
        return .no
    }
    guard let seen = Seen(call.raw) else {
        let state = MessageState.make(call.message.raw)
        if sets {
            state.pointee.properties.formUnion(properties)
        } else {
            state.pointee.properties.subtract(properties)
        }
        return .yes
    }
    return seen.change(call.raw) { _, dialog in
        changeProperties(dialog, set: sets ? properties : [], clear: sets ? [] : properties)
        return .yes
    }
}
