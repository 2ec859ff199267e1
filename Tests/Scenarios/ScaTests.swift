// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Lines that telephones share (manual of sca; BroadWorks access-side extensions).
@Suite struct ScaTests {
    @Test func `who subscribes is told how the line is, each with his own time`() throws {
        let server = try scaServer()
        let a = try DeskPhone(server)
        let b = try DeskPhone(server)
        let reply = try a.subscribe(expires: 600)
        #expect(reply.status == 202)
        #expect(reply["Event"] == "call-info" && reply["Expires"] == "600")
        #expect(reply["Contact"] == DeskPhone.line)
        #expect(reply["Allow-Events"] == "call-info, line-seize")
        let notice = try a.hears("idle")
        #expect(notice.uri == a.contact)
        #expect(notice["Call-Info"] == "<sip:sca.example>;appearance-index=*;appearance-state=idle")
        #expect(notice["Subscription-State"] == "active;expires=600")
        #expect(notice["From"] == "<\(DeskPhone.line)>;tag=\(reply.tag("To") ?? "")")
        #expect(notice["To"] == "<\(DeskPhone.line)>;tag=\(reply.tag("From") ?? "")")
        #expect(notice["CSeq"] == "1 NOTIFY" && notice["Content-Length"] == "0")
        #expect(try b.subscribe(expires: nil)["Expires"] == "3600")
        try b.hears("idle", state: "active;expires=3600")
        #expect(try server.sca("sca.subscription_count", "call-info") == ["2 call-info"])
        #expect(try server.statistic("sca.subscriptions") == 2)
        // Who leaves is told, and nobody else.
        #expect(try a.subscribe(expires: 0)["Expires"] == "0")
        try a.hears("idle", state: "terminated")
        try b.seize("1")
        try b.hears("1 seized", state: "active")
        a.listen()
        #expect(a.heard.isEmpty)
        #expect(server.complaints == [])
    }

    @Test(arguments: [
        (["Event: presence"], 400, "Bad Event"),
        ([], 400, "Missing Event"),
        (["Event: line-seize"], 400, "Bad Request - missing Call-Info header"),
        (["Event: line-seize", "Call-Info: sip:x"], 400, "Bad Request - Invalid Call-Info header"),
        (
            ["Event: line-seize", "Call-Info: <sip:x>;appearance-index=x"], 400,
            "Bad Request - Invalid Call-Info header"
        ),
        (["Event: call-info", "Expires: soon"], 400, "Bad Shared Call Appearance Request"),
        (["Event: call-info", "Expires: -1"], 400, "Bad Shared Call Appearance Request"),
    ])
    func `what cannot be read is refused`(lines: [String], status: Int, reason: String) throws {
        let server = try scaServer()
        let a = try DeskPhone(server)
        let request = a.request("SUBSCRIBE", DeskPhone.line).with { $0.lines += lines }
        let reply = try a.ask(request)
        #expect(reply.status == status && reply.reason == reason)
        #expect(try server.sca("sca.all_subscriptions") == [])
    }

    @Test func `a subscription that nobody knows is 481, and a copy gets the same answer`() throws {
        let server = try scaServer()
        let a = try DeskPhone(server)
        let stray = a.request("SUBSCRIBE", DeskPhone.line, "Event: call-info").with { $0.to += ";tag=x" }
        let reply = try a.ask(stray)
        #expect(reply.status == 481 && reply.reason == "Call Leg/Transaction Does Not Exist")
        let request = a.request("SUBSCRIBE", DeskPhone.line, "Event: call-info")
        let first = try a.ask(request)
        let second = try a.ask(request)
        #expect(first["To"] == second["To"] && second.status == 202)
        #expect(try server.sca("sca.all_subscriptions").count == 1)
    }

    @Test func `of two who seize one line one wins, and everybody sees it`() throws {
        let server = try scaServer()
        let a = try DeskPhone(server)
        let b = try DeskPhone(server)
        for phone in [a, b] {
            try phone.subscribe()
            try phone.hears("idle")
        }
        let won = try a.seize("2")
        #expect(won.status == 200 && won["Expires"] == "15")
        #expect(try a.hears("2", "line-seize")["Call-Info"] == "<sip:sca.example>;appearance-index=2")
        let lost = try b.seize("2")
        #expect(lost.status == 480 && lost["Retry-After"] == "1")
        for phone in [a, b] {
            #expect(
                try phone.hears("2 seized")["Call-Info"]
                    == "<sip:sca.example>;appearance-index=2;appearance-state=seized,<sip:sca.example>;appearance-index=*;appearance-state=idle"
            )
        }
        // Whichever is free.
        #expect(try b.seize("*").status == 200)
        try a.hears("1 seized, 2 seized")
        let all = try server.sca("sca.all_appearances")
        #expect(all.count == 2 && all[1].hasPrefix("\(DeskPhone.line) 2 seized "))
        #expect(all[1].contains(" \(a.contact) "))
    }

    @Test func `a seizure ends after its seconds`() throws {
        let server = try scaServer("modparam(\"sca\", \"line_seize_max_expires\", 1)")
        let a = try DeskPhone(server)
        let b = try DeskPhone(server)
        try b.subscribe()
        #expect(try a.seize("1")["Expires"] == "1")
        try b.hears("1 seized")
        try b.hears("idle")
        try a.hears("1", "line-seize", state: "terminated;reason=timeout")
        #expect(try server.sca("sca.all_appearances") == [])
    }

    @Test func `a call that a telephone makes is seen by the others from its seizure to its BYE`() throws {
        let server = try scaServer()
        let a = try DeskPhone(server)
        let b = try DeskPhone(server)
        let carol = try DeskPhone(server, aor: "sip:carol@far.example")
        for phone in [a, b] { try phone.subscribe() }
        try a.seize("2")
        try b.hears("2 seized")
        let call = a.call(carol.contact, index: "2", to: "\"Carol\" <sip:carol@far.example>")
        call.send()
        let invite = try carol.receive("INVITE")
        #expect(invite["Call-Info"] == nil)
        try b.hears("2 seized")
        carol.reply(180, to: invite)
        try b.hears("2 progressing")
        try a.hears("2", "line-seize", state: "terminated;reason=noresource")
        carol.reply(200, to: invite)
        let ok = try a.receive("200")
        #expect(ok["P-Asserted-Identity"] == "\"Carol\" <sip:carol@far.example>")
        call.connected(ok)
        _ = try carol.receive("ACK")
        let active = try b.hears("2 active")
        #expect(active["Call-Info"]?.contains(";appearance-uri=\"Carol <sip:carol@far.example>\",") == true)
        try call.reinvite(carol, index: "2", body: DeskPhone.holding)
        try b.hears("2 held")
        try call.reinvite(carol, index: "2", body: DeskPhone.talking)
        try b.hears("2 active")
        // The far end hangs up, and says nothing of appearances.
        try DeskCall(carol, called: invite).hangUp(a)
        try b.hears("idle")
        #expect(server.complaints == [])
    }

    @Test func `members see that the line rings, and who has answered`() throws {
        let server = try scaServer()
        let a = try DeskPhone(server)
        let b = try DeskPhone(server)
        let carol = try DeskPhone(server, aor: "sip:carol@far.example")
        for phone in [a, b] { try phone.subscribe() }
        for hangsUp in ["caller", "callee"] {
            let call = carol.call(a.contact, to: "<\(DeskPhone.line)>")
            call.invite.from = "\"Carol\" \(call.invite.from)"
            call.send()
            let invite = try a.receive("INVITE")
            a.reply(180, to: invite)
            #expect(
                try b.hears("1 alerting")["Call-Info"]?.contains("\"Carol <sip:carol@far.example>\"") == true)
            a.reply(200, to: invite)
            call.connected(try carol.receive("200"))
            _ = try a.receive("ACK")
            try b.hears("1 active")
            let all = try server.sca("sca.all_appearances")
            #expect(all.count == 1 && all[0].contains(" \(a.contact) \(carol.contact) "))
            if hangsUp == "caller" {
                call.invite.from = ""
                try call.hangUp(a)
            } else {
                try DeskCall(a, called: invite).hangUp(carol)
            }
            try b.hears("idle")
        }
    }

    @Test(arguments: [486, 404, 503, 603]) func `a call that is refused leaves nothing behind`(status: Int)
        throws
    {
        let server = try scaServer()
        let a = try DeskPhone(server)
        let b = try DeskPhone(server)
        let carol = try DeskPhone(server, aor: "sip:carol@far.example")
        try b.subscribe()
        try a.seize("1")
        let call = a.call(carol.contact, index: "1")
        call.send()
        let invite = try carol.receive("INVITE")
        carol.reply(180, to: invite)
        try b.hears("1 progressing")
        carol.reply(status, to: invite)
        // A 503 is not passed on as such (RFC 3261, 16.7).
        let reply = try a.answer()
        #expect(reply.status == (status == 503 ? 500 : status))
        call.acknowledge(refusal: reply)
        try b.hears("idle")
    }

    @Test func `a call that nobody answers, and one that is cancelled, leave nothing behind`() throws {
        let server = try scaServer("modparam(\"tm\", \"fr_inv_timer\", 800)")
        let a = try DeskPhone(server)
        let b = try DeskPhone(server)
        let carol = try DeskPhone(server, aor: "sip:carol@far.example")
        try b.subscribe()
        let late = a.call(carol.contact, index: "1")
        late.send()
        carol.reply(180, to: try carol.receive("INVITE"))
        try b.hears("1 progressing")
        late.acknowledge(refusal: try a.receive("408"))
        try b.hears("idle")
        // Cancelled by the caller, and by him who calls the line.
        let given = a.call(carol.contact, index: "3")
        given.send()
        carol.reply(180, to: try carol.receive("INVITE"))
        try b.hears("3 progressing")
        a.client.send(given.invite.follower("CANCEL"), to: server.udp)
        try b.hears("idle")
        let incoming = carol.call(a.contact, to: "<\(DeskPhone.line)>")
        incoming.send()
        a.reply(180, to: try a.receive("INVITE"))
        try b.hears("1 alerting")
        carol.client.send(incoming.invite.follower("CANCEL"), to: server.udp)
        try b.hears("idle")
        #expect(try server.sca("sca.all_appearances") == [])
    }
}

/// Held calls that another telephone takes (manual of sca, "Retrieving a held call").
@Suite struct ScaPickUpTests {
    /// A call of `a` to carol that is held, with the INVITE as carol got it.
    private func hold(_ server: Server, _ a: DeskPhone, _ carol: DeskPhone, private isPrivate: Bool = false)
        throws
        -> (call: DeskCall, invite: Packet)
    {
        let call = a.call(carol.contact, index: "2", to: "\"Carol\" <sip:carol@far.example>")
        call.send()
        let invite = try carol.receive("INVITE")
        carol.reply(200, to: invite)
        call.connected(try a.receive("200"))
        _ = try carol.receive("ACK")
        let state = isPrivate ? ";appearance-state=held-private" : ""
        try call.reinvite(carol, index: "2\(state)", body: DeskPhone.holding)
        return (call, invite)
    }

    @Test func `it takes the call, which replaces the old one (RFC 3891), whose BYE does not disturb it`()
        throws
    {
        let server = try scaServer()
        let a = try DeskPhone(server)
        let b = try DeskPhone(server)
        let carol = try DeskPhone(server, aor: "sip:carol@far.example")
        for phone in [a, b] { try phone.subscribe() }
        let (old, invite) = try hold(server, a, carol)
        try b.hears("2 held")
        let new = b.call(DeskPhone.line, index: "2")
        new.send()
        let received = try carol.receive("INVITE")
        #expect(received.uri == carol.contact)
        let tags = (old: invite.tag("From") ?? "", far: "t\(carol.client.port)")
        #expect(received["Replaces"] == "\(old.invite.callID);to-tag=\(tags.far);from-tag=\(tags.old)")
        try a.hears("2 active")
        carol.reply(200, to: received)
        new.connected(try b.receive("200"))
        _ = try carol.receive("ACK")
        #expect(
            try server.sca("sca.show_appearance", DeskPhone.line, "2")[0].contains(
                " \(b.contact) \(carol.contact) "))
        #expect(try server.sca("sca.all_appearances").count == 1)
        try DeskCall(carol, called: invite).hangUp(a)
        // It can be held by its new owner.
        try new.reinvite(carol, index: "2", body: DeskPhone.holding)
        try a.hears("2 held")
        try new.hangUp(carol)
        try a.hears("idle")
        #expect(try server.statistic("sca.retrievals") == 1)
    }

    @Test func `when the far end does not want that, its holder has the call again`() throws {
        let server = try scaServer()
        let a = try DeskPhone(server)
        let b = try DeskPhone(server)
        let carol = try DeskPhone(server, aor: "sip:carol@far.example")
        try a.subscribe()
        let (old, _) = try hold(server, a, carol)
        try a.hears("2 held")
        let new = b.call(DeskPhone.line, index: "2")
        new.send()
        let received = try carol.receive("INVITE")
        try a.hears("2 active")
        carol.reply(486, to: received)
        new.acknowledge(refusal: try b.receive("486"))
        try a.hears("2 held")
        #expect(
            try server.sca("sca.all_appearances")[0].contains(
                " \(a.contact) \(carol.contact) \(old.invite.callID) "))
        try old.hangUp(carol)
        try a.hears("idle")
    }

    @Test func `a private hold is its holder's: others get 403`() throws {
        let server = try scaServer()
        let a = try DeskPhone(server)
        let b = try DeskPhone(server)
        let carol = try DeskPhone(server, aor: "sip:carol@far.example")
        try b.subscribe()
        _ = try hold(server, a, carol, private: true)
        try b.hears("2 held-private")
        let other = b.call(DeskPhone.line, index: "2")
        other.send()
        let refusal = try b.answer()
        #expect(refusal.status == 403 && refusal.reason == "Forbidden - private call")
        other.acknowledge(refusal: refusal)
        #expect(try server.sca("sca.all_appearances")[0].hasPrefix("\(DeskPhone.line) 2 held-private "))
        // He himself may.
        let own = a.call(DeskPhone.line, index: "2")
        own.send()
        #expect(try carol.receive("INVITE")["Replaces"] != nil)
    }

    @Test func `of two who want it one gets it`() throws {
        let server = try scaServer()
        let a = try DeskPhone(server)
        let b = try DeskPhone(server)
        let c = try DeskPhone(server)
        let carol = try DeskPhone(server, aor: "sip:carol@far.example")
        _ = try c.subscribe()
        _ = try hold(server, a, carol)
        let first = b.call(DeskPhone.line, index: "2")
        first.send()
        _ = try carol.receive("INVITE")
        let second = c.call(DeskPhone.line, index: "2")
        second.send()
        #expect(try c.answer().status == 480)
    }
}

/// What is written is there again.
@Suite struct ScaStorageTests {
    private func server(_ database: Database, _ more: String = "") throws -> Server {
        try scaServer(
            "modparam(\"sca\", \"db_url\", \"\(database.url)\")\n\(more)", plugins: [database.kind.plugin])
    }

    @Test(arguments: Database.Kind.allCases)
    func `after kill -9 every telephone is told how its line is, and calls go on`(_ kind: Database.Kind)
        throws
    {
        guard let database = try Database(kind) else { return }
        let first = try server(database)
        let a = try DeskPhone(first)
        let b = try DeskPhone(first)
        let carol = try DeskPhone(first, aor: "sip:carol@far.example")
        for phone in [a, b] { try phone.subscribe() }
        let call = a.call(carol.contact, index: "1", to: "\"Carol\" <sip:carol@far.example>")
        call.send()
        let invite = try carol.receive("INVITE")
        carol.reply(200, to: invite)
        call.connected(try a.receive("200"))
        _ = try carol.receive("ACK")
        let before = try b.hears("1 active")
        try b.seize("4")
        try a.hears("1 active, 4 seized")
        first.kill()

        let second = try server(database)
        for phone in [a, b, carol] { phone.move(to: second) }
        try a.hears("1 active, 4 seized")
        let after = try b.hears("1 active, 4 seized")
        #expect(
            after["Call-ID"] == before["Call-ID"] && after["From"] == before["From"]
                && after["To"] == before["To"])
        func number(_ packet: Packet) -> Int { Int(packet["CSeq"]?.prefix { $0 != " " } ?? "") ?? 0 }
        #expect(number(after) > number(before))
        #expect(after["Call-Info"]?.contains("Carol <sip:carol@far.example>") == true)
        // Its subscription can be refreshed, and the call can be ended.
        #expect(try b.subscribe(expires: 900)["Expires"] == "900")
        var bye = call.inside("BYE")
        bye.lines = bye.lines.map { $0.replacingOccurrences(of: first.udp.text, with: second.udp.text) }
        a.client.send(bye, to: second.udp)
        carol.reply(200, to: try carol.receive("BYE"))
        _ = try a.receive("200")
        try b.hears("4 seized")
    }

    @Test(arguments: Database.Kind.allCases)
    func `rows are as others write them, and theirs are read`(_ kind: Database.Kind) throws {
        guard let database = try Database(kind) else { return }
        let first = try server(database)
        let a = try DeskPhone(first)
        try a.subscribe(expires: 1000)
        try a.hears("idle")
        #expect(
            try database.query(
                "select subscriber, aor, event, state, app_idx, server_id, subscribe_cseq from sca_subscriptions"
            )
                == "\(a.contact)|\(DeskPhone.line)|1|0|0|0|2")
        #expect(
            try database.query("select table_version from version where table_name = 'sca_subscriptions'")
                == "2"
        )
        first.stop()
        let next = try database.query("select notify_cseq from sca_subscriptions")
        #expect(next == "2")
        let b = try Client()
        let expires = Int(Date().timeIntervalSince1970) + 500
        try database.query(
            """
            insert into sca_subscriptions (subscriber, aor, event, expires, state, app_idx, call_id, from_tag, to_tag, \
            record_route, notify_cseq, subscribe_cseq, server_id) values ('sip:desk@\(b.text)', '\(DeskPhone.line)', 1, \
            \(expires), 0, 0, 'theirs', 'ft', 'tt', null, 7, 3, 0)
            """)
        let second = try server(database)
        let notice = try b.receive()
        b.send(Request.reply(200, "OK", to: notice), to: second.udp)
        #expect(notice.method == "NOTIFY" && notice["Call-ID"] == "theirs")
        #expect(
            notice["From"] == "<\(DeskPhone.line)>;tag=tt" && notice["To"] == "<\(DeskPhone.line)>;tag=ft")
        #expect(notice["Subscription-State"]?.hasPrefix("active;expires=") == true)
        #expect(try second.sca("sca.all_subscriptions").count == 2)
    }

    @Test(arguments: [Database.Kind.mysql, .postgres])
    func `a database that hangs holds nobody up, and gets what it missed`(_ kind: Database.Kind) throws {
        guard let database = try Database(kind) else { return }
        let limit = kind == .mysql ? "\"timeout_interval\", 1" : "\"statement_timeout\", \"1s\""
        let first = try server(database, "modparam(\"\(kind.plugin)\", \(limit))")
        let a = try DeskPhone(first)
        let b = try DeskPhone(first)
        for phone in [a, b] { #expect(try phone.subscribe().status == 202) }
        try database.server?.pause()
        #expect(try b.seize("3").status == 200)
        try a.hears("3 seized")
        // What needs no database does not wait, neither before nor behind.
        #expect(try Client().ping(first.udp).status == 200)
        try database.server?.goOn()
        try first.comes { try database.query("select app_idx, state from sca_state") == "3|1" }
        #expect(try a.seize("3").status == 480)
    }

    @Test(arguments: Database.Kind.allCases)
    func `what happens while the database is away is caught up with`(_ kind: Database.Kind) throws {
        guard let database = try Database(kind) else { return }
        let first = try server(database)
        let a = try DeskPhone(first)
        let b = try DeskPhone(first)
        try a.subscribe()
        try a.hears("idle")
        let away = "alter table sca_subscriptions rename to a; alter table sca_state rename to b;"
        try database.query(away)
        #expect(try b.subscribe().status == 202)
        #expect(try b.seize("3").status == 200)
        try a.hears("3 seized")
        try database.query("alter table a rename to sca_subscriptions; alter table b rename to sca_state;")
        try first.comes {
            try database.query("select count(*) from sca_subscriptions") == "3"
                && database.query("select app_idx, state from sca_state") == "3|1"
        }
    }
}

/// What scripts, operators and other plugins have of it.
@Suite struct ScaCommandTests {
    @Test func `commands show lines, and change them, and everybody hears of it`() throws {
        let server = try scaServer()
        let a = try DeskPhone(server)
        try a.subscribe()
        try a.hears("idle")
        let place = "desk \(a.client.text)"
        #expect(try server.sca("sca.all_subscriptions")[0].hasPrefix("\(place) call-info 3"))
        #expect(try server.sca("sca.show_subscription", DeskPhone.line, "call-info", a.contact).count == 1)
        #expect(try server.sca("sca.show_subscription", DeskPhone.line, "line-seize") == [])
        #expect(try server.sca("sca.subscribers", DeskPhone.line) == ["\(a.contact) call-info"])
        let owner = "sip:desk@192.0.2.11"
        #expect(
            try server.sca("sca.seize_appearance", DeskPhone.line, owner)
                == ["Seized \(DeskPhone.line) appearance-index 1 for \(owner)"])
        try a.hears("1 seized")
        _ = try server.sca(
            "sca.update_appearance", DeskPhone.line, "1", "ringing", "Bob <sip:bob@example.net>")
        #expect(
            try a.hears("1 alerting")["Call-Info"]?.contains("\"Bob <sip:bob@example.net>\"") == true)
        let shown = try server.sca("sca.all_appearances")[0].components(separatedBy: " ")
        #expect(
            shown[..<3] == [DeskPhone.line, "1", "alerting"] && shown[4...] == [owner, "-", "-", "-", "-"])
        for (words, text) in [
            (["sca.update_appearance", DeskPhone.line, "1", "busy"], "busy: invalid state"),
            (
                ["sca.release_appearance", DeskPhone.line, "7"],
                "\(DeskPhone.line): appearance-index 7 is not in use"
            ),
            (["sca.release_appearance", "sip:nobody@x", "1"], "sip:nobody@x: no such line"),
            (
                ["sca.subscription_count", "presence"],
                "presence: no such event; there are call-info and line-seize"
            ),
            (["sca.reload_groups"], "groups_table is not set"),
        ] {
            let output = try martlet(["rpc", "-Y", server.runFolder] + words)
            #expect(output.status != 0 && output.err.contains(text), "\(output.err)\(output.out)")
        }
        _ = try server.sca("sca.release_appearance", DeskPhone.line, "1")
        try a.hears("idle")
        _ = try server.sca("sca.deactivate_all_subscriptions")
        try a.hears("idle", state: "terminated;reason=deactivated")
        try server.comes {
            try server.statistic("sca.lines") == 0 && server.statistic("sca.subscriptions") == 0
        }
    }

    @Test func `a script hears of each state, and sees it in requests of the call`() throws {
        let server = try scaServer(
            "",
            """
            event_route[sca:state-changed] {
                xlog("L_WARN", "CHANGE $sca(aor) $sca(index) $sca(before) $sca(state) $sca(callid)\\n");
            }
            """,
            initial: "if (is_method(\"INVITE\")) append_hf(\"X-Count: $sca(count)\\r\\n\");",
            update: "sca_call_info_update(); append_hf(\"X-State: $sca(state) $sca(index)\\r\\n\");")
        let a = try DeskPhone(server)
        let carol = try DeskPhone(server, aor: "sip:carol@far.example")
        try a.seize("3")
        let call = a.call(carol.contact, index: "3", to: "<\(DeskPhone.line)>")
        call.send()
        let invite = try carol.receive("INVITE")
        #expect(invite["X-Count"] == "1" && invite["X-State"] == "seized 3")
        carol.reply(200, to: invite)
        _ = try a.receive("200")
        #expect(server.logs("CHANGE \(DeskPhone.line) 3 idle seized <null>"))
        #expect(server.logs("CHANGE \(DeskPhone.line) 3 seized active \(call.invite.callID)"))
    }

    @Test func `a mask says which side may be a line, and arguments say which it is`() throws {
        let server = try scaServer(
            "modparam(\"sca\", \"from_uri_avp\", \"$avp(line)\")",
            initial: "$var(mask) = $(hdr(X-Mask){s.int});",
            update: """
                if ($hdr(X-Line) != $null) sca_call_info_update("0", "", "$hdr(X-Line)");
                else if ($hdr(X-Mask) == "2") { if (!sca_call_info_update("2")) append_hf("X-Shared: no\\r\\n"); }
                else sca_call_info_update();
                """)
        let a = try DeskPhone(server)
        let carol = try DeskPhone(server, aor: "sip:carol@far.example")
        try a.subscribe()
        try a.hears("idle")
        a.call(carol.contact, index: "1", "X-Mask: 2").send()
        #expect(try carol.receive("INVITE")["X-Shared"] == "no")
        #expect(try server.sca("sca.all_appearances") == [])
        let other = carol.call(a.contact, index: "1", to: "<sip:x@y>", "X-Line: \(DeskPhone.line)")
        other.send()
        let invite = try a.receive("INVITE")
        try a.hears("1 seized")
        a.reply(180, to: invite)
        try a.hears("1 progressing")
    }

    @Test func `the table says who may, and how many calls there are`() throws {
        let folder = try Scratch()
        let file = folder.file("groups.db")
        let text = """
            modparam("sca", "db_url", "sqlite://\(file)")
            modparam("sca", "groups_table", "sca_groups")
            modparam("sca", "groups_only", 1)
            """
        let server = try scaServer(text, plugins: ["db_sqlite"], in: folder)
        let a = try DeskPhone(server)
        let b = try DeskPhone(server, aor: "sip:hall@sca.example")
        #expect(try a.subscribe().status == 403)
        let rows = """
            insert into sca_groups (aor, member, maximum) values ('\(DeskPhone.line)', '\(a.contact)', 1), \
            ('sip:hall@sca.example', 'sip:nobody@sca.example', 0);
            """
        #expect(try run(["sqlite3", "-cmd", ".timeout 5000", file, rows]).status == 0)
        #expect(try server.sca("sca.reload_groups") == ["2 lines"])
        #expect(try a.subscribe().status == 202)
        #expect(try b.subscribe().status == 403)
        #expect(try a.seize("1").status == 200)
        #expect(try a.seize("2").status == 480)
        #expect(try server.statistic("sca.refused_members") == 2)
    }

    @Test func `a dialog that ends by itself releases its lines`() throws {
        let server = try scaServer(
            "modparam(\"dialog\", \"default_timeout\", 1)\nmodparam(\"dialog\", \"send_bye\", 1)",
            plugins: ["dialog"], initial: "if (is_method(\"INVITE\")) dlg_manage();")
        let a = try DeskPhone(server)
        let b = try DeskPhone(server)
        let carol = try DeskPhone(server, aor: "sip:carol@far.example")
        try b.subscribe()
        let call = a.call(carol.contact, index: "1")
        call.send()
        carol.reply(200, to: try carol.receive("INVITE"))
        call.connected(try a.receive("200"))
        try b.hears("1 active")
        // Nobody hangs up.
        try b.hears("idle")
    }

    @Test func `a parameter that cannot be is refused at the start`() throws {
        let folder = try Scratch()
        func check(_ line: String) throws -> String {
            let file = try folder.file(
                "a.cfg",
                with:
                    "loadmodule \"tm.so\"\nloadmodule \"sl.so\"\nloadmodule \"sca.so\"\n\(line)\nrequest_route { exit; }\n"
            )
            let output = try martlet("check", file)
            #expect(output.status == 1)
            return output.err
        }
        #expect(
            try check("modparam(\"sca\", \"groups_table\", \"sca_groups\")").contains(
                "groups_table needs a database"))
        #expect(try check("modparam(\"sca\", \"groups_only\", 1)").contains("groups_only needs groups_table"))
        #expect(
            try check("modparam(\"sca\", \"server_address\", \"proxy\")").contains(
                "server_address is no SIP URI: \"proxy\""))
        #expect(try check("modparam(\"sca\", \"onhold_bflag\", 32)").contains("onhold_bflag"))
    }
}
