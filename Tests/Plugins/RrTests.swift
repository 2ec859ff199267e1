// SPDX-License-Identifier: Apache-2.0
import PluginKit
import RrLogic
import Testing

private func direction(_ ftag: StaticString?, from tag: StaticString) -> Direction {
    if let ftag { return Direction(ftag: Text(ftag), fromTag: Text(tag)) }
    return Direction(ftag: nil, fromTag: Text(tag))
}

private func direction(named name: StaticString) -> Direction? { Direction(named: Text(name)) }

private func names(_ place: StaticString, _ host: StaticString, _ port: Int, otherwise: Int) -> Bool {
    HostPort(Text(place)).names(Text(host), port: port, defaultPort: otherwise)
}

private typealias Entry = RouteSet.Entry
private typealias Decision = RouteSet.Decision

private let mine = Entry(isMine: true)
private let half = Entry(isMine: true, isPaired: true)
private let proxy = Entry()
private let strict = Entry(isLoose: false)

private func decide(
    _ first: Entry?, _ second: Entry? = nil, _ third: Entry? = nil, uri: Entry = Entry(),
    inDialog: Bool = true,
    pairs: Bool = true, looksForStrict: Bool = true, always: Bool = false
) -> Decision? {
    RouteSet(first, second, third, requestURI: uri, isInDialog: inDialog)
        .decide(pairs: pairs, strict: looksForStrict, always: always)
}

@Suite struct RouteSetTests {
    @Test func `without a Route there is nothing to do`() {
        #expect(decide(nil) == nil)
    }

    @Test func `our own entry goes, and the Request-URI decides`() {
        #expect(decide(mine) == Decision(taken: 1, next: .requestURI))
    }

    @Test func `behind our own entry, the next one is followed and stays`() {
        #expect(decide(mine, proxy) == Decision(taken: 1, next: .follow(1)))
    }

    @Test func `a strict router becomes the Request-URI`() {
        #expect(decide(mine, strict, proxy) == Decision(taken: 1, next: .become(1)))
        #expect(decide(strict) == Decision(taken: 0, next: .become(0)))
    }

    @Test func `an entry of another proxy is followed and stays`() {
        #expect(decide(proxy, mine) == Decision(taken: 0, next: .follow(0)))
    }

    @Test func `a pair goes together, and its second half names the socket`() {
        #expect(decide(half, half) == Decision(taken: 2, socketOf: 1, next: .requestURI))
        #expect(decide(half, half, proxy) == Decision(taken: 2, socketOf: 1, next: .follow(2)))
        #expect(decide(half, half, strict) == Decision(taken: 2, socketOf: 1, next: .become(2)))
    }

    @Test func `the other half may be on an interface that we do not know`() {
        #expect(decide(half, Entry(isPaired: true)) == Decision(taken: 2, socketOf: 1, next: .requestURI))
    }

    @Test func `two entries of ours that are no pair go one at a time`() {
        #expect(decide(mine, mine, proxy) == Decision(taken: 1, next: .follow(1)))
        #expect(decide(half, half, pairs: false) == Decision(taken: 1, next: .follow(1)))
    }

    @Test func `half a pair alone is like any entry of ours`() {
        #expect(decide(half) == Decision(taken: 1, next: .requestURI))
        #expect(decide(half, proxy) == Decision(taken: 1, next: .follow(1)))
    }

    @Test func `a single entry names the socket when that is asked for`() {
        #expect(decide(mine, proxy, always: true) == Decision(taken: 1, socketOf: 0, next: .follow(1)))
    }

    @Test func `after a strict router the last entry is the Request-URI again`() {
        #expect(decide(proxy, strict, uri: mine) == Decision(taken: 0, next: .restore(0)))
    }

    @Test func `between two strict routers the next entry replaces the Request-URI`() {
        #expect(decide(strict, strict, uri: mine) == Decision(taken: 0, next: .replace(0)))
        #expect(decide(strict, uri: mine) == Decision(taken: 0, next: .replace(0)))
    }

    @Test func `a pair whose first half a strict router moved is one still`() {
        #expect(decide(half, proxy, uri: half) == Decision(taken: 1, socketOf: 0, next: .restore(1)))
        #expect(decide(half, uri: half) == Decision(taken: 1, socketOf: 0, next: .requestURI))
    }

    @Test func `outside a dialog nobody moved our entry into the Request-URI`() {
        #expect(decide(proxy, strict, uri: mine, inDialog: false) == Decision(taken: 0, next: .follow(0)))
    }

    @Test func `strict routers behind us can be left out of account`() {
        #expect(
            decide(proxy, strict, uri: mine, looksForStrict: false) == Decision(taken: 0, next: .follow(0)))
    }
}

@Suite struct DirectionTests {
    @Test func `the one whose tag is in our Route goes downstream`() {
        #expect(direction("a", from: "a") == .downstream)
        #expect(direction("a", from: "b") == .upstream)
    }

    @Test func `without a tag the guess is downstream`() {
        #expect(direction(nil, from: "b") == .downstream)
        #expect(direction("", from: "b") == .downstream)
    }

    @Test func `tags have cases`() {
        #expect(direction("a", from: "A") == .upstream)
    }

    @Test func `directions have two names and no others`() {
        #expect(direction(named: "upstream") == .upstream)
        #expect(direction(named: "Downstream") == .downstream)
        #expect(direction(named: "up") == nil)
    }
}

@Suite struct HostPortTests {
    private func parts(_ text: StaticString) -> (String, Int) {
        let place = HostPort(Text(text))
        return (String(Text(unchecked: place.host)), place.port)
    }

    @Test func `host and port are told apart`() {
        #expect(parts("192.0.2.1:5062") == ("192.0.2.1", 5062))
        #expect(parts("proxy.example.com") == ("proxy.example.com", 0))
        #expect(parts("[2001:db8::1]:5060") == ("2001:db8::1", 5060))
        #expect(parts("[2001:db8::1]") == ("2001:db8::1", 0))
        #expect(parts("2001:db8::1") == ("2001:db8::1", 0))
    }

    @Test func `a port that is not written is the default one`() {
        #expect(names("192.0.2.1:5060", "192.0.2.1", 0, otherwise: 5060))
        #expect(!names("192.0.2.1:5060", "192.0.2.1", 0, otherwise: 5061))
        #expect(!names("192.0.2.1:5060", "192.0.2.2", 5060, otherwise: 5060))
        #expect(names("Edge.Example.com", "edge.example.COM", 5060, otherwise: 5060))
        #expect(names("[::1]:5060", "[::1]", 5060, otherwise: 5060))
    }
}
