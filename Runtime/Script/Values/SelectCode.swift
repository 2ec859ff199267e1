// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import Message

/// A select, `@via[2].host`, compiled: where to look, and which part of what is found.
struct SelectCode {
    enum Source: UInt8 {
        case unknown, via, address, addressBody, requestURI, destinationURI, nextHop
        case header, headerText, cseqNumber, cseqMethod, method
        case message, status, reason, version, sourcePart, receivedPart, credentials, branchCount, setting
        case process, unique, now, nowText
    }

    enum Part: UInt8 {
        case whole, host, port, transport, branch, rport, received, name, protocolVersion, parameter
        case uri, display, tag, user, password, hostPort, scheme, parameters
        case length, firstLine, kind, headers, body, serial, flags
        case address, addressAndPort, protocolName, everything
        case realm, nonce, response, algorithm, opaque, cnonce, digestURI, userName, userDomain, qop, nc
    }

    var source = Source.unknown
    var part = Part.whole
    /// The part of the URI when `part` is `.uri`.
    var inner = Part.whole
    var header = HeaderID.other
    var index: Int32 = 0
    /// A header's name, a parameter, a realm, a custom parameter.
    var key = Slice.absent
    var secondKey = Slice.absent

    static func read(_ code: UnsafePointer<VariableCode>, _ context: Context) -> ScriptValue {
        guard let detail = code.pointee.detail else { return .null }
        return detail.assumingMemoryBound(to: SelectCode.self).pointee.value(context)
    }

    private func value(_ context: Context) -> ScriptValue {
        let message = context.pointee.message
        switch source {
        case .unknown: return .null
        case .via:
            guard let via = Values.via(index == 0 ? 1 : Int(index), in: message) else { return .null }
            return viaPart(via, message)
        case .address:
            let address =
                header == .from
                ? message.from
                : header == .to
                    ? message.to
                    : Values.address(0, of: header, in: message)
            guard let address else { return .null }
            return addressPart(address, message)
        case .addressBody, .header: return ScriptValue(message.body(of: message.header(header)))
        case .requestURI: return uriPart(message.uri, part, message)
        case .destinationURI: return uriPart(message.nextHop, part, message)
        case .nextHop:
            return uriPart(message.nextHop.isPresent ? message.nextHop : message.uri, part, message)
        case .headerText: return headerText(message)
        case .cseqNumber: return message.header(.cseq).exists ? ScriptValue(Int64(message.cseq)) : .null
        case .cseqMethod: return ScriptValue(message.cseqMethodText)
        case .method: return ScriptValue(message.isRequest ? message.methodText : message.cseqMethodText)
        case .message: return messagePart(message)
        case .status: return message.isReply ? ScriptValue(message.decimal(Int64(message.status))) : .null
        case .reason: return message.isReply ? ScriptValue(message.reason) : .null
        case .version: return ScriptValue(message.version)
        case .sourcePart: return flowPart(message, .remote)
        case .receivedPart: return flowPart(message, .local)
        case .credentials: return credentials(message)
        case .branchCount: return ScriptValue(Int64(message.targetCount))
        case .setting:
            var value = mt_value()
            guard context.pointee.services.pointee.readSetting(key.mt, secondKey.mt, &value) > 0 else {
                return .null
            }
            return ScriptValue(value)
        case .process: return ScriptValue(Int64(getpid()))
        case .now: return ScriptValue(context.pointee.services.pointee.clock() / 1_000_000)
        case .nowText:
            var time = VariableCode.brokenDown(
                context.pointee.services.pointee.clock() / 1_000_000, utc: inner == .name)
            return ScriptValue(VariableCode.formatted(&time, "%a %b %e %H:%M:%S %Y", message))
        case .unique:
            var text = ArenaText(message, room: 48)
            text.append(hexadecimal: UInt64(getpid()))
            text.append(UInt8(ascii: "-"))
            text.append(hexadecimal: UInt64(bitPattern: context.pointee.services.pointee.clock()))
            text.append(UInt8(ascii: "-"))
            text.append(hexadecimal: UInt64.random(in: 0...0xFFFF_FFFF))
            return ScriptValue(text.slice)
        }
    }

    private func present(_ text: Slice) -> ScriptValue { text.isEmpty ? .null : ScriptValue(text) }

    private func viaPart(_ via: Via, _ message: Message) -> ScriptValue {
        switch part {
        case .host: return ScriptValue(via.host)
        case .port: return via.port == 0 ? .null : ScriptValue(message.decimal(Int64(via.port)))
        case .transport: return ScriptValue(via.transport)
        case .branch: return present(via.branch)
        case .rport: return present(via.rport)
        case .received: return present(via.received)
        case .name:
            return ScriptValue(via.whole.prefix(via.whole.firstIndex(of: UInt8(ascii: "/")) ?? 0).trimmed)
        case .protocolVersion:
            let parts = via.whole.dropFirst((via.whole.firstIndex(of: UInt8(ascii: "/")) ?? 0) + 1)
            return ScriptValue(parts.prefix(parts.firstIndex(of: UInt8(ascii: "/")) ?? 0).trimmed)
        case .parameter: return ScriptValue(via.param(key))
        default: return ScriptValue(via.whole)
        }
    }

    private func addressPart(_ address: Address, _ message: Message) -> ScriptValue {
        switch part {
        case .uri: return uriPart(address.uri, inner, message)
        case .display: return ScriptValue(address.display.isPresent ? address.display : .empty)
        case .tag: return ScriptValue(address.param("tag"))
        case .parameter: return ScriptValue(address.param(key))
        default: return ScriptValue(address.whole)
        }
    }

    private func uriPart(_ text: Slice, _ part: Part, _ message: Message) -> ScriptValue {
        if part == .whole { return ScriptValue(text) }
        guard text.isPresent, let uri = URI(parsing: text) else { return .null }
        switch part {
        case .user: return present(uri.userName)
        case .password: return present(uri.password)
        case .host: return present(uri.host)
        case .port: return uri.port == 0 ? .null : ScriptValue(message.decimal(Int64(uri.port)))
        case .hostPort:
            var text = ArenaText(message, room: uri.host.count + 8)
            text.append(uri.host)
            text.append(UInt8(ascii: ":"))
            text.append(uri.port == 0 ? (uri.isSIPS ? 5061 : 5060) : Int64(uri.port))
            return ScriptValue(text.slice)
        case .scheme: return ScriptValue(uri.scheme)
        case .parameters: return present(uri.params)
        case .transport: return present(uri.param("transport"))
        case .parameter: return present(uri.param(key))
        default: return ScriptValue(text)
        }
    }

    /// The index-th value of any header, commas parting them; of all of its lines.
    private func headerText(_ message: Message) -> ScriptValue {
        var left = max(Int(index), 1) - 1
        var field = message.header(named: key)
        while field.exists {
            let body = message.body(of: field)
            if index == 0 { return ScriptValue(body) }
            var values = Params(body, separator: UInt8(ascii: ","))
            while let value = values.next() {
                if left == 0 { return ScriptValue(value.whole) }
                left -= 1
            }
            field = message.header(named: key, after: field)
        }
        return .null
    }

    private func messagePart(_ message: Message) -> ScriptValue {
        switch part {
        case .length: ScriptValue(Int64(message.bytes.count))
        case .firstLine: ScriptValue(message.startLine)
        case .kind: ScriptValue(message.isRequest ? 1 : 2)
        case .headers: VariableCode.messagePart(.headers, message)
        case .body: message.body.isEmpty ? .null : ScriptValue(message.body)
        case .serial: ScriptValue(Int64(truncatingIfNeeded: message.serial))
        case .flags: ScriptValue(Int64(message.flags & 0xFFFF_FFFF))
        default: ScriptValue(message.bytes)
        }
    }

    private func flowPart(_ message: Message, _ end: FlowText.End) -> ScriptValue {
        switch part {
        case .address: return ScriptValue(FlowText.address(message, end))
        case .port: return ScriptValue(message.decimal(FlowText.port(message, end)))
        case .protocolName: return ScriptValue(FlowText.transportName(message.flow.protocol))
        case .everything: return ScriptValue(FlowText.socket(message, end))
        default:
            let socket = FlowText.socket(message, end)
            return ScriptValue(socket.dropFirst((socket.firstIndex(of: UInt8(ascii: ":")) ?? -1) + 1))
        }
    }

    private func credentials(_ message: Message) -> ScriptValue {
        var field = message.header(header)
        while field.exists {
            let body = message.body(of: field)
            if body.hasPrefixIgnoringCase("Digest ") {
                let list = Params(body.dropFirst(7), separator: UInt8(ascii: ","))
                if key.isAbsent || list.value(named: "realm") == key { return credential(list) }
            }
            field = message.header(header, after: field)
        }
        return .null
    }

    private func credential(_ list: Params) -> ScriptValue {
        let name: Slice =
            switch part {
            case .realm: "realm"
            case .nonce: "nonce"
            case .response: "response"
            case .algorithm: "algorithm"
            case .opaque: "opaque"
            case .cnonce: "cnonce"
            case .digestURI: "uri"
            case .qop: "qop"
            case .nc: "nc"
            default: "username"
            }
        let value = list.value(named: name)
        let at = value.firstIndex(of: UInt8(ascii: "@"))
        switch part {
        case .user: return present(at.map { value.prefix($0) } ?? value)
        case .userDomain: return present(at.map { value.dropFirst($0 + 1) } ?? .absent)
        default: return present(value)
        }
    }
}
