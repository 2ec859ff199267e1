// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import SiputilsLogic

func isSupported(_ message: Message, _ option: Text) -> Outcome {
    var fields = message.headers(Names.supported)
    while let field = fields.next() {
        var list = field.body
        while let tag = list.take(upTo: UInt8(ascii: ",")) {
            if tag.trimmed.equalsIgnoringCase(option) { return .yes }
        }
    }
    return .no
}

/// A request has its sender's Via alone. A reply has our own Record-Route on top, and did not come from
/// ourselves.
func isFirstHop(_ message: Message, _ mode: Int) -> Outcome {
    if message.isRequest {
        var fields = message.headers(Names.via)
        guard let first = fields.next(), fields.next() == nil else { return .no }
        return Outcome(!first.body.contains(UInt8(ascii: ",")))
    }
    guard let field = message.first(Names.recordRoute) else { return .no }
    var body = field.body
    guard let address = body.takeAddress(), let uri = URI(address.uri), uri.isMine else { return .no }
    if mode == 1 { return .yes }
    let host = uri.host
    let isIPv4 = host.count > 0 && host[host.count - 1] >= 48 && host[host.count - 1] <= 57
    let isIPv6 = host.contains(UInt8(ascii: ":"))
    return Outcome((isIPv4 || isIPv6) && !cameFromHere(message.flow.raw))
}

private func cameFromHere(_ flow: mt_flow) -> Bool {
    withUnsafeBytes(of: flow.remote) { remote in
        withUnsafeBytes(of: flow.local) { local in remote.elementsEqual(local) }
    }
}

/// What the client claims: authenticate it before.
func isUser(_ message: Message, _ name: Text) -> Outcome {
    if let isSame = isUser(message, name, Names.proxyAuthorization) { return Outcome(isSame) }
    return Outcome(isUser(message, name, Names.authorization) ?? false)
}

/// Nil when there are no such credentials.
private func isUser(_ message: Message, _ name: Text, _ header: Header) -> Bool? {
    var fields = message.headers(header)
    while let field = fields.next() {
        if let claimed = digestUser(field.body) { return Text(unchecked: claimed).equals(name) }
    }
    return nil
}

/// username="..." of a Digest header.
private func digestUser(_ body: Text) -> mt_str? {
    guard body.trimmed.hasPrefixIgnoringCase("Digest") else { return nil }
    var rest = body.trimmed.dropFirst(6)
    while let param = rest.take(upTo: UInt8(ascii: ",")) {
        let param = param.trimmed
        guard param.hasPrefixIgnoringCase("username"), let equals = param.firstIndex(of: UInt8(ascii: "=")),
            param.prefix(equals).trimmed.count == 8
        else { continue }
        var value = param.dropFirst(equals + 1).trimmed
        if value.count > 1, value[0] == UInt8(ascii: "\""), value[value.count - 1] == UInt8(ascii: "\"") {
            value = value.dropFirst().dropLast()
        }
        return value.raw
    }
    return nil
}

/// options_reply(): 200 with what this server can do, to an OPTIONS without a user in its Request-URI.
func answerOptions(_ call: borrowing Call) -> Outcome {
    let message = call.message
    guard message.method == .options, let uri = URI(message.uri), uri.user.isEmpty else { return .no }
    var lines = Line("Accept: \(optionsAccept.value)\r\n")
    lines.append(Line("Accept-Encoding: \(optionsEncoding.value)\r\n"))
    lines.append(Line("Accept-Language: \(optionsLanguage.value)\r\n"))
    lines.append(Line("Supported: \(optionsSupport.value)\r\n"))
    message.set(.replyLines, lines)
    return sl.replyStateless(call, 200, "OK")
}

/// -1 no Date, -2 not a date, -4 too old.
func checkDate(_ message: Message, _ limit: Int) -> Outcome {
    guard let field = message.first(Names.date) else { return .no }
    guard let then = SIPDate.seconds(field.body) else { return Outcome(-2) }
    return Loop.clock / 1000 > then + limit ? Outcome(-4) : .yes
}
