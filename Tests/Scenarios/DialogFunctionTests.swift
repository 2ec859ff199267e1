// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Functions and variables of dialog (its manual, "Script functions" and "Variables").
@Suite struct DialogFunctionTests {
    private func send(_ method: String, _ call: PhoneCall, sequence: Int = 11, _ lines: String...) throws {
        var request = call.request(method, sequence: sequence)
        request.lines += lines
        call.caller.send(request, to: call.server.udp)
        let got = try call.callee.receive(method)
        call.callee.send(Request.reply(200, "OK", to: got), to: call.server.udp)
        _ = try call.caller.receive("200")
    }

    @Test func `variables are there before the dialog, with it, and in its replies`() throws {
        let server = try dialogServer(
            "$dlg_var(a) = 5; $dlg_var(b) = \"x\"; $dlg_var(b) = $null; dlg_manage(); t_on_reply(\"R\");",
            "onreply_route[R] { xlog(\"R$rs $dlg_var(a) $dlg_var(b) $dlg(state) $DLG_status $dlg_ctx(on)\\n\"); }",
            inside: "xlog(\"IN $rm $dlg_var(a) $dlg_ctx(dir) $dlg(to_tag) $dlg(from_cseq)\\n\");")
        let call = try PhoneCall(server).connect()
        #expect(server.logs("R200 5 <null> 1 1 1"))
        try send("INFO", call)
        #expect(server.logs("IN INFO 5 1 b1 11"))
    }

    @Test func `a profile has a limit that nobody slips through`() throws {
        let server = try dialogServer(
            """
            if (!dlg_join_profile("caller", "$fU", 2)) { sl_send_reply("486", "Enough"); exit; }
            dlg_manage();
            get_profile_size("caller", "$fU", "$var(n)");
            xlog("SIZE $var(n)\\n");
            """, parameters: "modparam(\"dialog\", \"profiles_with_value\", \"caller\")")
        let one = try PhoneCall(server).connect()
        try PhoneCall(server).connect()
        #expect(server.logs("SIZE 2"))
        let third = try PhoneCall(server)
        #expect(try third.caller.ask(third.invite, server.udp).status == 486)
        #expect(try server.json("dlg.profile_get_size", "caller", "alice") as? Int == 2)
        try one.hangUp()
        try server.comes { try server.json("dlg.profile_get_size", "caller", "alice") as? Int == 1 }
        try PhoneCall(server).connect()
        #expect(try server.dialogs("dlg.profile_list", "caller", "alice").count == 2)
    }

    @Test func `what is refused before it is relayed counts nowhere`() throws {
        let server = try dialogServer(
            "set_dlg_profile(\"all\"); sl_send_reply(\"403\", \"No\"); exit;",
            parameters: "modparam(\"dialog\", \"profiles_no_value\", \"all\")")
        let call = try PhoneCall(server)
        #expect(try call.caller.ask(call.invite, server.udp).status == 403)
        try server.comes { try server.json("dlg.profile_get_size", "all") as? Int == 0 }
    }

    @Test func `an unknown profile is a mistake of the configuration`() throws {
        let folder = try Scratch()
        let file = try folder.file(
            "bad.cfg",
            with: """
                loadmodule "tm.so"
                loadmodule "rr.so"
                loadmodule "dialog.so"
                request_route { set_dlg_profile("nobody"); }
                """)
        let output = try martlet(["-c", file])
        #expect(output.status == 1)
        #expect((output.out + output.err).contains("there is no profile \"nobody\""))
    }

    @Test func `dlg_bye ends the call from within`() throws {
        let server = try dialogServer(
            "dlg_manage();",
            inside:
                "if (is_method(\"INFO\")) { xlog(\"BYE $rc\\n\"); dlg_terminate(\"all\", \"Credit is used up\"); }"
        )
        let call = try PhoneCall(server).connect()
        call.caller.send(call.request("INFO", sequence: 11), to: server.udp)
        for phone in [call.caller, call.callee] {
            let bye = try phone.receive("BYE")
            #expect(bye["Reason"] == "SIP;cause=200;text=\"Credit is used up\"")
            phone.send(Request.reply(200, "OK", to: bye), to: server.udp)
        }
    }

    @Test func `dlg_refer and dlg_req_within send inside the call`() throws {
        let server = try dialogServer(
            "dlg_manage();",
            inside: """
                if (is_method("INFO")) {
                    dlg_refer("caller", "sip:carol@example.org");
                    dlg_req_within("callee", "MESSAGE", "X-A: b\\r\\n", "text/plain", "hello");
                    sl_send_reply("200", "OK");
                    exit;
                }
                """)
        let call = try PhoneCall(server).connect()
        call.caller.send(call.request("INFO", sequence: 11), to: server.udp)
        let refer = try call.caller.receive("REFER")
        #expect(refer["Refer-To"] == "<sip:carol@example.org>")
        #expect(refer["CSeq"] == "1 REFER")
        let message = try call.callee.receive("MESSAGE")
        #expect(message["X-A"] == "b")
        #expect(message["CSeq"] == "12 MESSAGE")
        #expect(String(decoding: message.body, as: UTF8.self) == "hello")
        call.callee.send(Request.reply(200, "OK", to: message), to: server.udp)
        call.caller.send(Request.reply(202, "OK", to: refer), to: server.udp)
    }

    @Test(arguments: [1, 3]) func `dlg_get looks at another call, on whichever worker it is`(_ workers: Int)
        throws
    {
        let server = try dialogServer(
            "$dlg_var(who) = \"first\"; dlg_manage();",
            inside: """
                if (is_method("INFO")) {
                    if (dlg_get("$hdr(X-Other)", "a1", "b1")) {
                        xlog("GOT $dlg(callid) $dlg_var(who) $dlg(state)\\n");
                        $dlg_var(note) = "left";
                    } else {
                        xlog("NONE $hdr(X-Other)\\n");
                    }
                    if (dlg_get_var("$hdr(X-Other)", "a1", "b1", "who", "$var(w)")) xlog("VAR $var(w)\\n");
                }
                """, workers: workers)
        var calls: [PhoneCall] = []
        for _ in 0..<4 { calls.append(try PhoneCall(server).connect()) }
        for (one, other) in zip(calls, calls.dropFirst()) {
            try send("INFO", one, "X-Other: \(other.callID)")
            #expect(server.logs("GOT \(other.callID) first 4"))
            try server.comes {
                "\(try server.dialogs("dlg.dlg_list", other.callID).first?["variables"] ?? "")".contains(
                    "left")
            }
        }
        #expect(server.logs("VAR first"))
        try send("INFO", calls[0], sequence: 12, "X-Other: nobody")
        #expect(server.logs("NONE nobody"))
    }

    @Test func `create_dialog takes OpenSIPS's flags, and $DLG_timeout can be read and set`() throws {
        let server = try dialogServer(
            "create_dialog(\"B\"); $DLG_timeout = 100; xlog(\"LEFT $DLG_timeout\\n\");",
            inside: "if (is_method(\"INFO\")) { $DLG_timeout = 2; }")
        let call = try PhoneCall(server).connect()
        #expect(server.logs("LEFT 100"))
        try send("INFO", call)
        let bye = try call.callee.receive("BYE")
        call.callee.send(Request.reply(200, "OK", to: bye), to: server.udp)
        _ = try call.caller.receive("BYE")
    }
}
