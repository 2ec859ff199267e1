// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

@Suite struct TmOverloadTests {
    @Test func `a worker that cannot keep up refuses new calls, and goes on with those that there are`()
        throws
    {
        let server = try tmServer(
            """
            if (is_method("ACK")) { xlog("L_WARN", "an ACK got through\\n"); exit; }
            sl_send_reply("486", "Busy Here");
            """, parameters: "modparam(\"tm\", \"overload_time\", 1)",
            plugins: ["sl", "textops", "xlog", "pv", "ctl"])
        let alice = try Client()
        var refused: (Request, Packet)?
        var sent: [String: Request] = [:]
        while refused == nil {
            // As much as fits into the socket.
            for _ in 0..<500 {
                let invite = Request("INVITE", "sip:bob@example.com", from: alice)
                sent[invite.callID] = invite
                alice.send(invite, to: server.udp)
            }
            while let reply = alice.pending() {
                guard reply.status == 503, let invite = sent[reply["Call-ID"] ?? ""] else { continue }
                refused = (invite, reply)
            }
        }
        let (invite, reply) = try #require(refused)
        #expect(reply["Retry-After"] == "5")
        #expect(reply["To"]?.contains(/;tag=[0-9a-f]{32}-[0-9a-f]{8}$/) == true)
        alice.send(invite.follower("ACK", to: reply["To"]), to: server.udp)
        #expect(try #require(try server.statistic("tmx.refused_transactions")) > 0)
        // It recovers by itself, and what is no call is answered all the time.
        try server.comes {
            let other = try Client()
            return try other.ask(Request("INVITE", "sip:bob@example.com", from: other), server.udp).status
                == 486
        }
        #expect(!server.log.contains("an ACK got through"))
    }

    @Test func `what has waited in a stream is refused, and everything has one answer`() throws {
        let server = try tmServer(
            """
            if (is_method("ACK")) { xlog("L_WARN", "an ACK got through\\n"); exit; }
            $var(i) = 0;
            while ($var(i) < 1000) { $var(i) = $var(i) + 1; }
            sl_send_reply("486", "Busy Here");
            """, global: "max_while_loops=2000", parameters: "modparam(\"tm\", \"overload_time\", 1)",
            plugins: ["sl", "textops", "xlog", "pv", "ctl"])
        let stream = try Connection(to: server.tcp)
        var refused: (Request, Packet)?
        var counts: [Int: Int] = [:]
        var sent = 0
        while refused == nil {
            var batch: [String: Request] = [:]
            var bytes: [UInt8] = []
            for _ in 0..<500 {
                let invite = Request("INVITE", "sip:bob@example.com", from: stream)
                batch[invite.callID] = invite
                bytes += invite.bytes
            }
            stream.send(bytes)
            sent += batch.count
            for _ in 0..<batch.count {
                let reply = try stream.receive()
                counts[reply.status, default: 0] += 1
                if reply.status == 503, let invite = batch[reply["Call-ID"] ?? ""] {
                    refused = (invite, reply)
                }
            }
        }
        #expect(counts[503, default: 0] + counts[486, default: 0] == sent)
        #expect(try server.statistic("tmx.refused_transactions") == counts[503])
        let (invite, reply) = try #require(refused)
        #expect(reply["Retry-After"] == "5")
        stream.send(invite.follower("ACK", to: reply["To"]))
        // Nothing waits any more.
        try server.comes {
            try stream.ask(Request("INVITE", "sip:bob@example.com", from: stream)).status == 486
        }
        #expect(!server.log.contains("an ACK got through"))
    }
}
