// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

@Suite struct TmCommandTests {
    @Test func `transactions are counted and listed, and their end is too`() throws {
        let server = try tmServer("t_relay();")
        let alice = try Client()
        let bob = try Client()
        let invite = Request("INVITE", "sip:bob@\(bob.text)", from: alice)
        alice.send(invite, to: server.udp)
        let received = try bob.receive()
        let now = try #require(try server.json("tm.stats") as? [String: Any])
        #expect(now["current"] as? Int == 1)
        #expect(now["waiting"] as? Int == 0)
        let listed = try server.rpc("tm.list").out
        #expect(listed.contains(invite.callID))
        #expect(listed.contains("INVITE"))
        bob.answer(404, "Not Found", to: received, server)
        let answer = try alice.receive("404")
        alice.send(invite.follower("ACK", to: answer["To"]), to: server.udp)
        try server.comes { try server.transactions() == 0 }
        let later = try #require(try server.json("tm.stats") as? [String: Any])
        #expect(later["current"] as? Int == 0)
        #expect(later["total"] as? Int == 1)
        #expect(later["4xx"] as? Int == 1)
        #expect(later["rpl_received"] as? Int == 1)
        #expect(later["rpl_generated"] as? Int == 1)
        #expect(try server.rpc("tm.list").out.contains(invite.callID) == false)
    }

    @Test func `an operator cancels and answers calls`() throws {
        let server = try tmServer("t_relay();")
        let alice = try Client()
        let bob = try Client()
        let first = Request("INVITE", "sip:bob@\(bob.text)", from: alice)
        alice.send(first, to: server.udp)
        let received = try bob.receive()
        bob.answer(180, "Ringing", to: received, server)
        _ = try alice.receive("180")
        #expect(try server.rpc("tm.cancel", first.callID, "1").status == 0)
        _ = try bob.receive("CANCEL")
        #expect(try server.rpc("tm.cancel", "nobody", "1").status != 0)

        let second = Request("INVITE", "sip:bob@\(bob.text)", from: alice)
        alice.send(second, to: server.udp)
        _ = try bob.receive("INVITE")
        #expect(try server.rpc("tm.reply_callid", second.callID, "1", "480", "Later", ".", ".").status == 0)
        #expect(try alice.receive("480").reason == "Later")
    }

    @Test func `an operator's answer has the tag, the headers and the body that he wants`() throws {
        let server = try tmServer(
            "t_newtran(); xlog(\"L_WARN\", \"it is $T(id_index):$T(id_label) end\\n\"); t_relay();",
            plugins: ["sl", "xlog", "pv", "ctl"])
        let alice = try Client()
        let bob = try Client()
        alice.send(Request("INVITE", "sip:bob@\(bob.text)", from: alice), to: server.udp)
        _ = try bob.receive("INVITE")
        #expect(server.logs(" end"))
        let name = try #require(server.log.firstMatch(of: /it is (\d+:\d+) end/))
        let early = try server.rpc(
            "tm.reply", "183", "Listen", String(name.1), "mine", "X-Own: 1\r\nContent-Type: text/plain",
            "music")
        #expect(early.status == 0, "\(early)")
        let progress = try alice.receive("183")
        #expect(progress["To"]?.hasSuffix(";tag=mine") == true)
        #expect(progress["X-Own"] == "1")
        #expect(progress.body == Array("music".utf8))
        #expect(try server.rpc("tm.retransmit_reply", String(name.1)).status == 0)
        #expect(try alice.receive().bytes == progress.bytes)
        #expect(try server.rpc("tm.reply", "480", "Later", String(name.1), ".", ".").status == 0)
        // What was said once is not said again.
        #expect(try alice.receive("480")["X-Own"] == nil)
        #expect(try server.rpc("tm.reply", "480", "Later", String(name.1)).status != 0)
        #expect(try server.rpc("tm.reply", "480", "Later", "nonsense").status != 0)
    }

    @Test func `the list of many transactions is whole`() throws {
        let server = try tmServer(
            "t_relay();",
            parameters: """
                modparam("tm", "retr_timer1", 60000)
                modparam("tm", "fr_timer", 600000)
                modparam("ctl", "binrpc_max_body_size", 1024)
                modparam("ctl", "binrpc_struct_max_body_size", 1024)
                """)
        let alice = try Client()
        let bob = try Client()
        var names: Set<String> = []
        for _ in 0..<600 {
            let invite = Request("INVITE", "sip:bob@\(bob.text)", from: alice)
            names.insert(invite.callID)
            #expect(try alice.ask(invite, server.udp).status == 100)
        }
        let listed = try #require(try server.json("tm.list") as? [[String: Any]])
        #expect(Set(listed.compactMap { $0["callid"] as? String }) == names)
    }

    @Test func `an operator sends a request and gets the answer`() throws {
        let server = try tmServer("exit;")
        let bob = try Client()
        // Nobody else uses them meanwhile.
        nonisolated(unsafe) let (phone, there) = (bob, server)
        let answering = Thread {
            guard let request = try? phone.receive() else { return }
            phone.answer(202, "Got It", to: request, there)
        }
        answering.start()
        let output = try server.rpc(
            "tm.t_uac_wait_block", "MESSAGE", "sip:bob@\(bob.text)", ".", ".",
            "From: <sip:server@example.com>\r\nTo: <sip:bob@example.com>\r\nContent-Type: text/plain", "hello"
        )
        #expect(output.status == 0)
        #expect(output.out.contains("202"))
        #expect(output.out.contains("Got It"))
        let wrong = try server.rpc(
            "tm.t_uac_start", "MESSAGE", "sip:bob@\(bob.text)", ".", ".", "To: <sip:b@c>")
        #expect(wrong.out.contains("From missing") || wrong.err.contains("From missing"))
    }
}
