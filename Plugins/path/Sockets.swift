// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// The listening sockets as Path names them, worked out once at "core.ready".
enum Sockets {
    struct One {
        /// "192.0.2.1:5062;transport=tcp;sn=edge"
        let head: mt_str
        /// ";transport=tcp", or empty for UDP.
        let transport: mt_str
    }

    /// Written once before traffic, never freed.
    nonisolated(unsafe) private static var table = UnsafeMutableBufferPointer<One>(start: nil, count: 0)

    static subscript(index: UInt32) -> One? { index < table.count ? table[Int(index)] : nil }

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
        let transport = String(text.prefix(colon))
        var place = String(socket.advertised.isEmpty ? text.dropFirst(colon + 1) : socket.advertised)
        if place.hasSuffix(":5060") { place.removeLast(5) }
        let parameter = transport == "udp" ? "" : ";transport=\(transport)"
        var head = place + parameter
        if sockNameMode.value != 0, !socket.name.isEmpty { head += ";sn=\(String(socket.name))" }
        return One(head: lasting(head), transport: lasting(parameter))
    }

    /// Bytes that live as long as the process.
    private static func lasting(_ text: String) -> mt_str {
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: max(text.utf8.count, 1))
        text.withRaw { copy.update(from: $0.ptr, count: $0.len) }
        return mt_str(ptr: UnsafePointer(copy), len: text.utf8.count)
    }
}
