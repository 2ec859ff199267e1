// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

@Suite struct TmCallTests {
    @Test func `a call goes through, with 100 from here, and its copies are absorbed`() throws {
        let server = try tmServer("t_relay();")
        let alice = try Client()
        let bob = try Client()
        let invite = Request("INVITE", "sip:bob@\(bob.text)", from: alice)
        alice.send(invite, to: server.udp)
        let trying = try alice.receive()
        #expect(trying.startLine == "SIP/2.0 100 trying -- your call is important to us")
        #expect(trying["To"] == "<sip:bob@example.com>")

        let received = try bob.receive()
        #expect(received.method == "INVITE")
        #expect(received.all("Via").count == 2)
        let branch = try #require(received.branch)
        #expect(branch.wholeMatch(of: /z9hG4bK[0-9a-f]{4}\.[0-9a-f]{32}\.0/) != nil)

        bob.answer(180, "Ringing", to: received, server)
        let ringing = try alice.receive("180")
        #expect(ringing.all("Via").count == 1)
        // A copy of the INVITE gets the last reply, and goes no further.
        alice.send(invite, to: server.udp)
        #expect(try alice.receive().bytes == ringing.bytes)

        bob.answer(200, "OK", to: received, server)
        let ok = try alice.receive("200")
        #expect(ok.all("Via").count == 1)
        let ack = Request("ACK", "sip:bob@\(bob.text)", from: alice).with {
            $0.callID = invite.callID
            $0.to = ok["To"] ?? ""
        }
        alice.send(ack, to: server.udp)
        #expect(try bob.receive("ACK").all("Via").count == 2)
        // RFC 6026: the callee's copy of the 2xx goes on.
        bob.answer(200, "OK", to: received, server)
        #expect(try alice.receive().bytes == ok.bytes)

        let bye = Request("BYE", "sip:bob@\(bob.text)", from: alice).with {
            $0.callID = invite.callID
            $0.to = ok["To"] ?? ""
            $0.sequence = 2
        }
        alice.send(bye, to: server.udp)
        let end = try bob.receive("BYE")
        bob.answer(200, "OK", to: end, server)
        #expect(try alice.receive("200")["CSeq"] == "2 BYE")
        alice.send(bye, to: server.udp)
        #expect(try alice.receive("200")["CSeq"] == "2 BYE")
        #expect(bob.isSilent(for: 0.2))
        #expect(server.complaints == [])
    }

    @Test func `an INVITE is repeated until something is heard, a refusal until its ACK`() throws {
        let server = try tmServer("t_relay();")
        let alice = try Client()
        let bob = try Client()
        let invite = Request("INVITE", "sip:bob@\(bob.text)", from: alice)
        alice.send(invite, to: server.udp)
        let first = try bob.receive()
        for _ in 0..<3 { #expect(try bob.receive().bytes == first.bytes) }
        bob.answer(180, "Ringing", to: first, server)
        _ = try alice.receive("180")
        #expect(bob.fallsSilent(for: 0.6))

        bob.answer(486, "Busy Here", to: first, server)
        let ack = try bob.receive()
        #expect(ack.method == "ACK")
        #expect(ack.branch == first.branch)
        #expect(ack.all("Via").count == 1)
        #expect(ack["To"]?.hasSuffix("tag=b1") == true)
        #expect(ack["CSeq"] == "1 ACK")
        #expect(ack.uri == first.uri)
        bob.answer(486, "Busy Here", to: first, server)
        #expect(try bob.receive("ACK").branch == first.branch)

        let busy = try alice.receive("486")
        #expect(try alice.receive().bytes == busy.bytes)
        #expect(try alice.receive().bytes == busy.bytes)
        alice.send(invite.follower("ACK", to: busy["To"]), to: server.udp)
        #expect(alice.fallsSilent(for: 0.6))
        // The ACK was for this hop.
        #expect(bob.isSilent(for: 0.1))
    }

    @Test func `the caller's CANCEL is answered at once, and so is the INVITE when nobody was heard of`()
        throws
    {
        let server = try tmServer("t_relay();")
        let alice = try Client()
        let bob = try Client()
        let invite = Request("INVITE", "sip:bob@\(bob.text)", from: alice)
        alice.send(invite, to: server.udp)
        let received = try bob.receive()
        alice.send(invite.follower("CANCEL"), to: server.udp)
        let cancelled = try alice.receive("200")
        #expect(cancelled["CSeq"] == "1 CANCEL")
        #expect(cancelled.reason == "canceling")
        let terminated = try alice.receive("487")
        #expect(terminated["CSeq"] == "1 INVITE")
        #expect(terminated["To"] == cancelled["To"])
        alice.send(invite.follower("ACK", to: terminated["To"]), to: server.udp)
        // The CANCEL follows as soon as something is heard.
        bob.answer(180, "Ringing", to: received, server)
        let cancel = try bob.receive("CANCEL")
        #expect(cancel.branch == received.branch)
        #expect(cancel.uri == received.uri)
        bob.answer(200, "OK", to: cancel, server)
        bob.answer(487, "Request Terminated", to: received, server)
        #expect(try bob.receive("ACK").branch == received.branch)
    }

    @Test func `a callee who rings is cancelled, with the caller's Reason, and its answer goes back`() throws
    {
        let server = try tmServer("t_relay();")
        let alice = try Client()
        let bob = try Client()
        let invite = Request("INVITE", "sip:bob@\(bob.text)", from: alice)
        alice.send(invite, to: server.udp)
        let received = try bob.receive()
        bob.answer(180, "Ringing", to: received, server)
        _ = try alice.receive("180")
        alice.send(invite.follower("CANCEL").with { $0.lines = ["Reason: SIP;cause=600"] }, to: server.udp)
        _ = try alice.receive("200")
        let cancel = try bob.receive("CANCEL")
        #expect(cancel["Reason"] == "SIP;cause=600")
        #expect(cancel["CSeq"] == "1 CANCEL")
        bob.answer(200, "OK", to: cancel, server)
        bob.answer(487, "Gone", to: received, server, tag: "bobs")
        let terminated = try alice.receive("487")
        #expect(terminated.reason == "Gone")
        #expect(terminated["To"]?.hasSuffix("tag=bobs") == true)
    }

    @Test func `silence is 408 for an INVITE, and nothing for other requests`() throws {
        let server = try tmServer("t_relay();", parameters: "modparam(\"tm\", \"fr_timer\", 600)")
        let alice = try Client()
        let bob = try Client()
        alice.send(Request("INVITE", "sip:bob@\(bob.text)", from: alice), to: server.udp)
        let timeout = try alice.receive("408")
        #expect(timeout.reason == "Request Timeout")
        #expect(timeout["To"]?.contains(/;tag=[0-9a-f]{32}-[0-9a-f]{8}$/) == true)

        let carol = try Client()
        carol.send(Request("OPTIONS", "sip:bob@\(bob.text)", from: carol), to: server.udp)
        // RFC 4320: 100 after a while, and never 408.
        #expect(carol.fallsSilent(for: 1))
    }

    @Test func `where nothing can be sent the script may answer, or the server does`() throws {
        let server = try tmServer(
            """
            if (!t_relay()) {
                if (is_method("INVITE")) { sl_reply_error(); }
            }
            """, plugins: ["sl", "textops", "ctl"])
        let alice = try Client()
        let options = try alice.ask(Request("OPTIONS", "tel:+123", from: alice), server.udp)
        #expect(options.startLine == "SIP/2.0 479 We were not able to process the URI (479/TM)")
        alice.send(Request("INVITE", "tel:+123", from: alice), to: server.udp)
        #expect(try alice.receive("479").reason == "We were not able to process the URI (479/SL)")
        #expect(alice.isSilent(for: 0.3))
    }

    @Test func `a reply with a branch of nobody's goes nowhere, though its Via names us`() throws {
        let server = try tmServer(
            "if ($rU == \"stateless\") forward(); else t_relay();", plugins: ["sl", "textops", "ctl"])
        let alice = try Client()
        let bob = try Client()
        alice.send(Request("OPTIONS", "sip:stateless@\(bob.text)", from: alice), to: server.udp)
        let received = try bob.receive()
        let branch = try #require(received.branch)
        let reply = String(decoding: Request.reply(200, "OK", to: received), as: UTF8.self)
        bob.send(reply.replacingOccurrences(of: branch, with: "z9hG4bKforged"), to: server.udp)
        let other = branch.dropLast(3) + (branch.dropLast(2).last == "0" ? "1" : "0") + branch.suffix(2)
        bob.send(reply.replacingOccurrences(of: branch, with: other), to: server.udp)
        try server.comes { try server.statistic("core.foreign_replies") == 2 }
        #expect(alice.pending() == nil)
        bob.send(reply, to: server.udp)
        #expect(try alice.receive().status == 200)
    }

    @Test func `a reply that belongs to nothing goes nowhere`() throws {
        let server = try tmServer("t_relay();")
        let alice = try Client()
        let bob = try Client()
        alice.send(Request("OPTIONS", "sip:bob@\(bob.text)", from: alice), to: server.udp)
        let received = try bob.receive()
        var forged = String(decoding: Request.reply(200, "OK", to: received), as: UTF8.self)
        let branch = try #require(received.branch)
        forged = forged.replacingOccurrences(of: branch, with: branch.dropLast(8) + "000000.0")
        bob.send(forged, to: server.udp)
        #expect(alice.isSilent(for: 0.2))
        bob.answer(200, "OK", to: received, server)
        #expect(try alice.receive().status == 200)
        // Once more, long after: the transaction is gone.
        try server.comes { try server.transactions() == 0 }
        bob.answer(200, "OK", to: received, server)
        #expect(alice.isSilent(for: 0.3))
    }
}
