// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

private let plugins = ["sl", "textops", "corex", "kex", "xlog", "pv", "ctl"]

@Suite struct TmReplyTests {
    @Test(arguments: ["", "$avp(mark) = \"m\";"])
    func `onreply_route finds flags and attributes of the request, also for a copy of the 2xx`(mark: String)
        throws
    {
        let server = try tmServer(
            "setflag(3); \(mark) t_on_reply(\"R\"); t_relay();",
            """
            onreply_route[R] {
                if (isflagset(3)) append_hf("X-Flag: 3\\r\\n");
                if (isflagset(4)) append_hf("X-Flag: 4\\r\\n");
                append_hf("X-Mark: $avp(mark)\\r\\n");
                setflag(4);
            }
            """, plugins: plugins)
        let alice = try Client()
        let bob = try Client()
        alice.send(Request("INVITE", "sip:bob@\(bob.text)", from: alice), to: server.udp)
        let invite = try bob.receive("INVITE")
        bob.answer(180, "Ringing", to: invite, server)
        let ringing = try alice.receive("180")
        #expect(ringing.all("X-Flag") == ["3"])
        #expect(ringing["X-Mark"] == (mark.isEmpty ? "<null>" : "m"))
        // What the route has set is there the next time.
        for _ in 0..<2 {
            bob.answer(200, "OK", to: invite, server)
            let ok = try alice.receive("200")
            #expect(ok.all("X-Flag") == ["3", "4"])
            #expect(ok["X-Mark"] == ringing["X-Mark"])
        }
    }

    @Test func `without attributes a request is let go of when it is answered`() throws {
        let server = try tmServer(
            "t_on_reply(\"R\"); t_relay();", "onreply_route[R] { setflag(1); }", plugins: plugins)
        let alice = try Client()
        let bob = try Client()
        let invite = Request("INVITE", "sip:bob@\(bob.text)", from: alice)
        alice.send(invite, to: server.udp)
        bob.answer(200, "OK", to: try bob.receive("INVITE"), server)
        _ = try alice.receive("200")
        // It is there, and nobody can tell its Call-ID any more.
        #expect(try server.transactions() == 1)
        #expect(try server.rpc("tm.list").out.contains(invite.callID) == false)
    }
}
