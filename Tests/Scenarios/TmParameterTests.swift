// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

private let plugins = ["sl", "textops", "corex", "xlog", "pv", "ctl"]

/// What parameters other than their defaults change.
@Suite struct TmParameterTests {
    private func server(
        _ script: String, _ parameters: [(String, String)], blocks: String = ""
    ) throws -> Server {
        try tmServer(
            script, blocks,
            parameters: parameters.map { "modparam(\"tm\", \"\($0)\", \($1))" }.joined(separator: "\n"),
            plugins: plugins)
    }

    @Test func `with failure_exec_mode 1 failure_route runs when nothing can be sent`() throws {
        let bob = try Client()
        let server = try server(
            "$ru = \"tel:+123\"; t_on_failure(\"F\"); t_relay();",
            [("failure_exec_mode", "1")],
            blocks: """
                failure_route[F] {
                    xlog("L_WARN", "failed with $T_reply_code\\n");
                    $ru = "sip:bob@\(bob.text)";
                    t_relay();
                }
                """)
        let alice = try Client()
        alice.send(Request("INVITE", "sip:x@example.com", from: alice), to: server.udp)
        bob.answer(200, "OK", to: try bob.receive("INVITE"), server)
        #expect(try alice.receive("200").status == 200)
        #expect(server.logs("failed with 479"))
    }

    @Test(arguments: [0, 1, 2]) func `unmatched_cancel says what becomes of a CANCEL alone`(mode: Int) throws
    {
        let server = try server(
            "if (!t_relay()) sl_send_reply(\"481\", \"Nothing\");", [("unmatched_cancel", "\(mode)")])
        let alice = try Client()
        let bob = try Client()
        let cancel = Request("CANCEL", "sip:bob@\(bob.text)", from: alice)
        alice.send(cancel, to: server.udp)
        if mode == 2 {
            #expect(try alice.receive("481").reason == "Nothing")
            #expect(bob.pending() == nil)
            return
        }
        let received = try bob.receive("CANCEL")
        // Ours has a dot and 32 digits; that without a transaction has not.
        #expect((received.branch?.contains(/\.[0-9a-f]{32}\./) ?? false) == (mode == 0))
        bob.answer(200, "OK", to: received, server)
        #expect(try alice.receive("200")["CSeq"] == "1 CANCEL")
    }

    @Test(arguments: [0, 2]) func `cancel_b_method says what a silent branch gets`(mode: Int) throws {
        let server = try server("t_relay();", [("cancel_b_method", "\(mode)")])
        let alice = try Client()
        let bob = try Client()
        let invite = Request("INVITE", "sip:bob@\(bob.text)", from: alice)
        alice.send(invite, to: server.udp)
        let received = try bob.receive("INVITE")
        alice.send(invite.follower("CANCEL"), to: server.udp)
        #expect(try alice.receive("487").reason == "Request Terminated")
        if mode == 2 {
            #expect(try bob.receive("CANCEL").branch == received.branch)
        } else {
            bob.answer(180, "Ringing", to: received, server)
            while let late = bob.pending() { #expect(late.method == "INVITE") }
            #expect(bob.isSilent(for: 0.2))
        }
    }

    @Test func `headers named by ac_extra_hdrs go into CANCEL and ACK`() throws {
        let server = try server("t_relay();", [("ac_extra_hdrs", "\"X-Key\"")])
        let alice = try Client()
        let bob = try Client()
        let invite = Request("INVITE", "sip:bob@\(bob.text)", from: alice).with {
            $0.lines = ["X-Key-One: 1", "X-Other: 2"]
        }
        alice.send(invite, to: server.udp)
        let received = try bob.receive("INVITE")
        bob.answer(180, "Ringing", to: received, server)
        _ = try alice.receive("180")
        alice.send(invite.follower("CANCEL"), to: server.udp)
        let cancel = try bob.receive("CANCEL")
        #expect(cancel["X-Key-One"] == "1")
        #expect(cancel["X-Other"] == nil)
        bob.answer(487, "Request Terminated", to: received, server)
        #expect(try bob.receive("ACK")["X-Key-One"] == "1")
    }

    @Test func `relay_100, auto_inv_100_reason and reply_408 as they are set`() throws {
        let server = try server(
            "t_relay();",
            [
                ("relay_100", "1"), ("auto_inv_100_reason", "\"Patience\""), ("reply_408_code", "480"),
                ("reply_408_reason", "\"Nobody There\""), ("fr_timer", "600"),
            ])
        let alice = try Client()
        let bob = try Client()
        alice.send(Request("INVITE", "sip:bob@\(bob.text)", from: alice), to: server.udp)
        #expect(try alice.receive().startLine == "SIP/2.0 100 Patience")
        bob.answer(100, "Mine", to: try bob.receive("INVITE"), server)
        #expect(try alice.receive().startLine == "SIP/2.0 100 Mine")

        let carol = try Client()
        let silent = try Client()
        carol.send(Request("INVITE", "sip:bob@\(silent.text)", from: carol), to: server.udp)
        #expect(try carol.receive("480").reason == "Nobody There")
    }

    @Test func `with disable_6xx_block a 603 waits for the others`() throws {
        let server = try server(
            "$ru = $(hdr(X-Bob)); append_branch(\"$hdr(X-Carol)\"); t_relay();", [("disable_6xx_block", "1")])
        let (alice, bob, carol) = (try Client(), try Client(), try Client())
        let invite = Request("INVITE", "sip:x@example.com", from: alice).with {
            $0.lines = ["X-Bob: sip:b@\(bob.text)", "X-Carol: sip:c@\(carol.text)"]
        }
        alice.send(invite, to: server.udp)
        bob.answer(603, "Decline", to: try bob.receive("INVITE"), server)
        let toCarol = try carol.receive("INVITE")
        carol.answer(180, "Ringing", to: toCarol, server)
        carol.answer(200, "OK", to: toCarol, server)
        #expect(try alice.receive("200").status == 200)
    }

    @Test func `t_lookup_cancel and t_relay_cancel take a CANCEL in at the top of a script`() throws {
        let server = try server(
            """
            if (is_method("CANCEL")) {
                if (t_lookup_cancel()) xlog("L_WARN", "known\\n");
                if (t_relay_cancel()) sl_send_reply("481", "Nothing");
                exit;
            }
            t_relay();
            """, [])
        let alice = try Client()
        let bob = try Client()
        let invite = Request("INVITE", "sip:bob@\(bob.text)", from: alice)
        alice.send(Request("CANCEL", "sip:bob@\(bob.text)", from: alice), to: server.udp)
        #expect(try alice.receive("481").reason == "Nothing")
        alice.send(invite, to: server.udp)
        _ = try bob.receive("INVITE")
        alice.send(invite.follower("CANCEL"), to: server.udp)
        #expect(try alice.receive("487").status == 487)
        #expect(server.logs("known"))
    }

    @Test(arguments: [
        "t_relay_to_udp(\"127.0.0.1\", \"$hdr(X-Port)\")", "t_relay(\"127.0.0.1\", \"$hdr(X-Port)\")",
        "t_relay_to_proxy(\"udp:127.0.0.1:$hdr(X-Port)\")", "t_relay_to(\"127.0.0.1:$hdr(X-Port)\", \"1\")",
        "t_forward_nonack(\"127.0.0.1\", \"$hdr(X-Port)\")",
    ])
    func `a request goes where the script says, and its Request-URI stays`(function: String) throws {
        let server = try server("\(function);", [])
        let alice = try Client()
        let bob = try Client()
        let invite = Request("INVITE", "sip:x@example.com", from: alice).with {
            $0.lines = ["X-Port: \(bob.port)"]
        }
        alice.send(invite, to: server.udp)
        let received = try bob.receive("INVITE")
        #expect(received.uri == "sip:x@example.com")
        bob.answer(180, "Ringing", to: received, server)
        // Flag 1: no 100.
        #expect(try alice.receive().status == (function.hasSuffix("\"1\")") ? 180 : 100))
    }
}
