// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Calls that the plugin dialog follows (manual of dialog, "Life of a dialog").
@Suite struct DialogTests {
    @Test func `a call goes through its states and leaves nothing behind`() throws {
        let server = try dialogServer("dlg_manage();")
        let call = try PhoneCall(server)
        try call.ring()
        try server.comes(toStates: [1])
        try call.reply(180, "Ringing")
        _ = try call.caller.receive("180")
        try server.comes(toStates: [2])
        #expect(try server.statistic("dialog.early_dialogs") == 1)
        try call.reply(200, "OK")
        _ = try call.caller.receive("200")
        try server.comes(toStates: [3])
        let ready = try PhoneCall(server).connect()
        try server.comes(toStates: [3, 4])
        #expect(try server.statistic("dialog.active_dialogs") == 2)
        let shown = try #require(try server.dialogs("dlg.dlg_list", ready.callID).first)
        #expect(shown["call-id"] as? String == ready.callID)
        #expect(shown["from_uri"] as? String == "sip:alice@example.com")
        let callee = try #require(shown["callee"] as? [String: Any])
        #expect(callee["tag"] as? String == "b1")
        #expect(callee["contact"] as? String == "sip:bob@\(ready.callee.text)")
        #expect((shown["caller"] as? [String: Any])?["cseq"] as? String == "10")
        try ready.hangUp()
        try server.comes(toStates: [3])
        #expect(try server.statistic("dialog.processed_dialogs") == 2)
        #expect(server.complaints.isEmpty)
    }

    @Test func `the cookie in Record-Route names the dialog (manual, 6.3)`() throws {
        let server = try dialogServer("dlg_manage();")
        let call = try PhoneCall(server)
        try call.ring()
        let shown = try #require(try server.dialogs().first)
        let route = try #require(call.received?["Record-Route"])
        func reversed(_ number: Any?) -> String {
            String(String(number as? Int ?? 0, radix: 16).reversed())
        }
        #expect(route.contains(";did=\(reversed(shown["h_entry"])).\(reversed(shown["h_id"]))"))
    }

    @Test(arguments: [486, 603, 302]) func `a refusal ends it, and counts`(_ status: Int) throws {
        let server = try dialogServer(
            "dlg_manage();",
            "event_route[dialog:failed] { xlog(\"FAILED $ci $dlg(state) $dlg_var(who)\\n\"); }",
            parameters: "")
        let call = try PhoneCall(server)
        try call.ring()
        try call.reply(status, "No")
        _ = try call.caller.receive("\(status)")
        call.caller.send(call.invite.follower("ACK", to: "\(call.invite.to);tag=b1"), to: server.udp)
        #expect(server.logs("FAILED \(call.callID) 5"))
        try server.comes(toStates: [])
        #expect(try server.statistic("dialog.failed_dialogs") == 1)
    }

    @Test func `a cancelled call is over`() throws {
        let server = try dialogServer("dlg_manage();")
        let call = try PhoneCall(server)
        try call.ring()
        try call.reply(180, "Ringing")
        _ = try call.caller.receive("180")
        call.caller.send(call.invite.follower("CANCEL"), to: server.udp)
        let cancel = try call.callee.receive("CANCEL")
        call.callee.answer(200, "OK", to: cancel, server)
        try call.reply(487, "Request Terminated")
        _ = try call.caller.receive("487")
        call.caller.send(call.invite.follower("ACK", to: "\(call.invite.to);tag=b1"), to: server.udp)
        try server.comes(toStates: [])
        #expect(try server.statistic("dialog.early_dialogs") == 0)
    }

    @Test func `requests before the answer belong to it, whichever branch they are for`() throws {
        let server = try dialogServer(
            "dlg_manage();", inside: "xlog(\"IN $rm $dlg(state) $dlg_ctx(dir) $tt\\n\");")
        let call = try PhoneCall(server)
        try call.ring()
        for tag in ["x1", "x2"] {
            try call.reply(183, "Progress", tag: tag)
            call.answer = try call.caller.receive("183")
            call.caller.send(call.request("PRACK", sequence: tag == "x1" ? 11 : 12, tag: tag), to: server.udp)
            let prack = try call.callee.receive("PRACK")
            call.callee.send(Request.reply(200, "OK", to: prack), to: server.udp)
            _ = try call.caller.receive("200")
            #expect(server.logs("IN PRACK 2 1 \(tag)"))
        }
        #expect((try server.dialogs().first?["early"] as? [Any])?.count == 2)
        try call.reply(200, "OK", tag: "x2")
        call.answer = try call.caller.receive("200")
        let shown = try #require(try server.dialogs().first)
        #expect((shown["callee"] as? [String: Any])?["tag"] as? String == "x2")
        #expect((shown["caller"] as? [String: Any])?["cseq"] as? String == "12")
    }

    @Test func `a re-INVITE moves both targets`() throws {
        let server = try dialogServer("dlg_manage();")
        let call = try PhoneCall(server).connect()
        var again = call.request("INVITE", sequence: 11)
        again.lines.append("Contact: <sip:alice@192.0.2.9:6000>")
        call.caller.send(again, to: server.udp)
        let got = try call.callee.receive("INVITE")
        call.callee.send(
            Request.reply(200, "OK", to: got, "Contact: <sip:bob@192.0.2.10:6001>"), to: server.udp)
        _ = try call.caller.receive("200")
        let shown = try #require(try server.dialogs().first)
        #expect((shown["caller"] as? [String: Any])?["contact"] as? String == "sip:alice@192.0.2.9:6000")
        #expect((shown["callee"] as? [String: Any])?["contact"] as? String == "sip:bob@192.0.2.10:6001")
    }

    @Test func `route sets are those of the proxies on either side`() throws {
        let server = try dialogServer(
            "dlg_manage();",
            parameters: """
                modparam("dialog", "default_timeout", 1)
                modparam("dialog", "send_bye", 1)
                """)
        let call = try PhoneCall(server)
        // One proxy before us, where the caller's telephone is; and two behind us, where the callee's is.
        call.invite.lines.append("Record-Route: <sip:\(call.caller.text);lr;near>")
        try call.ring()
        let ours = try #require(call.received?["Record-Route"])
        let near = "<sip:\(call.caller.text);lr;near>"
        let received = try #require(call.received)
        var reply = String(
            decoding: Request.reply(
                200, "OK", to: received, "Contact: <sip:bob@192.0.2.10:6001>"), as: UTF8.self)
        let line = try #require(
            reply.components(separatedBy: "\r\n").first { $0.hasPrefix("Record-Route: ") })
        reply = reply.replacingOccurrences(
            of: line,
            with:
                "Record-Route: <sip:far@\(call.callee.text);lr>, <sip:\(call.callee.text);lr;mid>\r\n\(line)")
        #expect(line.contains(ours))
        call.callee.send(reply, to: server.udp)
        _ = try call.caller.receive("200")
        call.caller.send(
            call.request("ACK", sequence: 10).with {
                $0.lines = ["Route: \(ours)", "Route: <sip:\(call.callee.text);lr>"]
            },
            to: server.udp)
        let toCallee = try call.callee.receive("BYE")
        #expect(
            toCallee.all("Route").joined(separator: ", ")
                == "<sip:\(call.callee.text);lr;mid>, <sip:far@\(call.callee.text);lr>")
        #expect(toCallee.uri == "sip:bob@192.0.2.10:6001")
        let toCaller = try call.caller.receive("BYE")
        #expect(toCaller.all("Route") == [near])
        #expect(toCaller.uri == "sip:alice@\(call.caller.text)")
        call.callee.send(Request.reply(200, "OK", to: toCallee), to: server.udp)
        call.caller.send(Request.reply(200, "OK", to: toCaller), to: server.udp)
    }

    @Test func `an INVITE that is answered here leaves no dialog`() throws {
        let server = try dialogServer("dlg_manage(); sl_send_reply(\"404\", \"No\"); exit;")
        let caller = try Client()
        let answer = try caller.ask(
            try PhoneCall(server, caller: caller).invite, server.udp)
        #expect(answer.status == 404)
        try server.comes(toStates: [])
        #expect(try server.statistic("dialog.processed_dialogs") == 1)
    }

    @Test func `dlg_flag makes a dialog when the transaction is made`() throws {
        let server = try dialogServer(
            "setflag(5);", parameters: "modparam(\"dialog\", \"dlg_flag\", 5)")
        try PhoneCall(server).connect()
        try server.comes(toStates: [4])
    }

    @Test func `the BYE of the callee finds it, too`() throws {
        let server = try dialogServer(
            "dlg_manage();",
            "event_route[dialog:end] { xlog(\"END $ci $dlg_ctx(dir) $rm $dlg_var(a)\\n\"); }",
            inside: "")
        let call = try PhoneCall(server).connect()
        try call.hangUp(fromCallee: true, sequence: 1)
        #expect(server.logs("END \(call.callID) 2 BYE"))
        try server.comes(toStates: [])
    }

    @Test func `each callee who answers has a record of his own`() throws {
        let server = try dialogServer("$dlg_var(who) = \"x\"; dlg_manage();")
        let call = try PhoneCall(server).connect()
        try call.reply(200, "OK", tag: "b2")
        let second = try call.caller.receive("200")
        #expect(second.tag("To") == "b2")
        try server.comes(toStates: [3, 4])
        call.caller.send(call.request("ACK", sequence: 10, tag: "b2"), to: server.udp)
        _ = try call.callee.receive("ACK")
        try server.comes(toStates: [4, 4])
        call.caller.send(call.request("BYE", sequence: 11, tag: "b2"), to: server.udp)
        let bye = try call.callee.receive("BYE")
        call.callee.send(Request.reply(200, "OK", to: bye), to: server.udp)
        _ = try call.caller.receive("200")
        try server.comes(toStates: [4])
        let left = try #require(try server.dialogs().first)
        #expect((left["callee"] as? [String: Any])?["tag"] as? String == "b1")
        try call.hangUp(sequence: 12)
        try server.comes(toStates: [])
    }

    @Test func `an INVITE that comes by again is the same dialog`() throws {
        // The first pass sends it to the server itself.
        let server = try dialogServer(
            "dlg_manage(); if ($rU == \"spiral\") { $ru = \"sip:bob@\" + $hdr(X-Callee); $du = \"sip:127.0.0.1:\" + $Rp; }"
        )
        let callee = try Client()
        let call = try PhoneCall(server, callee: callee, "X-Callee: \(callee.text)")
        call.invite.uri = "sip:spiral@\(server.udp.text)"
        try call.connect()
        try server.comes(toStates: [4])
        #expect(try server.statistic("dialog.processed_dialogs") == 1)
        try call.hangUp()
        try server.comes(toStates: [])
    }

    @Test(arguments: [0, 1, 2]) func `requests without a cookie are found as dlg_match_mode says`(
        _ mode: Int
    ) throws {
        let server = try dialogServer(
            "dlg_manage();", parameters: "modparam(\"dialog\", \"dlg_match_mode\", \(mode))",
            inside: "if (!is_known_dlg()) xlog(\"UNKNOWN $ci\\n\");")
        let call = try PhoneCall(server).connect()
        try server.comes(toStates: [4])
        #expect(call.received?["Record-Route"]?.contains(";did=") == (mode != 2))
        // The Route of before this server learnt to follow calls.
        var bye = call.request("BYE", sequence: 11)
        bye.lines = ["Route: <sip:\(server.udp.text);lr;ftag=a1>"]
        call.caller.send(bye, to: server.udp)
        let got = try call.callee.receive("BYE")
        call.callee.send(Request.reply(200, "OK", to: got), to: server.udp)
        _ = try call.caller.receive("200")
        try server.comes(toStates: mode == 0 ? [4] : [])
    }

    @Test func `both sides get a BYE at the time-out, each with its own way and CSeq`() throws {
        let server = try dialogServer(
            "dlg_manage();", "event_route[dialog:end] { xlog(\"END $dlg(state) $dlg(end_reason)\\n\"); }",
            parameters: """
                modparam("dialog", "default_timeout", 1)
                modparam("dialog", "send_bye", 1)
                modparam("dialog", "dlg_extra_hdrs", "X-From: here\\r\\n")
                """)
        let call = try PhoneCall(server).connect()
        let toCaller = try call.caller.receive("BYE")
        let toCallee = try call.callee.receive("BYE")
        #expect(toCaller["CSeq"] == "1 BYE")
        #expect(toCallee["CSeq"] == "11 BYE")
        #expect(toCaller.tag("From") == "b1")
        #expect(toCaller.tag("To") == "a1")
        #expect(toCallee.tag("From") == "a1")
        #expect(toCallee.tag("To") == "b1")
        #expect(toCaller.startLine.contains("sip:alice@\(call.caller.text)"))
        #expect(toCallee.startLine.contains("sip:bob@\(call.callee.text)"))
        for bye in [toCaller, toCallee] {
            #expect(bye["Reason"] == "SIP;cause=408;text=\"Dialog lifetime over\"")
            #expect(bye["X-From"] == "here")
            #expect(bye["Max-Forwards"] == "70")
            #expect(bye["Call-ID"] == call.callID)
        }
        // The caller is gone; that is no concern of the callee's.
        call.callee.send(Request.reply(200, "OK", to: toCallee), to: server.udp)
        #expect(server.logs("BYE to the callee of \(call.callID): 200"))
        #expect(server.logs("BYE to the caller of \(call.callID): 408"))
        #expect(server.logs("END 5 Dialog lifetime over"))
        try server.comes(toStates: [])
        #expect(try server.statistic("dialog.expired_dialogs") == 1)
    }

    @Test func `without send_bye nobody is told`() throws {
        let server = try dialogServer(
            "dlg_manage();", parameters: "modparam(\"dialog\", \"default_timeout\", 1)")
        let call = try PhoneCall(server).connect()
        try server.comes(toStates: [])
        #expect(call.caller.isSilent(for: 0.2))
        #expect(try server.statistic("dialog.expired_dialogs") == 1)
    }

    @Test func `the BYE to a caller behind a NAT goes where his requests came from`() throws {
        let server = try dialogServer(
            "dlg_manage();",
            parameters: """
                modparam("dialog", "default_timeout", 1)
                modparam("dialog", "send_bye", 1)
                """)
        let call = try PhoneCall(server)
        call.invite.lines = ["Contact: <sip:alice@192.168.77.5:5070>"]
        try call.connect()
        let bye = try call.caller.receive("BYE")
        #expect(bye.startLine.contains("sip:alice@192.168.77.5:5070"))
        call.caller.send(Request.reply(200, "OK", to: bye), to: server.udp)
        #expect(server.logs("BYE to the caller of \(call.callID): 200"))
    }

    @Test func `the timeout AVP is the lifetime, and so is what dlg_set_timeout says`() throws {
        let server = try dialogServer(
            "$avp(life) = 700; dlg_manage();",
            parameters: "modparam(\"dialog\", \"timeout_avp\", \"$avp(life)\")",
            inside: "if (is_method(\"INFO\")) dlg_set_timeout(55);")
        let call = try PhoneCall(server).connect()
        func lifetime() throws -> Int? { try server.dialogs().first?["lifetime"] as? Int }
        #expect(try lifetime() == 700)
        call.caller.send(call.request("INFO", sequence: 11), to: server.udp)
        let info = try call.callee.receive("INFO")
        call.callee.send(Request.reply(200, "OK", to: info), to: server.udp)
        _ = try call.caller.receive("200")
        #expect(try lifetime() == 55)
    }

    @Test func `the timeout route runs with its dialog, before the end`() throws {
        let server = try dialogServer(
            "$dlg_ctx(timeout_route) = \"GONE\"; $dlg_ctx(timeout_bye) = 1; $dlg_var(who) = \"al\"; dlg_manage();",
            """
            route[GONE] { xlog("ROUTE $dlg(state) $dlg_var(who) $ci\\n"); }
            event_route[dialog:end] { xlog("END $dlg_var(who) $DLG_status\\n"); }
            """, parameters: "modparam(\"dialog\", \"default_timeout\", 1)")
        let call = try PhoneCall(server).connect()
        #expect(server.logs("ROUTE 4 al \(call.callID)"))
        #expect(server.logs("END al 5"))
        let bye = try call.callee.receive("BYE")
        call.callee.send(Request.reply(200, "OK", to: bye), to: server.udp)
    }
}
