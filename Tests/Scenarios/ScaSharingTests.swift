// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Two servers that have one database, of each kind.
final class LinePair {
    let database: SharedDatabase
    private(set) var one: Server!
    private(set) var two: Server!

    init(_ kind: SharedDatabase.Kind, workers: Int = 1) throws {
        database = try SharedDatabase(kind)
        one = try sharedLineServer(database, 1, workers: workers)
        two = try sharedLineServer(database, 2, workers: workers)
    }

    /// It comes back, at another port.
    func restart() throws { one = try sharedLineServer(database, 1) }

    /// A telephone that subscribes at one of them.
    func phone(_ server: Server, subscribes: Bool = true, aor: String = DeskPhone.line) throws -> DeskPhone {
        let phone = try DeskPhone(server, aor: aor)
        if subscribes {
            try phone.subscribe()
            try phone.hears("idle")
        }
        return phone
    }

    /// Until one of them shows that of its lines.
    func waits(_ server: Server, _ command: String, _ wanted: ([String]) -> Bool) throws -> [String] {
        let end = Date() + Server.patience
        var shown: [String] = []
        repeat { shown = try server.sca(command) } while !wanted(shown) && Date() < end
        return shown
    }
}

extension DeskPhone {
    /// Does not wait for its answer.
    fileprivate func sendSeizure(_ index: Int) {
        let request = request(
            "SUBSCRIBE", aor, "Event: line-seize", "Expires: 15",
            "Call-Info: <sip:\(domain)>;appearance-index=\(index)")
        client.send(request, to: server.udp)
    }
}

@Suite(.serialized) struct ScaSharingScenarioTests {
    @Test(arguments: SharedDatabase.Kind.allCases)
    func `a line that is seized at one server is busy at the other`(_ kind: SharedDatabase.Kind)
        throws
    {
        guard kind.isThere else { return }
        let pair = try LinePair(kind)
        let a = try pair.phone(pair.one)
        let b = try pair.phone(pair.two)
        #expect(try a.seize("2").status == 200)
        try b.hears("2 seized")
        let lost = try b.seize("2")
        #expect(lost.status == 480 && lost["Retry-After"] == "1")
        #expect(try b.seize("*").status == 200)
        try a.hears("1 seized, 2 seized")
        #expect(try pair.one.sca("sca.release_appearance", DeskPhone.line, "1").count == 1)
        try b.hears("2 seized")
        try b.hears("1", "line-seize", state: "terminated;reason=noresource")
        _ = try pair.two.sca("sca.release_appearance", DeskPhone.line, "2")
        try a.hears("idle")
        try b.hears("idle")
        // Both at once, again and again: one gets it, and both show whose it is.
        for round in 3..<23 {
            a.sendSeizure(round)
            b.sendSeizure(round)
            let answers = [try a.answer(), try b.answer()]
            #expect(Set(answers.map(\.status)) == [200, 480], "\(answers)")
            try a.hears("\(round) seized")
            try b.hears("\(round) seized")
            // But when: the second may have changed on its way.
            let shown = try [pair.one, pair.two].map { server in
                let words = try (server?.sca("sca.all_appearances").last ?? "").split(separator: " ")
                return (words.prefix(3) + words.dropFirst(4)).joined(separator: " ")
            }
            let winner = answers[0].status == 200 ? a : b
            #expect(shown[0] == shown[1] && shown[0].contains(winner.contact), "\(shown)")
            let server = try #require(round % 2 == 0 ? pair.one : pair.two)
            _ = try server.sca("sca.release_appearance", DeskPhone.line, "\(round)")
            try a.hears("idle")
            try b.hears("idle")
        }
        for server in [pair.one, pair.two] {
            #expect(server?.stop() == 0)
            #expect(server?.complaints == [], "\(server?.log ?? "")")
        }
    }

    @Test(arguments: SharedDatabase.Kind.allCases)
    func `a call goes by way of either server`(_ kind: SharedDatabase.Kind) throws {
        guard kind.isThere else { return }
        let pair = try LinePair(kind)
        let a = try pair.phone(pair.one)
        let b = try pair.phone(pair.two)
        let carol = try pair.phone(pair.two, subscribes: false, aor: "sip:carol@far.example")
        try a.seize("1")
        try b.hears("1 seized")
        // Its telephone dials by the other one.
        a.move(to: pair.two)
        let call = a.call(carol.contact, index: "1", to: "<sip:carol@far.example>")
        call.send()
        let invite = try carol.receive("INVITE")
        carol.reply(180, to: invite)
        try b.hears("1 progressing")
        try a.hears("1 progressing")
        try a.hears("1", "line-seize", state: "terminated;reason=noresource")
        carol.reply(200, to: invite)
        call.connected(try a.receive("200"))
        _ = try carol.receive("ACK")
        try a.hears("1 active")
        try b.hears("1 active")
        try call.reinvite(carol, index: "1", body: DeskPhone.holding)
        try a.hears("1 held")
        try b.hears("1 held")
        // It is picked up at the server that has not seen it.
        let d = try pair.phone(pair.one, subscribes: false)
        let picks = d.call(DeskPhone.line, index: "1")
        picks.send()
        carol.move(to: pair.one)
        let replacing = try carol.receive("INVITE")
        #expect(replacing["Replaces"]?.hasPrefix(call.invite.callID) == true)
        carol.reply(200, to: replacing)
        picks.connected(try d.receive("200"))
        _ = try carol.receive("ACK")
        try b.hears("1 active")
        try picks.hangUp(carol)
        try a.hears("idle")
        try b.hears("idle")
        // Two calls come in at once, one at each.
        let (x, y) = (
            try pair.phone(pair.one, subscribes: false, aor: "sip:x@far.example"),
            try pair.phone(pair.two, subscribes: false, aor: "sip:y@far.example")
        )
        a.move(to: pair.one)
        x.call(a.contact, to: "<\(DeskPhone.line)>").send()
        y.call(b.contact, to: "<\(DeskPhone.line)>").send()
        let calls = [try a.receive("INVITE"), try b.receive("INVITE")]
        a.reply(180, to: calls[0])
        b.reply(180, to: calls[1])
        try a.hears("1 alerting, 2 alerting")
        try b.hears("1 alerting, 2 alerting")
        a.reply(486, to: calls[0])
        b.reply(486, to: calls[1])
        try a.hears("idle")
        try b.hears("idle")
        for server in [pair.one, pair.two] { #expect(server?.complaints == [], "\(server?.log ?? "")") }
    }

    @Test(arguments: SharedDatabase.Kind.allCases)
    func `when a server dies the other one goes on for its telephones and lines`(
        _ kind: SharedDatabase.Kind
    )
        throws
    {
        guard kind.isThere else { return }
        let pair = try LinePair(kind)
        let a = try pair.phone(pair.one)
        let b = try pair.phone(pair.two)
        let carol = try pair.phone(pair.one, subscribes: false, aor: "sip:carol@far.example")
        // 1 is in a call, 2 rings at the far end, 3 is seized.
        let call = a.call(carol.contact, index: "1", to: "<sip:carol@far.example>")
        call.send()
        let invite = try carol.receive("INVITE")
        carol.reply(200, to: invite)
        call.connected(try a.receive("200"))
        _ = try carol.receive("ACK")
        a.call(carol.contact, index: "2", to: "<sip:carol@far.example>").send()
        carol.reply(180, to: try carol.receive("INVITE"))
        try b.hears("1 active, 2 progressing")
        try a.seize("3", expires: 10)
        try b.hears("1 active, 2 progressing, 3 seized")
        a.listen()
        pair.one.kill()
        a.move(to: pair.two)
        carol.move(to: pair.two)
        try b.hears("1 active, 3 seized")
        let notice = try a.hears("1 active, 3 seized")
        #expect(notice["Subscription-State"]?.hasPrefix("active;expires=3") == true)
        #expect(pair.two.logs("server 1 is silent"))
        // Its subscription goes on there, in the dialog that it has.
        #expect(try a.subscribe(expires: 600)["Expires"] == "600")
        try a.hears("1 active, 3 seized", state: "active;expires=600")
        try a.hears("3", "line-seize", state: "terminated;reason=timeout")
        try b.hears("1 active")
        // The BYE comes to whom lives.
        let bye = call.inside("BYE").with { $0.lines.removeAll { $0.hasPrefix("Route:") } }
        a.client.send(bye, to: pair.two.udp)
        carol.reply(200, to: try carol.receive("BYE"))
        try b.hears("idle")
        // It comes back, and has what it gets from now on.
        try pair.restart()
        #expect(try pair.waits(pair.two, "sca.all_subscriptions") { $0.count == 2 }.count == 2)
        #expect(try pair.one.sca("sca.all_subscriptions") == [])
        let c = try pair.phone(pair.one)
        try c.seize("4")
        try a.hears("4 seized")
        try b.hears("4 seized")
        #expect(try b.seize("4").status == 480)
    }

    @Test(arguments: SharedDatabase.Kind.allCases)
    func `subscriptions of a dead server are taken over though they cannot be read at first`(
        _ kind: SharedDatabase.Kind
    ) throws {
        guard kind.isThere else { return }
        let pair = try LinePair(kind)
        let a = try pair.phone(pair.one)
        try pair.database.query("ALTER TABLE sca_subscriptions RENAME TO away")
        pair.one.kill()
        #expect(pair.two.logs("server 1 is silent"))
        #expect(pair.two.logs("table sca_subscriptions: "))
        try pair.database.query("ALTER TABLE away RENAME TO sca_subscriptions")
        a.move(to: pair.two)
        try a.hears("idle")
        #expect(pair.two.logs("1 subscriptions of server 1 are ours"))
    }

    @Test(arguments: SharedDatabase.Kind.allCases)
    func `a server that was taken for dead lets go of what went to the other`(
        _ kind: SharedDatabase.Kind
    )
        throws
    {
        guard kind.isThere else { return }
        let pair = try LinePair(kind)
        let a = try pair.phone(pair.one)
        let b = try pair.phone(pair.two)
        pair.one.signal(SIGSTOP)
        #expect(pair.two.logs("server 1 is silent"))
        a.move(to: pair.two)
        try a.hears("idle")
        try b.seize("1")
        try a.hears("1 seized")
        pair.one.signal(SIGCONT)
        #expect(pair.one.logs("took server 1 for dead"))
        #expect(try pair.waits(pair.one, "sca.all_subscriptions") { $0.isEmpty } == [])
        #expect(try pair.waits(pair.one, "sca.all_appearances") { $0.count == 1 }.count == 1)
        // Each is told once of what happens, by one of them.
        let c = try pair.phone(pair.one, subscribes: false)
        try c.subscribe()
        try c.hears("1 seized")
        try c.seize("2")
        try a.hears("1 seized, 2 seized")
        #expect(try pair.two.sca("sca.all_subscriptions").count == 3)
        #expect(try pair.one.sca("sca.all_subscriptions").count == 2)
    }

    @Test func `a line is shared at servers that none of its telephones subscribes at`() throws {
        let pair = try LinePair(.sqlite)
        let b = try pair.phone(pair.two)
        let a = try pair.phone(pair.one, subscribes: false)
        try pair.one.comes { try pair.one.statistic("sca.lines") == 1 }
        let x = try pair.phone(pair.one, subscribes: false, aor: "sip:x@far.example")
        x.call(a.contact, to: "<\(DeskPhone.line)>").send()
        let invite = try a.receive("INVITE")
        a.reply(180, to: invite)
        try b.hears("1 alerting")
        a.reply(486, to: invite)
        try b.hears("idle")
    }

    @Test func `sharing needs a database`() throws {
        let refused = #expect(throws: (any Error).self) {
            try scaServer("modparam(\"sca\", \"share_interval\", 50)")
        }
        #expect("\(refused as Any)".contains("share_interval needs a database"))
    }
}
