// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Telephones that refresh a subscription at another server than the one that has it, and both live (manual of sca,
/// "Several servers").
@Suite(.serialized) struct ScaMovingTests {
    @Test(arguments: SharedDatabase.Kind.allCases)
    func `a subscription goes along when its telephone refreshes it at another server`(
        _ kind: SharedDatabase.Kind
    ) throws {
        guard kind.isThere else { return }
        let pair = try LinePair(kind)
        let a = try DeskPhone(pair.one)
        try a.subscribe()
        var last = try a.hears("idle")
        let b = try pair.phone(pair.two)
        for (round, server) in [pair.two, pair.one, pair.two].enumerated() {
            let server = try #require(server)
            let other = try #require(server === pair.one ? pair.two : pair.one)
            let count = try other.sca("sca.all_subscriptions").count
            a.move(to: server)
            #expect(try a.subscribe(expires: 600 + round)["Expires"] == "\(600 + round)")
            let notice = try a.hears("idle", state: "active;expires=\(600 + round)")
            // RFC 3261, 12.2.1.1: the same dialog, and CSeqs that rise.
            for name in ["Call-ID", "From", "To"] { #expect(notice[name] == last[name]) }
            #expect(Self.sequence(notice) > Self.sequence(last))
            #expect(
                try pair.waits(other, "sca.all_subscriptions") { $0.count < count }.count == count - 1)
            // One of them tells it what happens from now on, and nobody has told it of an end.
            try b.seize("1")
            last = try a.hears("1 seized")
            #expect(last["Via"]?.contains(":\(server.udp.port);") == true)
            #expect(try pair.waits(other, "sca.all_appearances") { $0.count == 1 }.count == 1)
            _ = try other.sca("sca.release_appearance", DeskPhone.line, "1")
            last = try a.hears("idle")
            try b.hears("idle")
        }
        #expect(!a.heard.contains { $0["Subscription-State"]?.hasPrefix("terminated") == true })
        // It ends anywhere, and is nobody's then.
        a.move(to: pair.one)
        #expect(try a.subscribe(expires: 0)["Expires"] == "0")
        try a.hears("idle", state: "terminated")
        #expect(try pair.waits(pair.two, "sca.all_subscriptions") { $0.count == 1 }.count == 1)
        #expect(try pair.one.sca("sca.all_subscriptions") == [])
        let end = Date() + Server.patience
        while try pair.database.query("SELECT COUNT(*) FROM sca_subscriptions") != "1", Date() < end {}
        #expect(try pair.database.query("SELECT server_id FROM sca_subscriptions") == "2")
        for server in [pair.one, pair.two] { #expect(server?.complaints == [], "\(server?.log ?? "")") }
    }

    private static func sequence(_ packet: Packet) -> Int {
        Int((packet["CSeq"] ?? "").prefix { $0 != " " }) ?? 0
    }

    @Test(arguments: SharedDatabase.Kind.allCases)
    func `what was seized at one server is given back at the other`(_ kind: SharedDatabase.Kind)
        throws
    {
        guard kind.isThere else { return }
        let pair = try LinePair(kind)
        let a = try pair.phone(pair.one)
        let b = try pair.phone(pair.two)
        try a.seize("1")
        try b.hears("1 seized")
        a.move(to: pair.two)
        #expect(try a.subscribe("line-seize", expires: 0).status == 200)
        try b.hears("idle")
        try a.hears("1", "line-seize", state: "terminated")
        #expect(try pair.waits(pair.one, "sca.all_subscriptions") { $0.count == 1 }.count == 1)
        #expect(try pair.waits(pair.one, "sca.all_appearances") { $0.isEmpty } == [])
        // A dialog that nobody has, and one whose CSeq is old, are what they were.
        let stranger = a.request("SUBSCRIBE", a.aor, "Event: call-info").with { $0.to += ";tag=nobody" }
        #expect(try a.ask(stranger).status == 481)
    }

    @Test func `a server goes on for what its telephone took to it, and no more for what it took away`()
        throws
    {
        let pair = try LinePair(.sqlite)
        let a = try pair.phone(pair.one)
        let b = try pair.phone(pair.one)
        a.move(to: pair.two)
        try a.subscribe(expires: 600)
        try a.hears("idle", state: "active;expires=600")
        #expect(try pair.waits(pair.one, "sca.all_subscriptions") { $0.count == 1 }.count == 1)
        b.move(to: pair.two)
        pair.one.kill()
        #expect(pair.two.logs("1 subscriptions of server 1 are ours"))
        try b.hears("idle")
        try b.seize("1")
        try a.hears("1 seized")
        #expect(try pair.two.sca("sca.all_subscriptions").count == 3)
    }

    @Test(arguments: SharedDatabase.Kind.allCases)
    func `many telephones move at once, and each SUBSCRIBE comes by three ways`(_ kind: SharedDatabase.Kind)
        throws
    {
        guard kind.isThere else { return }
        let pair = try LinePair(kind, workers: 3)
        let phones = try (0..<12).map { try pair.phone(pair.one, aor: "sip:line\($0 / 4)@sca.example") }
        for server in [pair.two, pair.one, pair.two] {
            let server = try #require(server)
            let other = try #require(server === pair.one ? pair.two : pair.one)
            for phone in phones {
                phone.move(to: server)
                #expect(try phone.subscribe(expires: 900, copies: 3).status == 202)
                for _ in 0..<2 { #expect(try phone.answer().status == 202) }
                try phone.hears("idle", state: "active;expires=900")
            }
            #expect(try pair.waits(other, "sca.all_subscriptions") { $0.isEmpty } == [])
            #expect(try server.sca("sca.all_subscriptions").count == 12)
        }
        let rows = "SELECT COUNT(*) FROM sca_subscriptions WHERE server_id = 2"
        #expect(try pair.database.query(rows) == "12")
        for phone in phones { phone.listen() }
        for line in 0..<3 {
            try phones[line * 4].seize("1")
            for phone in phones[line * 4..<line * 4 + 4] { try phone.hears("1 seized") }
        }
        for server in [pair.one, pair.two] { #expect(server?.complaints == [], "\(server?.log ?? "")") }
    }
}
