// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Two registrars on one database, with `db_mode` 3 and passwords there as well (manuals of usrloc and auth_db): a
/// telephone that registered with the one is reached through the other.
@Suite struct RegistrarSharingTests {
    private func server(
        _ database: SharedDatabase, _ number: Int, _ more: String = "", mode: Int = 3
    ) throws -> Server {
        try Server(
            """
            loadmodule "sl.so"
            loadmodule "tm.so"
            loadmodule "rr.so"
            loadmodule "pv.so"
            loadmodule "siputils.so"
            loadmodule "textops.so"
            loadmodule "ctl.so"
            loadmodule "nathelper.so"
            loadmodule "\(database.kind.plugin).so"
            loadmodule "auth.so"
            loadmodule "auth_db.so"
            loadmodule "usrloc.so"
            loadmodule "registrar.so"
            modparam("usrloc|auth_db", "db_url", "\(database.url)")
            modparam("usrloc", "db_mode", \(mode))
            modparam("usrloc", "server_id", \(number))
            modparam("registrar", "use_path", 1)
            modparam("nathelper|registrar", "received_avp", "$avp(received)")
            modparam("auth", "secret", "both know it")
            modparam("auth_db", "calculate_ha1", 1)
            modparam("auth_db", "password_column", "password")
            \(more)
            request_route {
                if (is_method("REGISTER")) {
                    if (!auth_check("example.com", "subscriber", "1")) {
                        auth_challenge("example.com", "0");
                        exit;
                    }
                    if (nat_uac_test("1")) fix_nated_register();
                    save("location");
                    exit;
                }
                if (has_totag()) { loose_route(); t_relay(); exit; }
                if (is_method("INVITE")) record_route();
                if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
                t_relay();
            }
            """)
    }

    private func database(_ kind: SharedDatabase.Kind) throws -> SharedDatabase { try SharedDatabase(kind) }

    private func addUsers(_ database: SharedDatabase, _ users: String...) throws {
        for user in users {
            try database.query(
                "INSERT INTO subscriber (username, domain, password) VALUES ('\(user)', 'example.com', 'secret')"
            )
        }
    }

    /// A REGISTER with the answer to a challenge of that server or of another one.
    private func register(
        _ contact: String?, _ client: Client, user: String = "bob", callID: String = "c1",
        _ sequence: Int = 1,
        at server: Server, challengedBy other: Server? = nil, _ lines: String...
    ) throws -> Packet {
        var request = Request.register(contact, from: client, user: user, callID: callID, sequence)
        request.lines += lines
        let challenge = try client.ask(request, (other ?? server).udp)
        let digest = try #require(Digest(challenge["WWW-Authenticate"]), "\(challenge)")
        let credentials = try digest.answer(
            user: user, password: "secret", method: "REGISTER", uri: "sip:example.com")
        request.lines.append("Authorization: \(credentials)")
        request.via = Request.register(nil, from: client).via
        request.sequence += 1000
        return try client.ask(request, server.udp)
    }

    /// An INVITE to somebody, answered with 486 by whom it reaches; nil: 404.
    private func reach(_ user: String, _ phones: [Client], from alice: Client, through server: Server) throws
        -> (phone: Client, invite: Packet)?
    {
        let invite = Request("INVITE", "sip:\(user)@example.com", from: alice).with {
            $0.lines = ["Contact: <sip:alice@\(alice.text)>"]
        }
        alice.send(invite, to: server.udp)
        while true {
            for phone in phones {
                guard let got = phone.receive(within: 0.02) else { continue }
                phone.send(Request.reply(486, "Busy Here", to: got), to: server.udp)
                _ = try alice.receive("486")
                alice.send(
                    invite.with {
                        $0.method = "ACK"
                        $0.to += ";tag=b1"
                    }, to: server.udp)
                _ = try phone.receive("ACK")
                return (phone, got)
            }
            if let answer = alice.receive(within: 0.02), answer.status == 404 { return nil }
        }
    }

    @Test(arguments: SharedDatabase.Kind.allCases)
    func `a telephone that registered with one is reached through the other, and leaves through it`(
        _ kind: SharedDatabase.Kind
    ) throws {
        guard kind.isThere else { return }
        let database = try database(kind)
        let first = try server(database, 1)
        let second = try server(database, 2)
        try addUsers(database, "bob", "carol", "dan")
        let (alice, bob) = (try Client(), try Client())
        #expect(try reach("bob", [bob], from: alice, through: second) == nil)
        #expect(try register("<sip:bob@\(bob.text)>;expires=600", bob, at: first).status == 200)
        #expect(
            try database.query("SELECT socket, server_id FROM location")
                .replacingOccurrences(of: "|", with: " ") == "udp:\(first.udp.text) 1")
        let got = try #require(try reach("bob", [bob], from: alice, through: second))
        #expect(got.invite.uri == "sip:bob@\(bob.text)")
        // The socket in the row is the first one's: the second sends from its own.
        #expect(got.invite["Via"]?.contains(second.udp.text) == true, "\(got.invite)")

        // A challenge of the one is answered to the other; a refresh goes there as well, and so does the end.
        let refreshed = try register(
            "<sip:bob@\(bob.text)>;expires=900", bob, 2, at: second, challengedBy: first)
        #expect(refreshed.status == 200)
        #expect(try database.query("SELECT COUNT(*) FROM location") == "1")
        #expect(try database.query("SELECT server_id FROM location") == "2")
        #expect(try register("<sip:bob@\(bob.text)>;expires=0", bob, 3, at: second).status == 200)
        #expect(try reach("bob", [bob], from: alice, through: first) == nil)
        #expect(try database.query("SELECT COUNT(*) FROM location") == "0")

        // What stands between, and where it really came from.
        let proxy = try Client()
        #expect(
            try register(
                "<sip:carol@10.9.8.7>;expires=600", bob, user: "carol", at: first, "Supported: path",
                "Path: <sip:\(proxy.text);lr>"
            ).status == 200)
        let along = try #require(try reach("carol", [bob, proxy], from: alice, through: second))
        #expect(along.phone === proxy)
        #expect(along.invite.uri == "sip:carol@10.9.8.7")
        #expect(along.invite["Route"] == "<sip:\(proxy.text);lr>")
        #expect(
            try register("<sip:dan@10.9.8.8>;expires=600", bob, user: "dan", at: first).status == 200)
        let back = try #require(try reach("dan", [bob], from: alice, through: second))
        #expect(back.invite.uri == "sip:dan@10.9.8.8")
        #expect(first.complaints == [] && second.complaints == [], "\(first.log)\(second.log)")
    }

    @Test(arguments: SharedDatabase.Kind.allCases)
    func `q and max_contacts count across servers, and one that dies leaves its telephones to the other`(
        _ kind: SharedDatabase.Kind
    ) throws {
        guard kind.isThere else { return }
        let database = try database(kind)
        let most = "modparam(\"registrar\", \"max_contacts\", 2)"
        let first = try server(database, 1, most)
        let second = try server(database, 2, most)
        try addUsers(database, "bob")
        let (alice, low, high) = (try Client(), try Client(), try Client())
        #expect(
            try register("<sip:low@\(low.text)>;expires=600;q=0.3", low, callID: "low", at: first).status
                == 200)
        #expect(
            try register("<sip:high@\(high.text)>;expires=600;q=0.9", high, callID: "high", at: second)
                .status == 200)
        #expect(
            try register("<sip:more@\(low.text)>;expires=600", low, callID: "more", at: second).status == 503)
        #expect(
            try register("<sip:more@\(low.text)>;expires=600", low, callID: "more", at: first).status == 503)
        for server in [first, second] {
            let asked = try register(nil, low, callID: "asks", Int.random(in: 1...999), at: server)
            let contacts = asked.all("Contact").joined(separator: ",")
            #expect(contacts.contains("<sip:low@\(low.text)>;q=0.3"), "\(asked)")
            #expect(contacts.contains("<sip:high@\(high.text)>;q=0.9"), "\(asked)")
        }

        first.kill()
        #expect(
            try register("<sip:high@\(high.text)>;expires=0", high, callID: "high", 2, at: second).status
                == 200)
        let got = try #require(try reach("bob", [low, high], from: alice, through: second))
        #expect(got.phone === low)
        #expect(
            try register("<sip:low@\(low.text)>;expires=900;q=0.5", low, callID: "low", 2, at: second).status
                == 200)
        #expect(try database.query("SELECT COUNT(*) FROM location") == "1")
        let again = try server(database, 1, most)
        #expect(try reach("bob", [low, high], from: alice, through: again)?.phone === low)
        #expect(second.complaints == [] && again.complaints == [], "\(second.log)\(again.log)")
    }

    @Test func `a telephone on a connection is reached through it, at the server that has it`() throws {
        let database = try database(.sqlite)
        let outbound = "modparam(\"registrar\", \"outbound_mode\", 1)"
        let first = try server(database, 1, outbound)
        let second = try server(database, 2, outbound)
        try addUsers(database, "bob", "carol")
        let (alice, bob) = (try Client(), try Connection(to: first.tcp))
        // Connections have the same numbers everywhere: this is the other server's first one.
        let carol = try Connection(to: second.tcp)
        for (phone, user) in [(bob, "bob"), (carol, "carol")] {
            var request = Request("REGISTER", "sip:example.com", from: phone).with {
                $0.to = "<sip:\(user)@example.com>"
                $0.from = "<sip:\(user)@example.com>;tag=1"
                $0.lines = [
                    "Contact: <sip:\(user)@203.0.113.7;transport=tcp;ob>;reg-id=1;expires=600;"
                        + "+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\"",
                    "Supported: path, outbound",
                ]
            }
            let digest = try #require(Digest(try phone.ask(request)["WWW-Authenticate"]))
            let credentials = try digest.answer(
                user: user, password: "secret", method: "REGISTER", uri: "sip:example.com")
            request.lines.append("Authorization: \(credentials)")
            request.via = Request("REGISTER", "sip:example.com", from: phone).via
            request.sequence += 1
            #expect(try phone.ask(request).status == 200)
        }
        for (server, phone, user) in [(first, bob, "bob"), (second, carol, "carol")] {
            alice.send(Request("OPTIONS", "sip:\(user)@example.com", from: alice), to: server.udp)
            let got = try phone.receive()
            #expect(got.uri == "sip:\(user)@203.0.113.7;transport=tcp;ob")
        }
    }

    @Test func `servers that start in the same second never give two contacts one name`() throws {
        let database = try database(.sqlite)
        let servers = try [server(database, 1), server(database, 2)]
        try addUsers(database, "bob", "carol")
        let phone = try Client()
        for (server, user) in zip(servers, ["bob", "carol"]) {
            let answer = try register(
                "<sip:\(user)@\(phone.text)>;expires=600", phone, user: user, at: server)
            #expect(answer.status == 200)
        }
        let names = try database.query("SELECT ruid FROM location ORDER BY username").split(separator: "\n")
        #expect(names.count == 2)
        // Each has its number in it: two machines may count processes alike.
        #expect(names.first?.contains("-1-") == true && names.last?.contains("-2-") == true, "\(names)")
    }

    /// What Kamailio's manual says of these modes, and ours: no server reads what another one writes.
    @Test func `with db_mode 1 a server knows what it was told, and what was there at its start`() throws {
        let database = try database(.sqlite)
        let first = try server(database, 1, mode: 1)
        let second = try server(database, 2, mode: 1)
        try addUsers(database, "bob")
        let (alice, bob) = (try Client(), try Client())
        #expect(try register("<sip:bob@\(bob.text)>;expires=600", bob, at: first).status == 200)
        #expect(try reach("bob", [bob], from: alice, through: second) == nil)
        let third = try server(database, 3, mode: 1)
        #expect(try reach("bob", [bob], from: alice, through: third)?.phone === bob)
    }
}
