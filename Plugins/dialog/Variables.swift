// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

private let fields = [
    "h_id", "h_entry", "ref", "state", "from_rs", "to_rs", "dflags", "sflags", "callid", "from_uri", "to_uri",
    "from_tag", "to_tag", "toroute", "from_cseq", "to_cseq", "lifetime", "start_ts", "from_contact",
    "to_contact", "from_bindaddr", "to_bindaddr", "req_uri", "end_reason",
]
private let contextFields = [
    "on", "set", "dir", "flags", "timeout", "timeout_bye", "timeout_route", "timeout_route_id",
]

@Declarations func variables() -> [any Declaration] {
    for name in ["dlg_var", "dlg_val"] as [StaticString] {
        Variable(name, "A variable of the call: kept with it, and in the database.") { call, key in
            guard call.hasMessage else { return call.answerNull() }
            guard let seen = Seen(call.raw) else { return pending(call, key.name.raw) }
            return answer(call, seen.variable(key.name.raw))
        } set: { call, key, value in
            guard call.hasMessage else { return .no }
            if value.isNull { return setVariable(call, key.name.raw, mt_str()) }
            if let number = value.int { return "\(number)".withRaw { setVariable(call, key.name.raw, $0) } }
            return setVariable(call, key.name.raw, value.text.isAbsent ? mt_str("") : value.text.raw)
        }
    }
    Variable("dlg", "What is known of the call: $dlg(field).", keys: fields) { call, key in
        guard call.hasMessage, let seen = Seen(call.raw) else { return call.answerNull() }
        return answer(call, seen, key.name)
    }
    Variable("dlg_ctx", "The call at hand, and the one to come: $dlg_ctx(field).", keys: contextFields) {
        call, key in
        guard call.hasMessage else { return call.answerNull() }
        return context(call, key.name)
    } set: { call, key, value in
        guard call.hasMessage else { return .no }
        return setContext(call, key.name, value)
    }
    Variable("DLG_count", "How many calls there are.") { call, _ in
        var count = 0
        for name in ["active_dialogs", "early_dialogs"] as [StaticString] {
            count += Statistic.named(Line("dialog:\(name)"))?.value ?? 0
        }
        return call.answer(count)
    }
    Variable("DLG_lifetime", "Seconds since it was answered.") { call, _ in
        guard call.hasMessage, let seen = Seen(call.raw) else { return call.answerNull() }
        let life = seen.life
        let end = life.ended != 0 ? life.ended : Now.seconds
        return call.answer(life.started == 0 ? 0 : Int(end - min(life.started, end)))
    }
    Variable("DLG_status", "The number of its state.") { call, _ in
        guard call.hasMessage, let seen = Seen(call.raw) else { return call.answerNull() }
        return call.answer(Int(seen.life.state.rawValue))
    }
    Variable("DLG_timeout", "The seconds that are left of its lifetime; may be set.") { call, _ in
        guard call.hasMessage, let seen = Seen(call.raw) else { return call.answerNull() }
        let life = seen.life
        guard life.deadline != 0 else { return call.answer(Int(life.lifetime)) }
        let now = Now.seconds
        return call.answer(life.deadline > now ? Int(life.deadline - now) : 0)
    } set: { call, _, value in
        guard call.hasMessage, let seconds = value.int ?? value.text.integer, seconds > 0,
            seconds <= 2_000_000_000, let seen = Seen(call.raw)
        else { return .no }
        return seen.change(call.raw) { setTimeout($0, $1, UInt32(seconds)) }
    }
    moreVariables()
}

/// OpenSIPS's names.
@Declarations private func moreVariables() -> [any Declaration] {
    Variable("DLG_flags", "Its flags, as a number; may be set.") { call, _ in
        guard call.hasMessage, let seen = Seen(call.raw) else { return call.answerNull() }
        return call.answer(Int(seen.flags))
    } set: { call, _, value in
        guard call.hasMessage, let flags = value.int ?? value.text.integer, let seen = Seen(call.raw) else {
            return .no
        }
        return seen.change(call.raw) { _, dialog in
            dialog.pointee.flags = UInt32(truncatingIfNeeded: flags)
            if dialog.pointee.life.hasRow { save(dialog) }
            return .yes
        }
    }
    Variable("DLG_dir", "downstream or upstream.") { call, _ in
        guard call.hasMessage, Seen(call.raw) != nil else { return call.answerNull() }
        return call.answer(direction(call.message.raw) == UInt8(DLG_UPSTREAM) ? "upstream" : "downstream")
    }
    Variable("DLG_did", "Its numbers, as in the cookie.") { call, _ in
        guard call.hasMessage, let seen = Seen(call.raw) else { return call.answerNull() }
        var bytes: (UInt64, UInt64, UInt64) = (0, 0, 0)
        let cookie = Cookie(entry: seen.entry, id: seen.id)
        return withUnsafeMutableBytes(of: &bytes) { bytes in
            guard let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
                return call.answerNull()
            }
            let count = cookie.write(into: start)
            let text = mt_str(ptr: UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self), len: count)
            return call.answer(call.message.keep(text))
        }
    }
    Variable("DLG_end_reason", "Why it ended.") { call, _ in
        guard call.hasMessage, let seen = Seen(call.raw) else { return call.answerNull() }
        let reason = seen.text(.reason)
        if reason.len > 0 { return answer(call, reason) }
        guard seen.life.isOver else { return call.answerNull() }
        return call.answer(name(of: seen.life.cause))
    }
}

func name(of cause: Life.Cause) -> StaticString {
    switch cause {
    case .none: ""
    case .bye: "bye"
    case .refused: "refused"
    case .unanswered: "unanswered"
    case .expired: "expired"
    case .ended: "ended"
    case .unreachable: "unreachable"
    case .noACK: "no ACK"
    }
}

private func answer(_ call: borrowing Call, _ text: mt_str) -> Outcome {
    text.ptr == nil ? call.answerNull() : call.answer(call.message.keep(text))
}

private func pending(_ call: borrowing Call, _ name: mt_str) -> Outcome {
    var one = MessageState.find(call.message.raw)?.pointee.variables
    while let here = one {
        if isSame(here.pointee.name, name) { return answer(call, here.pointee.text) }
        one = here.pointee.next
    }
    return call.answerNull()
}

/// $dlg(field)
private func answer(_ call: borrowing Call, _ seen: Seen, _ field: Text) -> Outcome {
    func text(_ part: Texts.Part) -> Outcome { answer(call, seen.text(part)) }
    func socket(_ socket: UInt16) -> Outcome {
        guard socket != .max, UInt32(socket) < Server.net.pointee.sockets() else { return call.answerNull() }
        return call.answer(Text(unchecked: Server.net.pointee.socket(UInt32(socket))))
    }
    switch String(field) {
    case "h_id": return call.answer(Int(seen.id))
    case "h_entry": return call.answer(Int(seen.entry))
    case "ref": return call.answer(Int(seen.life.transactions) + 1)
    case "state": return call.answer(Int(seen.life.state.rawValue))
    case "from_rs": return text(.callerRoutes)
    case "to_rs": return text(.calleeRoutes)
    case "dflags": return call.answer(Int(seen.properties.rawValue))
    case "sflags": return call.answer(Int(seen.flags))
    case "callid": return text(.callID)
    case "from_uri": return text(.fromURI)
    case "to_uri": return text(.toURI)
    case "from_tag": return text(.fromTag)
    case "to_tag": return text(.toTag)
    case "toroute":
        if case .here(let dialog) = seen { return call.answer(Int(dialog.pointee.route)) }
        return call.answer(0)
    case "from_cseq": return number(call, seen.sequences.caller)
    case "to_cseq": return number(call, seen.sequences.callee)
    case "lifetime": return call.answer(Int(seen.life.lifetime))
    case "start_ts": return call.answer(Int(seen.life.started))
    case "from_contact": return text(.callerContact)
    case "to_contact": return text(.calleeContact)
    case "from_bindaddr": return socket(seen.sockets.caller)
    case "to_bindaddr": return socket(seen.sockets.callee)
    case "req_uri": return text(.requestURI)
    case "end_reason": return text(.reason)
    default:
        Host.log(.error, "there is no $dlg(\(field))")
        return call.answerNull()
    }
}

/// CSeqs are text to scripts.
private func number(_ call: borrowing Call, _ sequence: UInt32) -> Outcome {
    call.answer(Line("\(Int(sequence))").kept(by: call.message))
}

private func context(_ call: borrowing Call, _ field: Text) -> Outcome {
    let state = MessageState.find(call.message.raw)
    let seen = Seen(call.raw)
    switch String(field) {
    case "on": return call.answer(seen == nil ? 0 : 1)
    case "set": return call.answer(seen == nil ? 0 : 1)
    case "dir": return call.answer(seen == nil ? 0 : Int(direction(call.message.raw)))
    case "flags": return call.answer(Int(seen?.flags ?? state?.pointee.flags ?? 0))
    case "timeout": return call.answer(state?.pointee.timeout ?? 0)
    case "timeout_bye":
        let properties = seen?.properties ?? state?.pointee.properties ?? []
        return call.answer(properties.contains(.byeOnTimeout) ? 1 : 0)
    case "timeout_route", "timeout_route_id":
        var route = state?.pointee.route ?? 0
        if case .here(let dialog)? = seen { route = dialog.pointee.route }
        if field.equals("timeout_route_id") { return call.answer(Int(route)) }
        guard route != 0 else { return call.answerNull() }
        return call.answer(Text(unchecked: Server.script.pointee.route_name(route)))
    default:
        Host.log(.error, "there is no $dlg_ctx(\(field))")
        return call.answerNull()
    }
}

private func setContext(_ call: borrowing Call, _ field: Text, _ value: Value) -> Outcome {
    let state = MessageState.make(call.message.raw)
    let number = value.int ?? value.text.integer ?? 0
    let seen = Seen(call.raw)
    switch String(field) {
    case "on", "set", "dir": return .yes
    case "flags":
        state.pointee.flags = UInt32(truncatingIfNeeded: number)
        return seen?.change(call.raw) { _, dialog in
            dialog.pointee.flags = UInt32(truncatingIfNeeded: number)
            return .yes
        } ?? .yes
    case "timeout":
        state.pointee.timeout = number
        return .yes
    case "timeout_bye":
        if number != 0 {
            state.pointee.properties.insert(.byeOnTimeout)
        } else {
            state.pointee.properties.remove(.byeOnTimeout)
        }
        return seen?.change(call.raw) { _, dialog in
            DialogPlugin.changeProperties(
                dialog, set: number != 0 ? .byeOnTimeout : [], clear: number != 0 ? [] : .byeOnTimeout)
            return .yes
        } ?? .yes
    case "timeout_route", "timeout_route_id":
        var route = UInt32(clamping: number)
        if field.equals("timeout_route") {
            route =
                value.text.isEmpty
                ? 0 : Server.script.pointee.route(Server.host, UInt32(MT_IN_REQUEST), value.text.raw)
            if route == 0, !value.text.isEmpty {
                Host.log(.error, "there is no route[\(value.text)] for $dlg_ctx(timeout_route)")
                return .no
            }
        } else if Server.script.pointee.route_name(route).ptr == nil {
            route = 0
        }
        state.pointee.route = route
        let wanted = route
        return seen?.change(call.raw) { _, dialog in
            dialog.pointee.route = wanted
            return .yes
        } ?? .yes
    default:
        Host.log(.error, "there is no $dlg_ctx(\(field))")
        return .no
    }
}
