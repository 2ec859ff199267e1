// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// The listening sockets as Path names them, worked out once at "core.ready". Behind them the same ones once more, as
/// ways of the connections that became WebSockets on a socket for TCP or TLS.
enum Sockets {
    struct One {
        /// "192.0.2.1:5062;transport=tcp;sn=edge"
        let head: mt_str
        /// ";transport=tcp", or empty for UDP.
        let transport: mt_str
        /// It listens for WebSockets, and for nothing else.
        let isForWebSockets: Bool
    }

    /// Written once before traffic, never freed.
    nonisolated(unsafe) private static var table = UnsafeMutableBufferPointer<One>(start: nil, count: 0)

    static subscript(index: UInt32) -> One? { index < table.count ? table[Int(index)] : nil }

    /// The row of the way that a message came or leaves by.
    static func row(_ flow: mt_flow) -> UInt32 {
        let isWebSocket = flow.protocol == UInt32(MT_WS) || flow.protocol == UInt32(MT_WSS)
        let count = table.count / 2
        guard isWebSocket, flow.socket < count else { return flow.socket }
        return table[Int(flow.socket)].isForWebSockets ? flow.socket : flow.socket + UInt32(count)
    }

    /// [main]
    static func prepare() {
        let count = Socket.count
        guard count > 0 else { return }
        let fresh = UnsafeMutableBufferPointer<One>.allocate(capacity: 2 * count)
        for index in 0..<count {
            let socket = Socket(index: UInt32(index))
            fresh.initializeElement(at: index, to: describe(socket, isUpgraded: false))
            fresh.initializeElement(at: count + index, to: describe(socket, isUpgraded: true))
        }
        table = fresh
    }

    private static func describe(_ socket: Socket, isUpgraded: Bool) -> One {
        let text = socket.text
        let colon = text.firstIndex(of: UInt8(ascii: ":")) ?? 0
        let transport = String(text.prefix(colon))
        var place = String(socket.advertised.isEmpty ? text.dropFirst(colon + 1) : socket.advertised)
        let isForWebSockets = transport == "ws" || transport == "wss"
        if !isForWebSockets, !isUpgraded {
            if place.hasSuffix(":5060") { place.removeLast(5) }
        } else if !hasPort(place) {
            // Without one it would be that of HTTP or of SIP, who knows.
            let usual = ["ws": 80, "wss": 443, "tls": 5061]
            place += ":\(usual[transport] ?? 5060)"
        }
        // RFC 7118, 4.1: ws over TLS as well.
        let written = isForWebSockets || isUpgraded ? "ws" : transport
        let parameter = transport == "udp" ? "" : ";transport=\(written)"
        var head = place + parameter
        if sockNameMode.value != 0, !socket.name.isEmpty { head += ";sn=\(String(socket.name))" }
        return One(
            head: lasting(head), transport: lasting(parameter), isForWebSockets: isForWebSockets)
    }

    private static func hasPort(_ place: String) -> Bool {
        guard let colon = place.lastIndex(of: ":") else { return false }
        return !place[colon...].contains("]")
    }

    /// Bytes that live as long as the process.
    private static func lasting(_ text: String) -> mt_str {
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: max(text.utf8.count, 1))
        text.withRaw { copy.update(from: $0.ptr, count: $0.len) }
        return mt_str(ptr: UnsafePointer(copy), len: text.utf8.count)
    }
}
