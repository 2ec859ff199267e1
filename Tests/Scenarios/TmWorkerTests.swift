// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

private let plugins = ["sl", "textops", "corex", "xlog", "pv", "ctl"]

/// Calls belong to different workers; commands and scripts reach all of them.
@Suite struct TmWorkerTests {
    @Test func `calls of all workers are answered, listed and cancelled`() throws {
        let server = try tmServer("t_relay();", plugins: plugins, workers: 3)
        let alice = try Client()
        let bob = try Client()
        var invites: [String: Request] = [:]
        for _ in 0..<24 {
            let invite = Request("INVITE", "sip:bob@\(bob.text)", from: alice)
            invites[invite.callID] = invite
            alice.send(invite, to: server.udp)
        }
        var received: [String: Packet] = [:]
        while received.count < 24 {
            let packet = try bob.receive("INVITE")
            guard let name = packet["Call-ID"], received[name] == nil else { continue }
            received[name] = packet
            bob.answer(180, "Ringing", to: packet, server)
        }
        let workers = try #require(try server.json("tm.hash_stats") as? [[String: Any]])
        #expect(workers.count == 3)
        #expect(workers.filter { ($0["transactions"] as? Int ?? 0) > 0 }.count > 1)
        let listed = try #require(try server.json("tm.list") as? [[String: Any]])
        #expect(Set(listed.compactMap { $0["callid"] as? String }) == Set(invites.keys))
        for name in invites.keys { #expect(try server.rpc("tm.cancel", name, "1").status == 0) }
        var cancelled: Set<String> = []
        while cancelled.count < 24 {
            let packet = try bob.receive("CANCEL")
            guard let name = packet["Call-ID"], let invite = received[name] else { continue }
            cancelled.insert(name)
            bob.answer(200, "OK", to: packet, server)
            bob.answer(487, "Request Terminated", to: invite, server)
        }
        var ended: Set<String> = []
        while ended.count < 24 {
            let reply = try alice.receive("487")
            guard let name = reply["Call-ID"], let invite = invites[name] else { continue }
            ended.insert(name)
            alice.send(invite.follower("ACK", to: reply["To"]), to: server.udp)
        }
        try server.comes { try server.transactions() == 0 }
    }

    @Test func `a request goes on whatever worker says so`() throws {
        let server = try tmServer(
            """
            if (is_method("OPTIONS")) {
                t_continue("$hdr(X-Index)", "$hdr(X-Label)", "RESUME");
                sl_send_reply("200", "OK");
                exit;
            }
            t_newtran();
            append_to_reply("X-Name: $T(id_index) $T(id_label)\\r\\n");
            t_reply("183", "Wait");
            t_suspend();
            """, "route[RESUME] { t_reply(\"480\", \"Enough\"); }", plugins: plugins, workers: 3)
        let alice = try Client()
        let invite = Request("INVITE", "sip:bob@example.com", from: alice)
        alice.send(invite, to: server.udp)
        let wait = try alice.receive("183")
        let name = try #require(wait["X-Name"]).split(separator: " ")
        // The first one to come goes on with it, wherever it runs; the others find nothing.
        let carol = try Client()
        for _ in 0..<12 {
            let go = Request("OPTIONS", "sip:x@example.com", from: carol).with {
                $0.lines = ["X-Index: \(name[0])", "X-Label: \(name[1])"]
            }
            #expect(try carol.ask(go, server.udp).status == 200)
        }
        #expect(try alice.receive("480").reason == "Enough")
        alice.send(invite.follower("ACK", to: wait["To"]), to: server.udp)
        try server.comes { try server.transactions() == 0 }
    }

    @Test func `a request of our own gets its reply on the worker that it was made on`() throws {
        let server = try tmServer("exit;", plugins: plugins, workers: 3)
        let bob = try Client()
        // Nobody else uses them meanwhile.
        nonisolated(unsafe) let (phone, there) = (bob, server)
        let answering = Thread {
            for _ in 0..<6 {
                guard let request = try? phone.receive() else { return }
                phone.answer(202, "Got It", to: request, there)
            }
        }
        answering.start()
        for _ in 0..<6 {
            let output = try server.rpc(
                "tm.t_uac_wait_block", "MESSAGE", "sip:bob@\(bob.text)", ".", ".",
                "From: <sip:server@example.com>\r\nTo: <sip:bob@example.com>")
            #expect(output.out.contains("202"), "\(output)")
        }
    }
}
