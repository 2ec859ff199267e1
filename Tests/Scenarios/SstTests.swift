// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

private let timer = "Supported: timer"

/// What sst does to the messages of a call (RFC 4028, 8.1 and 8.2).
@Suite struct SstHeaderTests {
    @Test func `Min-SE and Session-Expires are raised together where timer is not supported`() throws {
        let server = try sstServer()
        let call = try TestCall(server)
        let invite = try call.invite("Session-Expires:   100 ; refresher=uas;x=\"1;2\"")
        #expect(invite.all("Session-Expires") == ["1800 ; refresher=uas;x=\"1;2\""])
        #expect(invite.all("Min-SE") == ["1800"])
        let other = try TestCall(server).invite("Session-Expires: 100", "Min-SE: 3000;a=b")
        #expect(other["Session-Expires"] == "3000")
        #expect(other["Min-SE"] == "3000;a=b")
        let third = try TestCall(server).invite("x: 100", "Min-SE: 120;a=b")
        #expect(third["x"] == "1800")
        #expect(third["Min-SE"] == "1800;a=b")
    }

    @Test func `with reject_to_small 0 only what is below Min-SE, or 90, is raised where timer is supported`()
        throws
    {
        let server = try sstServer("modparam(\"sst\", \"reject_to_small\", 0)")
        #expect(try TestCall(server).invite(timer, "Session-Expires: 100")["Session-Expires"] == "100")
        let invite = try TestCall(server).invite(timer, "Session-Expires: 60")
        #expect(invite["Session-Expires"] == "90")
        #expect(invite["Min-SE"] == nil)
    }

    @Test func `sst_interval is asked for when nobody asked, and never less than Min-SE`() throws {
        let server = try sstServer(lively + "modparam(\"sst\", \"sst_interval\", 600)")
        #expect(try TestCall(server).invite()["Session-Expires"] == "600")
        #expect(try TestCall(server).invite("Min-SE: 700")["Session-Expires"] == "700")
    }

    @Test func `one that is too short is refused by itself, and no dialog is left`() throws {
        let server = try sstServer()
        let call = try TestCall(server)
        call.send(timer, "Session-Expires: 1000;refresher=uac")
        let refusal = try call.alice.receive("422")
        #expect(refusal.reason == "Session Interval Too Small")
        #expect(refusal.all("Min-SE") == ["1800"])
        call.alice.send(call.initial.follower("ACK", to: refusal["To"]), to: server.udp)
        #expect(call.bob.isSilent(for: 0.2))
        try server.comes { try server.dialogs() == 0 }
        #expect(try server.sst("refused") == 1)
        #expect(server.complaints == [])
    }

    static let malformed = [
        "Session-Expires: soon", "Session-Expires: -5", "Session-Expires: 9223372036854775808",
        "Session-Expires: 4294967306", "Session-Expires: 1800;refresher=me", "Session-Expires: 1800, 90",
        "Session-Expires:", "x: 1800 90", "Session-Expires: 1800\r\nx: 1800",
        "Session-Expires: 2000\r\nMin-SE: many", "Session-Expires: 2000\r\nMin-SE: 90\r\nMin-SE: 90",
    ]

    @Test(arguments: malformed) func `what is malformed passes untouched, with a word in the log`(
        line: String
    ) throws {
        let server = try sstServer()
        let call = try TestCall(server)
        let invite = try call.invite(timer, line)
        let expected = line.components(separatedBy: "\r\n").filter { !$0.hasPrefix("Min-SE") }
        #expect(invite.all("Session-Expires").count + invite.all("x").count == expected.count)
        #expect(server.logs("not heeded"))
        #expect(try server.sst("malformed") == 1)
        let ok = try call.answer(invite)
        #expect(ok["Session-Expires"] == nil)
        // It is looked after again from the first refresh on.
        #expect(try call.refresh(from: .alice, [timer])["Session-Expires"] == "1800;refresher=uac")
    }

    @Test(arguments: malformed) func `or it is refused with 400, and goes no further`(line: String) throws {
        let server = try sstServer("modparam(\"sst\", \"reject_malformed\", 1)")
        let call = try TestCall(server)
        call.send(timer, line)
        let refusal = try call.alice.receive("400")
        #expect(refusal.reason == (line.contains("Min-SE") ? "Bad Min-SE" : "Bad Session-Expires"))
        #expect(call.bob.isSilent(for: 0.1))
    }

    @Test func `a Session-Expires of 0 is too small`() throws {
        let server = try sstServer()
        let call = try TestCall(server)
        call.send(timer, "Session-Expires: 0")
        #expect(try call.alice.receive("422")["Min-SE"] == "1800")
        #expect(try TestCall(server).invite("Session-Expires: 0")["Session-Expires"] == "1800")
    }

    @Test func `a Session-Expires that cannot be used in a 2xx gets no second one`() throws {
        let server = try sstServer()
        let call = try TestCall(server)
        let ok = try call.answer(call.invite(timer), "Session-Expires: never")
        #expect(ok.all("Session-Expires") == ["never"])
        #expect(ok["Require"] == nil)
        #expect(try server.onlyDialog()["lifetime"] as? Int == 1800)
    }

    @Test func `timer goes into the Require that a 2xx has`() throws {
        let server = try sstServer()
        let call = try TestCall(server)
        let ok = try call.answer(call.invite(timer), "Require: 100rel")
        #expect(ok.all("Require") == ["100rel, timer"])
        let other = try TestCall(server)
        #expect(try other.answer(other.invite(timer), "Require: Timer").all("Require") == ["Timer"])
    }

    @Test func `the copy of a 2xx looks like the first one`() throws {
        let server = try sstServer()
        let call = try TestCall(server)
        let invite = try call.invite(timer)
        call.send(200, to: invite, by: .bob)
        let ok = try call.alice.receive("200")
        #expect(ok["Session-Expires"] == "1800;refresher=uac")
        call.send(200, to: invite, by: .bob)
        #expect(try call.alice.receive("200").bytes == ok.bytes)
        #expect(try server.sst("inserted") == 3)
    }

    @Test func `what is not marked with sst_flag is left alone`() throws {
        let server = try Server(
            """
            loadmodule "sl.so"
            loadmodule "tm.so"
            loadmodule "rr.so"
            loadmodule "dialog.so"
            loadmodule "sst.so"
            modparam("dialog", "dlg_flag", 5)
            modparam("sst", "sst_flag", "TIMED")
            request_route { record_route(); setflag(5); if ($hdr(X-Timed) == "yes") setflag(TIMED); t_relay(); }
            """, listen: ["udp:127.0.0.1:0"], "--strict")
        let invite = try TestCall(server).invite(timer, "Session-Expires: 60")
        #expect(invite["Session-Expires"] == "60")
        #expect(try TestCall(server).invite("X-Timed: yes")["Session-Expires"] == "1800")
    }
}

/// sstCheckMin(), as the manuals describe it.
@Suite struct SstCheckMinTests {
    private func serve(_ argument: String, _ parameters: String = "") throws -> Server {
        try Server(
            """
            loadmodule "sl.so"
            loadmodule "tm.so"
            loadmodule "rr.so"
            loadmodule "dialog.so"
            loadmodule "sst.so"
            modparam("sst", "sst_flag", 6)
            \(parameters)
            request_route {
                if (sstCheckMin(\(argument))) { sl_send_reply("480", "Too Small"); exit; }
                sl_send_reply("404", "Not Too Small");
            }
            """, listen: ["udp:127.0.0.1:0"], "--strict")
    }

    /// The status that comes back.
    private func ask(_ server: Server, _ method: String, _ lines: String...) throws -> Int {
        let client = try Client()
        let request = Request(method, "sip:bob@\(server.udp.text)", from: client).with { $0.lines = lines }
        return try client.ask(request, server.udp).status
    }

    @Test(
        arguments: [
            (60, nil, true), (1799, nil, true), (1800, nil, false), (3000, nil, false), (3000, 2500, false),
            (3000, 120, true), (nil, 120, true), (nil, 1800, false), (nil, nil, false),
        ] as [(Int?, Int?, Bool)])
    func `it compares what is there with min_se, for INVITE and UPDATE`(
        expires: Int?, minimum: Int?, isSmall: Bool
    )
        throws
    {
        let server = try serve("\"0\"")
        let lines = [expires.map { "Session-Expires: \($0)" }, minimum.map { "Min-SE: \($0)" }].compactMap {
            $0
        }
        for method in ["INVITE", "UPDATE"] {
            let client = try Client()
            let request = Request(method, "sip:bob@\(server.udp.text)", from: client).with {
                $0.lines = lines
            }
            #expect(try client.ask(request, server.udp).status == (isSmall ? 480 : 404))
        }
    }

    @Test(arguments: [
        ("\"1\"", 422), ("1", 422), ("\"yes\"", 422), ("\"0\"", 480), ("0", 480), ("\"\"", 480), ("", 480),
        ("$var(none)", 480), ("\"$cs\"", 422),
    ])
    func `whether it answers is up to its argument`(argument: String, status: Int) throws {
        let server = try serve(argument)
        #expect(try ask(server, "INVITE", "Supported: timer", "x: 60") == status)
    }

    @Test func `other methods, and what is malformed, are not too small`() throws {
        let server = try serve("1")
        #expect(try ask(server, "OPTIONS", "Session-Expires: 60") == 404)
        #expect(try ask(server, "INVITE", "Session-Expires: soon") == 404)
        #expect(server.logs("sstCheckMin: Session-Expires does not start with a number of seconds"))
        #expect(try ask(server, "INVITE", "Session-Expires: 60", "Session-Expires: 60") == 404)
    }

    @Test func `below 90 seconds min_se is 90, in the 422 as well, and a warning says so`() throws {
        let server = try serve("1", "modparam(\"sst\", \"min_se\", 30)")
        let client = try Client()
        let request = Request("INVITE", "sip:bob@\(server.udp.text)", from: client).with {
            $0.lines = ["Supported: timer", "Session-Expires: 60"]
        }
        let refusal = try client.ask(request, server.udp)
        #expect(refusal.status == 422)
        #expect(refusal["Min-SE"] == "90")
        #expect(server.logs("min_se is 30"))
    }

    @Test func `in onreply_route it tells of replies, and answers nobody`() throws {
        let server = try sstServer(
            "modparam(\"sst\", \"reject_to_small\", 0)", invite: "t_on_reply(\"LOOK\");",
            "onreply_route[LOOK] { if (sstCheckMin(1)) append_hf(\"X-Small: yes\\r\\n\"); }")
        let call = try TestCall(server)
        let ok = try call.answer(
            call.invite(timer, "Session-Expires: 600"), "Session-Expires: 600;refresher=uac", "Require: timer"
        )
        #expect(ok["X-Small"] == "yes")
        let other = try TestCall(server)
        let second = try other.answer(
            other.invite(timer, "Session-Expires: 3600"), "Session-Expires: 3600;refresher=uac",
            "Require: timer")
        #expect(second["X-Small"] == nil)
    }

    @Test func `without sst_flag the server does not start, and says so`() throws {
        let scratch = try Scratch()
        let head = ["sl", "tm", "rr", "dialog", "sst"].map { "loadmodule \"\($0).so\"\n" }.joined()
        let none = try martlet("check", scratch.file("a.cfg", with: head + "request_route { exit; }"))
        #expect(none.status == 1)
        #expect(none.err.contains("sst_flag"), "\(none.err)")
        for (value, text) in [("32", "sst_flag must be a flag, not \"32\""), ("-1", "not \"-1\"")] {
            let file = head + "modparam(\"sst\", \"sst_flag\", \(value))\nrequest_route { exit; }"
            let output = try martlet("check", scratch.file("b.cfg", with: file))
            #expect(output.status == 1)
            #expect(output.err.contains(text), "\(output.err)")
        }
        let avp =
            head + "modparam(\"sst\", \"sst_flag\", 6)\nmodparam(\"sst\", \"timeout_avp\", \"$var(x)\")\n"
        let output = try martlet("check", scratch.file("c.cfg", with: avp + "request_route { exit; }"))
        #expect(output.status == 1)
        #expect(output.err.contains("timeout_avp must be an AVP, not \"$var(x)\""), "\(output.err)")
    }
}
