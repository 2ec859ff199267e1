// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// Sockets, branches, flags.
extension VariableCode {
    static func sendSocket(
        _ context: Context, _ text: (UnsafePointer<ScriptServices>, UInt32) -> ScriptValue
    ) -> ScriptValue {
        guard let socket = context.pointee.message.outSocket else { return .null }
        let value = text(context.pointee.services, socket)
        return value.hasText && value.text.isEmpty ? .null : value
    }

    /// The socket the message came to: where it listens, or what is advertised for it.
    static func receivedPart(_ code: UnsafePointer<VariableCode>, _ context: Context) -> ScriptValue {
        let message = context.pointee.message
        let services = context.pointee.services
        let number = message.flow.socket
        let text = SocketText(Slice(services.pointee.socketText(number)))
        let isKnown = text.host.isPresent
        switch code.pointee.operation {
        case .receivedName:
            let name = Slice(services.pointee.socketName(number))
            return name.isEmpty ? .null : ScriptValue(name)
        case .receivedAddress:
            return ScriptValue(isKnown ? text.hostWithoutBrackets : FlowText.address(message, .local))
        case .receivedPort:
            if isKnown { return text.portValue }
            let port = FlowText.port(message, .local)
            return ScriptValue(number: port, text: message.decimal(port))
        case .receivedSocket:
            let whole = Slice(services.pointee.socketText(number))
            return ScriptValue(whole.isEmpty ? FlowText.socket(message, .local) : whole)
        case .receivedURI:
            let full = code.pointee.part == .full
            guard isKnown else { return ScriptValue(FlowText.uri(message, .local, full: full)) }
            return ScriptValue(FlowText.uri(message, host: text.host, port: text.portNumber, full: full))
        default: return advertisedPart(code, text, message, services)
        }
    }

    /// What is advertised, or, where nothing is, the socket itself.
    private static func advertisedPart(
        _ code: UnsafePointer<VariableCode>, _ socket: SocketText, _ message: Message,
        _ services: UnsafePointer<ScriptServices>
    ) -> ScriptValue {
        let advertised = SocketText(hostPort: Slice(services.pointee.socketAdvertised(message.flow.socket)))
        var host = advertised.host.isEmpty ? socket.host : advertised.host
        if host.isEmpty { host = FlowText.address(message, .local, bracketed: true) }
        var port = advertised.port.isEmpty ? socket.portNumber : advertised.portNumber
        if port == 0 { port = FlowText.port(message, .local) }
        switch code.pointee.operation {
        case .advertisedAddress: return ScriptValue(SocketText(hostPort: host).hostWithoutBrackets)
        case .advertisedPort: return ScriptValue(number: port, text: message.decimal(port))
        default:
            return ScriptValue(
                FlowText.uri(message, host: host, port: port, full: code.pointee.part == .full))
        }
    }

    /// `$snd(...)`: what is about to be sent, in onsend_route; undefined elsewhere.
    static func sentPart(_ code: UnsafePointer<VariableCode>, _ context: Context) -> ScriptValue {
        let message = context.pointee.message
        guard context.pointee.route & UInt32(MT_IN_SEND) != 0, let sending = context.pointee.sending else {
            return .null
        }
        let end: FlowText.End = code.pointee.operation == .sentTo ? .remote : .local
        // The way out takes the place of the way in, as far as text is made of it.
        let arrived = message.flow
        message.flow = sending.pointee
        defer { message.flow = arrived }
        switch code.pointee.part {
        case .ip: return ScriptValue(FlowText.address(message, end))
        case .port: return ScriptValue(FlowText.port(message, end))
        case .proto: return ScriptValue(FlowText.transportNumber(message.flow.protocol))
        case .shortProto: return ScriptValue(FlowText.transportName(message.flow.protocol))
        case .family: return ScriptValue(FlowText.isV4(message, end) ? 4 : 6)
        case .buffer: return currentBuffer(message)
        case .length: return ScriptValue(Int64(currentBuffer(message).text.count))
        default: return .null
        }
    }

    // MARK: branches

    static func readBranch(_ code: UnsafePointer<VariableCode>, _ context: Context) -> ScriptValue {
        let message = context.pointee.message
        if code.pointee.part == .count {
            return message.targetCount == 0 ? .null : ScriptValue(Int64(message.targetCount))
        }
        var index = code.pointee.position(context) ?? 0
        if index < 0 { index += message.targetCount }
        guard index >= 0, let target = message.target(index) else { return .null }
        func present(_ text: mt_str) -> ScriptValue { text.len == 0 ? .null : ScriptValue(Slice(text)) }
        switch code.pointee.part {
        case .uri: return present(target.pointee.uri)
        case .nextHop: return present(target.pointee.next_hop)
        case .path: return present(target.pointee.path)
        case .instance: return present(target.pointee.instance)
        case .q: return target.pointee.q < 0 ? .null : ScriptValue(Int64(target.pointee.q))
        case .socket:
            let socket = target.pointee.socket
            return socket == .max
                ? .null : ScriptValue(Slice(context.pointee.services.pointee.socketText(socket)))
        case .flags: return ScriptValue(Int64(bitPattern: target.pointee.flags))
        case .ruid: return present(target.pointee.ruid)
        case .userAgent: return present(target.pointee.user_agent)
        case .connection: return ScriptValue(Int64(bitPattern: target.pointee.connection))
        default: return .null
        }
    }

    static func readScratchBranch(_ part: VariablePart, _ context: Context) -> ScriptValue {
        let message = context.pointee.message
        let values = context.pointee.values
        func present(_ text: Slice) -> ScriptValue {
            text.isEmpty ? .null : ScriptValue(message.keepBytes(text))
        }
        switch part {
        case .count: return message.targetCount == 0 ? .null : ScriptValue(Int64(message.targetCount))
        case .uri: return present(values.pointee.scratch.uri.slice)
        case .nextHop: return present(values.pointee.scratch.nextHop.slice)
        case .path: return present(values.pointee.scratch.path.slice)
        case .instance: return present(values.pointee.scratch.instance.slice)
        case .ruid: return present(values.pointee.scratch.ruid.slice)
        case .userAgent: return present(values.pointee.scratch.userAgent.slice)
        case .q: return values.pointee.scratch.q < 0 ? .null : ScriptValue(Int64(values.pointee.scratch.q))
        case .socket:
            let socket = values.pointee.scratch.socket
            return socket == .max
                ? .null : ScriptValue(Slice(context.pointee.services.pointee.socketText(socket)))
        case .flags: return ScriptValue(Int64(bitPattern: values.pointee.scratch.flags))
        case .connection: return ScriptValue(values.pointee.scratch.connection)
        default: return .null
        }
    }

    /// `;q=0.5`
    private static func append(q: Int32, to text: inout ArenaText) {
        guard q >= 0 else { return }
        text.append(";q=")
        if q >= 1000 { return text.append(UInt8(ascii: "1")) }
        text.append(UInt8(ascii: "0"))
        var rest = q
        if rest == 0 { return }
        text.append(UInt8(ascii: "."))
        var unit: Int32 = 100
        while rest > 0 {
            text.append(UInt8(ascii: "0") + UInt8(rest / unit))
            rest %= unit
            unit /= 10
        }
    }

    /// `$ds`: "Contact: <sip:a@b>;q=0.5, <sip:c@d>"; the Request-URI leads when the script has changed it.
    static func destinationSet(_ message: Message) -> ScriptValue {
        let isChanged = message.isRequest && message.uri != message.receivedURI
        guard isChanged || message.targetCount > 0 else { return .null }
        var text = ArenaText(message, room: 256)
        text.append("Contact: ")
        if isChanged {
            text.append("<")
            text.append(message.uri)
            text.append(">")
        }
        for index in 0..<message.targetCount {
            guard let target = message.target(index) else { break }
            if isChanged || index > 0 { text.append(", ") }
            text.append("<")
            text.append(Slice(target.pointee.uri))
            text.append(">")
            append(q: target.pointee.q, to: &text)
        }
        return ScriptValue(text.slice)
    }

    /// `$bR`: in brackets where there is a q.
    static func allBranches(_ message: Message) -> ScriptValue {
        guard message.targetCount > 0 else { return .null }
        var text = ArenaText(message, room: 256)
        for index in 0..<message.targetCount {
            guard let target = message.target(index) else { break }
            if index > 0 { text.append(", ") }
            let q = target.pointee.q
            if q >= 0 { text.append("<") }
            text.append(Slice(target.pointee.uri))
            if q >= 0 { text.append(">") }
            append(q: q, to: &text)
        }
        return ScriptValue(text.slice)
    }

    // MARK: flags

    static func readFlags(
        _ flags: UInt64, _ code: UnsafePointer<VariableCode>, _ context: Context
    ) -> ScriptValue {
        let word = flags & 0xFFFF_FFFF
        switch code.pointee.part {
        case .hexadecimal:
            var text = ArenaText(context.pointee.message, room: 16)
            text.append(hexadecimal: word, digits: 8)
            return ScriptValue(number: Int64(word), text: text.slice.uppercasedInPlace)
        case .single:
            let bit = code.pointee.position(context) ?? 0
            guard bit >= 0, bit < 32 else { return .null }
            return ScriptValue(Int64(word >> UInt64(bit) & 1))
        default: return ScriptValue(Int64(word))
        }
    }
}

extension Slice {
    /// For text of one's own in the arena.
    var uppercasedInPlace: Slice {
        guard let base else { return self }
        let bytes = UnsafeMutablePointer(mutating: base)
        for index in 0..<count { bytes[index] = bytes[index].uppercased }
        return self
    }
}
