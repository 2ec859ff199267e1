// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// Addresses, ports and transports of the way a message came, as text in its arena.
enum FlowText {
    enum End { case remote, local }

    private static func withAddress<Answer>(
        _ message: Message, _ end: End, _ body: (UnsafeRawBufferPointer) -> Answer
    ) -> Answer {
        var flow = message.flow
        return end == .remote
            ? withUnsafeBytes(of: &flow.remote, body) : withUnsafeBytes(of: &flow.local, body)
    }

    static func isV4(_ message: Message, _ end: End) -> Bool {
        withAddress(message, end) { bytes in
            for index in 0..<10 where bytes[index] != 0 { return false }
            return bytes[10] == 0xFF && bytes[11] == 0xFF
        }
    }

    static func address(_ message: Message, _ end: End, bracketed: Bool = false) -> Slice {
        let brackets = bracketed && !isV4(message, end)
        let room = message.bytes(48)
        let start = brackets ? 1 : 0
        let count = withAddress(message, end) { bytes in
            Literal.write(bytes, into: UnsafeMutableRawBufferPointer(start: room + start, count: 46))
        }
        guard brackets else { return Slice(base: UnsafePointer(room), count: count) }
        room[0] = UInt8(ascii: "[")
        room[count + 1] = UInt8(ascii: "]")
        return Slice(base: UnsafePointer(room), count: count + 2)
    }

    static func port(_ message: Message, _ end: End) -> Int64 {
        Int64(end == .remote ? message.flow.remote_port : message.flow.local_port)
    }

    /// "sip:192.0.2.1:5060;transport=tcp"; UDP is only written when `full`.
    static func uri(_ message: Message, _ end: End, full: Bool) -> Slice {
        uri(message, host: address(message, end, bracketed: true), port: port(message, end), full: full)
    }

    static func uri(_ message: Message, host: Slice, port: Int64, full: Bool) -> Slice {
        var text = ArenaText(message, room: 80)
        text.append("sip:")
        text.append(host: host)
        text.append(UInt8(ascii: ":"))
        text.append(port)
        if full || message.flow.protocol != UInt32(MT_UDP) {
            text.append(";transport=")
            text.append(transportName(message.flow.protocol))
        }
        return text.slice
    }

    /// "udp:192.0.2.1:5060"
    static func socket(_ message: Message, _ end: End) -> Slice {
        var text = ArenaText(message, room: 64)
        text.append(transportName(message.flow.protocol))
        text.append(UInt8(ascii: ":"))
        text.append(address(message, end, bracketed: true))
        text.append(UInt8(ascii: ":"))
        text.append(port(message, end))
        return text.slice
    }

    static func transportName(_ transport: UInt32) -> Slice {
        switch Int(transport) {
        case MT_TCP: "tcp"
        case MT_TLS: "tls"
        case MT_WS: "ws"
        case MT_WSS: "wss"
        case MT_SCTP: "sctp"
        default: "udp"
        }
    }

    /// As the language counts them: udp 1, tcp 2, tls 3, sctp 4, ws 5, wss 6.
    static func transportNumber(_ transport: UInt32) -> Int64 {
        switch Int(transport) {
        case MT_TCP: 2
        case MT_TLS: 3
        case MT_SCTP: 4
        case MT_WS: 5
        case MT_WSS: 6
        default: 1
        }
    }

    static func transportNumber(named name: Slice) -> Int64 {
        let names: [StaticString] = ["UDP", "TCP", "TLS", "SCTP", "WS", "WSS"]
        for index in names.indices where name.equalsIgnoringCase(Slice(names[index])) {
            return Int64(index + 1)
        }
        return 0
    }
}

/// A socket's text taken apart: "udp:192.0.2.1:5060", "tcp:[2001:db8::1]:5060", "host:5060".
struct SocketText {
    var transport = Slice.absent
    var host = Slice.absent
    var port = Slice.absent

    init(_ text: Slice) {
        var rest = text
        var transport = Slice.absent
        if let colon = rest.firstIndex(of: UInt8(ascii: ":")), colon > 0, colon <= 4,
            rest.prefix(colon).isTransportName
        {
            transport = rest.prefix(colon)
            rest = rest.dropFirst(colon + 1)
        }
        self.init(hostPort: rest)
        self.transport = transport
    }

    init(transport: Slice, hostPort: Slice) {
        self.init(hostPort: hostPort)
        self.transport = transport
    }

    /// "host", "host:port", "[v6]", "[v6]:port"
    init(hostPort: Slice) {
        host = hostPort
        if hostPort[0] == UInt8(ascii: "["), let close = hostPort.firstIndex(of: UInt8(ascii: "]")) {
            host = hostPort.prefix(close + 1)
            let tail = hostPort.dropFirst(close + 1)
            if tail[0] == UInt8(ascii: ":") { port = tail.dropFirst() }
        } else if let colon = hostPort.firstIndex(of: UInt8(ascii: ":")) {
            host = hostPort.prefix(colon)
            port = hostPort.dropFirst(colon + 1)
        }
    }

    var hostWithoutBrackets: Slice {
        host[0] == UInt8(ascii: "[") && host[host.count - 1] == UInt8(ascii: "]")
            ? host[1..<(host.count - 1)] : host
    }

    var portNumber: Int64 { Int64(port.natural() ?? 0) }
    var portValue: ScriptValue { ScriptValue(number: portNumber, text: port.isPresent ? port : "0") }
}

extension Slice {
    var isTransportName: Bool {
        equalsIgnoringCase("udp") || equalsIgnoringCase("tcp") || equalsIgnoringCase("tls")
            || equalsIgnoringCase("sctp") || equalsIgnoringCase("ws") || equalsIgnoringCase("wss")
    }
}
