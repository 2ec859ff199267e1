// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Nothing came while there was patience.
package struct Silence: Error {
    package init() {}
}

/// A UDP socket on loopback: a telephone, or another server.
package final class Client {
    package let host: String
    package let port: UInt16
    private let descriptor: Int32

    package init(_ host: String = "127.0.0.1") throws {
        self.host = host
        let name = SocketAddress(host, 0)
        let descriptor = openSocket(name, SOCK_DGRAM)
        self.descriptor = descriptor
        guard name.with({ Int(bind(descriptor, $0, $1)) }) == 0 else {
            throw Problem("no socket on \(host): \(errorText)")
        }
        port = SocketAddress(localOf: descriptor).port
        bePatient(descriptor)
    }

    deinit { close(descriptor) }

    /// As it stands in URIs and in Via.
    package var text: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    package func send(_ bytes: [UInt8], to server: Server.Socket) {
        _ = SocketAddress(server.host, server.port).with { sendto(descriptor, bytes, bytes.count, 0, $0, $1) }
    }

    package func send(_ text: String, to server: Server.Socket) { send(Array(text.utf8), to: server) }

    package func receive() throws -> Packet {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count >= 0 else { throw Silence() }
        return Packet(Array(buffer.prefix(count)))
    }

    /// What comes within that time, if anything does.
    package func receive(within seconds: Double) -> Packet? {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, Int32(seconds * 1000)) > 0 else { return nil }
        return pending()
    }

    /// What is there already.
    package func pending() -> Packet? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : Packet(Array(buffer.prefix(count)))
    }
}

func openSocket(_ name: SocketAddress, _ type: __socket_type) -> Int32 {
    socket(name.family, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
}

func bePatient(_ descriptor: Int32) {
    var limit = timeval(tv_sec: Int(Server.patience), tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
}
