// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

private let plugins = ["sl", "textops", "corex", "xlog", "pv", "ctl"]

/// One leg after the other: which replies count, and where the next leg goes.
@Suite struct TmLegTests {
    /// Bob refuses with the first status, then Carol with the second.
    private func answer(_ mode: Int, _ script: String = "", bob first: Int, carol second: Int) throws
        -> Packet
    {
        let server = try tmServer(
            """
            $avp(next) = $(hdr(X-Carol));
            $ru = $(hdr(X-Bob));
            t_on_failure("NEXT");
            t_relay();
            """,
            """
            failure_route[NEXT] {
                \(script)
                $ru = $avp(next);
                t_relay();
            }
            """, parameters: "modparam(\"tm\", \"failure_reply_mode\", \(mode))", plugins: plugins)
        let (alice, bob, carol) = (try Client(), try Client(), try Client())
        let invite = Request("INVITE", "sip:x@example.com", from: alice).with {
            $0.lines = ["X-Bob: sip:b@\(bob.text)", "X-Carol: sip:c@\(carol.text)"]
        }
        alice.send(invite, to: server.udp)
        bob.answer(first, "Bob", to: try bob.receive("INVITE"), server)
        carol.answer(second, "Carol", to: try carol.receive("INVITE"), server)
        while true {
            let reply = try alice.receive()
            if reply.status > 200 { return reply }
        }
    }

    @Test(arguments: [(0, "Bob"), (1, "Carol"), (2, "Carol"), (3, "Carol")])
    func `failure_reply_mode says whose refusal counts`(mode: Int, who: String) throws {
        // 404 ranks before 480, if it takes part.
        #expect(try answer(mode, bob: 404, carol: 480).reason == who)
    }

    @Test func `t_drop_replies goes before it`() throws {
        #expect(try answer(3, "t_drop_replies(\"n\");", bob: 404, carol: 480).reason == "Bob")
        #expect(try answer(0, "t_drop_replies();", bob: 404, carol: 480).reason == "Carol")
        #expect(try answer(0, "t_drop_replies(\"l\");", bob: 404, carol: 480).reason == "Carol")
    }

    @Test func `a script sees what became of the branch that failed`() throws {
        let server = try tmServer(
            "t_set_fr(0, 400); t_on_failure(\"F\"); t_relay();",
            """
            failure_route[F] {
                if (t_branch_timeout()) xlog("L_WARN", "timeout\\n");
                if (t_branch_replied()) xlog("L_WARN", "replied\\n");
                if (t_any_timeout() && !t_any_replied()) xlog("L_WARN", "dead\\n");
                if (t_grep_status("408")) xlog("L_WARN", "grep 408\\n");
                if (t_check_status("408|480")) xlog("L_WARN", "check $T(reply_type) $T_reply_reason\\n");
                xlog("L_WARN", "request $T_req($rm) $T_req($hdr(X-Mark)), of $T_req($fU) end\\n");
            }
            """, plugins: plugins)
        let alice = try Client()
        let bob = try Client()
        alice.send(
            Request("INVITE", "sip:bob@\(bob.text)", from: alice).with { $0.lines = ["X-Mark: m"] },
            to: server.udp)
        _ = try alice.receive("408")
        for text in [
            "timeout", "dead", "grep 408", "check 1 Request Timeout", "request INVITE m, of alice end",
        ] {
            #expect(server.logs(text))
        }
        #expect(!server.log.contains("replied"))
    }

    @Test func `of a reply the script reads the request, and of a refusal the reply`() throws {
        let server = try tmServer(
            "t_on_reply(\"R\"); t_on_failure(\"F\"); t_relay();",
            """
            onreply_route[R] { append_hf("X-Ask: $T_req($hdr(X-Mark))\\r\\n"); }
            failure_route[F] { xlog("L_WARN", "refused by $T_rpl($hdr(X-Who)) with $T_rpl($rs) end\\n"); }
            """, plugins: plugins)
        let alice = try Client()
        let bob = try Client()
        alice.send(
            Request("INVITE", "sip:bob@\(bob.text)", from: alice).with { $0.lines = ["X-Mark: m"] },
            to: server.udp)
        let invite = try bob.receive("INVITE")
        bob.send(Request.reply(480, "Away", to: invite, "X-Who: bob"), to: server.udp)
        #expect(try alice.receive("480")["X-Ask"] == "m")
        #expect(server.logs("refused by bob with 480 end"))
    }

    @Test func `of one instance the next flow is tried when the first has failed`() throws {
        let server = try tmServer(
            """
            $avp(second) = $(hdr(X-Second));
            $xavp(tm_contacts=>uri) = $avp(second);
            $xavp(tm_contacts[0]=>instance) = "<urn:uuid:1>";
            $xavp(tm_contacts[0]=>q_flag) = 1;
            $xavp(tm_contacts=>uri) = $(hdr(X-First));
            $xavp(tm_contacts[0]=>instance) = "<urn:uuid:1>";
            $xavp(tm_contacts[0]=>q_flag) = 0;
            t_next_contacts();
            t_on_branch_failure("FLOW");
            t_relay();
            """,
            """
            event_route[tm:branch-failure:FLOW] {
                xlog("L_WARN", "flow failed with $T_reply_code\\n");
                if (t_next_contact_flow()) t_relay();
            }
            """,
            parameters: """
                modparam("tm", "contacts_avp", "tm_contacts")
                modparam("tm", "contact_flows_avp", "tm_flows")
                """, plugins: plugins)
        let (alice, first, second) = (try Client(), try Client(), try Client())
        let invite = Request("INVITE", "sip:x@example.com", from: alice).with {
            $0.lines = ["X-First: sip:p@\(first.text)", "X-Second: sip:p@\(second.text)"]
        }
        alice.send(invite, to: server.udp)
        let toFirst = try first.receive("INVITE")
        #expect(second.pending() == nil)
        first.answer(430, "Flow Failed", to: toFirst, server)
        second.answer(200, "OK", to: try second.receive("INVITE"), server)
        #expect(try alice.receive("200").status == 200)
        #expect(server.logs("flow failed with 430"))
    }

    @Test func `a CANCEL that overtakes its INVITE ends it`() throws {
        let server = try tmServer("if (!t_relay()) sl_reply_error();", plugins: plugins)
        let alice = try Client()
        let bob = try Client()
        let invite = Request("INVITE", "sip:bob@\(bob.text)", from: alice)
        alice.send(invite.follower("CANCEL"), to: server.udp)
        _ = try bob.receive("CANCEL")
        alice.send(invite, to: server.udp)
        let end = try alice.receive("487")
        #expect(end["CSeq"] == "1 INVITE")
        alice.send(invite.follower("ACK", to: end["To"]), to: server.udp)
        #expect(bob.isSilent(for: 0.05) || bob.pending()?.method != "INVITE")
    }

    @Test func `a 3xx of the script's names the destinations that it added`() throws {
        let server = try tmServer(
            """
            $ru = "sip:one@192.0.2.1";
            append_branch("sip:two@192.0.2.2", "0.5");
            t_newtran();
            t_reply("302", "Moved");
            """, parameters: "modparam(\"tm\", \"rich_redirect\", 1)", plugins: plugins)
        let alice = try Client()
        alice.send(Request("INVITE", "sip:bob@example.com", from: alice), to: server.udp)
        #expect(try alice.receive("302")["Contact"] == "<sip:one@192.0.2.1>, <sip:two@192.0.2.2>;q=0.50")
    }
}
