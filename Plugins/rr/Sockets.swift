// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import RrLogic

/// The listening sockets as Record-Route names them, worked out once at "core.ready". Behind them the same ones once
/// more, as ways of the connections that became WebSockets on a socket for TCP or TLS.
enum Sockets {
    struct One {
        let transport: mt_str
        let address, advertised: HostPort
        let name: mt_str
        /// It listens for WebSockets, and for nothing else.
        let isForWebSockets: Bool
        /// "192.0.2.1:5062;transport=tcp;sn=edge"
        let head: mt_str
        /// ";transport=tcp", with udp spelled out when there are always two headers.
        let parameter: mt_str
    }

    /// Written once before traffic, never freed.
    nonisolated(unsafe) private static var table = UnsafeMutableBufferPointer<One>(start: nil, count: 0)

    static subscript(index: UInt32) -> UnsafePointer<One>? {
        guard index < table.count, let start = table.baseAddress else { return nil }
        return UnsafePointer(start + Int(index))
    }

    /// Of the sockets without their doubles.
    private static var count: Int { table.count / 2 }

    /// The row of the way that a message came or leaves by.
    static func row(_ flow: mt_flow) -> UInt32 {
        let isWebSocket = flow.protocol == UInt32(MT_WS) || flow.protocol == UInt32(MT_WSS)
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
        let spoken = text.prefix(colon)
        let isForWebSockets = spoken.equalsIgnoringCase(Word.ws) || spoken.equalsIgnoringCase(Word.wss)
        let isSecure = spoken.equalsIgnoringCase(Word.tls) || spoken.equalsIgnoringCase(Word.wss)
        let transport =
            isUpgraded && !isForWebSockets ? (isSecure ? Text("wss") : Text("ws")) : spoken
        let place = text.dropFirst(colon + 1)
        let advertised = socket.advertised.isEmpty ? place : socket.advertised
        let named = HostPort(advertised)

        var host = String(Text(unchecked: named.host))
        if host.contains(":") { host = "[\(host)]" }
        if isForWebSockets || isUpgraded {
            // Without one it would be that of HTTP or of SIP, who knows.
            let usual = isForWebSockets ? (isSecure ? 443 : 80) : isSecure ? 5061 : 5060
            host += ":\(named.port != 0 ? named.port : usual)"
        } else if named.port != 0, named.port != 5060 {
            host += ":\(named.port)"
        }

        let isUDP = transport.equalsIgnoringCase(Word.udp)
        // RFC 7118, 4.1: ws over TLS as well.
        let written = isForWebSockets || isUpgraded ? "ws" : String(transport)
        let parameter = isUDP && enableDouble.value != 2 ? "" : ";transport=\(written)"
        var head = host + parameter
        if sockNameMode.value != 0, !socket.name.isEmpty { head += ";sn=\(String(socket.name))" }
        return One(
            transport: transport.raw, address: HostPort(place), advertised: named, name: socket.name.raw,
            isForWebSockets: isForWebSockets, head: lasting(head), parameter: lasting(parameter))
    }

    /// Bytes that live as long as the process.
    private static func lasting(_ text: String) -> mt_str {
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: max(text.utf8.count, 1))
        text.withRaw { copy.update(from: $0.ptr, count: $0.len) }
        return mt_str(ptr: UnsafePointer(copy), len: text.utf8.count)
    }

    /// The socket that a Route URI of ours names.
    static func named(by uri: URI) -> UInt32? {
        if sockNameMode.value != 0, let name = uri.param(Word.sn), !name.isEmpty {
            for index in 0..<count where name.equals(table[index].name) { return UInt32(index) }
        }
        var transport = Text("udp")
        if let written = uri.param(Word.transport), !written.isEmpty {
            transport = written
        } else if uri.scheme.equalsIgnoringCase(Word.sips) {
            transport = Text("tls")
        }
        let defaultPort = transport.equalsIgnoringCase(Word.tls) ? 5061 : 5060
        for index in 0..<count {
            let one = table[index]
            guard mayBe(one, transport) else { continue }
            if one.address.names(uri.host, port: uri.port ?? 0, defaultPort: defaultPort)
                || one.advertised.names(uri.host, port: uri.port ?? 0, defaultPort: defaultPort)
            {
                return UInt32(index)
            }
        }
        return nil
    }

    /// A URI says ws for every WebSocket, also for one that began on a socket for TCP or TLS.
    private static func mayBe(_ one: One, _ written: Text) -> Bool {
        if written.equalsIgnoringCase(one.transport) { return true }
        guard written.equalsIgnoringCase(Word.ws) else { return false }
        let own = Text(unchecked: one.transport)
        return own.equalsIgnoringCase(Word.wss) || own.equalsIgnoringCase(Word.tcp)
            || own.equalsIgnoringCase(Word.tls)
    }
}
