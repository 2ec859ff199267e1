// SPDX-License-Identifier: Apache-2.0
import CtlLogic
import Glibc

/// Who is connected, and where to.
struct Visitor: Sendable {
    private let listener: ListenAddress
    private let host: String
    private let port: String

    init(_ listener: ListenAddress, _ peer: sockaddr_storage) {
        self.listener = listener
        guard listener.kind == .tcp else {
            host = "<anonymous unix socket>"
            port = ""
            return
        }
        var peer = peer
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var port = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        let known = withUnsafePointer(to: &peer) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getnameinfo(
                    $0, socklen_t(MemoryLayout<sockaddr_storage>.size), &host, socklen_t(host.count), &port,
                    socklen_t(port.count), NI_NUMERICHOST | NI_NUMERICSERV)
            }
        }
        self.host = known == 0 ? Visitor.text(host) : "?"
        self.port = known == 0 ? Visitor.text(port) : "?"
    }

    /// As ctl.who shows it.
    var words: [String] {
        [
            "binrpc", listener.word, host, port, listener.place,
            listener.kind == .tcp ? String(listener.port) : "",
        ]
    }

    private static func text(_ bytes: [CChar]) -> String {
        String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
