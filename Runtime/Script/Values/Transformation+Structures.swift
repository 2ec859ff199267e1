// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// `{uri.…}`, `{nameaddr.…}`, `{param.…}` and their like: texts with a grammar. A missing part is empty.
extension Transformation {
    private func present(_ text: Slice) -> ScriptValue { ScriptValue(text.isPresent ? text : .empty) }

    func onURI(_ text: Slice, _ context: Context) -> ScriptValue {
        let message = context.pointee.message
        guard let uri = URI(parsing: text.trimmed) else { return .null }
        switch operation {
        case .uriUser: return present(uri.userName)
        case .uriHost: return present(uri.host)
        case .uriPassword: return present(uri.password)
        case .uriPort:
            guard uri.port != 0 else { return ScriptValue(.empty) }
            return ScriptValue(message.decimal(Int64(uri.port)), number: Int64(uri.port))
        case .uriParams: return present(uri.params)
        case .uriParam:
            guard let name = key.isPresent ? key : first.asText(context) else { return .null }
            return present(uri.param(name))
        case .uriHeaders: return present(uri.headers)
        case .uriScheme: return present(uri.scheme)
        case .uriToSocket:
            var out = ArenaText(message, room: 64)
            let transport = uri.param("transport")
            if transport.isEmpty {
                out.append(uri.isSIPS ? "tls" : "udp")
            } else {
                for index in 0..<transport.count { out.append(transport[index].lowercased) }
            }
            out.append(UInt8(ascii: ":"))
            out.append(uri.host)
            out.append(UInt8(ascii: ":"))
            out.append(uri.port == 0 ? (uri.isSIPS ? 5061 : 5060) : Int64(uri.port))
            return ScriptValue(out.slice)
        default:
            // duri: where it goes; saor: who it is; suri: both, and nothing else.
            var out = ArenaText(message, room: text.count + 8)
            out.append(uri.scheme)
            out.append(UInt8(ascii: ":"))
            if operation != .uriDestination, !uri.user.isEmpty {
                out.append(uri.userName)
                if uri.host.isPresent { out.append(UInt8(ascii: "@")) }
            }
            out.append(uri.host)
            guard operation != .uriShortAddress else { return ScriptValue(out.slice) }
            if uri.port != 0 {
                out.append(UInt8(ascii: ":"))
                out.append(Int64(uri.port))
            }
            let transport = uri.param("transport")
            if !transport.isEmpty {
                out.append(";transport=")
                out.append(transport)
            }
            return ScriptValue(out.slice)
        }
    }

    func onStructure(_ text: Slice, _ context: Context) -> ScriptValue {
        switch operation {
        case .nameaddrName, .nameaddrURI, .nameaddrLength: return onNameaddr(text, context)
        case .bodyURI, .bodyTag, .bodyUser, .bodyHost, .bodyParams, .bodyDisplay: return onBody(text)
        case .paramValue, .paramIn, .paramValueAt, .paramNameAt, .paramCount: return onParams(text, context)
        case .lineCount, .lineAt, .lineStarting: return onLines(text, context)
        case .aliasEncode, .aliasDecode: return onAlias(text, context)
        case .socketHost, .socketPort, .socketTransport, .socketURI: return onSocket(text, context)
        case .substitute:
            guard let substitution else { return .null }
            return ScriptValue(Substitution(code: substitution).apply(to: text, context) ?? text)
        default: return .null
        }
    }

    /// Without angle brackets all of the text is the URI.
    private func onNameaddr(_ text: Slice, _ context: Context) -> ScriptValue {
        let message = context.pointee.message
        func number(_ number: Int) -> ScriptValue {
            ScriptValue(number: Int64(number), text: message.decimal(Int64(number)))
        }
        guard !text.isEmpty else { return .null }
        var quoted = false
        var open: Int?
        for index in 0..<text.count {
            if text[index] == UInt8(ascii: "\""), index == 0 || text[index - 1] != UInt8(ascii: "\\") {
                quoted.toggle()
            }
            if text[index] == UInt8(ascii: "<"), !quoted {
                open = index
                break
            }
        }
        guard let open, let close = text.firstIndex(of: UInt8(ascii: ">"), from: open) else {
            switch operation {
            case .nameaddrName: return ScriptValue(.empty)
            case .nameaddrURI: return ScriptValue(text)
            default: return number(text.count)
            }
        }
        switch operation {
        case .nameaddrName: return ScriptValue(text.prefix(open).trimmed)
        case .nameaddrURI: return ScriptValue(text[(open + 1)..<close])
        default: return number(close + 1)
        }
    }

    private func onBody(_ text: Slice) -> ScriptValue {
        guard let address = Address(parsing: text), let uri = URI(parsing: address.uri) else { return .null }
        switch operation {
        case .bodyURI: return ScriptValue(address.uri)
        case .bodyTag: return present(address.param("tag"))
        case .bodyUser: return present(uri.userName)
        case .bodyHost: return present(uri.host)
        case .bodyParams: return present(address.params)
        default: return present(address.display)
        }
    }

    private func onParams(_ text: Slice, _ context: Context) -> ScriptValue {
        let message = context.pointee.message
        func number(_ number: Int) -> ScriptValue {
            ScriptValue(number: Int64(number), text: message.decimal(Int64(number)))
        }
        guard !text.isEmpty else { return .null }
        let params = Params(text, separator: separator)
        switch operation {
        case .paramValue:
            guard let name = first.asText(context) else { return .null }
            return present(params.value(named: name))
        case .paramIn:
            guard let name = first.asText(context) else { return .null }
            return number(params.has(name) ? 1 : 0)
        case .paramCount:
            var count = 0
            for _ in params { count += 1 }
            return number(count)
        default:
            guard var index = first.asNumber(context) else { return .null }
            if index < 0 { for _ in params { index += 1 } }
            guard index >= 0 else { return ScriptValue(.empty) }
            for param in params {
                if index == 0 {
                    return present(operation == .paramNameAt ? param.name : param.value.withoutQuotes)
                }
                index -= 1
            }
            return ScriptValue(.empty)
        }
    }

    /// Lines end at LF; a CR before it goes. An empty text after the last one is no line.
    private func onLines(_ text: Slice, _ context: Context) -> ScriptValue {
        guard !text.isEmpty else { return .null }
        func next(_ rest: inout Slice) -> Slice? {
            guard !rest.isEmpty else { return nil }
            let end = rest.firstIndex(of: 10) ?? rest.count
            let line = rest.prefix(end)
            rest = rest.dropFirst(end + 1)
            return line[line.count - 1] == 13 ? line.dropLast() : line
        }
        var count = 0
        var rest = text
        while next(&rest) != nil { count += 1 }
        rest = text
        switch operation {
        case .lineCount:
            return ScriptValue(number: Int64(count), text: context.pointee.message.decimal(Int64(count)))
        case .lineAt:
            guard var index = first.asNumber(context) else { return .null }
            if index < 0 { index += count }
            guard index >= 0, index < count else { return ScriptValue(.empty) }
            for _ in 0..<index { _ = next(&rest) }
            return ScriptValue(next(&rest) ?? .empty)
        default:
            guard let start = first.asText(context) else { return .null }
            while let line = next(&rest) { if line.hasPrefix(start) { return ScriptValue(line) } }
            return ScriptValue(.empty)
        }
    }

    /// "10.0.0.1~5060~2" is sip:10.0.0.1:5060;transport=tcp: the value of the alias parameter of contacts.
    private func onAlias(_ text: Slice, _ context: Context) -> ScriptValue {
        let message = context.pointee.message
        var out = ArenaText(message, room: 80)
        if operation == .aliasEncode {
            guard let uri = URI(parsing: text) else { return .null }
            let transport = uri.param("transport")
            out.append(uri.host)
            out.append(UInt8(ascii: "~"))
            out.append(uri.port == 0 ? (uri.isSIPS ? 5061 : 5060) : Int64(uri.port))
            out.append(UInt8(ascii: "~"))
            out.append(transport.isEmpty ? (uri.isSIPS ? 3 : 1) : FlowText.transportNumber(named: transport))
            return ScriptValue(out.slice)
        }
        guard let port = text.firstIndex(of: UInt8(ascii: "~")),
            let transport = text.firstIndex(of: UInt8(ascii: "~"), from: port + 1)
        else { return .null }
        out.append("sip:")
        out.append(text.prefix(port))
        out.append(UInt8(ascii: ":"))
        out.append(text[(port + 1)..<transport])
        let names: Slice
        switch text[transport + 1] {
        case UInt8(ascii: "2"): names = ";transport=tcp"
        case UInt8(ascii: "3"): names = ";transport=tls"
        case UInt8(ascii: "4"): names = ";transport=sctp"
        case UInt8(ascii: "5"): names = ";transport=ws"
        case UInt8(ascii: "6"): names = ";transport=wss"
        case UInt8(ascii: "1"): names = .empty
        default: return .null
        }
        out.append(names)
        return ScriptValue(out.slice)
    }

    private func onSocket(_ text: Slice, _ context: Context) -> ScriptValue {
        let message = context.pointee.message
        let socket = SocketText(text)
        guard !socket.host.isEmpty else { return .null }
        switch operation {
        case .socketHost: return ScriptValue(socket.host)
        case .socketPort:
            return ScriptValue(
                number: socket.port.isEmpty ? 5060 : socket.portNumber,
                text: socket.port.isEmpty ? "5060" : socket.port)
        case .socketTransport: return ScriptValue(socket.transport.isPresent ? socket.transport : "udp")
        default:
            var out = ArenaText(message, room: text.count + 24)
            out.append("sip:")
            out.append(socket.host)
            if !socket.port.isEmpty {
                out.append(UInt8(ascii: ":"))
                out.append(socket.port)
            }
            if socket.transport.isPresent {
                out.append(";transport=")
                out.append(socket.transport)
            }
            return ScriptValue(out.slice)
        }
    }
}
