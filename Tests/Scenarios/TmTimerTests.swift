// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

private let plugins = ["sl", "textops", "corex", "xlog", "pv", "ctl"]

/// How long something takes, in seconds.
private func time(_ body: () throws -> Void) rethrows -> Double {
    let start = Date()
    try body()
    return Date().timeIntervalSince(start)
}

@Suite struct TmTimerTests {
    @Test func `t_set_fr says how long a first answer and a final one may take`() throws {
        let server = try tmServer("t_set_fr(1500, 500); t_relay();", plugins: plugins)
        let alice = try Client()
        let bob = try Client()
        let silent = try time {
            alice.send(Request("INVITE", "sip:bob@\(bob.text)", from: alice), to: server.udp)
            _ = try alice.receive("408")
        }
        #expect(silent >= 0.45 && silent < 1.4)

        let carol = try Client()
        let phone = try Client()
        let ringing = try time {
            carol.send(Request("INVITE", "sip:bob@\(phone.text)", from: carol), to: server.udp)
            let invite = try phone.receive("INVITE")
            phone.answer(180, "Ringing", to: invite, server)
            // It rings for too long: it is cancelled, and the caller told.
            let cancel = try phone.receive("CANCEL")
            #expect(cancel.branch == invite.branch)
            #expect(cancel["Reason"] == nil)
            phone.answer(200, "OK", to: cancel, server)
            phone.answer(487, "Request Terminated", to: invite, server)
            _ = try carol.receive("408")
            #expect(try phone.receive("ACK").branch == invite.branch)
        }
        #expect(ringing >= 1.45)
    }

    @Test func `a 2xx that comes after the time is out still goes to the caller`() throws {
        let server = try tmServer("t_set_fr(0, 300); t_relay();", plugins: plugins)
        let alice = try Client()
        let bob = try Client()
        let invite = Request("INVITE", "sip:bob@\(bob.text)", from: alice)
        alice.send(invite, to: server.udp)
        let received = try bob.receive("INVITE")
        let timeout = try alice.receive("408")
        alice.send(invite.follower("ACK", to: timeout["To"]), to: server.udp)
        bob.answer(200, "OK", to: received, server)
        #expect(try alice.receive("200").status == 200)
    }

    @Test func `fr_timer_avp and fr_inv_timer_avp are seconds for one call`() throws {
        let server = try tmServer(
            "$avp(fr) = 1; t_relay();",
            parameters: "modparam(\"tm\", \"fr_timer_avp\", \"$avp(fr)\")", plugins: plugins)
        let alice = try Client()
        let bob = try Client()
        let took = try time {
            alice.send(Request("INVITE", "sip:bob@\(bob.text)", from: alice), to: server.udp)
            _ = try alice.receive("408")
        }
        #expect(took >= 0.95 && took < 5)
    }

    @Test func `max_inv_lifetime ends what provisional replies would keep alive`() throws {
        let server = try tmServer("t_set_max_lifetime(800, 800); t_relay();", plugins: plugins)
        let alice = try Client()
        let bob = try Client()
        alice.send(Request("INVITE", "sip:bob@\(bob.text)", from: alice), to: server.udp)
        let invite = try bob.receive("INVITE")
        bob.answer(180, "Ringing", to: invite, server)
        bob.answer(183, "Session Progress", to: invite, server)
        _ = try bob.receive("CANCEL")
        #expect(try alice.receive("408").status == 408)
    }

    @Test func `with noisy_ctimer 0 one silent branch ends without an answer`() throws {
        let server = try tmServer(
            "t_relay();",
            parameters: "modparam(\"tm\", \"noisy_ctimer\", 0)\nmodparam(\"tm\", \"fr_timer\", 300)",
            plugins: plugins)
        let alice = try Client()
        let bob = try Client()
        alice.send(Request("INVITE", "sip:bob@\(bob.text)", from: alice), to: server.udp)
        _ = try alice.receive("100")
        try server.comes { try server.statistic("tmx.inuse_transactions") == 0 }
    }

    @Test func `where no connection can be made nobody waits for a timer`() throws {
        let server = try tmServer(
            "t_on_failure(\"F\"); t_relay();",
            "failure_route[F] { xlog(\"L_WARN\", \"failed with $T_reply_code\\n\"); }", plugins: plugins)
        let alice = try Client()
        // Somebody has the port, but not for TCP.
        let bob = try Client()
        alice.send(Request("INVITE", "sip:bob@\(bob.text);transport=tcp", from: alice), to: server.udp)
        #expect(try alice.receive("500").reason == "Service Unavailable")
        #expect(server.logs("failed with 503"))
    }

    @Test func `a refusal over TCP is neither repeated here nor there`() throws {
        let server = try tmServer("t_relay();", plugins: plugins)
        let alice = try Connection(to: server.tcp)
        let bob = try Client()
        alice.send(Request("INVITE", "sip:bob@\(bob.text)", from: alice))
        #expect(try alice.receive().status == 100)
        bob.answer(486, "Busy", to: try bob.receive("INVITE"), server)
        #expect(try alice.receive().status == 486)
        _ = try bob.receive("ACK")
        #expect(bob.isSilent(for: 0.3))
    }
}
