// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

private let plugins = ["sl", "textops", "corex", "xlog", "pv", "ctl"]
/// OPTIONS names what goes on.
private let goesOn = """
    if (is_method("OPTIONS")) {
        if (t_continue("$hdr(X-Index)", "$hdr(X-Label)", "RESUME")) sl_send_reply("200", "OK");
        else sl_send_reply("404", "Not Found");
        exit;
    }
    """

@Suite struct TmSuspendTests {
    private func resume(_ server: Server) throws -> Packet {
        #expect(server.logs(" end"))
        let numbers = try #require(server.log.firstMatch(of: /suspended as (\d+) (\d+) end/))
        let carol = try Client()
        let go = Request("OPTIONS", "sip:x@example.com", from: carol).with {
            $0.lines = ["X-Index: \(numbers.1)", "X-Label: \(numbers.2)"]
        }
        return try carol.ask(go, server.udp)
    }

    @Test func `what nobody goes on with is answered 408, and is gone then`() throws {
        let server = try tmServer(
            goesOn + """
                t_suspend();
                xlog("L_WARN", "suspended as $T(id_index) $T(id_label) end\\n");
                """, "route[RESUME] { t_relay(); }", parameters: "modparam(\"tm\", \"fr_timer\", 500)",
            plugins: plugins)
        let alice = try Client()
        let invite = Request("INVITE", "sip:bob@example.com", from: alice)
        alice.send(invite, to: server.udp)
        let timeout = try alice.receive("408")
        alice.send(invite.follower("ACK", to: timeout["To"]), to: server.udp)
        #expect(try resume(server).status == 404)
        try server.comes { try server.transactions() == 0 }
    }

    @Test func `the caller may cancel what was put aside`() throws {
        let server = try tmServer(
            goesOn + """
                if (is_method("CANCEL")) { t_relay(); exit; }
                t_suspend();
                xlog("L_WARN", "suspended as $T(id_index) $T(id_label) end\\n");
                """, "route[RESUME] { t_relay(); }", plugins: plugins)
        let alice = try Client()
        let invite = Request("INVITE", "sip:bob@example.com", from: alice)
        alice.send(invite, to: server.udp)
        _ = try alice.receive("100")
        alice.send(invite.follower("CANCEL"), to: server.udp)
        #expect(try alice.receive("200")["CSeq"] == "1 CANCEL")
        let end = try alice.receive("487")
        alice.send(invite.follower("ACK", to: end["To"]), to: server.udp)
        #expect(try resume(server).status == 404)
    }

    @Test func `failure_route puts the request aside too`() throws {
        let server = try tmServer(
            goesOn + "t_on_failure(\"ASIDE\"); t_relay();",
            """
            failure_route[ASIDE] {
                $avp(first) = $T_reply_code;
                t_suspend();
                xlog("L_WARN", "suspended as $T(id_index) $T(id_label) end\\n");
            }
            route[RESUME] { t_reply("480", "After $avp(first)"); }
            """, plugins: plugins)
        let alice = try Client()
        let bob = try Client()
        alice.send(Request("INVITE", "sip:bob@\(bob.text)", from: alice), to: server.udp)
        bob.answer(486, "Busy", to: try bob.receive("INVITE"), server)
        #expect(try resume(server).status == 200)
        #expect(try alice.receive("480").reason == "After 486")
    }

    @Test func `a reply is put aside, edited and sent on, or sent on as it is after fr_timer`() throws {
        let server = try tmServer(
            goesOn + "t_on_reply(\"ASIDE\"); t_relay();",
            """
            onreply_route[ASIDE] {
                if (status != "200") exit;
                t_suspend();
                xlog("L_WARN", "suspended as $T(id_index) $T(id_label) end\\n");
            }
            route[RESUME] { append_hf("X-Late: $rs\\r\\n"); }
            """, parameters: "modparam(\"tm\", \"fr_timer\", 1500)", plugins: plugins)
        let alice = try Client()
        let bob = try Client()
        alice.send(Request("MESSAGE", "sip:bob@\(bob.text)", from: alice), to: server.udp)
        bob.answer(200, "OK", to: try bob.receive("MESSAGE"), server)
        #expect(try resume(server).status == 200)
        #expect(try alice.receive("200")["X-Late"] == "200")

        alice.send(Request("MESSAGE", "sip:bob@\(bob.text)", from: alice), to: server.udp)
        bob.answer(200, "OK", to: try bob.receive("MESSAGE"), server)
        #expect(try alice.receive("200")["X-Late"] == nil)
        try server.comes { try server.transactions() == 0 }
    }

    @Test func `a phone that registers late gets the call that waits`() throws {
        let server = try tmServer(
            """
            if (is_method("REGISTER")) {
                append_branch("$hdr(X-Contact)");
                t_cell_append_branches("$hdr(X-Index)", "$hdr(X-Label)");
                sl_send_reply("200", "OK");
                exit;
            }
            t_newtran();
            xlog("L_WARN", "suspended as $T(id_index) $T(id_label) end\\n");
            t_relay();
            """, plugins: plugins)
        let alice = try Client()
        let bob = try Client()
        let carol = try Client()
        alice.send(Request("INVITE", "sip:bob@\(bob.text)", from: alice), to: server.udp)
        let toBob = try bob.receive("INVITE")
        bob.answer(180, "Ringing", to: toBob, server)
        #expect(server.logs(" end"))
        let numbers = try #require(server.log.firstMatch(of: /suspended as (\d+) (\d+) end/))
        let register = Request("REGISTER", "sip:example.com", from: carol).with {
            $0.lines = [
                "X-Contact: sip:carol@\(carol.text)", "X-Index: \(numbers.1)", "X-Label: \(numbers.2)",
            ]
        }
        carol.send(register, to: server.udp)
        let toCarol = try carol.receive("INVITE")
        #expect(toCarol.uri == "sip:carol@\(carol.text)")
        // Once is enough.
        carol.send(register.with { $0.sequence = 2 }, to: server.udp)
        carol.answer(200, "OK", to: toCarol, server)
        #expect(try alice.receive("200").status == 200)
        #expect(try bob.receive("CANCEL").branch == toBob.branch)
    }
}
