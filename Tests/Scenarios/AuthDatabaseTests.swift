// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Passwords in a database.
@Suite struct AuthDatabaseTests {
    private func configuration(_ url: String, _ settings: String, store: String = "db_sqlite.so") -> String {
        """
        loadmodule "sl.so"
        loadmodule "pv.so"
        loadmodule "\(store)"
        loadmodule "auth.so"
        loadmodule "auth_db.so"
        modparam("auth_db", "db_url", "\(url)")
        \(settings)
        request_route {
            if ($rm == "OPTIONS") {
                sl_send_reply("200", "At once");
                exit;
            }
            if ($rm == "INFO") {
                if (is_subscriber("$fu", "subscriber", "0")) sl_send_reply("200", "Known $avp(rpid)");
                else sl_send_reply("404", "Nobody");
                exit;
            }
            auth_check("example.com", "subscriber", "1");
            $var(rc) = $rc;
            if ($var(rc) == -3) {
                sl_send_reply("403", "Unknown");
                exit;
            }
            if ($var(rc) == -8) {
                sl_send_reply("403", "Somebody else");
                exit;
            }
            if ($var(rc) < 0) {
                auth_challenge("example.com", "1");
                exit;
            }
            $avp(seen) = "rpid " + $avp(rpid);
            sl_send_reply("200", "$avp(seen)");
        }
        """
    }

    /// Asks, is challenged, and asks again.
    private func authenticate(
        _ server: Server, _ client: Client, user: String, password: String, from: String? = nil,
        method: String = "INVITE"
    ) throws -> Packet {
        var request = Request(method, "sip:example.com", from: client).with {
            $0.from = "<sip:\(from ?? user)@example.com>;tag=1"
            $0.to = "<sip:\(from ?? user)@example.com>"
        }
        let asked = try client.ask(request, server.udp)
        let name = method == "REGISTER" ? "WWW-Authenticate" : "Proxy-Authenticate"
        let digest = try #require(Digest(asked[name]))
        let credentials = try digest.answer(
            user: user, password: password, method: method, uri: "sip:example.com")
        request.lines.append("\(method == "REGISTER" ? "" : "Proxy-")Authorization: \(credentials)")
        return try client.ask(request, server.udp)
    }

    @Test(arguments: Database.Kind.allCases)
    func `who is in the table may, and what is known of him is there`(_ kind: Database.Kind) throws {
        guard let database = try Database(kind) else { return }
        let settings = """
            modparam("auth_db", "calculate_ha1", 1)
            modparam("auth_db", "password_column", "password")
            modparam("auth_db", "load_credentials", "rpid")
            """
        let server = try Server(configuration(database.url, settings, store: database.kind.plugin))
        // The server has made the table, as others know it, and with the column that it was asked for.
        try database.query(
            "INSERT INTO subscriber (username, domain, password, rpid) VALUES ('alice', 'example.com', 'secret', '+361');"
        )
        let client = try Client()
        let good = try authenticate(server, client, user: "alice", password: "secret")
        #expect(good.status == 200 && good.reason == "rpid +361")
        #expect(
            try authenticate(server, client, user: "alice", password: "secret", method: "REGISTER").status
                == 200)
        #expect(try authenticate(server, client, user: "alice", password: "guess").status == 407)
        #expect(try authenticate(server, client, user: "eve", password: "secret").reason == "Unknown")
        #expect(
            try authenticate(server, client, user: "alice", password: "secret", from: "bob").reason
                == "Somebody else")
        #expect(
            try authenticate(server, client, user: "x' OR '1'='1", password: "secret", from: "x").status
                == 403)
        func known(_ user: String) throws -> String {
            try client.ask(
                Request("INFO", "sip:example.com", from: client).with {
                    $0.from = "<sip:\(user)@example.com>;tag=1"
                },
                server.udp
            ).reason
        }
        #expect(try known("alice") == "Known +361")
        #expect(try known("eve") == "Nobody")
        #expect(server.complaints == [])
    }

    @Test(arguments: Database.Kind.allCases)
    func `hashes are enough, with and without a domain in the name`(_ kind: Database.Kind) throws {
        guard let database = try Database(kind) else { return }
        let server = try Server(
            configuration(
                database.url, "modparam(\"auth_db\", \"use_domain\", 1)", store: database.kind.plugin))
        let plain = try Digest.hash("alice:example.com:secret", nil)
        let other = try Digest.hash("alice@example.com:example.com:secret", nil)
        try database.query(
            "INSERT INTO subscriber (username, domain, ha1, ha1b) VALUES ('alice', 'example.com', '\(plain)', '\(other)');"
                + "INSERT INTO subscriber (username, domain, ha1) VALUES ('bob', 'example.org', '\(plain)');")
        let client = try Client()
        #expect(try authenticate(server, client, user: "alice", password: "secret").status == 200)
        #expect(
            try authenticate(server, client, user: "alice@example.com", password: "secret", from: "alice")
                .status == 200)
        // Of another domain.
        #expect(try authenticate(server, client, user: "bob", password: "secret").reason == "Unknown")
    }

    @Test func `a database that is not there refuses, and the server lives`() throws {
        let folder = try Scratch()
        let server = try Server(configuration("sqlite://\(folder.path)/none/users.db", ""), in: folder)
        let client = try Client()
        #expect(try authenticate(server, client, user: "alice", password: "secret").status == 407)
        #expect(try client.ping(server.udp).status == 200)
    }

    @Test func `a slow database delays those who wait for it, and nobody else`() throws {
        let folder = try Scratch()
        let store = folder.file("slow.so")
        let built = try run(
            "cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-fvisibility=hidden", "-I",
            Repository.include, "-o", store, Repository.path("Tests/Fixtures/Stores/slow.c"))
        #expect(built.status == 0, "\(built.err)")
        let settings = """
            modparam("auth_db", "calculate_ha1", 1)
            modparam("auth_db", "password_column", "password")
            """
        // One worker: whoever waits there would hold up all.
        let server = try Server(configuration("slow://2000", settings, store: store), in: folder)
        let waiting = try Client()
        let client = try Client()
        let request = Request("INVITE", "sip:example.com", from: waiting).with {
            $0.from = "<sip:alice@example.com>;tag=1"
        }
        let digest = try #require(Digest(try waiting.ask(request, server.udp)["Proxy-Authenticate"]))
        let credentials = try digest.answer(
            user: "alice", password: "secret", method: "INVITE", uri: "sip:example.com")
        let clock = ContinuousClock()
        let start = clock.now
        waiting.send(
            request.with {
                $0.sequence = 2
                $0.lines.append("Proxy-Authorization: \(credentials)")
            }, to: server.udp)
        var delays: [Duration] = []
        while waiting.pending() == nil, clock.now - start < .milliseconds(1500) {
            let asked = clock.now
            #expect(
                try client.ask(Request("OPTIONS", "sip:example.com", from: client), server.udp).reason
                    == "At once")
            delays.append(clock.now - asked)
        }
        #expect(delays.count > 10)
        let median = delays.sorted()[delays.count / 2]
        #expect(median < .milliseconds(100))
        // A copy of the waiting request is taken in, not asked again.
        let answer = try waiting.receive()
        #expect(answer.status == 200)
        #expect(clock.now - start >= .milliseconds(1900))
    }
}
