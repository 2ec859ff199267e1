// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import RrLogic

/// The listening sockets as Record-Route names them, worked out once at "core.ready".
enum Sockets {
    struct One {
        let transport: mt_str
        let address, advertised: HostPort
        let name: mt_str
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

    /// [main]
    static func prepare() {
        let count = Socket.count
        guard count > 0 else { return }
        let fresh = UnsafeMutableBufferPointer<One>.allocate(capacity: count)
        for index in 0..<count {
            fresh.initializeElement(at: index, to: describe(Socket(index: UInt32(index))))
        }
        table = fresh
    }

    private static func describe(_ socket: Socket) -> One {
        let text = socket.text
        let colon = text.firstIndex(of: UInt8(ascii: ":")) ?? 0
        let transport = text.prefix(colon)
        let place = text.dropFirst(colon + 1)
        let advertised = socket.advertised.isEmpty ? place : socket.advertised
        let named = HostPort(advertised)

        var host = String(Text(unchecked: named.host))
        if host.contains(":") { host = "[\(host)]" }
        if named.port != 0, named.port != 5060 { host += ":\(named.port)" }

        let isUDP = transport.equalsIgnoringCase(Word.udp)
        let parameter = isUDP && enableDouble.value != 2 ? "" : ";transport=\(String(transport))"
        var head = host + parameter
        if sockNameMode.value != 0, !socket.name.isEmpty { head += ";sn=\(String(socket.name))" }
        return One(
            transport: transport.raw, address: HostPort(place), advertised: named, name: socket.name.raw,
            head: lasting(head), parameter: lasting(parameter))
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
            for index in 0..<table.count where name.equals(table[index].name) { return UInt32(index) }
        }
        var transport = Text("udp")
        if let written = uri.param(Word.transport), !written.isEmpty {
            transport = written
        } else if uri.scheme.equalsIgnoringCase(Word.sips) {
            transport = Text("tls")
        }
        let defaultPort = transport.equalsIgnoringCase(Word.tls) ? 5061 : 5060
        for index in 0..<table.count {
            let one = table[index]
            guard transport.equalsIgnoringCase(one.transport) else { continue }
            if one.address.names(uri.host, port: uri.port ?? 0, defaultPort: defaultPort)
                || one.advertised.names(uri.host, port: uri.port ?? 0, defaultPort: defaultPort)
            {
                return UInt32(index)
            }
        }
        return nil
    }
}
