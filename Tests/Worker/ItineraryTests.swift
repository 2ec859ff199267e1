// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Worker

/// RFC 3263, 4 and RFC 2782, case by case, without a name server.
@Suite struct ItineraryTests {
    /// What a name server would answer; what is not here does not exist.
    private struct Zone {
        var answers: [Question: Answer] = [:]
        var asked: [String] = []

        init(_ lines: String...) {
            var records: [Question: [Record]] = [:]
            for line in lines {
                let words = line.split(separator: " ").map(String.init)
                func number(_ index: Int) -> UInt16 { UInt16(words[index]) ?? 0 }
                func text(_ index: Int) -> String { words[index] == "-" ? "" : words[index] }
                let (name, type) = (words[0], RecordType(named: words[1]) ?? .txt)
                let data: Record.Data =
                    switch type {
                    case .a, .aaaa: .address(Endpoint(words[2]) ?? .anyV4)
                    case .srv:
                        .service(
                            Service(
                                priority: number(2), weight: number(3), port: number(4), target: text(5)))
                    case .naptr:
                        .rule(
                            Rule(
                                order: number(2), preference: number(3), flags: text(4), service: text(5),
                                pattern: text(6), replacement: text(7)))
                    case .cname, .ptr: .name(words[2])
                    case .txt: .text(words[2])
                    }
                records[Question(name, type), default: []].append(Record(data, ttl: 60))
            }
            answers = records.mapValues { Answer($0) }
        }
    }

    private static let everywhere: Preferences = {
        var preferences = Preferences()
        preferences.reach = .everywhere
        return preferences
    }()

    private static func with(_ change: (inout Preferences) -> Void) -> Preferences {
        var copy = everywhere
        change(&copy)
        return copy
    }

    private static let withNAPTR = with { $0.triesNAPTR = true }

    /// All the places in order, as "udp 192.0.2.1:5060", and what was asked for.
    private func way(
        _ target: Target, _ zone: Zone, by preferences: Preferences = everywhere, random: UInt64 = 1
    ) -> (places: [String], asked: [String]) {
        var itinerary = Itinerary(to: target, by: preferences, random: random)
        var known: [Question: Answer] = [:]
        var places: [String] = []
        var asked: [String] = []
        while true {
            switch itinerary.next(known: { known[$0] }) {
            case .end: return (places, asked)
            case .go(let endpoint, let transport): places.append("\(transport.name) \(endpoint.text)")
            case .ask(let question):
                asked.append("\(question.type.name) \(question.name)")
                known[question] = zone.answers[question] ?? .nothing()
            }
        }
    }

    // MARK: - RFC 3263, 4.1 and 4.2: what is looked at

    @Test func `a number is where to go, by UDP, or by TLS when it has to be safe`() {
        let zone = Zone()
        #expect(way(Target("192.0.2.1"), zone) == (["udp 192.0.2.1:5060"], []))
        #expect(way(Target("192.0.2.1", isSecure: true), zone) == (["tls 192.0.2.1:5061"], []))
        #expect(way(Target("192.0.2.1", port: 7, transport: .tcp), zone) == (["tcp 192.0.2.1:7"], []))
        #expect(way(Target("[2001:db8::1]"), zone) == (["udp [2001:db8::1]:5060"], []))
    }

    @Test func `a port leaves out NAPTR and SRV`() {
        let zone = Zone(
            "example.com A 192.0.2.1", "_sip._udp.example.com SRV 0 0 5070 a.example.com",
            "example.com NAPTR 1 1 s SIP+D2T - _sip._tcp.example.com")
        let (places, asked) = way(Target("example.com", port: 5080), zone, by: Self.withNAPTR)
        #expect(places == ["udp 192.0.2.1:5080"])
        #expect(asked == ["A example.com", "AAAA example.com"])
        #expect(
            way(Target("example.com", port: 5080, isSecure: true), zone).places == ["tls 192.0.2.1:5080"])
        #expect(
            way(Target("example.com", port: 5080, transport: .tcp), zone).places == ["tcp 192.0.2.1:5080"])
    }

    @Test func `a transport leaves out NAPTR, and its services are asked for`() {
        let zone = Zone(
            "example.com NAPTR 1 1 s SIP+D2U - _sip._udp.example.com",
            "_sip._tcp.example.com SRV 0 0 5070 a.example.com", "a.example.com A 192.0.2.2")
        let (places, asked) = way(Target("example.com", transport: .tcp), zone, by: Self.withNAPTR)
        #expect(places == ["tcp 192.0.2.2:5070"])
        #expect(asked == ["SRV _sip._tcp.example.com", "A a.example.com", "AAAA a.example.com"])
        // sips with TCP is TLS.
        let secure = way(
            Target("example.com", transport: .tcp, isSecure: true), Zone("example.com A 192.0.2.1"))
        #expect(secure.places == ["tls 192.0.2.1:5061"])
        #expect(secure.asked.first == "SRV _sips._tcp.example.com")
    }

    @Test func `without services, the name itself, at the port that the transport assumes`() {
        let zone = Zone("example.com A 192.0.2.1", "example.com A 192.0.2.2")
        let (places, asked) = way(Target("example.com"), zone, by: Self.withNAPTR)
        #expect(places == ["udp 192.0.2.1:5060", "udp 192.0.2.2:5060"])
        #expect(
            asked == [
                "NAPTR example.com", "SRV _sip._udp.example.com", "SRV _sip._tcp.example.com",
                "SRV _sip._sctp.example.com", "SRV _sips._tcp.example.com", "A example.com",
                "AAAA example.com",
            ])
        #expect(way(Target("example.com", transport: .tls), zone).places.first == "tls 192.0.2.1:5061")
        #expect(
            way(Target("example.com", transport: .ws), zone).asked == ["A example.com", "AAAA example.com"])
        #expect(way(Target("example.com", transport: .ws), zone).places.first == "ws 192.0.2.1:80")
    }

    @Test func `with services, the name itself is none of them`() {
        let zone = Zone("example.com A 192.0.2.1", "_sip._tcp.example.com SRV 0 0 5070 a.example.com")
        #expect(way(Target("example.com"), zone).places == [])
    }

    @Test func `a dot as the server says that there is no such service`() {
        let zone = Zone("example.com A 192.0.2.1", "_sip._udp.example.com SRV 0 0 0 -")
        #expect(way(Target("example.com", transport: .udp), zone).places == [])
    }

    @Test func `sips goes by TLS and nothing else`() {
        let zone = Zone(
            "_sip._udp.example.com SRV 0 0 5060 a.example.com",
            "_sips._tcp.example.com SRV 0 0 5063 a.example.com", "a.example.com A 192.0.2.2")
        let (places, asked) = way(Target("example.com", isSecure: true), zone)
        #expect(places == ["tls 192.0.2.2:5063"])
        #expect(asked.first == "SRV _sips._tcp.example.com")
    }

    // MARK: - NAPTR

    private static let threeRules = Zone(
        "example.com NAPTR 50 50 s SIPS+D2T - _sips._tcp.example.com",
        "example.com NAPTR 90 50 s SIP+D2T - _sip._tcp.example.com",
        "example.com NAPTR 100 50 S sip+d2u - _sip._udp.example.com",
        "example.com NAPTR 10 10 u E2U+sip !^.*$!sip:x@example.org! -",
        "example.com NAPTR 10 10 s HTTP+D2T - _http._tcp.example.com",
        "_sips._tcp.example.com SRV 0 0 5061 a.example.com",
        "_sip._tcp.example.com SRV 0 0 5060 a.example.com",
        "_sip._udp.example.com SRV 0 0 5060 a.example.com", "a.example.com A 192.0.2.3")

    @Test func `NAPTR records say which service, by our own preference`() {
        let (places, asked) = way(Target("example.com"), Self.threeRules, by: Self.withNAPTR)
        #expect(places == ["udp 192.0.2.3:5060", "tcp 192.0.2.3:5060", "tls 192.0.2.3:5061"])
        #expect(asked.prefix(2) == ["NAPTR example.com", "SRV _sip._udp.example.com"])
        let others = Self.with {
            $0.triesNAPTR = true
            $0.ranks = [.udp: -1, .tcp: 1, .tls: 5]
        }
        #expect(
            way(Target("example.com"), Self.threeRules, by: others).places == [
                "tls 192.0.2.3:5061", "tcp 192.0.2.3:5060",
            ])
    }

    @Test func `or by the order of the records, of which the lowest that is usable counts alone`() {
        var strict = Self.with {
            $0.triesNAPTR = true
            $0.ignoresOrder = false
        }
        #expect(way(Target("example.com"), Self.threeRules, by: strict).places == ["tls 192.0.2.3:5061"])
        // Without a socket for TLS, the next order.
        strict.reach = Reach()
        for transport in [Transport.udp, .tcp] { strict.reach.add(transport, v4: true) }
        #expect(way(Target("example.com"), Self.threeRules, by: strict).places == ["tcp 192.0.2.3:5060"])
        let equal = Zone(
            "example.com NAPTR 1 20 a SIP+D2U - b.example.com",
            "example.com NAPTR 1 10 a SIP+D2T - a.example.com",
            "a.example.com A 192.0.2.1", "b.example.com A 192.0.2.2")
        #expect(
            way(Target("example.com"), equal, by: strict).places == [
                "tcp 192.0.2.1:5060", "udp 192.0.2.2:5060",
            ])
    }

    @Test func `sips takes the rules of sips only`() {
        let (places, asked) = way(Target("example.com", isSecure: true), Self.threeRules, by: Self.withNAPTR)
        #expect(places == ["tls 192.0.2.3:5061"])
        #expect(
            asked == [
                "NAPTR example.com", "SRV _sips._tcp.example.com", "A a.example.com", "AAAA a.example.com",
            ])
    }

    @Test func `rules for others are as good as none`() {
        let zone = Zone(
            "example.com NAPTR 1 1 s HTTP+D2T - _http._tcp.example.com",
            "example.com NAPTR 1 1 s SIP+D2U !x!y! _sip._udp.example.org",
            "_sip._udp.example.com SRV 0 0 5070 a.example.com", "a.example.com A 192.0.2.1")
        #expect(way(Target("example.com"), zone, by: Self.withNAPTR).places == ["udp 192.0.2.1:5070"])
    }

    // MARK: - families

    @Test func `IPv4 comes first, unless it is to be otherwise, and only where there are sockets`() {
        let zone = Zone("a.example A 192.0.2.1", "a.example AAAA 2001:db8::1")
        let target = Target("a.example", port: 5060)
        let (four, six) = ("udp 192.0.2.1:5060", "udp [2001:db8::1]:5060")
        #expect(way(target, zone).places == [four, six])
        #expect(way(target, zone, by: Self.with { $0.families = [false, true] }).places == [six, four])
        #expect(way(target, zone, by: Self.with { $0.families = [false] }).places == [six])
        let onlyFour = Self.with {
            $0.reach = Reach()
            $0.reach.add(.udp, v4: true)
        }
        #expect(way(target, zone, by: onlyFour) == ([four], ["A a.example"]))
        // What a URI asks for explicitly is looked up all the same: that it cannot be sent is told by sending.
        #expect(way(Target("a.example", port: 1, transport: .tcp), zone, by: onlyFour).places.count == 2)
    }

    @Test func `names of later servers are asked for when it is their turn`() {
        let zone = Zone(
            "_sip._udp.example.com SRV 1 0 5060 a.example.com",
            "_sip._udp.example.com SRV 2 0 5060 b.example.com",
            "a.example.com A 192.0.2.1")
        var itinerary = Itinerary(to: Target("example.com", transport: .udp), by: Self.everywhere, random: 1)
        var known: [Question: Answer] = [:]
        func next() -> Itinerary.Next {
            while true {
                let next = itinerary.next { known[$0] }
                guard case .ask(let question) = next else { return next }
                known[question] = zone.answers[question] ?? .nothing()
            }
        }
        #expect(next() == .go(Endpoint("192.0.2.1", port: 5060) ?? .anyV4, .udp))
        #expect(known[Question("b.example.com", .a)] == nil)
        // What is left can be carried away and gone on with.
        var rest = Itinerary(steps: itinerary.steps, by: Self.everywhere, random: 9)
        #expect(rest.next { known[$0] } == .ask(Question("a.example.com", .aaaa)))
        #expect(next() == .end)
        #expect(known[Question("b.example.com", .a)] != nil)
    }

    @Test func `a server that says too much does not keep anybody busy for ever`() {
        let many = (0..<500).map { "_sip._udp.example.com SRV \($0) 0 5060 a\($0).example.com" }
        var zone = Zone()
        zone.answers[Question("_sip._udp.example.com", .srv)] = Answer(
            many.enumerated().map { index, _ in
                Record(
                    .service(Service(priority: 0, weight: 0, port: 5060, target: "a\(index).example.com")),
                    ttl: 1)
            })
        #expect(way(Target("example.com", transport: .udp), zone).asked.count <= Itinerary.most + 1)
    }
}
