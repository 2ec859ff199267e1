// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// A registrar of the real server, and what telephones say to it.
struct Registrar {
    /// `route` is the beginning of the request route.
    static func configuration(_ settings: String = "", before: String = "", route: String = "") -> String {
        """
        loadmodule "sl.so"
        loadmodule "pv.so"
        loadmodule "kex.so"
        loadmodule "ctl.so"
        \(before)
        loadmodule "usrloc.so"
        loadmodule "registrar.so"
        \(settings)
        request_route {
            \(route)
            if ($rm == "REGISTER") {
                save("location");
                exit;
            }
            if (!lookup("location")) {
                sl_send_reply("404", "Code $rc");
                exit;
            }
            forward();
        }
        """
    }
}

extension Request {
    static func register(
        _ contact: String?, from client: Client, user: String = "bob", callID: String = "c1",
        _ sequence: Int = 1,
        _ lines: String...
    ) -> Request {
        Request("REGISTER", "sip:example.com", from: client).with {
            $0.to = "<sip:\(user)@example.com>"
            $0.from = "<sip:\(user)@example.com>;tag=1"
            $0.callID = callID
            $0.sequence = sequence
            $0.lines = (contact.map { ["Contact: \($0)"] } ?? []) + lines
        }
    }
}

@Suite struct RegistrarTests {
    @Test func `a telephone registers, is called, and goes`() throws {
        let server = try Server(Registrar.configuration())
        let bob = try Client()
        let alice = try Client()
        let answer = try bob.ask(.register("<sip:bob@\(bob.text)>;q=0.5;expires=120", from: bob), server.udp)
        #expect(answer.status == 200)
        #expect(answer["Contact"] == "<sip:bob@\(bob.text)>;q=0.5;expires=120")

        alice.send(Request("OPTIONS", "sip:bob@example.com", from: alice), to: server.udp)
        #expect(try bob.receive().uri == "sip:bob@\(bob.text)")

        let gone = try bob.ask(.register("<sip:bob@\(bob.text)>;expires=0", from: bob, 2), server.udp)
        #expect(gone.status == 200 && gone["Contact"] == nil)
        let missing = try alice.ask(Request("OPTIONS", "sip:bob@example.com", from: alice), server.udp)
        #expect(missing.status == 404 && missing.reason == "Code -1")
        #expect(server.complaints == [])
    }

    @Test func `who asks is told, and a star takes everything away`() throws {
        let server = try Server(Registrar.configuration())
        let bob = try Client()
        _ = try bob.ask(
            .register("<sip:a@\(bob.text)>;expires=100, <sip:b@\(bob.text)>;expires=200", from: bob),
            server.udp)
        let asked = try bob.ask(.register(nil, from: bob, 2), server.udp)
        #expect(
            Set(try #require(asked["Contact"]).components(separatedBy: ", ")) == [
                "<sip:a@\(bob.text)>;expires=100", "<sip:b@\(bob.text)>;expires=200",
            ])
        let refused = try bob.ask(.register("*", from: bob, 3), server.udp)
        #expect(refused.status == 400)
        #expect(refused["P-Registrar-Error"] == "* used in contact and expires is not zero")
        let gone = try bob.ask(.register("*", from: bob, 4, "Expires: 0"), server.udp)
        #expect(gone.status == 200 && gone["Contact"] == nil)
        #expect(try server.statistic("registrar.accepted_regs") == 3)
        #expect(try server.statistic("registrar.rejected_regs") == 1)
        #expect(try server.statistic("usrloc.location-contacts") == 0)
    }

    @Test func `a REGISTER is answered once, also when the script answers again`() throws {
        let configuration = """
            loadmodule "sl.so"
            loadmodule "usrloc.so"
            loadmodule "registrar.so"
            request_route {
                if (!save("location")) sl_reply_error();
            }
            """
        let server = try Server(configuration)
        let bob = try Client()
        let answer = try bob.ask(.register("<sip:b@\(bob.text)>;q=7", from: bob), server.udp)
        #expect(answer.status == 400 && answer["P-Registrar-Error"] == "Invalid q param in contact")
        // The next reply is to the next request: nothing came between.
        #expect(try bob.ask(.register("<sip:b@\(bob.text)>", from: bob, 2), server.udp).status == 200)
        #expect(bob.pending() == nil)
    }

    @Test func `refusals say why`() throws {
        let server = try Server(
            Registrar.configuration(
                """
                modparam("registrar", "min_expires_mode", 1)
                modparam("registrar", "max_contacts", 1)
                modparam("registrar", "retry_after", 30)
                modparam("registrar", "use_path", 1)
                """))
        let bob = try Client()
        func ask(_ contact: String, _ sequence: Int, _ lines: String...) throws -> Packet {
            var request = Request.register(contact, from: bob, sequence)
            request.lines += lines
            return try bob.ask(request, server.udp)
        }
        let brief = try ask("<sip:a@h>;expires=10", 1)
        #expect(brief.status == 423 && brief["Min-Expires"] == "60")
        #expect(try ask("<sip:a@h>", 5).status == 200)
        let old = try ask("<sip:a@h>", 4)
        #expect(old.status == 400 && old["P-Registrar-Error"] == "Invalid CSeq number")
        #expect(old["Contact"]?.hasPrefix("<sip:a@h>;expires=") == true)
        let full = try ask("<sip:b@h>", 6)
        #expect(full.status == 503 && full["Retry-After"] == "30")
        #expect(full["P-Registrar-Error"] == "Too many registered contacts")
        let path = try ask("<sip:a@h>", 7, "Path: <sip:p.example;lr>")
        #expect(path.status == 420 && path["Unsupported"] == "path" && path["Path"] == "<sip:p.example;lr>")
        let outbound = try ask("<sip:a@h>", 8, "Require: outbound")
        #expect(outbound.status == 420 && outbound["Unsupported"] == "outbound")
        let broken = try ask("sip:a@h, <", 9)
        #expect(broken.status == 400)
        #expect(server.complaints == [])
    }

    @Test func `a Path is kept, shown and followed`() throws {
        let server = try Server(Registrar.configuration("modparam(\"registrar\", \"use_path\", 1)"))
        let proxy = try Client()
        let alice = try Client()
        let path = "<sip:\(proxy.text);lr>"
        let answer = try proxy.ask(
            .register("<sip:bob@far.invalid>", from: proxy, 1, "Supported: path", "Path: \(path)"), server.udp
        )
        #expect(answer.status == 200 && answer["Path"] == path)
        alice.send(Request("OPTIONS", "sip:bob@example.com", from: alice), to: server.udp)
        let request = try proxy.receive()
        #expect(request.uri == "sip:bob@far.invalid")
        #expect(request["Route"] == path)
    }

    @Test func `a device has addresses of its own`() throws {
        let server = try Server(Registrar.configuration())
        let bob = try Client()
        let alice = try Client()
        let answer = try bob.ask(
            .register(
                "<sip:bob@\(bob.text)>;+sip.instance=\"<urn:uuid:1>\"", from: bob, 1, "Supported: gruu"),
            server.udp)
        let contact = try #require(answer["Contact"])
        #expect(contact.contains(";pub-gruu=\"sip:bob@example.com;gr=urn:uuid:1\""))
        #expect(contact.contains(";+sip.instance=\"<urn:uuid:1>\""))
        _ = try bob.ask(.register("<sip:other@other.invalid>;q=1", from: bob, callID: "c2"), server.udp)
        let temporary = try #require(
            contact.components(separatedBy: "temp-gruu=\"").last?.split(separator: "\"").first)
        for uri in ["sip:bob@example.com;gr=urn:uuid:1", String(temporary)] {
            alice.send(Request("OPTIONS", uri, from: alice), to: server.udp)
            #expect(try bob.receive().uri == "sip:bob@\(bob.text)")
        }
        let missing = try alice.ask(
            Request("OPTIONS", "sip:bob@example.com;gr=urn:uuid:2", from: alice), server.udp)
        #expect(missing.status == 404)
    }

    @Test func `flows of one device stand beside each other`() throws {
        let server = try Server(
            Registrar.configuration(
                """
                modparam("registrar", "outbound_mode", 1)
                modparam("registrar", "flow_timer", 90)
                """))
        let bob = try Client()
        func flow(_ number: Int, _ uri: String, callID: String) throws -> Packet {
            try bob.ask(
                .register(
                    "<\(uri)>;+sip.instance=\"<urn:uuid:1>\";reg-id=\(number)", from: bob, callID: callID, 1,
                    "Supported: outbound"), server.udp)
        }
        let first = try flow(1, "sip:bob@1.invalid", callID: "a")
        #expect(
            first["Require"] == "outbound" && first["Supported"] == "outbound" && first["Flow-Timer"] == "90")
        let second = try flow(2, "sip:bob@2.invalid", callID: "b")
        #expect(second["Contact"]?.contains("sip:bob@1.invalid") == true)
        let rebooted = try #require(try flow(1, "sip:bob@3.invalid", callID: "c")["Contact"])
        #expect(rebooted.contains("sip:bob@3.invalid") && rebooted.contains("sip:bob@2.invalid"))
        #expect(!rebooted.contains("sip:bob@1.invalid"))
    }

    @Test func `a contact that does not know the method is left out`() throws {
        let server = try Server(Registrar.configuration("modparam(\"registrar\", \"method_filtering\", 1)"))
        let bob = try Client()
        let alice = try Client()
        _ = try bob.ask(.register("<sip:bob@\(bob.text)>", from: bob, 1, "Allow: INVITE, ACK"), server.udp)
        let refused = try alice.ask(Request("MESSAGE", "sip:bob@example.com", from: alice), server.udp)
        #expect(refused.status == 404 && refused.reason == "Code -2")
    }

    @Test func `scripts ask, fetch and take away`() throws {
        let route = """
            if ($rm == "INFO") {
                if (!registered("location", "$tu")) { sl_send_reply("480", "Nobody"); exit; }
                reg_fetch_contacts("location", "$tu", "callee");
                $var(reply) = "" + $ulc(callee=>count) + " " + $(ulc(callee=>addr)[0]) + " " + $(ulc(callee=>callid)[-1]);
                $var(ruid) = $ulc(callee=>ruid);
                unregister("location", "$tu", "$var(ruid)");
                sl_send_reply("200", "$var(reply)");
                exit;
            }
            """
        let server = try Server(Registrar.configuration(route: route))
        let bob = try Client()
        _ = try bob.ask(.register("<sip:bob@h>", from: bob), server.udp)
        func ask() throws -> String {
            try bob.ask(Request("INFO", "sip:x@example.com", from: bob), server.udp).startLine
        }
        #expect(try ask() == "SIP/2.0 200 1 sip:bob@h c1")
        #expect(try ask() == "SIP/2.0 480 Nobody")
        #expect(server.complaints == [])
    }

    @Test func `what expires is told to the script`() throws {
        let configuration =
            Registrar.configuration(
                """
                modparam("registrar", "min_expires", 1)
                modparam("usrloc", "timer_interval", 1)
                """)
            + "\nevent_route[usrloc:contact-expired] { xerr(\"gone: $ulc(exp=>addr) of $ulc(exp=>aor)\\n\"); }\n"
        let server = try Server(
            configuration.replacingOccurrences(
                of: "loadmodule \"kex.so\"", with: "loadmodule \"kex.so\"\nloadmodule \"xlog.so\""))
        let bob = try Client()
        _ = try bob.ask(.register("<sip:bob@h>;expires=1", from: bob), server.udp)
        #expect(server.logs("gone: sip:bob@h of bob"))
        #expect(try server.statistic("usrloc.location-expires") == 1)
    }

    @Test func `commands show and change who is registered`() throws {
        let server = try Server(Registrar.configuration())
        let bob = try Client()
        _ = try bob.ask(.register("<sip:bob@h>;expires=100", from: bob), server.udp)
        let found = try server.rpc("ul.lookup", "location", "bob@example.com")
        #expect(found.out.contains("sip:bob@h"))
        #expect(try server.rpc("ul.dump", "brief").out.contains("bob"))
        #expect(try server.rpc("ul.dump").out.contains("User-Agent"))
        _ = try server.rpc("ul.add", "location", "eve", "sip:eve@h", "60", "0.5", "", "0", "0", "-1")
        #expect(try server.rpc("ul.lookup", "location", "eve").out.contains("0.5"))
        #expect(
            try server.rpc("ul.rm_contact", "location", "bob", "sip:none@h").err.contains("Contact not found")
        )
        #expect(try server.rpc("ul.rm", "location", "bob").status == 0)
        #expect(
            try server.rpc("ul.lookup", "location", "bob").err.contains("AOR not found in location table"))
        #expect(try server.rpc("ul.lookup", "nowhere", "bob").err.contains("Domain table not found"))
    }

    @Test func `what is known of contacts can be asked`() throws {
        let route = """
            if ($rm == "INFO") {
                lookup("location", "$tu");
                $var(reply) = "" + $xavp(rcd[0]=>contact) + " " + $xavp(rcd[1]=>contact) + " " + $xavp(rcd[0]=>path);
                sl_send_reply("200", "$var(reply)");
                exit;
            }
            """
        let server = try Server(
            Registrar.configuration("modparam(\"registrar\", \"xavp_rcd\", \"rcd\")", route: route))
        let bob = try Client()
        _ = try bob.ask(.register("<sip:a@h>;q=0.9, <sip:b@h>;q=0.1", from: bob), server.udp)
        let answer = try bob.ask(Request("INFO", "sip:x@example.com", from: bob), server.udp)
        #expect(answer.reason == "sip:a@h sip:b@h ")
    }

    @Test func `a REGISTER in a transaction is answered by it, once`() throws {
        let configuration = """
            loadmodule "tm.so"
            loadmodule "sl.so"
            loadmodule "usrloc.so"
            loadmodule "registrar.so"
            request_route {
                t_newtran();
                if (!save("location")) sl_reply_error();
            }
            """
        let server = try Server(configuration)
        let bob = try Client()
        let request = Request.register("<sip:b@h>", from: bob)
        let answer = try bob.ask(request, server.udp)
        #expect(answer.status == 200)
        // A copy of it gets the same answer, byte for byte, and does not reach the script.
        #expect(try bob.ask(request, server.udp).bytes == answer.bytes)
        #expect(try bob.ask(.register("<sip:b@h>;q=7", from: bob, 2), server.udp).status == 400)
        #expect(bob.pending() == nil)
    }

    @Test func `a connection that closes takes its contacts along when it shall`() throws {
        let server = try Server(Registrar.configuration("modparam(\"usrloc\", \"handle_lost_tcp\", 1)"))
        let bob = try Client()
        do {
            let stream = try Connection(to: server.tcp)
            var request = Request("REGISTER", "sip:example.com", from: stream)
            request.to = "<sip:bob@example.com>"
            request.lines = ["Contact: <sip:bob@h;transport=tcp>;expires=600"]
            stream.send(request.bytes)
            #expect(try stream.receive().status == 200)
            _ = try bob.ask(.register("<sip:bob@udp>;expires=600", from: bob), server.udp)
            #expect(try server.statistic("usrloc.location-contacts") == 2)
        }
        var left: Int? = 2
        let limit = Date(timeIntervalSinceNow: 20)
        while left == 2, Date() < limit { left = try server.statistic("usrloc.location-contacts") }
        #expect(left == 1)
        #expect(try server.rpc("ul.lookup", "location", "bob").out.contains("sip:bob@udp"))
    }
}
