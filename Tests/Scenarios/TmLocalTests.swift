// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

private let plugins = ["sl", "textops", "corex", "xlog", "pv", "ctl"]
private let headers =
    "From: <sip:server@example.com>;tag=s1\\r\\nTo: <sip:bob@example.com>\\r\\nX-Own: yes\\r\\n"

/// Requests that the server makes itself.
@Suite struct TmLocalTests {
    /// A server that sends such a request when it gets an OPTIONS with where to in X-To.
    private func server(
        _ method: String, _ blocks: String = "", parameters: String = "", body: String = ""
    ) throws -> Server {
        try tmServer(
            """
            t_uac_send("\(method)", "$hdr(X-To)", "", "", "\(headers)", "\(body)");
            sl_send_reply("200", "OK");
            """, blocks, parameters: parameters, plugins: plugins)
    }

    private func order(_ bob: Client, _ alice: Client, _ server: Server) throws {
        let order = Request("OPTIONS", "sip:x@example.com", from: alice).with {
            $0.lines = ["X-To: sip:bob@\(bob.text)"]
        }
        #expect(try alice.ask(order, server.udp).status == 200)
    }

    @Test func `a script sends a request of its own, and event_route[tm:local-request] edits it`() throws {
        let server = try server(
            "MESSAGE", "event_route[tm:local-request] { append_hf(\"X-Edited: $rm\\r\\n\"); }", body: "")
        let alice = try Client()
        let bob = try Client()
        try order(bob, alice, server)
        let message = try bob.receive("MESSAGE")
        #expect(message.uri == "sip:bob@\(bob.text)")
        #expect(message["X-Own"] == "yes")
        #expect(message["X-Edited"] == "MESSAGE")
        #expect(message["From"] == "<sip:server@example.com>;tag=s1")
        #expect(message["CSeq"] == "1 MESSAGE")
        #expect(message["Max-Forwards"] == "70")
        // It is repeated as any other.
        #expect(try bob.receive().bytes == message.bytes)
        bob.answer(200, "OK", to: message, server)
        try server.comes { try server.transactions() == 0 }
    }

    @Test func `what event_route[tm:local-request] drops is not sent`() throws {
        let server = try server(
            "MESSAGE", "event_route[tm:local-request] { xlog(\"L_WARN\", \"gone\\n\"); drop; }")
        let alice = try Client()
        let bob = try Client()
        try order(bob, alice, server)
        #expect(server.logs("gone"))
        try server.comes { try server.transactions() == 0 }
        #expect(bob.isSilent(for: 0.1))
    }

    @Test func `a 2xx to an INVITE of our own is acknowledged along its route, and so is each copy`() throws {
        let server = try server("INVITE")
        let alice = try Client()
        let bob = try Client()
        try order(bob, alice, server)
        let invite = try bob.receive("INVITE")
        let ok = Request.reply(
            200, "OK", to: invite, "Contact: <sip:bob@\(bob.text);x=1>",
            "Record-Route: <sip:192.0.2.1;lr;n=2>, <sip:\(bob.text);lr;n=1>")
        for _ in 0..<2 {
            bob.send(ok, to: server.udp)
            let ack = try bob.receive("ACK")
            #expect(ack.uri == "sip:bob@\(bob.text);x=1")
            #expect(ack["To"]?.hasSuffix("tag=b1") == true)
            #expect(ack["CSeq"] == "1 ACK")
            // The last one recorded comes first.
            #expect(ack.all("Route").first == "<sip:\(bob.text);lr;n=1>")
            #expect(ack.branch != invite.branch)
        }
    }

    @Test func `a dot behind the method leaves the ACK to others`() throws {
        let server = try server("INVITE.")
        let alice = try Client()
        let bob = try Client()
        try order(bob, alice, server)
        let invite = try bob.receive("INVITE")
        bob.answer(200, "OK", to: invite, server)
        #expect(bob.isSilent(for: 0.2))
    }

    @Test func `the script sends that ACK itself, with a body, and copies of the 2xx get it again`() throws {
        let server = try tmServer(
            """
            if ($hdr(X-Ack) != $null) {
                if (t_uac_ack_local("own-1", "1", "Content-Type: text/plain\r\nX-Late: yes\r\n", "hello"))
                    sl_send_reply("200", "OK");
                else
                    sl_send_reply("481", "None");
                exit;
            }
            t_uac_send("INVITE.", "$hdr(X-To)", "", "", "\(headers)Call-ID: own-1\\r\\n", "");
            sl_send_reply("200", "OK");
            """, plugins: plugins)
        let alice = try Client()
        let bob = try Client()
        let acknowledge = { () throws -> Int in
            let order = Request("OPTIONS", "sip:x@example.com", from: alice).with { $0.lines = ["X-Ack: 1"] }
            return try alice.ask(order, server.udp).status
        }
        #expect(try acknowledge() == 481)
        try order(bob, alice, server)
        let invite = try bob.receive("INVITE")
        let ok = Request.reply(200, "OK", to: invite, "Contact: <sip:bob@\(bob.text);x=1>")
        bob.send(ok, to: server.udp)
        try server.comes { try acknowledge() == 200 }
        let ack = try bob.receive("ACK")
        #expect(
            ack.uri == "sip:bob@\(bob.text);x=1" && ack["X-Late"] == "yes" && ack.body == Array("hello".utf8))
        bob.send(ok, to: server.udp)
        #expect(try bob.receive("ACK").bytes == ack.bytes)
        #expect(try acknowledge() == 481)
    }

    @Test func `with enable_uac_fr failure_route tries another destination`() throws {
        let carol = try Client()
        let server = try server(
            "MESSAGE",
            """
            event_route[tm:local-request] { t_on_failure("ELSEWHERE"); }
            failure_route[ELSEWHERE] {
                xlog("L_WARN", "failed with $T_reply_code\\n");
                $ru = "sip:carol@\(carol.text)";
                t_relay();
            }
            """, parameters: "modparam(\"tm\", \"enable_uac_fr\", 1)")
        let alice = try Client()
        let bob = try Client()
        try order(bob, alice, server)
        bob.answer(480, "Away", to: try bob.receive("MESSAGE"), server)
        #expect(server.logs("failed with 480"))
        carol.answer(200, "OK", to: try carol.receive("MESSAGE"), server)
        try server.comes { try server.transactions() == 0 }
    }

    @Test func `a copy of a request goes to another server, and its replies nowhere`() throws {
        let other = try Client()
        let server = try tmServer(
            """
            t_replicate("sip:\(other.text)");
            t_relay_to_udp("127.0.0.1", "$hdr(X-Port)");
            """, plugins: plugins)
        let alice = try Client()
        let bob = try Client()
        let register = Request("REGISTER", "sip:example.com", from: alice).with {
            $0.lines = ["X-Port: \(bob.port)"]
        }
        alice.send(register, to: server.udp)
        let copy = try other.receive("REGISTER")
        #expect(copy.uri == "sip:\(other.text)")
        #expect(copy["Call-ID"] == register.callID)
        other.answer(403, "No", to: copy, server)
        let received = try bob.receive("REGISTER")
        bob.answer(200, "OK", to: received, server)
        #expect(try alice.receive().status == 200)
        #expect(alice.isSilent(for: 0.1))
        try server.comes { try server.transactions() == 0 }
    }
}
