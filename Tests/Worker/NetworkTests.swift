// SPDX-License-Identifier: Apache-2.0
import Message
import Testing

@testable import Worker

@Suite struct NetworkTests {
    private func network(
        _ specs: [ListenSpec], _ aliases: [Alias] = [], workers: Int = 1,
        _ change: (inout Network.Options) -> Void = { _ in }
    ) throws -> Network {
        var options = Network.Options()
        change(&options)
        let network = Network(listen: specs, aliases: aliases, options: options)
        try network.open(workers: workers)
        return network
    }

    @Test func `a line without a transport opens UDP and TCP`() throws {
        let network = try network([
            ListenSpec(nil, "127.0.0.1", port: 0, name: "home"), ListenSpec(.udp, "[::1]", port: 0),
        ])
        #expect(network.sockets.map(\.transport) == [.udp, .tcp, .udp])
        #expect(network.sockets.map(\.id) == [0, 1, 2])
        #expect(network.sockets.allSatisfy { $0.port != 0 })
        #expect(network.socket(named: "home") == 0)
        #expect(network.socket(named: network.sockets[1].text) == 1)
        #expect(network.socket(named: network.sockets[2].text) == 2)
        #expect(network.socket(named: "udp:127.0.0.2:1") == nil)
    }

    @Test func `an interface stands for its addresses, a name for what it resolves to`() throws {
        #expect(
            try network([ListenSpec(.udp, "lo", port: 0)]).sockets.contains {
                $0.endpoint.address == "127.0.0.1"
            })
        #expect(
            try network([ListenSpec(.udp, "localhost", port: 0)]).sockets.contains { $0.endpoint.isLoopback })
    }

    @Test func `all sockets that cannot be opened are reported, and none stays open`() throws {
        let taken = try network([ListenSpec(nil, "127.0.0.1", port: 0)])
        let (udp, tcp) = (taken.sockets[0].port, taken.sockets[1].port)
        let failing = Network(listen: [
            ListenSpec(.udp, "127.0.0.1", port: Int(udp), place: 1),
            ListenSpec(.udp, "127.0.0.1", port: 0, place: 2),
            ListenSpec(.tcp, "127.0.0.1", port: Int(tcp), place: 3),
            ListenSpec(.udp, "no-such-interface", port: 5060, place: 4),
            ListenSpec(.udp, "192.0.2.77", port: 5060, place: 5),
            ListenSpec(.sctp, "127.0.0.1", port: 0, place: 6),
            ListenSpec(.udp, "127.0.0.1", port: 70_000, place: 7),
        ])
        for workers in [1, 2] {
            let error = #expect(throws: ListenFailures.self) { try failing.open(workers: workers) }
            #expect(
                error?.failures == [
                    ListenFailure(place: 1, text: "udp:127.0.0.1:\(udp): Address already in use"),
                    ListenFailure(place: 3, text: "tcp:127.0.0.1:\(tcp): Address already in use"),
                    ListenFailure(
                        place: 4, text: "udp:no-such-interface:5060: no such address, interface or host"),
                    ListenFailure(place: 5, text: "udp:192.0.2.77:5060: Cannot assign requested address"),
                    ListenFailure(place: 6, text: "sctp:127.0.0.1:0: nothing that is loaded carries sctp"),
                    ListenFailure(place: 7, text: "udp:127.0.0.1:70000: a port is a number from 0 to 65535"),
                ])
        }
        #expect(failing.sockets.isEmpty)
    }

    @Test func `a second server does not get the port of a first that has several workers`() throws {
        let first = try network([ListenSpec(nil, "127.0.0.1", port: 0)], workers: 2)
        let second = Network(
            listen: first.sockets.map { ListenSpec($0.transport, "127.0.0.1", port: Int($0.port)) })
        #expect(throws: ListenFailures.self) { try second.open(workers: 2) }
        first.closeSockets()
        #expect(throws: Never.self) { try second.open(workers: 2) }
    }

    @Test func `what names us is found by address, name and port`() throws {
        let network = try network(
            [
                ListenSpec(.udp, "127.0.0.1", port: 0, advertise: (host: "sip.example.com", port: 5080)),
                ListenSpec(.udp, "[::1]", port: 0),
            ],
            [
                Alias("example.com"), Alias("tcp.example.com", port: 5070, transport: .tcp),
                Alias("192.0.2.1", port: 5060),
            ])
        let (four, six) = (Int(network.sockets[0].port), Int(network.sockets[1].port))
        let mine: [(Slice, Int, Transport?)] = [
            ("127.0.0.1", four, nil), ("127.0.0.1", four, .udp), ("[::1]", six, nil),
            ("[0:0:0:0:0:0:0:1]", six, nil),
            ("::1", six, nil), ("sip.example.com", 5080, nil), ("SIP.Example.COM.", 5080, nil),
            ("example.com", 0, nil),
            ("EXAMPLE.com", 9999, .tls), ("tcp.example.com", 5070, .tcp), ("tcp.example.com", 5070, nil),
            ("192.0.2.1", 0, nil), ("192.0.2.1", 5060, .udp),
        ]
        for (host, port, transport) in mine {
            #expect(network.isMine(host: host, port: port, transport: transport), "\(host) \(port)")
        }
        let others: [(Slice, Int, Transport?)] = [
            ("127.0.0.1", four + 1, nil), ("127.0.0.1", 0, nil), ("127.0.0.2", four, nil),
            ("127.0.0.1", four, .tcp),
            ("sip.example.com", 0, nil), ("tcp.example.com", 5070, .udp), ("192.0.2.1", 0, .tls),
            ("", 0, nil),
            ("example.co", 0, nil), ("example.com.au", 0, nil), (.absent, 0, nil),
        ]
        for (host, port, transport) in others {
            #expect(!network.isMine(host: host, port: port, transport: transport), "\(host) \(port)")
        }
    }

    @Test func `what peers are told is what the line, or else the whole server, advertises`() throws {
        let network = try network([
            ListenSpec(.udp, "127.0.0.1", port: 0, advertise: (host: "a.example", port: nil)),
            ListenSpec(.tcp, "127.0.0.1", port: 0, advertise: (host: "b.example", port: 5060)),
            ListenSpec(.udp, "127.0.0.2", port: 0),
        ]) { $0.advertisedHost = "c.example" }
        let ports = network.sockets.map(\.port)
        #expect(network.viaPrefix(0).string == "SIP/2.0/UDP a.example:\(ports[0]);branch=")
        #expect(network.viaPrefix(1).string == "SIP/2.0/TCP b.example;branch=")
        #expect(network.advertised(2).string == "c.example:\(ports[2])")
        #expect(network.viaPrefix(3).isAbsent)
    }

    @Test func `the sending socket fits the destination, and is the receiving one if it can`() throws {
        let network = try network([
            ListenSpec(.udp, "127.0.0.1", port: 0), ListenSpec(.tcp, "127.0.0.1", port: 0),
            ListenSpec(.udp, "127.0.0.2", port: 0), ListenSpec(.tcp, "127.0.0.2", port: 0),
            ListenSpec(.udp, "[::1]", port: 0),
        ])
        let four = try #require(Endpoint("127.0.0.9", port: 5060))
        let six = try #require(Endpoint("[::1]", port: 5060))
        #expect(network.choose(for: four, .udp) == 0)
        #expect(network.choose(for: four, .udp, receivedOn: 2) == 2)
        #expect(network.choose(for: four, .tcp, receivedOn: 2) == 3)
        #expect(network.choose(for: six, .udp, receivedOn: 2) == 4)
        #expect(network.choose(for: six, .tcp, receivedOn: 2) == nil)
        #expect(network.choose(for: four, .tls) == nil)
        #expect(network.choose(for: four, .udp, receivedOn: 4) == 0)
    }

    @Test func `with mhomed the system's routes decide`() throws {
        let network = try network([
            ListenSpec(.udp, "127.0.0.2", port: 0), ListenSpec(.udp, "127.0.0.1", port: 0),
        ]) { $0.mhomed = true }
        let destination = try #require(Endpoint("127.0.0.1", port: 5060))
        #expect(network.choose(for: destination, .udp, receivedOn: 0) == 1)
    }
}

@Suite struct EndpointTests {
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1", true), ("[2001:DB8::1]", "2001:db8::1", false), ("::1", "::1", false),
        ("0.0.0.0", "0.0.0.0", true), ("::", "::", false), ("127.0.0.53", "127.0.0.53", true),
        ("255.255.255.255", "255.255.255.255", true), ("100.20.3.0", "100.20.3.0", true),
    ]) func `literals are read and written`(_ text: String, _ address: String, _ v4: Bool) throws {
        let endpoint = try #require(Endpoint(text, port: 5060))
        #expect(endpoint.address == address)
        #expect(endpoint.isV4 == v4)
        #expect(endpoint.text == (v4 ? "\(address):5060" : "[\(address)]:5060"))
        #expect(endpoint.isWildcard == (address == "0.0.0.0" || address == "::"))
        #expect(endpoint.isLoopback == (address.hasPrefix("127.") || address == "::1"))
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "abc", "abcd.ef", "[::1", ":", "example.com", "dead:beef",
        "01.2.3.4", "1.2.3.00", "1.2.3.", "1..2.3", "1.2.3.4.", "1.2.3.256", "1234.1.1.1", ".1.2.3.4",
        "1.2.3:4",
    ])
    func `other text is none`(_ text: String) { #expect(Endpoint(text) == nil) }
}

@Suite struct StatisticsTests {
    @Test func `counters add up over threads, and start again after a reset`() {
        let statistics = Statistics()
        let one = statistics.define("g", "one")
        let gauge = statistics.define("g", "gauge", .gauge)
        #expect(statistics.define("g", "one") == one)
        #expect(statistics.find("g:one") == one)
        #expect(statistics.find("gauge") == gauge)
        #expect(statistics.find("none") == nil)
        statistics.add(one, 3)
        statistics.add(gauge, 2)
        statistics.add(.none, 9)
        #expect(statistics.read(one) == 3)
        statistics.reset(one)
        statistics.reset(gauge)
        statistics.add(one)
        #expect(statistics.read(one) == 1)
        #expect(statistics.read(gauge) == 2)
        #expect(statistics.read(.none) == 0)
    }
}
