// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

let userAgent = Header("User-Agent")
private let replyOut = Event("reply-out", "A reply is about to be sent; the message is the reply.")

private let plugin = Plugin("corex", "1.0.0", "Branches, sockets, raw sending, and files, for scripts.") {
    userAgent
    replyOut

    branchFunctions()
    socketFunctions()
    sendFunctions()
    messageFunctions()
    flagFunctions()
    fileFunctions()

    Command("debug", "The log level, or sets it.", Arg("level", Int?.self)) { answer, level in
        debug(answer, level)
    }
    Hook("core.sending") { call in
        if call.message.isReply { replyOut.emit(call, call.message) }
        return .yes
    }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }

@Declarations private func branchFunctions() -> [any Declaration] {
    Function(
        "append_branch", in: [.request, .event, .local, .failure],
        "Adds a branch: that URI, or the Request-URI.",
        Arg("uri", Text?.self), Arg("q", Text?.self, "Its weight: \"0.5\".")
    ) { call, uri, q in
        appendBranch(call.message, uri?.raw, q?.raw)
    }
}

@Declarations private func messageFunctions() -> [any Declaration] {
    Function("has_ruri_user", in: .any, "Has the Request-URI a user?") { call in
        guard let uri = URI(call.message.uri) else { return .no }
        return Outcome(!uri.user.isEmpty)
    }
    Function("has_user_agent", in: .any, "Is there a User-Agent?") { call in
        Outcome(!call.message.header(userAgent).isEmpty)
    }
    Function("is_faked_msg", in: .any, "Was the message made here, rather than received?") { call in
        Outcome(!call.hasMessage || call.message.flow.raw.protocol == 0)
    }
    Function("forward_reply", in: .reply, "Forwards the reply now.") { call in
        let message = call.message
        return message.isReply && message.send(call).isYes ? .yes : .no
    }
}

private func appendBranch(_ message: Message, _ uri: mt_str?, _ q: mt_str?) -> Outcome {
    var target = mt_target()
    target.socket = .max
    target.q = -1
    if let q, q.len > 0 {
        guard let weight = weight(Text(unchecked: q)) else {
            Host.log(.error, "append_branch: a weight is 0 to 1, not \(Text(unchecked: q))")
            return .no
        }
        target.q = Int32(weight)
    }
    if let uri, uri.len > 0 {
        guard URI(Text(unchecked: uri)) != nil else {
            Host.log(.error, "append_branch: \(Text(unchecked: uri)) is no URI")
            return .no
        }
        target.uri = uri
    } else {
        // The branch as it would leave now.
        target.uri = message.uri.raw
        target.next_hop = message.nextHop.raw
        target.path = message.text(.path).raw
        target.flags = UInt64(bitPattern: Int64(message.number(.branchFlags) ?? 0))
        if let socket = message.number(.outSocket) { target.socket = UInt32(truncatingIfNeeded: socket) }
    }
    return message.add(&target).isYes ? .yes : .no
}

/// Thousandths: RFC 3261, 25.1, qvalue.
private func weight(_ text: Text) -> Int? {
    guard text.count > 0, text[0] == UInt8(ascii: "0") || text[0] == UInt8(ascii: "1") else { return nil }
    var weight = Int(text[0] - 48) * 1000
    guard text.count > 1 else { return weight }
    guard text[1] == UInt8(ascii: "."), text.count <= 5 else { return nil }
    var place = 100
    for at in 2..<text.count {
        let digit = Int(text[at]) - 48
        guard digit >= 0, digit <= 9 else { return nil }
        weight += digit * place
        place /= 10
    }
    return weight <= 1000 ? weight : nil
}

/// The setting core.debug: 3 is everything, 0 warnings, -1 errors only.
private func debug(_ answer: borrowing Answer, _ level: Int?) -> Outcome {
    var setting = mt_setting()
    setting.size = UInt32(MemoryLayout<mt_setting>.size)
    for index in 0..<Server.setting.pointee.count() {
        guard Server.setting.pointee.get(index, &setting) > 0, Text(unchecked: setting.group) == "core",
            Text(unchecked: setting.name) == "debug"
        else { continue }
        guard let level else {
            answer.structure { $0.put("debug", Int(setting.value.num)) }
            return .yes
        }
        var change = mt_change(index: index, reserved: 0, value: mt_value(level))
        var why = mt_str()
        guard Server.setting.pointee.set(&change, 1, &why) > 0 else {
            return answer.fault(400, String(Text(unchecked: why)))
        }
        answer.structure { answer in
            answer.put("old", Int(setting.value.num))
            answer.put("new", level)
        }
        return .yes
    }
    return answer.fault(500, "the server has no log level")
}
