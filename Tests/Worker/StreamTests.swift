// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Foundation
import Message
import Testing

@testable import Worker

@Suite struct StreamTests {
    @Test func `a message over TCP is handed to the handler with its connection, and answered on it`() throws
    {
        let server = try Server(Echo())
        let client = Client(.tcp, port: server.tcp)
        client.send(request("one", body: "hello"))
        #expect(client.receive(exactly: request("one", body: "hello").count) == request("one", body: "hello"))
        let flow = try #require(server.handler.lock.withLock { server.handler.flows.first })
        #expect(flow.transport == .tcp)
        #expect(flow.connection != 0)
        #expect(flow.remoteEndpoint == Endpoint("127.0.0.1", port: client.localPort))
        #expect(flow.localEndpoint == Endpoint("127.0.0.1", port: server.tcp))
        #expect(server.group.isOpen(flow.connection))
        #expect(server.count(\.connections, becomes: 1))
    }

    @Test func `pipelined messages are answered in their order`() throws {
        let server = try Server(Echo())
        let client = Client(.tcp, port: server.tcp)
        let all = (0..<300).flatMap { request("call", body: "number \($0)") }
        client.send(all)
        #expect(client.receive(exactly: all.count) == all)
        #expect(server.count(\.streamReceived, becomes: 300))
    }

    @Test func `a message may be split anywhere`() throws {
        let server = try Server(Echo())
        let client = Client(.tcp, port: server.tcp)
        let message = request("split", body: "0123456789")
        for cut in stride(from: 1, to: message.count, by: 7) {
            client.send(Array(message[..<cut]))
            client.send(Array(message[cut...]))
            #expect(client.receive(exactly: message.count) == message, "cut at \(cut)")
        }
        for byte in message { client.send([byte]) }
        #expect(client.receive(exactly: message.count) == message)
    }

    @Test func `a body of 64 kB passes`() throws {
        let server = try Server(Echo()) { $0.streamMessage = 16_384 }
        let client = Client(.tcp, port: server.tcp)
        let message = request("large", body: String(repeating: "0123456789abcdef", count: 4096))
        client.send(message)
        client.send(request("next"))
        let expected = message + request("next")
        #expect(client.receive(exactly: expected.count) == expected)
    }

    @Test func `CRLFCRLF is answered with CRLF, and goes between messages`() throws {
        let server = try Server(Echo())
        let client = Client(.tcp, port: server.tcp)
        client.send("\r\n\r\n")
        #expect(text(client.receive(exactly: 2)) == "\r\n")
        client.send("\r\n\r\n".utf8 + request("one") + Array("\r\n".utf8) + request("two"))
        let expected = Array("\r\n".utf8) + request("one") + request("two")
        #expect(client.receive(exactly: expected.count) == expected)
        #expect(server.count(\.pings, becomes: 2))
    }

    @Test func `without Content-Length it is answered 400 and closed`() throws {
        let server = try Server(Echo())
        let client = Client(.tcp, port: server.tcp)
        client.send(request("none", contentLength: false) + request("never"))
        #expect(text(client.receive()).hasPrefix("SIP/2.0 400 "))
        #expect(client.isAtEnd)
        #expect(server.handler.events.reaches(1, .closed))
        #expect(server.handler.events[.request] == 0)
        #expect(server.count(\.framingFaults, becomes: 1))
    }

    @Test func `without Content-Length it passes when that is allowed`() throws {
        let server = try Server(Echo()) { $0.acceptsNoContentLength = true }
        let client = Client(.tcp, port: server.tcp)
        let message = request("none", contentLength: false)
        client.send(message + message)
        #expect(client.receive(exactly: 2 * message.count) == message + message)
    }

    @Test func `a message that is too large is answered 513 and closed, the answer is not lost`() throws {
        let server = try Server(Echo())
        let client = Client(.tcp, port: server.tcp)
        let head = String(decoding: request("huge"), as: UTF8.self)
        client.send(head.replacingOccurrences(of: "Content-Length: 0", with: "Content-Length: 200000"))
        client.send([UInt8](repeating: 65, count: 100_000))
        #expect(text(client.receive()).hasPrefix("SIP/2.0 513 "))
        #expect(client.isAtEnd)
        #expect(server.count(\.messageTooLarge, becomes: 1))
    }

    @Test func `rubbish without end is not kept`() throws {
        let server = try Server(Echo())
        let client = Client(.tcp, port: server.tcp)
        client.send([UInt8](repeating: 65, count: 140_000))
        _ = client.receive()
        #expect(client.isAtEnd)
        #expect(server.handler.events.reaches(1, .closed))
    }

    @Test func `who has finished sending is still answered`() throws {
        let server = try Server(Echo())
        let client = Client(.tcp, port: server.tcp)
        client.send(request("last"))
        client.finishSending()
        #expect(client.receive(exactly: request("last").count) == request("last"))
        #expect(client.isAtEnd)
        #expect(server.handler.events.reaches(1, .closed))
    }

    @Test func `who has finished sending is gone for everybody, though answers still go out`() throws {
        let server = try Server(Echo()) { $0.halfCloseTime = 60_000 }
        let client = Client(.tcp, port: server.tcp)
        client.send(request("last"))
        #expect(client.receive(exactly: request("last").count) == request("last"))
        let flow = try #require(server.handler.lock.withLock { server.handler.flows.first })
        #expect(server.group.isAlive(flow.connection))
        client.finishSending()
        #expect(server.handler.events.reaches(1, .closed))
        #expect(server.group.isOpen(flow.connection) && !server.group.isAlive(flow.connection))
        request("answer").withUnsafeBytes { server.group.send($0, to: flow) }
        #expect(client.receive(exactly: request("answer").count) == request("answer"))
        client.reset()
        #expect(server.handler.events[.closed] == 1)
    }

    @Test func `a reset ends one connection and nothing else`() throws {
        let server = try Server(Echo())
        do {
            let client = Client(.tcp, port: server.tcp)
            client.send(request("reset"))
            #expect(client.receive() != nil)
            client.reset()
        }
        #expect(server.handler.events.reaches(1, .closed))
        #expect(server.count(\.connections, becomes: 0))
        let other = Client(.tcp, port: server.tcp)
        other.send(request("other"))
        #expect(other.receive() == request("other"))
    }

    @Test func `a slow reader blocks nobody and is closed when too much waits for it`() throws {
        final class Flooding: Echo, @unchecked Sendable {
            override func answer(_ message: Message, _ worker: Worker) {
                guard message.callID.string == "flood" else { return super.answer(message, worker) }
                let much = [UInt8](repeating: 65, count: 60_000)
                for _ in 0..<200 { much.withUnsafeBytes { _ = worker.send($0, to: message.flow) } }
            }
        }
        let server = try Server(Flooding())
        let slow = Client(.tcp, port: server.tcp, receiveBuffer: 4096)
        slow.send(request("flood"))
        let other = Client(.tcp, port: server.tcp)
        other.send(request("other"))
        #expect(other.receive() == request("other"))
        #expect(server.handler.events.reaches(1, .closed))
        #expect(server.count(\.queueFull, becomes: 1))
        #expect(server.count(\.queuedBytes, becomes: 0))
        #expect(server.handler.notices.contains { $0.contains("does not read") })
    }

    @Test func `what a reader is slow to take arrives in order, and nothing of it is lost`() throws {
        final class Flooding: Echo, @unchecked Sendable {
            override func answer(_ message: Message, _ worker: Worker) {
                for i in 0..<100 {
                    let piece = [UInt8](repeating: UInt8(i), count: 50_000)
                    piece.withUnsafeBytes { _ = worker.send($0, to: message.flow) }
                }
            }
        }
        let server = try Server(Flooding()) { $0.connectionQueue = 8 << 20 }
        let client = Client(.tcp, port: server.tcp, receiveBuffer: 4096)
        client.send(request("flood"))
        let all = client.receive(exactly: 5_000_000)
        #expect(all == (0..<100).flatMap { [UInt8](repeating: UInt8($0), count: 50_000) })
        #expect(server.count(\.queuedBytes, becomes: 0))
    }

    @Test func `a reader that takes nothing at all is closed after the send timeout`() throws {
        final class Flooding: Echo, @unchecked Sendable {
            override func answer(_ message: Message, _ worker: Worker) {
                [UInt8](repeating: 65, count: 12_000_000).withUnsafeBytes {
                    _ = worker.send($0, to: message.flow)
                }
            }
        }
        let server = try Server(Flooding()) {
            $0.connectionQueue = 16 << 20
            $0.allQueues = 32 << 20
            $0.sendTimeout = 50
        }
        let client = Client(.tcp, port: server.tcp, receiveBuffer: 4096)
        client.send(request("flood"))
        #expect(server.handler.events.reaches(1, .closed))
        #expect(server.count(\.sendTimeouts, becomes: 1))
        withExtendedLifetime(client) {}
    }

    @Test func `an idle connection is closed after its lifetime, a used one stays`() throws {
        let server = try Server(Echo()) { $0.lifetime = 150 }
        let idle = Client(.tcp, port: server.tcp)
        let used = Client(.tcp, port: server.tcp)
        var rounds = 0
        while server.handler.events[.closed] == 0, rounds < 10_000 {
            used.send(request("used"))
            #expect(used.receive() == request("used"))
            rounds += 1
        }
        #expect(idle.isAtEnd)
        #expect(server.count(\.idleClosed, becomes: 1))
        #expect(server.count(\.connections, becomes: 1))
    }

    @Test func `no more connections than allowed, with a counter and a word in the log`() throws {
        let server = try Server(Echo()) { $0.connections = 2 }
        let clients = (0..<2).map { _ in Client(.tcp, port: server.tcp) }
        for client in clients {
            client.send(request("in"))
            #expect(client.receive() == request("in"))
        }
        do {
            let refused = Client(.tcp, port: server.tcp)
            #expect(refused.isAtEnd)
        }
        #expect(server.count(\.refused, becomes: 1))
        #expect(server.handler.events.reaches(1, .notice))
        #expect(server.handler.notices.first?.contains("tcp_max_connections") == true)
    }

    @Test func `connections are shared by workers, and calls stay with theirs`() throws {
        let server = try Server(Echo(), workers: 2)
        let clients = (0..<8).map { _ in Client(.tcp, port: server.tcp) }
        for round in 0..<20 {
            for (i, client) in clients.enumerated() {
                let message = request("call-\((round + i) % 50)", body: "\(round)")
                client.send(message)
                #expect(client.receive(exactly: message.count) == message)
            }
        }
        #expect(server.handler.homes.values.allSatisfy { $0.count == 1 })
        #expect(server.handler.events[.worker(0)] > 0 && server.handler.events[.worker(1)] > 0)
    }

    @Test func `what a plugin closes ends after its last words`() throws {
        final class Closing: Echo, @unchecked Sendable {
            override func answer(_ message: Message, _ worker: Worker) {
                super.answer(message, worker)
                worker.close(message.flow)
            }
        }
        let server = try Server(Closing(), workers: 2)
        for i in 0..<6 {
            let client = Client(.tcp, port: server.tcp)
            client.send(request("bye-\(i)"))
            #expect(client.receive(exactly: request("bye-\(i)").count) == request("bye-\(i)"))
            #expect(client.isAtEnd)
        }
        #expect(server.handler.events.reaches(6, .closed))
    }
}
