// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// dlg.* (manual of dialog, "RPC").
@Suite struct DialogCommandTests {
    private func answerByes(_ call: PhoneCall, _ check: (Packet) -> Void = { _ in }) throws {
        for phone in [call.caller, call.callee] {
            let bye = try phone.receive("BYE")
            check(bye)
            phone.send(Request.reply(200, "OK", to: bye), to: call.server.udp)
        }
    }

    @Test func `an operator ends a call by its numbers, with headers, or by its names`() throws {
        let server = try dialogServer("dlg_manage();")
        let one = try PhoneCall(server).connect()
        let shown = try #require(try server.dialogs().first)
        let answer = try server.rpc(
            "dlg.end_dlg", "\(shown["h_entry"] ?? "")", "\(shown["h_id"] ?? "")", "X-Why: none")
        #expect(answer.status == 0, "\(answer.err)")
        try answerByes(one) {
            #expect($0["X-Why"] == "none")
            #expect($0["Reason"]?.contains("Ended by an operator") == true)
        }
        let two = try PhoneCall(server).connect()
        #expect(try server.rpc("dlg.terminate_dlg", two.callID, "a1", "b1").status == 0)
        try answerByes(two)
        try server.comes(toStates: [])
        #expect(try server.rpc("dlg.end_dlg", "1", "1").err.contains("404"))
        #expect(try server.rpc("dlg.terminate_dlg", "no", "a1", "b1").err.contains("500"))
    }

    @Test func `what is early is ended by a refusal and a CANCEL`() throws {
        let server = try dialogServer("dlg_manage();")
        let call = try PhoneCall(server)
        try call.ring()
        try call.reply(180, "Ringing")
        _ = try call.caller.receive("180")
        #expect(try server.rpc("dlg.terminate_dlg", call.callID, "a1", "").status == 0)
        #expect(try call.caller.receive("480").reason == "Temporarily Unavailable")
        let cancel = try call.callee.receive("CANCEL")
        call.callee.answer(200, "OK", to: cancel, server)
        try call.reply(487, "Request Terminated")
        try server.comes(toStates: [])
    }

    @Test func `lists can be searched, and shown in short`() throws {
        let server = try dialogServer("dlg_manage();")
        let one = try PhoneCall(server, callID: "first@x").connect()
        _ = try PhoneCall(server, callID: "second@x").connect()
        #expect(try server.dialogs("dlg.list_match", "callid", "sw", "first").count == 1)
        #expect(try server.dialogs("dlg.list_match", "callid", "re", "(first|second)@x").count == 2)
        #expect(try server.dialogs("dlg.list_match", "start_ts", "gt", "1000", "1").count == 1)
        #expect(try server.rpc("dlg.list_match", "callid", "eq", "third").err.contains("404"))
        #expect(try server.rpc("dlg.list_match", "callid", "xx", "third").err.contains("400"))
        #expect(try server.dialogs("dlg.briefing", "cio").contains { "\($0["to_tag"] ?? "")" == "b1" })
        let counts = try server.json("dlg.stats_active") as? [String: Any]
        #expect(counts?["ongoing"] as? Int == 2)
        #expect(counts?["all"] as? Int == 2)
        #expect(try server.rpc("dlg.is_alive", "first@x", "a1", "b1").out.contains("Alive"))
        #expect(try server.rpc("dlg.is_alive", "none", "a1", "b1").err.contains("404"))
        let file = server.folder.file("dump")
        #expect(try server.rpc("dlg.dump_file", file).status == 0)
        let dumped = try String(contentsOfFile: file, encoding: .utf8)
        #expect(dumped.split(separator: "\n").count == 2)
        #expect(dumped.contains("\"call-id\":\"first@x\""))
        #expect(try server.dialogs("dlg.list_ctx").count == 2)
        try one.hangUp()
        try server.comes(toStates: [4])
    }

    @Test func `lists and ends work whichever worker a call is on`() throws {
        let server = try dialogServer("dlg_manage();", workers: 3)
        var calls: [PhoneCall] = []
        for _ in 0..<9 { calls.append(try PhoneCall(server).connect()) }
        try server.comes(toStates: Array(repeating: 4, count: 9))
        for call in calls {
            #expect(try server.rpc("dlg.terminate_dlg", call.callID, "a1", "b1").status == 0)
            try answerByes(call)
        }
        try server.comes(toStates: [])
    }

    @Test func `dlg_bridge calls one and refers him to the other`() throws {
        let server = try dialogServer("")
        let phone = try Client()
        #expect(
            try server.rpc("dlg.bridge_dlg", "sip:bob@\(phone.text)", "sip:carol@example.org").status == 0)
        let invite = try phone.receive("INVITE")
        #expect(invite["From"]?.hasPrefix("<sip:controller@kamailio.org>") == true)
        #expect(String(decoding: invite.body, as: UTF8.self).contains("0.0.0.0"))
        phone.send(
            Request.reply(200, "OK", to: invite, "Contact: <sip:bob@\(phone.text)>"), to: server.udp)
        _ = try phone.receive("ACK")
        let refer = try phone.receive("REFER")
        #expect(refer["Refer-To"] == "<sip:carol@example.org>")
        #expect(refer.tag("To") == "b1")
        phone.send(Request.reply(202, "Accepted", to: refer), to: server.udp)
        let bye = try phone.receive("BYE")
        phone.send(Request.reply(200, "OK", to: bye), to: server.udp)
    }
}
