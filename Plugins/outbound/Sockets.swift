// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import OutboundLogic
import PluginKit

/// Which of our sockets a token's own address is, worked out once at "core.ready".
enum Sockets {
    private struct One {
        let transport: FlowTransport
        let point: FlowPoint
    }

    /// Written once before traffic, never freed.
    nonisolated(unsafe) private static var table = UnsafeMutableBufferPointer<One?>(start: nil, count: 0)

    /// [main]
    static func prepare() {
        let fresh = UnsafeMutableBufferPointer<One?>.allocate(capacity: max(Socket.count, 1))
        fresh.initialize(repeating: nil)
        for index in 0..<Socket.count { fresh[index] = read(Socket(index: UInt32(index)).text) }
        table = fresh
    }

    static var hasDatagrams: Bool { table.contains { $0?.transport == .udp } }

    /// The one with that address, else one with all addresses of the machine.
    static func find(_ flow: FlowName) -> UInt32? {
        var wildcard: UInt32?
        for index in 0..<table.count {
            guard let one = table[index], one.transport == flow.transport, one.point.port == flow.local.port
            else { continue }
            if one.point == flow.local { return UInt32(index) }
            if one.point.isWildcard, one.point.isV4 == flow.local.isV4 { wildcard = UInt32(index) }
        }
        return wildcard
    }

    /// "udp:192.0.2.1:5060", "tls:[2001:db8::1]:5061"
    private static func read(_ text: Text) -> One? {
        guard let first = text.firstIndex(of: UInt8(ascii: ":")),
            let last = text.lastIndex(of: UInt8(ascii: ":")),
            first < last, let port = text.dropFirst(last + 1).integer, let port = UInt16(exactly: port)
        else { return nil }
        let transport: FlowTransport
        switch String(text.prefix(first)) {
        case "udp": transport = .udp
        case "tcp": transport = .tcp
        case "tls": transport = .tls
        case "sctp": transport = .sctp
        case "ws": transport = .ws
        case "wss": transport = .wss
        default: return nil
        }
        let host = String(text[(first + 1)..<last])
        var v4 = in_addr()
        if inet_pton(AF_INET, host, &v4) == 1 {
            return One(transport: transport, point: FlowPoint(v4: UInt32(bigEndian: v4.s_addr), port: port))
        }
        var v6: FlowPoint.Bytes = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        let bare = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        guard inet_pton(AF_INET6, bare, &v6) == 1 else { return nil }
        return One(transport: transport, point: FlowPoint(v6, port: port))
    }
}
