// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Foundation
import Message
import Testing

@testable import Worker

/// Filters as the worker sees them: when they are opened and closed, and what waits for them.
@Suite struct FilterTests {
    /// Passes everything through, once the first byte has come; an "x" then is an error.
    private static let gate: Filter = {
        final class State {
            let stage: StagePointer
            var isReady = false
            init(_ stage: StagePointer) { self.stage = stage }
        }
        let table = UnsafeMutablePointer<mt_filter_api>.allocate(capacity: 1)
        table.initialize(to: mt_filter_api())
        table.pointee.open = { _, stage, _, name in
            guard let stage else { return nil }
            let state = State(StagePointer(stage))
            if name.len > 0 { _ = Worker.current?.wire(state.stage, Slice(name)) }
            return OpaquePointer(Unmanaged.passRetained(state).toOpaque())
        }
        table.pointee.received = { _, raw, bytes in
            guard let raw, let worker = Worker.current else { return mt_result(MT_ERROR) }
            let state = Unmanaged<State>.fromOpaque(UnsafeRawPointer(raw)).takeUnretainedValue()
            var bytes = Slice(bytes)
            if !state.isReady {
                if bytes[0] == UInt8(ascii: "x") {
                    _ = worker.wire(state.stage, "no")
                    return mt_result(MT_ERROR)
                }
                bytes = bytes.dropFirst(1)
                state.isReady = true
                _ = worker.ready(state.stage)
            }
            if bytes.count > 0 { _ = worker.arrived(state.stage, bytes) }
            return mt_result(MT_OK)
        }
        table.pointee.send = { _, raw, bytes in
            guard let raw, let worker = Worker.current else { return mt_result(MT_ERROR) }
            let state = Unmanaged<State>.fromOpaque(UnsafeRawPointer(raw)).takeUnretainedValue()
            _ = worker.wire(state.stage, Slice(bytes))
            return mt_result(MT_OK)
        }
        table.pointee.close = { _, raw, _ in
            guard let raw else { return }
            Unmanaged<State>.fromOpaque(UnsafeRawPointer(raw)).release()
        }
        return Filter("tls", table)
    }()

    private func server(_ handler: Echo = Echo(), _ change: (inout Limits) -> Void = { _ in }) throws
        -> Server<Echo>
    {
        try Server(
            handler,
            listen: [ListenSpec(.tls, "127.0.0.1", port: 0), ListenSpec(.udp, "127.0.0.1", port: 0)],
            filters: Filters(tls: Self.gate), change)
    }

    @Test func `a connection is open to others once its filter is ready`() throws {
        let server = try server()
        let client = Client(.tcp, port: server.tls)
        client.send("o")
        #expect(server.handler.events.reaches(1, .opened))
        client.send(request("one"))
        #expect(client.receive(exactly: request("one").count) == request("one"))
        let flow = try #require(server.handler.lock.withLock { server.handler.flows.first })
        #expect(flow.transport == .tls)
        #expect(server.group.openSecureConnections == 1)
    }

    @Test func `what a server closes is gone for everybody, while its peer may take its time`() throws {
        final class Closing: Echo, @unchecked Sendable {
            override func answer(_ message: Message, _ worker: Worker) {
                super.answer(message, worker)
                worker.close(message.flow)
            }
        }
        let server = try server(Closing()) { $0.halfCloseTime = 60_000 }
        let client = Client(.tcp, port: server.tls)
        client.send(Array("o".utf8) + request("last"))
        #expect(client.receive(exactly: request("last").count) == request("last"))
        #expect(client.isAtEnd)
        #expect(server.handler.events.reaches(1, .closed))
        let flow = try #require(server.handler.lock.withLock { server.handler.flows.first })
        #expect(!server.group.isAlive(flow.connection))
    }

    @Test func `a handshake that takes too long ends the connection, of which nobody has heard`() throws {
        let server = try server { $0.handshakeTime = 50 }
        let client = Client(.tcp, port: server.tls)
        #expect(client.isAtEnd)
        #expect(server.count(\.handshakeTimeouts, becomes: 1))
        #expect(server.count(\.handshakesFailed, becomes: 1))
        #expect(server.handler.events[.opened] == 0 && server.handler.events[.closed] == 0)
        #expect(server.count(\.connections, becomes: 0))
        #expect(server.group.openSecureConnections == 0)
    }

    @Test func `what a filter has said before it failed still arrives`() throws {
        let server = try server()
        let client = Client(.tcp, port: server.tls)
        client.send("x")
        #expect(text(client.receive(exactly: 2)) == "no")
        #expect(client.isAtEnd)
    }

    @Test func `no more connections over TLS than allowed, whatever the others do`() throws {
        let server = try server { $0.secureConnections = 1 }
        let first = Client(.tcp, port: server.tls)
        first.send("o")
        #expect(server.handler.events.reaches(1, .opened))
        #expect(Client(.tcp, port: server.tls).isAtEnd)
        #expect(server.count(\.refused, becomes: 1))
        #expect(server.handler.notices.first?.contains("tls_max_connections") == true)
        first.send(request("in"))
        #expect(first.receive(exactly: request("in").count) == request("in"))
    }

    /// Sends what it gets on, over TLS, to the port and the domain that the test says.
    private final class Forwarding: Echo, @unchecked Sendable {
        var port: UInt16 = 0
        override func answer(_ message: Message, _ worker: Worker) {
            guard let to = Endpoint("127.0.0.1", port: port) else { return }
            let flow = mt_flow(.tls, socket: 0, remote: to, local: to)
            for name in ["one.example", "ONE.example", "two.example"] {
                let bytes = message.bytes.bytes
                worker.reserve(bytes.count).copyMemory(
                    from: bytes.baseAddress.unsafelyUnwrapped, byteCount: bytes.count)
                _ = Array(name.utf8).withUnsafeBufferPointer {
                    worker.commit(bytes.count, to: flow, name: Slice(base: $0.baseAddress, count: $0.count))
                }
            }
        }
    }

    @Test func `what is sent waits for the handshake, and each domain has a connection of its own`() throws {
        let listener = Accepting()
        let handler = Forwarding()
        handler.port = listener.port
        let server = try server(handler)
        let client = Client(.udp, port: server.udp)
        client.send(request("out"))
        let first = listener.accept()
        let second = listener.accept()
        let names = [first, second].map { text($0.receive(exactly: 11)) }
        #expect(Set(names) == ["one.example", "two.example"])
        let one = names[0] == "one.example" ? first : second
        let two = names[0] == "one.example" ? second : first
        one.send("o")
        #expect(one.receive(exactly: 2 * request("out").count) == request("out") + request("out"))
        // One that fails is told as one that could not be opened.
        two.send("x")
        #expect(text(two.receive(exactly: 2)) == "no")
        #expect(two.isAtEnd)
        #expect(server.handler.events.reaches(1, .closed))
        #expect(server.count(\.connectFailed, becomes: 1))
        #expect(server.count(\.queuedBytes, becomes: 0))
    }
}

/// A socket that others connect to.
private final class Accepting {
    let descriptor: Int32
    private(set) var port: UInt16 = 0

    init() {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(descriptor, $0, size)
                _ = getsockname(descriptor, $0, &size)
            }
            self.port = UInt16(bigEndian: pointer.pointee.sin_port)
        }
        _ = listen(descriptor, 8)
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    func accept() -> Client { Client(descriptor: Glibc.accept(descriptor, nil, nil)) }
    deinit { close(descriptor) }
}
