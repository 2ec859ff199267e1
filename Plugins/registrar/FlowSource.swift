// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit

/// The far end of the flow that a REGISTER came by. For a client that speaks SIP Outbound and that nobody stands before,
/// this is where it is reached, whatever its Contact says (RFC 5626, 7).
struct FlowSource {
    /// sip:192.0.2.1:40001;transport=tcp, in the message's memory.
    let uri: mt_str
    private let host: mt_str
    private let port: Int
    private let transport: StaticString

    init(_ message: Message) {
        var flow = message.flow.raw
        transport =
            switch Int(flow.protocol) {
            case MT_TCP: "tcp"
            case MT_TLS: "tls"
            case MT_WS: "ws"
            case MT_WSS: "wss"
            case MT_SCTP: "sctp"
            default: "udp"
            }
        port = Int(flow.remote_port)
        let room = message.allocate(Int(INET6_ADDRSTRLEN) + 2).bindMemory(to: CChar.self)
        guard let start = room.baseAddress else {
            (host, uri) = (mt_str(), mt_str())
            return
        }
        let isV4 = withUnsafeBytes(of: flow.remote) {
            $0[0..<10].allSatisfy { $0 == 0 } && $0[10] == 255 && $0[11] == 255
        }
        withUnsafeBytes(of: &flow.remote) { bytes in
            guard let address = bytes.baseAddress else { return }
            _ = inet_ntop(
                isV4 ? AF_INET : AF_INET6, address + (isV4 ? 12 : 0), start + (isV4 ? 0 : 1),
                socklen_t(INET6_ADDRSTRLEN))
        }
        var length = strlen(start + (isV4 ? 0 : 1))
        if !isV4 {
            start[0] = CChar(UInt8(ascii: "["))
            start[length + 1] = CChar(UInt8(ascii: "]"))
            length += 2
        }
        host = mt_str(ptr: UnsafePointer(start), len: length)
        let isPlain = Text(transport).equals(mt_str("udp"))
        let parameter: Line = isPlain ? "" : ";transport=\(transport)"
        uri = Line("sip:\(host):\(port)\(parameter)").kept(by: message).raw
    }

    /// Does that URI lead there?
    func isNamed(by uri: mt_str) -> Bool {
        guard let parsed = URI(Text(unchecked: uri)),
            parsed.host.equals(bareHost) || parsed.host.equals(host),
            (parsed.port ?? 5060) == port
        else { return false }
        guard let named = parsed.param(mt_str("transport")) else {
            return Text(transport).equals(mt_str("udp"))
        }
        return named.equalsIgnoringCase(transport)
    }

    private var bareHost: mt_str {
        let text = Text(unchecked: host)
        return text.count > 2 && text[0] == UInt8(ascii: "[") ? text.dropFirst().dropLast().raw : host
    }
}
