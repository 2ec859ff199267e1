// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A port for one connection after the other. As long as this is there the system gives it to nobody else.
package final class Place {
    package let port: UInt16
    private let descriptor: Int32

    package init() throws {
        let name = SocketAddress("127.0.0.1", 0)
        let descriptor = openSocket(name, SOCK_STREAM)
        self.descriptor = descriptor
        guard name.with({ bindShared(descriptor, $0, $1) }) == 0 else {
            throw Problem("no port is free: \(errorText)")
        }
        port = SocketAddress(localOf: descriptor).port
    }

    deinit { close(descriptor) }
}

/// Beside others who do the same, as long as none of them listens.
private func bindShared(_ descriptor: Int32, _ name: UnsafePointer<sockaddr>, _ length: socklen_t) -> Int {
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    return Int(bind(descriptor, name, length))
}

/// A stream connection, from either end; TCP, mostly.
package final class Connection {
    package let port: UInt16
    private let descriptor: Int32
    /// Read, and not asked for yet.
    private var ahead: [UInt8] = []

    /// `window` bytes is all that the system takes in for us while we do not read; `own` is where to come from, nil:
    /// anywhere.
    package init(to server: Server.Socket, window: Int32 = 0, from own: Place? = nil) throws {
        let name = SocketAddress(server.host, server.port)
        let descriptor = openSocket(name, SOCK_STREAM)
        self.descriptor = descriptor
        bePatient(descriptor)
        if window > 0 {
            var window = window
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &window, socklen_t(MemoryLayout<Int32>.size))
        }
        if let own {
            guard SocketAddress("127.0.0.1", own.port).with({ bindShared(descriptor, $0, $1) }) == 0 else {
                throw Problem("port \(own.port) is not free: \(errorText)")
            }
        }
        guard name.with({ Int(connect(descriptor, $0, $1)) }) == 0 else {
            throw Problem("no connection to \(server.text): \(errorText)")
        }
        port = SocketAddress(localOf: descriptor).port
        // Each write is to leave as a segment of its own.
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }

    /// To a socket in the file system.
    package init(path: String) throws {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        self.descriptor = descriptor
        port = 0
        bePatient(descriptor)
        guard withName(ofFile: path, { connect(descriptor, $0, $1) }) == 0 else {
            throw Problem("no connection to \(path): \(errorText)")
        }
    }

    init(accepted descriptor: Int32) {
        self.descriptor = descriptor
        port = SocketAddress(localOf: descriptor).port
        bePatient(descriptor)
    }

    deinit { close(descriptor) }

    /// False when the other side takes no more.
    @discardableResult package func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress?.advanced(by: sent), $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    @discardableResult package func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// One message, as long as its Content-Length says.
    package func receive() throws -> Packet {
        while true {
            if let end = ahead.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound {
                let head = Packet(Array(ahead[..<end]))
                let total = end + (head["Content-Length"].flatMap { Int($0) } ?? 0)
                while ahead.count < total { try readMore() }
                defer { ahead.removeFirst(total) }
                return Packet(Array(ahead[..<total]))
            }
            try readMore()
        }
    }

    /// Exactly that many bytes.
    package func receive(bytes count: Int) throws -> [UInt8] {
        while ahead.count < count { try readMore() }
        defer { ahead.removeFirst(count) }
        return Array(ahead[..<count])
    }

    /// All up to that text, and the text.
    package func receive(until text: String) throws -> String {
        let wanted = Array(text.utf8)
        while true {
            if let end = ahead.firstRange(of: wanted)?.upperBound {
                defer { ahead.removeFirst(end) }
                return String(decoding: ahead[..<end], as: UTF8.self)
            }
            try readMore()
        }
    }

    /// The next message; nil: the other side closes instead.
    package func receiveNext() -> Packet? {
        try? receive()  // Its end is an error, and expected.
    }

    /// All messages until the other side closes.
    package func receiveAll() -> [Packet] {
        var all: [Packet] = []
        while let next = try? receive() { all.append(next) }  // Its end is an error, and expected.
        return all
    }

    /// Waits for the other side to close. False: it sends something else.
    package func isClosed() -> Bool {
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, 0)
        return ahead.isEmpty && (count == 0 || count < 0 && errno == ECONNRESET)
    }

    /// Closes it without the farewell of TCP: nothing of it stays anywhere, and its port is free.
    package func reset() {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        // The number stays ours, so that nobody else gets it before the end of this object.
        let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
        _ = dup2(nothing, descriptor)
        close(nothing)
    }

    package func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    private func readMore() throws {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { throw Silence() }
        ahead += buffer.prefix(count)
    }
}

/// A TCP socket on loopback that waits for connections.
package final class Listener {
    package let port: UInt16
    private let descriptor: Int32
    package var text: String { "127.0.0.1:\(port)" }

    /// What fills its queue, when it takes no more.
    private var filling: [Int32] = []

    /// `isFull`: its queue is full, so that whoever connects waits for ever.
    package convenience init(isFull: Bool) throws {
        try self.init(queue: isFull ? 0 : 16)
        guard isFull else { return }
        let name = SocketAddress("127.0.0.1", port)
        for _ in 0..<4 {
            let one = openSocket(name, SOCK_STREAM)
            _ = fcntl(one, F_SETFL, O_NONBLOCK)
            _ = name.with { Int(connect(one, $0, $1)) }
            filling.append(one)
        }
    }

    package init(queue: Int32 = 16) throws {
        let name = SocketAddress("127.0.0.1", 0)
        let descriptor = openSocket(name, SOCK_STREAM)
        self.descriptor = descriptor
        guard name.with({ Int(bind(descriptor, $0, $1)) }) == 0, listen(descriptor, queue) == 0 else {
            throw Problem("no socket: \(errorText)")
        }
        port = SocketAddress(localOf: descriptor).port
        bePatient(descriptor)
    }

    deinit {
        for one in filling { close(one) }
        close(descriptor)
    }

    package func accept() throws -> Connection {
        var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&polled, 1, Int32(Server.patience * 1000)) == 1 else { throw Silence() }
        let connection = Inheritance.withNone { Glibc.accept(descriptor, nil, nil) }
        guard connection >= 0 else { throw Silence() }
        return Connection(accepted: connection)
    }
}
