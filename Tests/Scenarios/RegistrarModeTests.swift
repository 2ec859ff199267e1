// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// What `db_mode` 2 and 4 promise, and what a script keeps with a contact.
@Suite struct RegistrarModeTests {
    private func configuration(
        _ folder: Scratch, _ settings: String, request: String? = nil, plugins: String = ""
    ) -> String {
        let settings = """
            modparam("usrloc", "db_url", "sqlite://\(folder.file("location.db"))")
            \(settings)
            """
        let before = "loadmodule \"db_sqlite.so\"\n\(plugins)"
        guard let request else { return Registrar.configuration(settings, before: before) }
        return """
            \(before)
            loadmodule "sl.so"
            loadmodule "usrloc.so"
            loadmodule "registrar.so"
            loadmodule "pv.so"
            loadmodule "xlog.so"
            loadmodule "ctl.so"
            \(settings)
            request_route {
                \(request)
            }
            """
    }

    private func sqlite(_ folder: Scratch, _ sql: String) throws -> String {
        let output = try run("sqlite3", "-cmd", ".timeout 5000", folder.file("location.db"), sql)
        return output.out.trimmingCharacters(in: .newlines)
    }

    @Test
    func `with db_mode 2 a REGISTER is answered at once, and a server that stops has written everything`()
        throws
    {
        let folder = try Scratch()
        let mode = "modparam(\"usrloc\", \"db_mode\", 2)"
        let bob = try Client()
        let server = try Server(configuration(folder, mode), in: folder)
        for index in 0..<50 {
            let register = Request.register(
                "<sip:\(index)@h>;expires=600;q=0.3", from: bob, user: "user\(index)")
            #expect(try bob.ask(register, server.udp).status == 200)
        }
        #expect(
            try bob.ask(.register("<sip:7@h>;expires=0", from: bob, user: "user7", 2), server.udp).status
                == 200)
        server.signal(SIGTERM)
        #expect(server.end() == 0)
        #expect(try sqlite(folder, "SELECT COUNT(*) FROM location") == "49")

        let next = try Server(configuration(folder, mode), in: folder)
        #expect(try next.statistic("usrloc.location-contacts") == 49)
        let asked = try bob.ask(.register(nil, from: bob, user: "user42", 2), next.udp)
        #expect(asked["Contact"]?.hasPrefix("<sip:42@h>;q=0.3;expires=") == true)
        #expect(next.complaints == [])
    }

    @Test
    func `with db_mode 2 what was answered is in the database soon, also when the server is killed then`()
        throws
    {
        let folder = try Scratch()
        let mode = "modparam(\"usrloc\", \"db_mode\", 2)"
        let bob = try Client()
        let server = try Server(configuration(folder, mode), in: folder)
        #expect(try bob.ask(.register("<sip:bob@h>;expires=600", from: bob), server.udp).status == 200)
        try server.comes { try sqlite(folder, "SELECT contact FROM location") == "sip:bob@h" }
        server.signal(SIGKILL)
        #expect(server.end() == -SIGKILL)
        let next = try Server(configuration(folder, mode), in: folder)
        #expect(
            try bob.ask(.register(nil, from: bob, 2), next.udp)["Contact"]?.hasPrefix("<sip:bob@h>") == true)
    }

    @Test func `with db_mode 4 the database is read at the start and never written`() throws {
        let folder = try Scratch()
        let bob = try Client()
        let first = try Server(configuration(folder, "modparam(\"usrloc\", \"db_mode\", 1)"), in: folder)
        #expect(try bob.ask(.register("<sip:old@h>;expires=600", from: bob), first.udp).status == 200)
        first.signal(SIGTERM)
        #expect(first.end() == 0)

        let mode = "modparam(\"usrloc\", \"db_mode\", 4)"
        let server = try Server(configuration(folder, mode), in: folder)
        let asked = try bob.ask(.register(nil, from: bob, 2), server.udp)
        #expect(asked["Contact"]?.hasPrefix("<sip:old@h>") == true)
        #expect(
            try bob.ask(.register("<sip:new@h>;expires=600", from: bob, callID: "c2"), server.udp).status
                == 200)
        #expect(try bob.ask(.register("<sip:old@h>;expires=0", from: bob, 3), server.udp).status == 200)
        #expect(try server.statistic("usrloc.location-contacts") == 1)
        server.signal(SIGTERM)
        #expect(server.end() == 0)
        #expect(try sqlite(folder, "SELECT contact FROM location") == "sip:old@h")

        let again = try Server(configuration(folder, mode), in: folder)
        let last = try bob.ask(.register(nil, from: bob, 4), again.udp)
        #expect(last["Contact"]?.hasPrefix("<sip:old@h>") == true)
    }

    // MARK: - xavp_contact

    private let keeping = """
        if (is_method("REGISTER")) {
            $xavp(kept=>level) = 7;
            $xavp(kept[0]=>color) = $hdr(X-Color);
            save("location");
            exit;
        }
        if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
        xlog("L_WARN", "first $xavp(kept[0]=>color) $xavp(kept[0]=>level) second $xavp(kept[1]=>color) $ru\\n");
        sl_send_reply("200", "OK");
        """

    private func keepingServer(_ folder: Scratch, mode: Int) throws -> Server {
        try Server(
            configuration(
                folder,
                """
                modparam("usrloc", "db_mode", \(mode))
                modparam("usrloc", "xavp_contact", "kept")
                """, request: keeping, plugins: "loadmodule \"textops.so\""), in: folder)
    }

    @Test(arguments: [1, 3])
    func `what a script keeps with a contact comes back with it, also after a restart`(mode: Int) throws {
        let folder = try Scratch()
        let bob = try Client()
        let server = try keepingServer(folder, mode: mode)
        let colors = ["red", "a blue; \"one\""]
        for (index, color) in colors.enumerated() {
            let register = Request.register(
                "<sip:bob\(index)@h>;expires=600;q=0.\(9 - index)", from: bob, callID: "c\(index)", 1,
                "X-Color: \(color)")
            #expect(try bob.ask(register, server.udp).status == 200)
        }
        let wanted = "first red 7 second a blue; \"one\" sip:bob0@h"
        #expect(try bob.ask(Request("OPTIONS", "sip:bob@example.com", from: bob), server.udp).status == 200)
        #expect(server.logs(wanted))
        #expect(
            try sqlite(folder, "SELECT table_version FROM version WHERE table_name = 'location_attrs'") == "1"
        )
        let rows =
            "SELECT a.username, aname, atype, avalue FROM location_attrs a JOIN location l ON l.ruid = a.ruid ORDER BY l.contact, aname"
        let expected = "bob|color|2|red\nbob|level|0|7\nbob|color|2|a blue; \"one\"\nbob|level|0|7"
        #expect(try sqlite(folder, rows) == expected)
        // A refresh takes the place of what was there.
        let again = Request.register(
            "<sip:bob1@h>;expires=600;q=0.8", from: bob, callID: "c1", 2, "X-Color: green")
        #expect(try bob.ask(again, server.udp).status == 200)
        #expect(try sqlite(folder, "SELECT COUNT(*) FROM location_attrs") == "4")
        server.signal(SIGKILL)
        _ = server.end()

        let next = try keepingServer(folder, mode: mode)
        #expect(try bob.ask(Request("OPTIONS", "sip:bob@example.com", from: bob), next.udp).status == 200)
        #expect(next.logs("first red 7 second green sip:bob0@h"))
        // A contact takes its attributes along.
        #expect(
            try bob.ask(.register("<sip:bob1@h>;expires=0", from: bob, callID: "c1", 3), next.udp).status
                == 200)
        #expect(try sqlite(folder, "SELECT COUNT(*) FROM location_attrs") == "2")
    }

    @Test func `t_next_contacts brings back what is kept of the contacts that it takes`() throws {
        let folder = try Scratch()
        let first = try Client()
        let second = try Client()
        let server = try Server(
            """
            loadmodule "tm.so"
            loadmodule "sl.so"
            loadmodule "usrloc.so"
            loadmodule "registrar.so"
            loadmodule "pv.so"
            loadmodule "xlog.so"
            loadmodule "textops.so"
            modparam("tm|usrloc", "xavp_contact", "kept")
            modparam("tm", "contacts_avp", "later")
            modparam("tm", "contact_flows_avp", "flows")
            request_route {
                if (is_method("REGISTER")) {
                    $xavp(kept=>color) = $hdr(X-Color);
                    save("location");
                    exit;
                }
                if (is_method("ACK")) exit;
                lookup("location");
                t_load_contacts();
                t_next_contacts();
                xlog("L_WARN", "now $xavp(kept=>color) <$xavp(kept[1]=>color)>\\n");
                t_on_failure("F");
                t_relay();
            }
            failure_route[F] {
                if (!t_next_contacts()) exit;
                xlog("L_WARN", "then $xavp(kept=>color) <$xavp(kept[1]=>color)>\\n");
                t_relay();
            }
            """, in: folder)
        for (client, color, q) in [(first, "red", 9), (second, "blue", 5)] {
            let register = Request.register(
                "<sip:bob@\(client.text)>;expires=600;q=0.\(q)", from: client, callID: "c\(q)", 1,
                "X-Color: \(color)")
            #expect(try client.ask(register, server.udp).status == 200)
        }
        let alice = try Client()
        alice.send(Request("INVITE", "sip:bob@example.com", from: alice), to: server.udp)
        first.answer(486, "Busy", to: try first.receive("INVITE"), server)
        second.answer(480, "Away", to: try second.receive("INVITE"), server)
        #expect(try alice.receive("480").reason == "Away")
        #expect(server.logs("now red <<null>>"))
        #expect(server.logs("then blue <<null>>"))
    }

    // MARK: - ka_mode

    @Test func `contacts are asked if they are there, and who does not answer is taken away`() throws {
        let folder = try Scratch()
        let server = try Server(
            Registrar.configuration(
                """
                modparam("usrloc", "ka_mode", 5)
                modparam("usrloc", "ka_from", "sip:keeper@example.com")
                modparam("usrloc", "ka_domain", "example.com")
                modparam("usrloc", "ka_timeout", 3)
                modparam("usrloc", "ka_loglevel", 0)
                modparam("usrloc", "timer_interval", 1)
                """), in: folder)
        let bob = try Client()
        let silent = try Client()
        for (user, client) in [("bob", bob), ("carol", silent)] {
            let register = Request.register("<sip:\(user)@\(client.text)>", from: client, user: user)
            #expect(try client.ask(register, server.udp).status == 200)
        }
        // By TCP: not asked.
        #expect(
            try bob.ask(
                .register("<sip:dan@\(bob.text);transport=tcp>", from: bob, user: "dan"), server.udp
            ).status == 200)
        let answer = {
            while let request = bob.pending() {
                if request.method == "OPTIONS" { bob.answer(200, "OK", to: request, server) }
            }
        }
        let asked = try silent.receive("OPTIONS")
        #expect(asked["From"]?.hasPrefix("<sip:keeper@example.com>;tag=") == true)
        #expect(asked["To"] == "<sip:carol@example.com>")
        try server.comes {
            answer()
            return server.log.contains("keepalive roundtrip: 0.")
        }
        #expect(server.logs(" to-uri: [sip:bob@example.com] remote-addr: [udp:127.0.0.1:\(bob.port)]"))
        try server.comes {
            answer()
            return try server.rpc("ul.lookup", "location", "carol").status != 0
        }
        #expect(try server.rpc("ul.lookup", "location", "bob").out.contains(/(^|\n)\W*Keepalive\W+1\b/))
        #expect(try server.rpc("ul.lookup", "location", "dan").out.contains(/(^|\n)\W*Keepalive\W+0\b/))
    }

    // MARK: - sockets and callbacks

    @Test func `sock_mode 1 keeps a socket by what it is advertised as, and finds it again`() throws {
        let folder = try Scratch()
        let bob = try Client()
        let settings =
            "listen=udp:127.0.0.1:0 advertise 192.0.2.77:5099\n"
            + configuration(folder, "modparam(\"registrar\", \"sock_mode\", 1)")
        let server = try Server(settings, listen: [], in: folder)
        #expect(try bob.ask(.register("<sip:bob@h>;expires=600", from: bob), server.udp).status == 200)
        #expect(try sqlite(folder, "SELECT socket FROM location") == "udp:192.0.2.77:5099")
        server.signal(SIGTERM)
        _ = server.end()
        let next = try Server(settings, listen: [], in: folder)
        #expect(try next.rpc("ul.lookup", "location", "bob").out.contains(next.udp.text))
    }

    @Test func `an event_callback is accepted, and it is said what to write instead`() throws {
        let folder = try Scratch()
        let server = try Server(
            "debug=1\n"
                + configuration(
                    folder, "modparam(\"registrar\", \"event_callback\", \"ksr_registrar_event\")"),
            in: folder)
        #expect(server.logs("event_callback \"ksr_registrar_event\" is called by nobody"))
    }
}
