// SPDX-License-Identifier: Apache-2.0
import CLinux
import Foundation

@testable import Worker

/// A blocking socket at the other end, with a limit to its patience.
final class Client {
    let descriptor: Int32
    private(set) var seen: [UInt8] = []

    init(_ transport: Transport, port: UInt16, host: String = "127.0.0.1", receiveBuffer: Int32 = 0) {
        let to = Endpoint(host, port: port)
        var name = to?.raw ?? cl_address()
        descriptor = socket(
            to?.isV4 == true ? AF_INET : AF_INET6,
            Int32(transport.isStream ? SOCK_STREAM.rawValue : SOCK_DGRAM.rawValue), 0)
        if receiveBuffer > 0 { _ = cl_set(descriptor, SOL_SOCKET, SO_RCVBUF, receiveBuffer) }
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        _ = cl_connect(descriptor, &name)
    }

    /// What somebody has accepted.
    init(descriptor: Int32) {
        self.descriptor = descriptor
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    @discardableResult func send(_ bytes: [UInt8]) -> Bool {
        var at = 0
        while at < bytes.count {
            let sent = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress?.advanced(by: at), bytes.count - at, Int32(MSG_NOSIGNAL))
            }
            if sent <= 0 { return false }
            at += sent
        }
        return true
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    /// What one call of `recv` gives; empty at the end, nil on an error.
    func receive(_ most: Int = 70_000) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: most)
        let count = recv(descriptor, &buffer, most, 0)
        return count < 0 ? nil : Array(buffer.prefix(count))
    }

    /// Exactly that many bytes of a stream, or what came before its end.
    func receive(exactly count: Int) -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count, let more = receive(count - all.count), !more.isEmpty { all += more }
        return all
    }

    /// Has the other side finished sending, with nothing left to read?
    var isAtEnd: Bool { receive()?.isEmpty ?? true }

    var localPort: UInt16 {
        var name = cl_address()
        cl_local_name(descriptor, &name)
        return name.port
    }

    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends with a reset.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    }
}

func text(_ bytes: [UInt8]?) -> String { String(decoding: bytes ?? [], as: UTF8.self) }
