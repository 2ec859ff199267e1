// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The name of a socket in the file system, for the length of a call.
func withName(ofFile path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    return withUnsafePointer(to: &name) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}

/// An IPv4 or IPv6 address with a port, as system calls want it.
package struct SocketAddress: Sendable {
    private var storage = sockaddr_in6()
    private var length: socklen_t

    init(_ host: String, _ port: UInt16) {
        storage.sin6_port = port.bigEndian
        if host.contains(":") {
            storage.sin6_family = sa_family_t(AF_INET6)
            inet_pton(AF_INET6, host, &storage.sin6_addr)
            length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        } else {
            // The port stands at the same place in both.
            storage.sin6_family = sa_family_t(AF_INET)
            inet_pton(AF_INET, host, &storage.sin6_flowinfo)
            length = socklen_t(MemoryLayout<sockaddr_in>.size)
        }
    }

    init(localOf descriptor: Int32) {
        self.init("::", 0)
        _ = withPointer { getsockname(descriptor, $0, $1) }
    }

    var family: Int32 { Int32(storage.sin6_family) }
    var port: UInt16 { UInt16(bigEndian: storage.sin6_port) }

    /// For calls that read it.
    func with(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int) -> Int {
        withUnsafePointer(to: storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    /// For calls that write it.
    mutating func withPointer(
        _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> Int32 {
        length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        return withUnsafeMutablePointer(to: &storage) { name in
            withUnsafeMutablePointer(to: &length) { length in
                name.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
            }
        }
    }
}
