// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What a service manager is told, as sd_notify(3) has it: a datagram to the socket that it names in the environment.
struct ServiceManager {
    private let address: String?

    init() {
        address = getenv("NOTIFY_SOCKET").map { String(cString: $0) }
        // Not for the programs that this one may start.
        unsetenv("NOTIFY_SOCKET")
    }

    func tell(_ lines: [String]) {
        guard let address, address.utf8.count < 108 else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(address.utf8)
        withUnsafeMutableBytes(of: &name.sun_path) { path in
            path.copyBytes(from: bytes)
            // "@name" is one that is in no folder.
            if bytes.first == UInt8(ascii: "@") { path[0] = 0 }
        }
        let size = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + bytes.count
        let text = lines.joined(separator: "\n")
        withUnsafePointer(to: &name) { name in
            name.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = sendto(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL), $0, socklen_t(size))
            }
        }
    }
}
