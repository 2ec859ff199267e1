// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit

/// The user part of our own Route URI, when outbound put a flow token there (RFC 5626, 5.3.1).
enum FlowToken {
    /// There is none, or the request came by that very flow: it is routed like any other.
    case none
    /// To the client at the other end of this flow.
    case toward(mt_flow)
    case forged

    init(_ call: borrowing Call, _ message: Message, _ route: mt_str) {
        self = .none
        guard outbound.isThere, let uri = URI(Text(unchecked: route)), !uri.user.isEmpty else { return }
        var flow = mt_flow()
        switch outbound.table.pointee.decode(call.raw, message.raw, uri.user.raw, &flow) {
        case -2, -3: self = .forged
        case 1...: self = isSame(flow, message.flow.raw) ? .none : .toward(flow)
        // What it led to is gone: sending says so, and nobody is called instead.
        case mt_result(MT_GONE): self = .toward(flow)
        default: break
        }
    }
}

private func isSame(_ a: mt_flow, _ b: mt_flow) -> Bool {
    guard a.protocol == b.protocol, a.remote_port == b.remote_port else { return false }
    return withUnsafeBytes(of: a.remote) { a in withUnsafeBytes(of: b.remote) { b in a.elementsEqual(b) } }
}

/// Forces the flow's socket, and makes its far end the next hop: to be reached along that flow or not at all.
func send(_ message: Message, to flow: mt_flow) {
    if flow.socket == UInt32.max {
        message.clear(.outSocket)
    } else {
        message.set(.outSocket, Int(flow.socket))
    }
    defer {
        // After the next hop, which takes it back.
        message.set(.connection, Int(truncatingIfNeeded: flow.connection))
        message.set(.options, (message.number(.options) ?? 0) | Int(MT_O_FLOW))
    }
    let transport: StaticString =
        switch Int(flow.protocol) {
        case MT_TCP: "tcp"
        case MT_TLS: "tls"
        case MT_WS: "ws"
        case MT_WSS: "wss"
        case MT_SCTP: "sctp"
        default: "udp"
        }
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { room in
        guard let start = room.baseAddress else { return }
        var remote = flow.remote
        let isIPv4 = withUnsafeBytes(of: remote) {
            $0[0..<10].allSatisfy { $0 == 0 } && $0[10] == 255 && $0[11] == 255
        }
        withUnsafeBytes(of: &remote) { bytes in
            guard let address = bytes.baseAddress else { return }
            _ = inet_ntop(
                isIPv4 ? AF_INET : AF_INET6, address + (isIPv4 ? 12 : 0), start, socklen_t(room.count))
        }
        let text = mt_str(ptr: UnsafePointer(start), len: strlen(start))
        let open: StaticString = isIPv4 ? "" : "["
        let close: StaticString = isIPv4 ? "" : "]"
        message.set(
            .nextHop, Line("sip:\(open)\(text)\(close):\(Int(flow.remote_port));transport=\(transport)"))
    }
}
