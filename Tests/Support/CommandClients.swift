// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A datagram socket in the file system, as clients of a control socket have.
package final class DatagramAsker {
    private let descriptor: Int32

    /// Without a path it has no name, and cannot be answered.
    package init(at path: String?) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        bePatient(descriptor)
        guard let path else { return }
        guard withName(ofFile: path, { bind(descriptor, $0, $1) }) == 0 else {
            throw Problem("\(path) cannot be bound: \(errorText)")
        }
    }

    deinit { close(descriptor) }

    package func send(_ bytes: [UInt8], to path: String) throws {
        let count = Int(withName(ofFile: path) { Int32(sendto(descriptor, bytes, bytes.count, 0, $0, $1)) })
        guard count == bytes.count else { throw Problem("\(path) takes nothing: \(errorText)") }
    }

    package func receive() throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 1 << 22)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count >= 0 else { throw Silence() }
        return Array(buffer.prefix(count))
    }

    package func ask(_ text: String, of path: String) throws -> String {
        try send(Array(text.utf8), to: path)
        return String(decoding: try receive(), as: UTF8.self)
    }
}

/// A fifo that answers come in by.
package final class FifoReceiver {
    package let path: String
    private let descriptor: Int32

    package init(at path: String) throws {
        self.path = path
        guard mkfifo(path, 0o666) == 0 else { throw Problem("no fifo \(path): \(errorText)") }
        descriptor = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    /// What comes, up to the one that satisfies.
    package func receive(until isWhole: (String) -> Bool) throws -> String {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let text = String(decoding: all, as: UTF8.self)
            if isWhole(text) { return text }
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, Int32(Server.patience * 1000)) > 0 else { throw Silence() }
            let count = read(descriptor, &buffer, buffer.count)
            if count > 0 { all += buffer.prefix(count) }
        }
    }

    /// Writes into somebody else's fifo.
    package static func write(_ text: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Problem("\(path) cannot be opened: \(errorText)") }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw Problem("\(path) takes nothing: \(errorText)")
        }
    }
}
