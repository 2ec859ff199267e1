// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit

/// Bytes as they are, to an address: no Via is added, and nothing waits for an answer. The address is a
/// literal one, because these functions cannot wait for a name to be looked up.
@Declarations func sendFunctions() -> [any Declaration] {
    Function(
        "send_udp", in: [.request, .event, .local, .failure], "Sends the message as it arrived, over UDP.",
        Arg("address", Text?.self, "host[:port]; without it, the destination or Request-URI.")
    ) { call, address in sendMessage(call.message, address?.raw, "udp", MT_UDP) }
    Function(
        "send_tcp", in: [.request, .event, .local, .failure], "Sends the message as it arrived, over TCP.",
        Arg("address", Text?.self, "host[:port]; without it, the destination or Request-URI.")
    ) { call, address in sendMessage(call.message, address?.raw, "tcp", MT_TCP) }
    Function(
        "send_data", in: .any, "Sends any bytes.", Arg("uri", Text.self), Arg("data", Text.self)
    ) { _, uri, data in sendData(uri, nil, data) }
    Function(
        "sendx", in: .any, "Sends any bytes from that socket.", Arg("uri", Text.self), Arg("sock", Text.self),
        Arg("data", Text.self)
    ) { _, uri, name, data in
        guard let socket = Socket.named(name) else {
            Host.log(.error, "sendx: there is no socket \(name)")
            return .no
        }
        return sendData(uri, socket, data)
    }
}

private func sendMessage(_ message: Message, _ address: mt_str?, _ transport: StaticString, _ number: Int)
    -> Outcome
{
    if let address, address.len > 0 {
        let text = Text(unchecked: address)
        var host = text
        var port = 5060
        let colon = text.lastIndex(of: UInt8(ascii: ":"))
        let bracket = text.lastIndex(of: UInt8(ascii: "]"))
        if let colon, bracket.map({ $0 < colon }) ?? (text.firstIndex(of: UInt8(ascii: ":")) == colon) {
            guard let written = text.dropFirst(colon + 1).integer, (1...65535).contains(written) else {
                return .no
            }
            port = written
            host = text.prefix(colon)
        }
        return send(message.bytes, host, port, transport, number, nil)
    }
    let destination = message.nextHop.isEmpty ? message.uri.raw : message.nextHop.raw
    guard let uri = URI(Text(unchecked: destination)) else { return .no }
    return send(message.bytes, uri.host, uri.port ?? 5060, transport, number, nil)
}

private func sendData(_ text: Text, _ socket: Socket?, _ data: Text) -> Outcome {
    guard let uri = URI(text) else {
        Host.log(.error, "\(text) is no URI")
        return .no
    }
    let isTCP = uri.param("transport")?.equalsIgnoringCase("tcp") ?? false
    return isTCP
        ? send(data, uri.host, uri.port ?? 5060, "tcp", MT_TCP, socket)
        : send(data, uri.host, uri.port ?? 5060, "udp", MT_UDP, socket)
}

private func send(
    _ bytes: Text, _ host: Text, _ port: Int, _ transport: StaticString, _ number: Int, _ socket: Socket?
) -> Outcome {
    var flow = mt_flow()
    guard fill(&flow, host) else {
        Host.log(.error, "\(host) is no address; names are not looked up here")
        return .no
    }
    let isIPv6 = host.contains(UInt8(ascii: ":"))
    guard let socket = socket ?? corexSocket(transport, isIPv6) else {
        Host.log(.error, "there is no \(transport) socket to send to \(host) from")
        return .no
    }
    flow.protocol = UInt32(number)
    flow.socket = socket.index
    flow.remote_port = UInt16(truncatingIfNeeded: port)
    return Flow(flow).send(bytes).isYes ? .yes : .no
}

private func corexSocket(_ transport: StaticString, _ isIPv6: Bool) -> Socket? {
    socket(for: transport, isIPv6: isIPv6)
}

/// 16 bytes of an IPv6 address, or of an IPv4 one mapped into it.
private func fill(_ flow: inout mt_flow, _ host: Text) -> Bool {
    var host = host
    if host.count > 2, host[0] == UInt8(ascii: "[") { host = host.dropFirst().dropLast() }
    guard host.count > 0, host.count < Int(INET6_ADDRSTRLEN) else { return false }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: host.count + 1) { text in
        guard let start = text.baseAddress else { return false }
        memcpy(start, host.raw.ptr, host.count)
        start[host.count] = 0
        return withUnsafeMutableBytes(of: &flow.remote) { bytes in
            guard let address = bytes.baseAddress else { return false }
            if inet_pton(AF_INET6, start, address) == 1 { return true }
            memset(address, 0, 10)
            memset(address + 10, 255, 2)
            return inet_pton(AF_INET, start, address + 12) == 1
        }
    }
}
