// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Plugins that were built with nothing but the header, running in the real server.
@Suite struct StrangerTests {
    @Test(arguments: ["seguard", "seguard_cpp", "seguard_swift"])
    func `a stranger's plugin answers a request`(name: String) throws {
        let server = try Server(
            """
            loadmodule "sl.so"
            loadmodule "ctl.so"
            loadmodule "\(try ThirdParty.file(name)).so"
            modparam("seguard", "min_se", 120)
            request_route {
                seguard_check(1800);
                sl_send_reply("200", "OK");
            }
            """)
        let client = try Client()
        let request = Request("INVITE", "sip:bob@\(server.udp.text)", from: client)
        let refused = try client.ask(request.with { $0.lines = ["Session-Expires: 300"] }, server.udp)
        #expect(refused.startLine == "SIP/2.0 422 Session Interval Too Small")
        let compact = try client.ask(request.with { $0.lines = ["x: 90;refresher=uac"] }, server.udp)
        #expect(compact.status == 422)
        #expect(
            try client.ask(request.with { $0.lines = ["Session-Expires: 3600"] }, server.udp).status == 200)
        #expect(try client.ask(request, server.udp).status == 200)
        #expect(try server.statistic("seguard.refused") == 2)
        #expect(server.stop() == 0)
        #expect(server.complaints == [], "\(server.log)")
    }

    @Test func `a parameter out of its range is refused with its place`() throws {
        let scratch = try Scratch()
        let file = try scratch.file(
            "martlet.cfg",
            with: """
                loadmodule "sl.so"
                loadmodule "\(try ThirdParty.file("seguard")).so"
                modparam("seguard", "min_se", 30)
                """)
        let output = try martlet("check", file)
        #expect(output.status == 1)
        #expect(
            output.err.contains(
                """
                \(file):3:31: error: seguard: min_se must be 90 to 86400, not 30
                   3 | modparam("seguard", "min_se", 30)
                     |                               ^~
                  help: min_se is the least session timer, in seconds; the default is 90

                """), "\(output.err)")
    }

    static let slowly = """
        loadmodule "sl.so"
        loadmodule "kex.so"
        loadmodule "ctl.so"
        loadmodule "SLOWLY.so"
        route[ASK] {
            $var(before) = $rU;
            if (slowly($(rU{s.int})) && $var(before) == $rU) return 7;
            return -1;
        }
        request_route {
            if ($rU == $null) { sl_send_reply("200", "At once"); exit; }
            $avp(kept) = "kept";
            setflag(3);
            $var(n) = 0;
            while ($var(n) < 2) {
                $var(n) = $var(n) + 1;
                $var(rc) = 0;
                if (!(route(ASK) && $rc == 7)) { sl_send_reply("500", "Lost"); exit; }
            }
            if ($avp(kept) == "kept" && isflagset(3) && $var(n) == 2) sl_send_reply("200", "Later $rU");
            else sl_send_reply("500", "Forgotten");
        }
        """

    @Test func `who waits for an answer holds up nobody, not even on the same worker`() throws {
        let server = try Server(
            Self.slowly.replacingOccurrences(of: "SLOWLY", with: try ThirdParty.file("slowly")))
        let client = try Client()
        // Twice half a second, from another thread, in the middle of an expression in a loop.
        let late = Request("OPTIONS", "sip:500@\(server.udp.text)", from: client)
        client.send(late, to: server.udp)
        for _ in 0..<100 {
            // On the worker of the waiting call, for its Call-ID is the same.
            let quick = Request("OPTIONS", "sip:\(server.udp.text)", from: client).with {
                $0.callID = late.callID
            }
            let reply = try client.ask(quick, server.udp)
            #expect(reply.startLine == "SIP/2.0 200 At once")
        }
        #expect(try client.receive().startLine == "SIP/2.0 200 Later 500")
        #expect(try server.statistic("slowly.waited") == 2)
    }

    @Test func `many wait at the same time, each with values of its own`() throws {
        let server = try Server(
            Self.slowly.replacingOccurrences(of: "SLOWLY", with: try ThirdParty.file("slowly")))
        let client = try Client()
        let waits = (1...40).map { 10 + $0 * 5 }
        for wait in waits {
            client.send(Request("OPTIONS", "sip:\(wait)@\(server.udp.text)", from: client), to: server.udp)
        }
        let replies = try waits.map { _ in try client.receive().reason }
        #expect(Set(replies) == Set(waits.map { "Later \($0)" }))
    }

    @Test func `what comes again meanwhile is not done again`() throws {
        let server = try Server(
            Self.slowly.replacingOccurrences(of: "SLOWLY", with: try ThirdParty.file("slowly")))
        let client = try Client()
        let request = Request("OPTIONS", "sip:100@\(server.udp.text)", from: client)
        for _ in 0..<5 { client.send(request, to: server.udp) }
        #expect(try client.receive().reason == "Later 100")
        #expect(try client.ping(server.udp).reason == "At once")
        #expect(try server.statistic("slowly.waited") == 2)
    }
}
