// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A name server for a test: on loopback, UDP and TCP, at a port that was free.
///
/// It knows the lines that it is given, as `example.test 60 A 192.0.2.1`, and says of everything else that it does not
/// exist. What it is told to do to a name, it does to all questions for that name and those below it.
package final class NameServer: @unchecked Sendable {
    package enum Manner: Sendable {
        /// Says nothing.
        case silent
        /// Answers once `release` has been called.
        case held
        /// Says by UDP that it does not fit.
        case truncated
        /// Says these bytes behind the head and the question of its answer, as so many records.
        case bytes([UInt8], records: UInt16)
        /// Cannot tell.
        case failing
    }

    package let port: UInt16
    private let datagrams, listener: Int32
    private let condition = NSCondition()
    private var records: [String: [(type: UInt16, ttl: UInt32, data: [UInt8])]] = [:]
    private var manners: [String: Manner] = [:]
    private var questions: [String] = []
    private var isReleased = false
    /// How long what does not exist does not exist.
    private static let negative: UInt32 = 30

    private static let types: [String: UInt16] = [
        "A": 1, "CNAME": 5, "TXT": 16, "AAAA": 28, "SRV": 33, "NAPTR": 35,
    ]

    package init(_ zone: String...) throws {
        let found = Self.sockets()
        guard let (datagrams, listener, port) = found else { throw Problem("no port for a name server") }
        self.datagrams = datagrams
        self.listener = listener
        self.port = port
        for line in zone { add(line) }
        Thread.detachNewThread { [datagrams, weak self] in Self.serveDatagrams(datagrams) { self } }
        Thread.detachNewThread { [listener, weak self] in Self.serveStreams(listener) { self } }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        shutdown(datagrams, Int32(SHUT_RDWR))
    }

    /// For `dns_servers`.
    package var text: String { "127.0.0.1:\(port)" }

    package func add(_ line: String) {
        let words = line.split(separator: " ").map(String.init)
        guard let type = Self.types[words[2]] else { preconditionFailure(line) }
        let data: [UInt8] =
            switch words[2] {
            case "A": words[3].split(separator: ".").compactMap { UInt8($0) }
            case "AAAA": Self.address(words[3])
            case "CNAME": Self.name(words[3])
            case "SRV": words[3...5].flatMap { Self.number(UInt16($0) ?? 0) } + Self.name(words[6])
            case "NAPTR":
                words[3...4].flatMap { Self.number(UInt16($0) ?? 0) } + Self.text(words[5])
                    + Self.text(words[6]) + Self.text("") + Self.name(words[7])
            default: Self.text(words[3])
            }
        condition.withLock { records[words[0], default: []].append((type, UInt32(words[1]) ?? 0, data)) }
    }

    package func treat(_ name: String, _ manner: Manner) { condition.withLock { manners[name] = manner } }

    /// Answers what was held back.
    package func release() {
        condition.withLock {
            isReleased = true
            condition.broadcast()
        }
    }

    /// What it was asked, as `A example.test`, and by TCP as `A example.test tcp`.
    package var asked: [String] { condition.withLock { questions } }

    /// Waits until it is asked that.
    package func isAsked(_ question: String) -> Bool {
        let until = Date(timeIntervalSinceNow: Server.patience)
        return condition.withLock {
            while !questions.contains(question) {
                if !condition.wait(until: until) { return false }
            }
            return true
        }
    }

    // MARK: - sockets

    private static func sockets() -> (Int32, Int32, UInt16)? {
        for _ in 0..<50 {
            let any = SocketAddress("127.0.0.1", 0)
            let datagrams = openSocket(any, SOCK_DGRAM)
            let listener = openSocket(any, SOCK_STREAM)
            if any.with({ Int(bind(datagrams, $0, $1)) }) == 0 {
                let port = SocketAddress(localOf: datagrams).port
                if SocketAddress("127.0.0.1", port).with({ Int(bind(listener, $0, $1)) }) == 0,
                    listen(listener, 16) == 0
                {
                    return (datagrams, listener, port)
                }
            }
            close(datagrams)
            close(listener)
        }
        return nil
    }

    private static func serveDatagrams(_ descriptor: Int32, _ server: @escaping () -> NameServer?) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            var from = SocketAddress("::", 0)
            let count = from.withPointer { name, length in
                Int32(recvfrom(descriptor, &buffer, buffer.count, 0, name, length))
            }
            guard count > 0, let server = server() else { break }
            let question = Array(buffer.prefix(Int(count)))
            // Another thread, for an answer may have to wait.
            let to = from
            Thread.detachNewThread {
                guard let answer = server.answer(question, stream: false) else { return }
                _ = to.with { sendto(descriptor, answer, answer.count, 0, $0, $1) }
            }
        }
        close(descriptor)
    }

    private static func serveStreams(_ listener: Int32, _ server: @escaping () -> NameServer?) {
        while true {
            var polled = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
            guard poll(&polled, 1, -1) == 1 else { continue }
            let descriptor = Inheritance.withNone { Glibc.accept(listener, nil, nil) }
            guard descriptor >= 0, let server = server() else { break }
            let connection = Connection(accepted: descriptor)
            // Who asks may go before it has asked.
            guard let size = try? connection.receive(bytes: 2),
                let question = try? connection.receive(bytes: Int(size[0]) << 8 | Int(size[1])),
                let answer = server.answer(question, stream: true)
            else { continue }
            connection.send(number(UInt16(answer.count)) + answer)
        }
        close(listener)
    }

    // MARK: - answers

    private func answer(_ question: [UInt8], stream: Bool) -> [UInt8]? {
        guard question.count > 16, let (name, end) = Self.readName(question, 12), end + 4 <= question.count
        else {
            return nil
        }
        let type = UInt16(question[end]) << 8 | UInt16(question[end + 1])
        let typeName = Self.types.first { $0.value == type }?.key ?? "\(type)"
        let (known, manner) = condition.withLock {
            () -> ([(type: UInt16, ttl: UInt32, data: [UInt8])]?, Manner?) in
            questions.append("\(typeName) \(name)\(stream ? " tcp" : "")")
            condition.broadcast()
            let manner = manners.first { name == $0.key || name.hasSuffix(".\($0.key)") }?.value
            if case .held = manner {
                while !isReleased { condition.wait() }
            }
            return (records[name], manner)
        }
        var head = question[0..<2] + [0x85, 0x80, 0, 1, 0, 0, 0, 0, 0, 0]
        let asked = question[12..<(end + 4)]
        switch manner {
        case .silent: return nil
        case .failing:
            head[3] |= 2
            return Array(head + asked)
        case .truncated where !stream:
            head[2] |= 2
            return Array(head + asked)
        case .bytes(let bytes, let records):
            head.replaceSubrange(6..<8, with: Self.number(records))
            return Array(head + asked) + bytes
        case .held, .truncated, nil: break
        }
        let all = (known ?? []).filter { $0.type == type || $0.type == 5 }
        var body: [UInt8] = []
        for record in all {
            body += [0xc0, 12] + Self.number(record.type) + Self.number(1) + Self.long(record.ttl)
            body += Self.number(UInt16(record.data.count)) + record.data
        }
        head.replaceSubrange(6..<8, with: Self.number(UInt16(all.count)))
        if all.isEmpty {
            if known == nil { head[3] |= 3 }
            head[9] = 1
            let times: [UInt32] = [1, 3600, 600, 86400, Self.negative]
            let soa = Self.name("ns.test") + Self.name("root.test") + times.flatMap(Self.long)
            body = Self.name("test") + Self.number(6) + Self.number(1) + Self.long(3600)
            body += Self.number(UInt16(soa.count)) + soa
        }
        return Array(head + asked) + body
    }

    private static func readName(_ bytes: [UInt8], _ start: Int) -> (String, Int)? {
        var labels: [String] = []
        var at = start
        while at < bytes.count {
            let count = Int(bytes[at])
            if count == 0 { return (labels.joined(separator: ".").lowercased(), at + 1) }
            guard count < 64, at + 1 + count < bytes.count else { return nil }
            labels.append(String(decoding: bytes[(at + 1)..<(at + 1 + count)], as: UTF8.self))
            at += 1 + count
        }
        return nil
    }

    // MARK: - pieces, as they stand on the wire

    private static func name(_ text: String) -> [UInt8] {
        text.split(separator: ".").flatMap { self.text(String($0)) } + [0]
    }
    private static func text(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + Array(text.utf8) }
    private static func number(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }
    private static func long(_ value: UInt32) -> [UInt8] {
        number(UInt16(value >> 16)) + number(UInt16(value & 0xffff))
    }
    private static func address(_ text: String) -> [UInt8] {
        var address = in6_addr()
        inet_pton(AF_INET6, text, &address)
        return withUnsafeBytes(of: address) { Array($0) }
    }
}
