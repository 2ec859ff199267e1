// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import ScaLogic

/// sca_call_info_update(): what a message does to the appearances of its call. Of a call that no shared line is in it
/// learns so from a few bytes, without a lock and without memory.
enum Updating {
    enum Kind { case invite, bye, cancel, other }

    static func update(_ call: borrowing Call, mask: Int, to: Text, from: Text) -> Outcome {
        let message = call.message
        let isReply = message.isReply
        guard let kind = isReply ? kind(message.cseqMethod) : kind(message.method) else { return .yes }
        var info: CallInfo?
        if message.first(callInfoHeader) != nil {
            guard read(message, &info) else {
                Count.badCallInfo.add()
                Host.log(
                    .warning,
                    "sca_call_info_update: Call-Info cannot be read: \(message.header(callInfoHeader))")
                return .no
            }
            message.removeAll(callInfoHeader)
        }
        guard !lines.isEmpty else { return .no }
        let hash = Hash.of(message.callID)
        let places = lines.calls.mayHave(hash) ? lines.calls.find(message.callID, hash: hash) : []
        let caller = mask == 2 ? nil : callerLine(call, from)
        let callee = mask == 1 ? nil : calleeLine(call, to)
        guard caller != nil || callee != nil || !places.isEmpty else { return .no }
        // There the message is the INVITE once more, and its branches have been dealt with.
        if call.place == .failure { return .yes }
        switch (kind, isReply) {
        case (.invite, false):
            return message.toTag.isEmpty
                ? Inviting.begin(call, caller, callee, info, from) : Inviting.again(call, places, info)
        case (.invite, true): return Replying.reply(call, places, callee, info)
        case (.bye, false): return over(call, places)
        case (.cancel, false): return cancel(call, places)
        default: return .yes
        }
    }

    private static func kind(_ method: Method) -> Kind? {
        switch method {
        case .invite: .invite
        case .bye: .bye
        case .cancel: .cancel
        case .prack, .refer: .other
        default: nil
        }
    }

    private static func kind(_ method: Text) -> Kind? {
        if method == "INVITE" as StaticString { return .invite }
        return method == "BYE" as StaticString || method == "CANCEL" as StaticString
            || method == "PRACK" as StaticString || method == "REFER" as StaticString ? .other : nil
    }

    /// False: it is malformed.
    private static func read(_ message: Message, _ info: inout CallInfo?) -> Bool {
        var fields = message.headers(callInfoHeader)
        while let field = fields.next() {
            do throws(CallInfo.Malformed) {
                if let found = try CallInfo.read(field.body), info == nil { info = found }
            } catch {
                return false
            }
        }
        return true
    }

    // MARK: - whose lines

    private static func callerLine(_ call: borrowing Call, _ given: Text) -> Group? {
        if let group = line(call, given, fromAVP) { return group }
        if !given.isAbsent { return nil }
        let message = call.message
        guard let name = LineName(message.fromURI) else { return nil }
        if let group = lines.find(name) { return group }
        // In a reply the Contact is the other side's.
        return message.isReply ? nil : canonical(message, name)
    }

    private static func calleeLine(_ call: borrowing Call, _ given: Text) -> Group? {
        if let group = line(call, given, toAVP) { return group }
        if !given.isAbsent { return nil }
        let message = call.message
        guard let name = LineName(message.toURI) else { return nil }
        if let group = lines.find(name) { return group }
        if message.isReply { return canonical(message, name) }
        // Who was called may stand in the Request-URI alone.
        guard message.toTag.isEmpty, let dialled = LineName(message.receivedURI) else { return nil }
        return lines.find(dialled)
    }

    /// A Contact may have another user than the header has: that line is meant then.
    private static func canonical(_ message: Message, _ name: LineName) -> Group? {
        guard let field = message.first(contactHeader) else { return nil }
        let body = field.body
        // What stands before the first "<" is a name.
        let uri = body.dropFirst(body.firstIndex(of: UInt8(ascii: "<")) ?? 0)
        guard let contact = LineName(uri), contact.user != name.user else { return nil }
        return lines.find(LineName(user: contact.user, host: name.host))
    }

    /// An argument, which is kept for the replies; or what was kept.
    private static func line(_ call: borrowing Call, _ given: Text, _ variable: Param<Expression?>) -> Group?
    {
        if !given.isAbsent {
            if let expression = variable.value { call.write(expression, given) }
            guard let name = LineName(given) else { return nil }
            return lines.find(name)
        }
        guard let expression = variable.value, let kept = call.read(expression), !kept.text.isEmpty,
            let name = LineName(kept.text)
        else { return nil }
        return lines.find(name)
    }

    // MARK: - ends

    /// BYE, from whichever side.
    private static func over(_ call: borrowing Call, _ places: [CallTable.Place]) -> Outcome {
        end(call.message, places)
        return settle(call, places.map(\.group)) { _ in .yes }
    }

    static func end(_ message: Message, _ places: [CallTable.Place]) {
        let now = Now.milliseconds
        let (callID, one, other) = (String(message.callID), String(message.fromTag), String(message.toTag))
        for place in places {
            lines.with(place.group) { $0.ended(place.index, callID, one, other, at: now) }
        }
    }

    private static func cancel(_ call: borrowing Call, _ places: [CallTable.Place]) -> Outcome {
        let now = Now.milliseconds
        let callID = String(call.message.callID)
        for place in places { lines.with(place.group) { $0.cancelled(place.index, callID, at: now) } }
        return settle(call, places.map(\.group)) { _ in .yes }
    }
}

/// Whose appearances a message of a call is about.
func places(of message: Message) -> [CallTable.Place] {
    lines.calls.find(message.callID, hash: Hash.of(message.callID))
}

func callName(_ message: Message) -> CallName {
    CallName(
        callID: String(message.callID), fromTag: String(message.fromTag), toTag: String(message.toTag))
}

/// appearance-uri of a From or To.
func display(_ body: Text) -> String {
    var list = body
    guard let address = list.takeAddress() else { return "" }
    guard let name = LineName(address.uri) else {
        return CallInfo.display(name: address.display, uri: address.uri)
    }
    return name.aor.withRaw { CallInfo.display(name: address.display, uri: Text(unchecked: $0)) }
}
