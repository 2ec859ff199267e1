// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// How a call is ended from the middle, when the ends make it hard (manual of dialog, "send_bye" and "ka_timer").
@Suite struct DialogEndingTests {
    private let byes = "modparam(\"dialog\", \"send_bye\", 1)"
    private let short = "dlg_manage(); dlg_set_timeout(1);"

    private func ok(_ request: Packet, _ phone: Client, _ server: Server) {
        phone.send(Request.reply(200, "OK", to: request), to: server.udp)
    }

    /// A call whose ends came over TCP, with Contacts that nobody can connect to, or that lead to `contact`.
    private func connect(
        _ server: Server, _ caller: Connection, _ listener: Listener, contact: String? = nil
    ) throws -> (callee: Connection, callID: String) {
        let invite = Request("INVITE", "sip:bob@\(listener.text);transport=tcp", from: caller).with {
            $0.lines = ["Contact: <\(contact ?? "sip:alice@127.0.0.1:\(caller.port);transport=tcp")>"]
        }
        caller.send(invite)
        let callee = try listener.accept()
        let received = try callee.receive()
        callee.send(
            Request.reply(
                200, "OK", to: received, "Contact: <sip:bob@127.0.0.1:\(callee.port);transport=tcp>"))
        var answer = try caller.receive()
        while answer.status < 200 { answer = try caller.receive() }
        let ack = Request("ACK", "sip:bob@\(listener.text);transport=tcp", from: caller).with {
            $0.callID = invite.callID
            $0.to = "\(invite.to);tag=b1"
            $0.lines = answer.all("Record-Route").reversed().map { "Route: \($0)" }
        }
        caller.send(ack)
        #expect(try callee.receive().method == "ACK")
        return (callee, invite.callID)
    }

    @Test func `at the time-out BYE goes over the connections that the sides came by`() throws {
        let server = try dialogServer(short, parameters: byes)
        let caller = try Connection(to: server.tcp)
        let listener = try Listener()
        let (callee, callID) = try connect(server, caller, listener)
        for (phone, uri, sequence) in [
            (caller, "sip:alice@127.0.0.1:\(caller.port);transport=tcp", "1 BYE"),
            (callee, "sip:bob@127.0.0.1:\(callee.port);transport=tcp", "2 BYE"),
        ] {
            let bye = try phone.receive()
            #expect(bye.method == "BYE")
            #expect(bye.uri == uri)
            #expect(bye["CSeq"] == sequence)
            #expect(bye["Call-ID"] == callID)
            #expect(bye["Via"]?.hasPrefix("SIP/2.0/TCP ") == true)
            #expect(bye["Reason"]?.hasPrefix("SIP;cause=408") == true)
            phone.send(Request.reply(200, "OK", to: bye))
        }
        try server.comes(toStates: [])
        #expect(server.logs("BYE to the caller of \(callID): 200"))
        #expect(server.logs("BYE to the callee of \(callID): 200"))
    }

    @Test func `where the connection is gone, BYE goes to the Contact`() throws {
        let server = try dialogServer("dlg_manage(); dlg_set_timeout(2);", parameters: byes)
        let other = try Client()
        let listener = try Listener()
        var caller: Connection? = try Connection(to: server.tcp)
        let (callee, _) = try connect(
            server, #require(caller), listener, contact: "sip:alice@\(other.text)")
        caller = nil
        let bye = try other.receive("BYE")
        #expect(bye.uri == "sip:alice@\(other.text)")
        ok(bye, other, server)
        let second = try callee.receive()
        #expect(second.method == "BYE")
        callee.send(Request.reply(200, "OK", to: second))
        try server.comes(toStates: [])
    }

    @Test func `a BYE that cannot be sent is tried three times, and the other side has its own at once`()
        throws
    {
        let server = try dialogServer(
            "dlg_manage(); dlg_set_timeout(2);",
            "event_route[dialog:forgotten] { xlog(\"GONE $ci $dlg(to_cseq)\\n\"); }", parameters: byes)
        let listener = try Listener()
        var caller: Connection? = try Connection(to: server.tcp)
        let (callee, callID) = try connect(server, #require(caller), listener)
        caller = nil
        let bye = try callee.receive()
        #expect(bye.method == "BYE")
        callee.send(Request.reply(200, "OK", to: bye))
        #expect(server.logs("BYE to the callee of \(callID): 200"))
        #expect(server.logs("BYE to the caller of \(callID): "))
        // Each had a CSeq of its own.
        #expect(server.logs("GONE \(callID) 3"))
        try server.comes(toStates: [])
        #expect(try server.statistic("dialog.active_dialogs") == 0)
    }

    @Test func `a BYE that gets a 5xx is sent again with a higher CSeq, three times in all`() throws {
        let server = try dialogServer(short, parameters: byes)
        let call = try PhoneCall(server).connect()
        ok(try call.caller.receive("BYE"), call.caller, server)
        for sequence in 11...13 {
            let bye = try call.callee.receive("BYE")
            #expect(bye["CSeq"] == "\(sequence) BYE")
            #expect(bye["Reason"]?.hasPrefix("SIP;cause=408") == true)
            call.callee.send(Request.reply(503, "Later", to: bye), to: server.udp)
        }
        #expect(server.logs("BYE to the callee of \(call.callID): 503"))
        try server.comes(toStates: [])
        #expect(call.caller.pending() == nil)
    }

    @Test func `a BYE that is sent again has the headers that dlg.end_dlg gave it`() throws {
        let server = try dialogServer("dlg_manage();")
        let call = try PhoneCall(server).connect()
        let shown = try #require(try server.dialogs().first)
        let numbers = ["h_entry", "h_id"].map { "\(shown[$0] ?? "")" }
        #expect(try server.rpc("dlg.end_dlg", numbers[0], numbers[1], "X-Why: none").status == 0)
        ok(try call.caller.receive("BYE"), call.caller, server)
        let first = try call.callee.receive("BYE")
        call.callee.send(Request.reply(503, "Later", to: first), to: server.udp)
        let second = try call.callee.receive("BYE")
        #expect(second["CSeq"] == "12 BYE")
        #expect(second["X-Why"] == "none")
        ok(second, call.callee, server)
        try server.comes(toStates: [])
    }

    @Test func `a 4xx to a BYE is the end of it`() throws {
        let server = try dialogServer(short, parameters: byes)
        let call = try PhoneCall(server).connect()
        for phone in [call.caller, call.callee] {
            let bye = try phone.receive("BYE")
            phone.send(Request.reply(481, "Gone", to: bye), to: server.udp)
        }
        #expect(server.logs("BYE to the callee of \(call.callID): 481"))
        try server.comes(toStates: [])
    }

    @Test func `ka-src and ka-dst ping the sides; who is missed has ten seconds left, then both get BYE`()
        throws
    {
        let server = try dialogServer(
            "create_dialog(\"P\"); dlg_set_property(\"ka-dst\");",
            parameters: """
                modparam("dialog", "options_ping_interval", 5)
                modparam("dialog", "ka_failed_limit", 1)
                """, inside: "if (is_method(\"INFO\")) dlg_set_timeout(1);")
        func end() throws -> Int { try server.dialogs().first?["timeout"] as? Int ?? 0 }

        let call = try PhoneCall(server).connect()
        let toCaller = try call.caller.receive("OPTIONS")
        #expect(toCaller.tag("To") == "a1")
        #expect(toCaller.tag("From") == "b1")
        let toCallee = try call.callee.receive("OPTIONS")
        #expect(toCallee["CSeq"] == "9 OPTIONS")
        #expect(toCallee.tag("To") == "b1")
        // Any other answer than 408 and 481 is a sign of life.
        call.caller.send(Request.reply(501, "What", to: toCaller), to: server.udp)
        #expect(try Client().ping(server.udp).status == 200)
        #expect(try end() > Self.now + 40_000)
        call.callee.send(Request.reply(481, "Gone", to: toCallee), to: server.udp)
        try server.comes { try end() <= Self.now + 11 }
        // Nobody wants to wait for those.
        call.caller.send(call.request("INFO", sequence: 11), to: server.udp)
        for phone in [call.caller, call.callee] {
            let bye = try phone.receive("BYE")
            #expect(bye["Reason"] == "SIP;cause=480;text=\"Nobody answers pings\"")
            ok(bye, phone, server)
        }
        try server.comes(toStates: [])
    }

    private static var now: Int { Int(Date().timeIntervalSince1970) }
}
