// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Checking and mending what comes inside calls, and what is counted and set from outside (manuals of dialog:
/// validate_dialog(), fix_route_dialog(), dlg_remote_profile(), dlg_set_state()).
@Suite struct DialogUpkeepTests {
    @Test func `validate_dialog tells what is wrong, and fix_route_dialog mends target and Route`() throws {
        let server = try dialogServer(
            "dlg_manage();",
            inside: """
                validate_dialog();
                $var(v) = $rc;
                xlog("VALID $cs $var(v)\\n");
                if ($var(v) != 1) fix_route_dialog();
                """)
        let call = try PhoneCall(server).connect()
        let elsewhere = try Client()

        func send(_ sequence: Int, _ change: (inout Request) -> Void = { _ in }) throws -> Packet {
            call.caller.send(call.request("INFO", sequence: sequence).with(change), to: server.udp)
            let got = try call.callee.receive("INFO")
            call.callee.send(Request.reply(200, "OK", to: got), to: server.udp)
            _ = try call.caller.receive("200")
            return got
        }

        _ = try send(20)
        #expect(server.logs("VALID 20 1"))
        _ = try send(15)
        #expect(server.logs("VALID 15 -1"))
        let target = try send(21) { $0.uri = "sip:bob@\(elsewhere.text)" }
        #expect(server.logs("VALID 21 -2"))
        #expect(target.uri == "sip:bob@\(call.callee.text)")
        let routed = try send(22) { $0.lines.append("Route: <sip:\(elsewhere.text);lr>") }
        #expect(server.logs("VALID 22 -3"))
        #expect(routed.all("Route").isEmpty)
        #expect(elsewhere.pending() == nil)

        let stranger = call.request("INFO", sequence: 30).with { $0.callID = "nobody-knows-it" }
        call.caller.send(stranger, to: server.udp)
        #expect(server.logs("VALID 30 -4"))
        let back = call.request("INFO", sequence: 1, fromCallee: true)
        call.callee.send(back, to: server.udp)
        #expect(server.logs("VALID 1 1"))
    }

    @Test func `remote profiles count until they are taken away or have expired`() throws {
        let server = try dialogServer(
            """
            dlg_remote_profile("add", "caller", "$fU", "one", 0);
            dlg_remote_profile("add", "caller", "$fU", "old", 1000);
            if (!dlg_join_profile("caller", "$fU", 2)) { sl_send_reply("486", "Enough"); exit; }
            dlg_manage();
            """, parameters: "modparam(\"dialog\", \"profiles_with_value\", \"caller\")",
            inside: "if (is_method(\"INFO\")) dlg_remote_profile(\"rm\", \"caller\", \"\", \"one\", 0);")
        func size() throws -> Int? { try server.json("dlg.profile_get_size", "caller", "alice") as? Int }

        let call = try PhoneCall(server).connect()
        #expect(try size() == 2)
        #expect(try server.dialogs("dlg.profile_get_values", "caller").first?["count"] as? Int == 2)
        #expect(try server.dialogs("dlg.profile_list", "caller", "alice").count == 1)
        let second = try PhoneCall(server)
        #expect(try second.caller.ask(second.invite, server.udp).status == 486)
        #expect(try size() == 2)
        call.caller.send(call.request("INFO", sequence: 11), to: server.udp)
        let info = try call.callee.receive("INFO")
        call.callee.send(Request.reply(200, "OK", to: info), to: server.udp)
        try server.comes { try size() == 1 }
        try call.hangUp(sequence: 12)
        try server.comes { try size() == 0 }
    }

    @Test func `dlg.set_state makes a call confirmed, or deletes it without a word to the sides`() throws {
        let server = try dialogServer(
            "dlg_manage();", "event_route[dialog:end] { xlog(\"END $ci $dlg(state)\\n\"); }")
        let call = try PhoneCall(server)
        try call.ring()
        try call.reply(200, "OK")
        _ = try call.caller.receive("200")
        try server.comes(toStates: [3])
        #expect(try server.rpc("dlg.set_state", call.callID, "a1", "b1", "confirmed").status == 0)
        try server.comes(toStates: [4])
        #expect(try server.rpc("dlg.set_state", call.callID, "a1", "b1", "early").status != 0)
        #expect(try server.rpc("dlg.set_state", "nobody", "a1", "b1", "deleted").status != 0)
        #expect(try server.rpc("dlg.set_state", call.callID, "a1", "b1", "deleted").status == 0)
        #expect(server.logs("END \(call.callID) 5"))
        try server.comes(toStates: [])
        #expect(try server.statistic("dialog.active_dialogs") == 0)
    }

    @Test func `dlg_set_state confirms a call whose ACK went another way`() throws {
        let server = try dialogServer(
            "dlg_manage();",
            inside:
                "if (is_method(\"INFO\")) { dlg_set_state(\"confirmed\"); xlog(\"STATE $dlg(state)\\n\"); }")
        let call = try PhoneCall(server)
        try call.ring()
        try call.reply(200, "OK")
        call.answer = try call.caller.receive("200")
        call.caller.send(call.request("INFO", sequence: 11), to: server.udp)
        #expect(server.logs("STATE 4"))
        try server.comes(toStates: [4])
    }

    @Test func `event_callback, which is for scripts in other languages, is told of at the start`() throws {
        let server = try dialogServer(
            "dlg_manage();", parameters: "modparam(\"dialog\", \"event_callback\", \"ksr_dialog_event\")")
        #expect(server.logs("event_callback \"ksr_dialog_event\" has no effect"))
    }

    @Test func `xavp_cfg has what is known of the call while its events are told`() throws {
        let server = try dialogServer(
            "dlg_manage();",
            """
            event_route[dialog:start] {
                xlog("START $xavp(call=>callid) $xavp(call=>state) [$xavp(call=>end_reason)]\n");
            }
            event_route[dialog:end] {
                xlog("END $xavp(call=>from_tag) $xavp(call=>to_tag) $xavp(call=>end_reason)\n");
            }
            """, parameters: "modparam(\"dialog\", \"xavp_cfg\", \"call\")")
        let call = try PhoneCall(server).connect()
        #expect(server.logs("START \(call.callID) 3 [<null>]"))
        #expect(try server.rpc("dlg.terminate_dlg", call.callID, "a1", "b1").status == 0)
        for phone in [call.caller, call.callee] {
            let bye = try phone.receive("BYE")
            phone.send(Request.reply(200, "OK", to: bye), to: server.udp)
        }
        #expect(server.logs("END a1 b1 Ended by an operator"))
    }

    @Test func `dlg_set_timeout finds a call by its numbers, whichever worker it is on`() throws {
        let server = try dialogServer(
            "dlg_manage();", parameters: "modparam(\"dialog\", \"timeout_noreset\", 1)",
            inside: """
                if (is_method("INFO")) {
                    dlg_set_timeout($(hdr(X-Time){s.int}), $(hdr(X-Entry){s.int}), $(hdr(X-Id){s.int}));
                }
                """, workers: 3)
        let calls = try (0..<6).map { _ in try PhoneCall(server).connect() }
        try server.comes(toStates: Array(repeating: 4, count: 6))
        for (index, shown) in try server.dialogs().enumerated() {
            calls[0].caller.send(
                calls[0].request(
                    "INFO", sequence: 11 + index, "X-Time: \(500 + index)",
                    "X-Entry: \(shown["h_entry"] ?? "")", "X-Id: \(shown["h_id"] ?? "")"), to: server.udp)
            let info = try calls[0].callee.receive("INFO")
            calls[0].callee.send(Request.reply(200, "OK", to: info), to: server.udp)
            _ = try calls[0].caller.receive("200")
        }
        let lifetimes = try server.dialogs().compactMap { $0["lifetime"] as? Int }.sorted()
        #expect(lifetimes == Array(500..<506))
    }
}
