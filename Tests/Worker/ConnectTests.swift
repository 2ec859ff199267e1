// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Foundation
import Message
import Testing

@testable import Worker

@Suite struct ConnectTests {
    /// Sends what it gets on to one address over TCP.
    private final class Forwarding: Echo, @unchecked Sendable {
        var target = Endpoint.anyV4
        let results = Tally<String>()

        override func answer(_ message: Message, _ worker: Worker) {
            let socket = worker.network.choose(for: target, .tcp, receivedOn: message.flow.socket)
            var flow = mt_flow()
            flow.protocol = Transport.tcp.rawValue
            flow.socket = socket ?? .max
            flow.remoteEndpoint = target
            results.add("\(worker.send(message.bytes.bytes, to: flow))")
        }
    }

    @Test(arguments: [1, 2]) func `a connection is opened once and used by all workers`(_ workers: Int) throws
    {
        let far = try Server(Echo())
        let handler = Forwarding()
        handler.target = try #require(Endpoint("127.0.0.1", port: far.tcp))
        let near = try Server(handler, workers: workers)
        let client = Client(.udp, port: near.udp)
        // The first opens it, the others wait their turn in its queue or find it open.
        client.send(request("first"))
        #expect(handler.events.reaches(1, .opened))
        for i in 0..<50 { client.send(request("call-\(i)")) }
        #expect(far.handler.events.reaches(51, .request))
        #expect(far.count(\.accepted, becomes: 1))
        #expect(near.count(\.connected, becomes: 1))
        // The echoes come back on the same connection.
        #expect(handler.events.reaches(102 - 51, .request))
    }

    @Test func `a connection that cannot be opened is reported as closed`() throws {
        let handler = Forwarding()
        let gone = try Server(Echo())
        handler.target = try #require(Endpoint("127.0.0.1", port: gone.tcp))
        gone.stop()
        let near = try Server(handler)
        Client(.udp, port: near.udp).send(request("nobody"))
        #expect(handler.events.reaches(1, .closed))
        #expect(near.count(\.connectFailed, becomes: 1))
        #expect(handler.events[.opened] == 0)
        #expect(near.group.openConnections == 0)
    }

    @Test func `a connection that takes too long is given up`() throws {
        // A listener whose queue is full does not answer.
        let full = try listenFull()
        defer { for one in full.all { close(one) } }
        let handler = Forwarding()
        handler.target = try #require(Endpoint("127.0.0.1", port: full.port))
        let near = try Server(handler) { $0.connectTimeout = 50 }
        Client(.udp, port: near.udp).send(request("slow"))
        #expect(handler.events.reaches(1, .closed))
        #expect(near.count(\.connectFailed, becomes: 1))
        #expect(near.count(\.queuedBytes, becomes: 0))
    }

    @Test func `without leave to connect, nothing is opened`() throws {
        let handler = Forwarding()
        let far = try Server(Echo())
        handler.target = try #require(Endpoint("127.0.0.1", port: far.tcp))
        let near = try Server(handler) { $0.connects = false }
        Client(.udp, port: near.udp).send(request("no"))
        #expect(handler.results.reaches(1, "gone"))
        #expect(far.count(\.accepted, becomes: 0))
        #expect(near.count(\.gone, becomes: 1))
    }

    @Test func `a connection that the peer opened is used toward it, from any thread`() throws {
        let server = try Server(Echo(), workers: 2)
        let client = Client(.tcp, port: server.tcp)
        client.send(request("hello"))
        #expect(client.receive() == request("hello"))
        var flow = try #require(server.handler.lock.withLock { server.handler.flows.first })
        Array("one".utf8).withUnsafeBytes { server.group.send($0, to: flow) }
        #expect(text(client.receive(exactly: 3)) == "one")
        flow.connection = 0
        Array("two".utf8).withUnsafeBytes { server.group.send($0, to: flow) }
        #expect(text(client.receive(exactly: 3)) == "two")
    }
}

/// A listening socket that takes no more connections, with those that fill it.
private func listenFull() throws -> (port: UInt16, all: [Int32]) {
    var name = try #require(Endpoint("127.0.0.1")).raw
    let listener = cl_socket(true, true)
    _ = cl_bind(listener, &name)
    listen(listener, 0)
    cl_local_name(listener, &name)
    var all = [listener]
    for _ in 0..<4 {
        let one = cl_socket(true, true)
        _ = cl_connect(one, &name)
        all.append(one)
    }
    return (name.port, all)
}
