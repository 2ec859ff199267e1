// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// Parts of URIs and of the parties' addresses.
extension VariableCode {
    /// A part of the Request-URI and its like, with the defaults that these have: port 5060, transport UDP.
    static func requestPart(_ uri: URI, _ part: VariablePart, _ context: Context) -> ScriptValue {
        switch part {
        case .whole: return ScriptValue(uri.whole)
        case .wholeLength: return ScriptValue(Int64(uri.whole.count))
        case .user:
            let user = uri.userName
            return user.isEmpty ? .null : ScriptValue(user)
        case .userLength: return ScriptValue(Int64(uri.userName.count))
        case .host: return uri.host.isEmpty ? .null : ScriptValue(uri.host)
        case .port:
            if uri.port == 0 {
                let isTLS = uri.params.isPresent && uri.param("transport").equalsIgnoringCase("tls")
                return isTLS ? ScriptValue("5061", number: 5061) : ScriptValue("5060", number: 5060)
            }
            return ScriptValue(context.pointee.message.decimal(Int64(uri.port)), number: Int64(uri.port))
        case .transport:
            let transport = uri.param("transport")
            return ScriptValue(transport.isEmpty ? "UDP" : transport)
        case .scheme:
            let isPhone =
                context.pointee.services.pointee.phoneIsTel && uri.isSIP
                && uri.param("user").equalsIgnoringCase("phone")
            guard isPhone else { return ScriptValue(uri.scheme) }
            return ScriptValue(uri.isSIPS ? "tels" : "tel")
        default: return .null
        }
    }

    /// A part of From or To.
    static func partyPart(
        _ address: Address, _ part: VariablePart, _ tag: Slice, _ context: Context
    ) -> ScriptValue {
        switch part {
        case .whole: return ScriptValue(address.uri)
        case .display: return address.display.isEmpty ? .null : ScriptValue(address.display)
        case .tag: return tag.isEmpty ? .null : ScriptValue(tag)
        default: return uriPart(address.uri, part, context)
        }
    }

    /// A URI of the message taken apart, remembered for the next one who asks.
    static func parsed(_ text: Slice, _ context: Context) -> URI? {
        context.pointee.values.pointee.uris.uri(text, of: context.pointee.message)
    }

    static func uriPart(_ text: Slice, _ part: VariablePart, _ context: Context) -> ScriptValue {
        guard let uri = parsed(text, context) else { return .null }
        switch part {
        case .user: return uri.userName.isEmpty ? .null : ScriptValue(uri.userName)
        case .userLength: return ScriptValue(Int64(uri.userName.count))
        case .host: return uri.host.isEmpty ? .null : ScriptValue(uri.host)
        default: return ScriptValue(text)
        }
    }

    /// `$nh`: where the message goes next. For a reply that is its second Via.
    static func nextHop(_ part: VariablePart, _ context: Context) -> ScriptValue {
        let message = context.pointee.message
        guard message.isReply else {
            let text = message.nextHop.isPresent ? message.nextHop : message.uri
            if part == .whole { return ScriptValue(text) }
            guard let uri = parsed(text, context) else { return .null }
            return requestPart(uri, part, context)
        }
        guard let via = Values.via(2, in: message) else { return .null }
        let host = via.received.isEmpty ? via.host : via.received
        let port = via.rport.natural() ?? (via.port == 0 ? 5060 : via.port)
        switch part {
        case .whole:
            var text = ArenaText(message, room: 64)
            text.append("sip:")
            text.append(host: host)
            text.append(":")
            text.append(Int64(port))
            text.append(";transport=")
            for index in 0..<via.transport.count { text.append(via.transport[index].lowercased) }
            return ScriptValue(text.slice)
        case .host: return ScriptValue(host)
        case .port: return ScriptValue(message.decimal(Int64(port)), number: Int64(port))
        case .transport:
            var text = ArenaText(message, room: 8)
            for index in 0..<via.transport.count { text.append(via.transport[index].lowercased) }
            return ScriptValue(text.slice)
        default: return .null
        }
    }

    /// `$rpl(...)`: where a reply goes, and what it went through. Undefined in requests.
    static func replyPart(_ part: VariablePart, _ context: Context) -> ScriptValue {
        let message = context.pointee.message
        guard message.isReply else { return .null }
        switch part {
        case .count: return ScriptValue(Int64(Values.count(.via, in: message)))
        case .params: return ScriptValue(Int64(Values.count(.recordRoute, in: message)))
        case .shortProto:
            guard let via = Values.via(2, in: message) else { return .null }
            return ScriptValue(FlowText.transportNumber(named: via.transport))
        default: return nextHop(part, context)
        }
    }

    /// 1.2.3 as 1002003.
    static func versionNumber(_ text: Slice) -> Int64 {
        var number: Int64 = 0
        var rest = text
        for _ in 0..<3 {
            let digits = rest.prefix(while: \.isDigit)
            number = number * 1000 + Int64(digits.natural() ?? 0)
            rest = rest.dropFirst(digits.count + 1)
        }
        return number
    }

    /// `$ai`, `$pu` ...: the index-th identity, counted over all headers.
    static func identity(
        _ header: HeaderID, _ code: UnsafePointer<VariableCode>, _ context: Context
    ) -> ScriptValue {
        let index = code.pointee.position(context) ?? 0
        guard let address = Values.address(index, of: header, in: context.pointee.message) else {
            return .null
        }
        return partyPart(address, code.pointee.part, .absent, context)
    }

    static func addressURI(_ header: HeaderID, _ message: Message) -> ScriptValue {
        ScriptValue(Values.address(0, of: header, in: message)?.uri ?? .absent)
    }

    static func diversion(_ part: VariablePart, _ message: Message) -> ScriptValue {
        guard let address = Values.address(0, of: .diversion, in: message) else { return .null }
        switch part {
        case .reason: return ScriptValue(Params(address.params).param(named: "reason")?.value ?? .absent)
        case .privacy: return ScriptValue(Params(address.params).param(named: "privacy")?.value ?? .absent)
        case .counter: return ScriptValue(Params(address.params).param(named: "counter")?.value ?? .absent)
        default: return ScriptValue(address.uri)
        }
    }
}

extension URI {
    /// The user without parameters of its own: "+1234" of "+1234;ext=3".
    var userName: Slice {
        guard isSIP, let semicolon = user.firstIndex(of: UInt8(ascii: ";")) else { return user }
        return user.prefix(semicolon)
    }
}

extension ArenaText {
    /// A host as it stands in a URI: an IPv6 address in brackets.
    mutating func append(host: Slice) {
        let brackets = host[0] != UInt8(ascii: "[") && host.firstIndex(of: UInt8(ascii: ":")) != nil
        if brackets { append("[" as Slice) }
        append(host)
        if brackets { append("]" as Slice) }
    }
}
