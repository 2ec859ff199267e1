// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

// MARK: - time

@Declarations func timeFunctions() -> [any Declaration] {
    Function(
        "dlg_set_timeout", in: .any, suspends: true, "The call ends so many seconds from now.",
        Arg("seconds", Int.self), Arg("h_entry", Int?.self), Arg("h_id", Int?.self)
    ) { call, seconds, entry, id in
        guard seconds > 0, seconds <= 2_000_000_000 else { return .no }
        if let entry, let id {
            return askAll(call, entry, id) { setTimeout($0, $1, UInt32(seconds)) }
        }
        guard let seen = Seen(call.raw) else { return .no }
        return seen.change(call.raw) { setTimeout($0, $1, UInt32(seconds)) }
    }
    Function(
        "dlg_set_limit", in: .any, "The call ends so many seconds from now at the latest; 0: no limit.",
        Arg("seconds", Int.self, in: 0...2_000_000_000)
    ) { call, seconds in
        guard let seen = Seen(call.raw) else { return .no }
        return seen.change(call.raw) { call, dialog in
            perform(
                dialog.pointee.life.set(limit: UInt32(seconds), at: Now.seconds), call, dialog, .none)
            return .yes
        }
    }
    Function(
        "dlg_set_timeout_by_profile", in: .any, "The same for all members of a profile.",
        Arg("profile", Text.self, prepare: Profiles.check), Arg("value", Expression.self),
        Arg("seconds", Int?.self)
    ) { call, name, value, seconds in
        guard let profile = Profiles.index(name), let read = call.read(value) else { return .no }
        let wanted = seconds ?? read.int ?? read.text.integer ?? 0
        guard wanted > 0, wanted <= 2_000_000_000 else { return .no }
        let only = seconds == nil ? nil : text(of: read)
        Walk.go { call, dialog in
            if only.withRaw({ isMember(dialog, profile, $0.ptr == nil ? nil : $0) }) {
                _ = setTimeout(call, dialog, UInt32(wanted))
            }
            return true
        }
        return .yes
    }
    Function(
        "dlg_on_timeout", in: .any, "Names the route for the time-out of the call.",
        Arg("route", Route.self, where: .request)
    ) { call, route in
        guard let seen = Seen(call.raw) else {
            MessageState.make(call.message.raw).pointee.route = route.number
            return .yes
        }
        return seen.change(call.raw) { _, dialog in
            dialog.pointee.route = route.number
            return .yes
        }
    }
}

func setTimeout(_ call: CallPointer, _ dialog: DialogPointer, _ seconds: UInt32) -> Outcome {
    guard !dialog.pointee.life.isOver else { return .no }
    perform(
        dialog.pointee.life.set(lifetime: seconds, at: Now.seconds, isWish: true), call, dialog, .none)
    return .yes
}

/// A value as text, whatever it is.
func text(of value: Value) -> String { value.int.map { "\($0)" } ?? String(value.text) }

// MARK: - other calls

@Declarations func lookupFunctions() -> [any Declaration] {
    Function(
        "dlg_get", in: .any, suspends: true, "Looks at the call with those names from now on.",
        Arg("callid", Text.self), Arg("ftag", Text.self), Arg("ttag", Text.self)
    ) { call, callID, fromTag, toTag in
        let worker = call.worker
        return ask(call, callID, fromTag, toTag, { Portrait($1) }) { call, portrait in
            guard let portrait else { return .no }
            let number = DialogNumber(number: portrait.plain.number)
            let state = MessageState.make(call.message.raw)
            if Int(number.worker) == worker {
                state.pointee.dialog = number.number
                state.pointee.elsewhere = nil
                state.pointee.direction = 0
            } else {
                portrait.hang(call.message)
            }
            return .yes
        }
    }
    Function(
        "dlg_get_var", in: .any, suspends: true, "A variable of another call.", Arg("callid", Text.self),
        Arg("ftag", Text.self), Arg("ttag", Text.self), Arg("key", Text.self), Arg("result", Expression.self)
    ) { call, callID, fromTag, toTag, key, result in
        let key = String(key)
        return ask(
            call, callID, fromTag, toTag,
            { _, dialog -> String?? in
                key.withRaw {
                    let text = variable(dialog, $0)
                    return .some(text.ptr == nil ? nil : String(Text(unchecked: text)))
                }
            }
        ) { call, answer in
            guard let answer else { return .no }
            guard let text = answer else { return call.write(result, mt_value()) }
            return call.write(result, text)
        }
    }
    Function(
        "dlg_set_var", in: .any, suspends: true, "Sets a variable of another call.", Arg("callid", Text.self),
        Arg("ftag", Text.self), Arg("ttag", Text.self), Arg("key", Text.self), Arg("value", Text.self)
    ) { call, callID, fromTag, toTag, key, value in
        let (key, value) = (String(key), String(value))
        return ask(
            call, callID, fromTag, toTag,
            { _, dialog -> Outcome? in
                key.withRaw { key in value.withRaw { Outcome(setVariable(dialog, key, $0)) } }
            }
        ) { $1 ?? .no }
    }
    Function(
        "dlg_db_load_callid", in: .any, suspends: true,
        "Reads the calls with that Call-ID from the database.",
        Arg("callid", Text.self)
    ) { call, callID in LateLoading.run(call, callID) }
    Function("dlg_db_load_extra", in: .any, "Accepted: all that the database has was read at the start.") {
        _ in
        .yes
    }
}

// MARK: - requests inside a call

@Declarations func moreFunctions() -> [any Declaration] {
    Function("dlg_set_ruri", in: .any, "The Request-URI is the Contact of the other side from now on.") {
        call in
        guard let seen = Seen(call.raw) else { return .no }
        let uri = seen.text(
            direction(call.message.raw) == UInt8(DLG_UPSTREAM) ? .callerContact : .calleeContact)
        return uri.len > 0 ? call.message.set(.uri, uri) : .no
    }
    Function("fix_route_dialog", in: .request, "Request-URI and Route as the call has them.") { call in
        guard let dialog = dialog(call.raw) else { return .no }
        let isUp = direction(call.message.raw) == UInt8(DLG_UPSTREAM)
        let uri = dialog.text(isUp ? .callerContact : .calleeContact)
        guard uri.len > 0 else { return .no }
        call.message.set(.uri, uri)
        // What loose_route() took from the Route that goes now.
        call.message.clear(.nextHop)
        call.message.removeAll(route)
        setRoute(call.message.raw, dialog.text(isUp ? .callerRoutes : .calleeRoutes), uri)
        return .yes
    }
    Function("validate_dialog", in: .request, "Does the request agree with the call?") { call in
        guard let dialog = dialog(call.raw) else { return Outcome(-4) }
        let isUp = direction(call.message.raw) == UInt8(DLG_UPSTREAM)
        let known = Int(isUp ? dialog.pointee.calleeSequence : dialog.pointee.callerSequence)
        guard let sequence = call.message.cseq else { return Outcome(-4) }
        // What follow() has noted is this request's own.
        if call.message.method != .ack, sequence < known { return Outcome(-1) }
        let target = Text(unchecked: dialog.text(isUp ? .callerContact : .calleeContact))
        if !target.isEmpty, !call.message.uri.isSameURI(as: target) { return Outcome(-2) }
        let routes = dialog.text(isUp ? .callerRoutes : .calleeRoutes)
        return hasRoutes(call.message.raw, Text(unchecked: routes)) ? .yes : Outcome(-3)
    }
    Function("dlg_inc_cseq", in: .request, "Accepted: CSeqs are followed as they come.") { _ in .yes }
    Function(
        "dlg_set_state", in: .any, "Accepted for confirmed: states follow the messages.",
        Arg("state", Text.self)
    ) { call, state in
        guard let seen = Seen(call.raw), state.hasPrefixIgnoringCase("confirmed") else { return .no }
        return seen.change(call.raw) { call, dialog in
            perform(dialog.pointee.life.acknowledged(), call, dialog, .none)
            return .yes
        }
    }
    for name in ["dlg_update_state", "dlg_update_contact", "dlg_update_socket"] as [StaticString] {
        Function(name, in: .any, "Accepted: both follow the messages by themselves.") { call in
            Outcome(Seen(call.raw) != nil)
        }
    }
    Function("unload_dialog_ctx", in: .any, "No call is at hand from now on.") { call in
        let state = MessageState.make(call.message.raw)
        state.pointee.elsewhere = nil
        return .yes
    }
    for name in ["store_dlg_value", "dlg_store_value"] as [StaticString] {
        Function(name, in: .any, "$dlg_var by another name.", Arg("name", Text.self), Arg("value", Text.self))
        {
            call, name, value in setVariable(call, name.raw, value.raw)
        }
    }
    Function(
        "fetch_dlg_value", in: .any, "Reads it.", Arg("name", Text.self), Arg("result", Expression.self)
    ) { call, name, result in
        guard let seen = Seen(call.raw) else { return .no }
        let text = seen.variable(name.raw)
        return text.ptr == nil ? .no : call.write(result, text)
    }
}

/// Are these the Routes that are left, in this order? Ours do not count.
private func hasRoutes(_ message: OpaquePointer, _ routes: Text) -> Bool {
    var wanted = routes
    var at = mt_header()
    while Server.message.pointee.header(message, route.name.token, &at) {
        var list = Text(unchecked: at.body)
        while let address = list.takeAddress() {
            if URI(address.uri)?.isMine == true { continue }
            guard let next = wanted.takeAddress(), next.uri.isSameURI(as: address.uri) else { return false }
        }
    }
    return wanted.trimmed.isEmpty
}

/// $dlg_var, of the call at hand or of the one to come.
func setVariable(_ call: borrowing Call, _ name: mt_str, _ value: mt_str) -> Outcome {
    guard name.len > 0 else { return .no }
    guard let seen = Seen(call.raw) else {
        MessageState.add(\.variables, call.message, name, value, replaces: true)
        return .yes
    }
    if case .here(let dialog) = seen { return Outcome(setVariable(dialog, name, value)) }
    guard case .elsewhere(let place) = seen else { return .no }
    let (key, text) = (
        String(Text(unchecked: name)), value.ptr == nil ? nil : String(Text(unchecked: value))
    )
    note(call.message, place, name, value)
    return seen.change(call.raw) { _, dialog in
        key.withRaw { key in text.withRaw { Outcome(setVariable(dialog, key, $0)) } }
    }
}

/// What was written can be read again by the same script.
private func note(
    _ message: Message, _ place: UnsafeMutablePointer<Elsewhere>, _ name: mt_str, _ value: mt_str
) {
    guard let memory = message.allocate(MemoryLayout<MessageState.Pending>.stride).baseAddress else { return }
    let one = memory.bindMemory(to: MessageState.Pending.self, capacity: 1)
    one.initialize(
        to: MessageState.Pending(
            next: place.pointee.variables, name: message.keep(name).raw, text: message.keep(value).raw,
            number: 0))
    place.pointee.variables = one
}
