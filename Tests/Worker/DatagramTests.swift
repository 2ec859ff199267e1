// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Dispatch
import Message
import Testing

@testable import Worker

@Suite struct DatagramTests {
    @Test func `a datagram is handed to the handler with its way, and its answer comes back`() throws {
        let server = try Server(Seeing())
        let client = Client(.udp, port: server.udp)
        client.send(request("one"))
        #expect(client.receive() == request("one"))
        let flow = try #require(server.handler.lock.withLock { server.handler.ways.first })
        #expect(flow.transport == .udp)
        #expect(flow.remoteEndpoint == Endpoint("127.0.0.1", port: client.localPort))
        #expect(flow.localEndpoint == Endpoint("127.0.0.1", port: server.udp))
        #expect(flow.connection == 0)
    }

    private final class Seeing: Echo, @unchecked Sendable {
        var ways: [mt_flow] = []
        override func answer(_ message: Message, _ worker: Worker) {
            lock.withLock { ways.append(message.flow) }
            super.answer(message, worker)
        }
    }

    @Test func `a burst is answered completely`() throws {
        let server = try Server(Echo())
        let client = Client(.udp, port: server.udp)
        for round in 0..<5 {
            for i in 0..<60 { client.send(request("burst-\(round)-\(i)")) }
            var answers: Set<[UInt8]> = []
            for _ in 0..<60 { if let answer = client.receive() { answers.insert(answer) } }
            #expect(answers == Set((0..<60).map { request("burst-\(round)-\($0)") }))
        }
        #expect(server.count(\.received, becomes: 300))
        #expect(server.count(\.sent, becomes: 300))
    }

    @Test func `IPv6 works as well`() throws {
        let server = try Server(Echo(), listen: [ListenSpec(.udp, "[::1]", port: 0)])
        let client = Client(.udp, port: server.udp, host: "::1")
        client.send(request("six"))
        #expect(client.receive() == request("six"))
        #expect(server.network.sockets[0].text == "udp:[::1]:\(server.udp)")
    }

    @Test func `a wildcard socket answers from the address it was asked at`() throws {
        let server = try Server(Echo(), listen: [ListenSpec(.udp, "0.0.0.0", port: 0)])
        // Connected, so that an answer from anywhere else would not be seen.
        let client = Client(.udp, port: server.udp, host: "127.0.0.7")
        client.send(request("wild"))
        #expect(client.receive() == request("wild"))
        #expect(server.network.sockets[0].advertisedHost != "0.0.0.0")
    }

    @Test func `keep-alives and rubbish are counted and end nothing`() throws {
        let server = try Server(Echo())
        let client = Client(.udp, port: server.udp)
        client.send("\r\n\r\n")
        client.send([0])
        client.send([1, 2, 3, 255, 0, 7])
        client.send(request("after"))
        #expect(client.receive() == request("after"))
        #expect(server.count(\.keepAlives, becomes: 2))
        #expect(server.handler.events.all.keys.contains { if case .fault = $0 { true } else { false } })
    }

    @Test func `more than a datagram can hold is refused and counted`() throws {
        let results = Tally<String>()
        final class Large: Echo, @unchecked Sendable {
            let results: Tally<String>
            init(_ results: Tally<String>) { self.results = results }
            override func answer(_ message: Message, _ worker: Worker) {
                for size in [65_508, 65_507] {
                    [UInt8](repeating: 65, count: size).withUnsafeBytes {
                        results.add("\(worker.send($0, to: message.flow))")
                    }
                }
            }
        }
        let server = try Server(Large(results))
        let client = Client(.udp, port: server.udp)
        client.send(request("large"))
        #expect(client.receive()?.count == 65_507)
        #expect(results.all == ["refused": 1, "queued": 1])
        #expect(server.count(\.sendTooLarge, becomes: 1))
    }

    @Test func `what cannot be delivered does not stop the others`() throws {
        final class Scattering: Echo, @unchecked Sendable {
            override func answer(_ message: Message, _ worker: Worker) {
                var nowhere = message.flow
                // To a broadcast address the kernel does not send unasked.
                nowhere.remoteEndpoint = Endpoint("255.255.255.255", port: 5060) ?? nowhere.remoteEndpoint
                super.answer(message, worker)
                worker.send(message.bytes.bytes, to: nowhere)
                super.answer(message, worker)
                var closed = message.flow
                closed.remote_port = 1
                worker.send(message.bytes.bytes, to: closed)
                super.answer(message, worker)
            }
        }
        let server = try Server(Scattering())
        let client = Client(.udp, port: server.udp)
        for i in 0..<3 {
            client.send(request("scatter-\(i)"))
            for _ in 0..<3 { #expect(client.receive() == request("scatter-\(i)")) }
        }
        #expect(server.count(\.sendFailed, becomes: 3))
    }

    @Test func `two workers share what one address sends, and a call stays with one`() throws {
        let server = try Server(Echo(), workers: 2)
        let client = Client(.udp, port: server.udp)
        let calls = 400
        for round in 0..<3 {
            for start in stride(from: 0, to: calls, by: 20) {
                for i in start..<start + 20 { client.send(request("call-\(i)@example.org")) }
                for _ in 0..<20 { #expect(client.receive() != nil, "round \(round)") }
            }
        }
        let events = server.handler.events
        let share = Double(events[.worker(0)]) / Double(events[.request])
        #expect(events[.request] == calls * 3)
        #expect(share > 0.4 && share < 0.6, "\(share)")
        #expect(server.handler.homes.count == calls)
        #expect(server.handler.homes.values.allSatisfy { $0.count == 1 })
        // The kernel gave them to the right one.
        #expect(server.count(\.handedOver) == 0)
        // And the owner is the one that everybody can work out.
        for (call, home) in server.handler.homes {
            #expect(home == [Array(call.utf8).withUnsafeBytes { server.group.owner(ofCallID: Slice($0)) }])
        }
    }

    /// What the kernel does not find is spread at random, so half of it comes in at the other worker.
    @Test(arguments: ["i: ", "Call-ID:  ", "call-id :", "Call-ID:\r\n ", "X-Cell-Id: 1\r\nCall-ID: "])
    func `a Call-ID that is written as hardly anybody does is handed to its worker`(_ name: String) throws {
        let server = try Server(Echo(), workers: 2)
        let client = Client(.udp, port: server.udp)
        let calls = 100
        for _ in 0..<2 {
            for i in 0..<calls {
                let usual = String(decoding: request("\(i)@example.org"), as: UTF8.self)
                let bytes = Array(usual.replacing("Call-ID: ", with: name).utf8)
                client.send(bytes)
                #expect(client.receive() == bytes)
            }
        }
        let homes = server.handler.homes
        #expect(homes.count == calls)
        for (call, home) in homes {
            #expect(home == [Array(call.utf8).withUnsafeBytes { server.group.owner(ofCallID: Slice($0)) }])
        }
        #expect(server.count(\.handedOver) > calls / 2)
    }

    @Test func `wherever the Call-ID stands, whatever its length, the kernel finds its worker`() throws {
        let server = try Server(Echo(), workers: 3)
        let client = Client(.udp, port: server.udp)
        for i in 0..<300 {
            let callID = String(repeating: "\(i)-", count: 1 + i % 20).prefix(1 + i % 70)
            let usual = String(decoding: request(String(callID)), as: UTF8.self)
            let before = "X: \(String(repeating: "x", count: i * 4))\r\nCall-ID: "
            let bytes = Array(usual.replacing("Call-ID: ", with: before).utf8)
            client.send(bytes)
            #expect(client.receive() == bytes)
        }
        #expect(server.count(\.handedOver) == 0)
    }

    @Test
    func `a datagram does not wait until all connections have been looked at, when each takes its time`()
        throws
    {
        /// Waits until everything has come; then each request of a stream takes a millisecond.
        final class Slow: Echo, @unchecked Sendable {
            let everything = DispatchSemaphore(value: 0)
            var order: [String] = []

            override func request(_ message: Message, _ worker: Worker) {
                let name = message.callID.string
                lock.withLock { order.append(name) }
                events.add(.request)
                if name == "first" { everything.wait() }
                guard message.flow.transport == .tcp else { return }
                let start = Worker.clock()
                while Worker.clock() - start < 1_000_000 {}
            }
        }
        let server = try Server(Slow())
        let first = Client(.tcp, port: server.tcp)
        let streams = (0..<40).map { _ in Client(.tcp, port: server.tcp) }
        #expect(server.handler.events.reaches(41, .opened))
        first.send(request("first"))
        #expect(server.handler.events.reaches(1, .request))
        // In this order the system tells of them, all at once.
        for stream in streams { stream.send(request("stream")) }
        let client = Client(.udp, port: server.udp)
        client.send(request("datagram"))
        server.handler.everything.signal()
        #expect(server.handler.events.reaches(42, .request))
        let order = server.handler.lock.withLock { server.handler.order }
        let place = try #require(order.firstIndex(of: "datagram"))
        #expect(place < 20, "\(order)")
        withExtendedLifetime(first) {}
    }
}
