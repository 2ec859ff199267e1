// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

private let plugins = ["sl", "textops", "corex", "xlog", "pv", "ctl"]

@Suite struct TmScriptTests {
    @Test func `contacts are tried by their weights, those of one weight together`() throws {
        let server = try tmServer(
            """
            $ru = $(hdr(X-B));
            append_branch($(hdr(X-C)), "0.5");
            append_branch($(hdr(X-D)), "0.9");
            t_load_contacts();
            t_next_contacts();
            t_on_failure("NEXT");
            t_relay();
            """,
            """
            failure_route[NEXT] {
                if (!t_next_contacts()) exit;
                t_on_failure("NEXT");
                t_relay();
            }
            """,
            parameters: """
                modparam("tm", "contacts_avp", "tm_contacts")
                modparam("tm", "contact_flows_avp", "tm_flows")
                """, plugins: plugins)
        let alice = try Client()
        let phones = try (0..<3).map { _ in try Client() }
        let invite = Request("INVITE", "sip:x@example.com", from: alice).with {
            $0.lines = [
                "X-B: sip:b@\(phones[0].text)", "X-C: sip:c@\(phones[1].text)",
                "X-D: sip:d@\(phones[2].text)",
            ]
        }
        alice.send(invite, to: server.udp)
        // 0.9, then 0.5, then the one without a weight.
        for phone in [phones[2], phones[1]] {
            phone.answer(486, "Busy", to: try phone.receive("INVITE"), server)
        }
        phones[0].answer(480, "Last", to: try phones[0].receive("INVITE"), server)
        #expect(try alice.receive("480").reason == "Last")
    }

    @Test func `a request is put aside, and goes on when another says so`() throws {
        let server = try tmServer(
            """
            if (is_method("OPTIONS")) {
                t_continue("$hdr(X-Index)", "$hdr(X-Label)", "RESUME");
                sl_send_reply("200", "OK");
                exit;
            }
            t_suspend();
            xlog("L_WARN", "suspended as $T(id_index) $T(id_label) end\\n");
            """, "route[RESUME] { t_relay(); }", plugins: plugins)
        let alice = try Client()
        let bob = try Client()
        alice.send(Request("INVITE", "sip:bob@\(bob.text)", from: alice), to: server.udp)
        _ = try alice.receive("100")
        #expect(server.logs(" end"))
        let numbers = try #require(server.log.firstMatch(of: /suspended as (\d+) (\d+) end/))
        let carol = try Client()
        let go = Request("OPTIONS", "sip:x@example.com", from: carol).with {
            $0.lines = ["X-Index: \(numbers.1)", "X-Label: \(numbers.2)"]
        }
        #expect(try carol.ask(go, server.udp).status == 200)
        let received = try bob.receive("INVITE")
        bob.answer(200, "OK", to: received, server)
        _ = try alice.receive("200")
    }

    @Test func `a branch that fails may be replaced at once`() throws {
        let server = try tmServer(
            """
            $avp(other) = $(hdr(X-C));
            $ru = $(hdr(X-B));
            t_on_branch_failure("B");
            t_relay();
            """,
            """
            event_route[tm:branch-failure:B] {
                xlog("L_WARN", "branch $T_branch_idx said $T_reply_code\\n");
                append_branch($avp(other));
                t_relay();
            }
            """, plugins: plugins)
        let alice = try Client()
        let bob = try Client()
        let carol = try Client()
        let invite = Request("INVITE", "sip:x@example.com", from: alice).with {
            $0.lines = ["X-B: sip:b@\(bob.text)", "X-C: sip:c@\(carol.text)"]
        }
        alice.send(invite, to: server.udp)
        bob.answer(430, "Flow Failed", to: try bob.receive("INVITE"), server)
        carol.answer(200, "OK", to: try carol.receive("INVITE"), server)
        _ = try alice.receive("200")
        #expect(server.logs("branch 0 said 430"))
    }

    @Test func `the reply route for all replies comes before the armed one, and drop drops`() throws {
        let server = try tmServer(
            "t_on_reply(\"NAMED\"); $avp(mark) = \"m\"; t_relay();",
            """
            reply_route {
                if (status == "183") drop;
                append_hf("X-First: $avp(mark)\\r\\n");
            }
            onreply_route[NAMED] {
                if (status == "182") drop;
                append_hf("X-Second: $avp(mark)\\r\\n");
            }
            """, plugins: plugins)
        let alice = try Client()
        let bob = try Client()
        alice.send(Request("INVITE", "sip:bob@\(bob.text)", from: alice), to: server.udp)
        let received = try bob.receive("INVITE")
        bob.answer(183, "Session Progress", to: received, server)
        bob.answer(182, "Queued", to: received, server)
        bob.answer(180, "Ringing", to: received, server)
        _ = try alice.receive("100")
        let ringing = try alice.receive()
        #expect(ringing.status == 180)
        #expect(ringing["X-First"] == "m")
        #expect(ringing["X-Second"] == "m")
    }

    @Test func `a 2xx made here is repeated until its ACK`() throws {
        let server = try tmServer(
            "if (is_method(\"INVITE\")) { t_newtran(); t_reply(\"200\", \"Mine\"); }", plugins: plugins)
        let alice = try Client()
        let invite = Request("INVITE", "sip:bob@example.com", from: alice)
        alice.send(invite, to: server.udp)
        let ok = try alice.receive("200")
        #expect(try alice.receive().bytes == ok.bytes)
        let ack = Request("ACK", "sip:bob@example.com", from: alice).with {
            $0.callID = invite.callID
            $0.to = ok["To"] ?? ""
        }
        alice.send(ack, to: server.udp)
        #expect(alice.fallsSilent(for: 0.6))
    }

    @Test func `a script that neither relays nor answers is told of`() throws {
        let server = try tmServer("t_newtran();", plugins: plugins)
        let alice = try Client()
        alice.send(Request("OPTIONS", "sip:bob@example.com", from: alice), to: server.udp)
        #expect(server.logs("neither relayed nor answered"))
        let stats = try #require(try server.json("tm.stats") as? [String: Any])
        #expect(stats["current"] as? Int == 0)
    }

    @Test func `a block that is not there is an error of the file`() throws {
        #expect(throws: (any Error).self) { try tmServer("t_on_failure(\"NOBODY\");") }
    }
}
