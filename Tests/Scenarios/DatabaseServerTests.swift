// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Tables on database servers: what is kept in a file elsewhere is kept there as well.
@Suite struct DatabaseServerTests {
    private static func registrar(_ database: DatabaseServer, _ settings: String = "", url: String? = nil)
        -> String
    {
        Registrar.configuration(
            """
            modparam("usrloc", "db_url", "\(url ?? database.url)")
            \(settings)
            """, before: "loadmodule \"\(database.kind.plugin).so\"")
    }

    @Test(arguments: DatabaseServer.Kind.allCases)
    func `a killed server knows everybody that it has answered`(_ kind: DatabaseServer.Kind) throws {
        guard kind.isThere else { return }
        let database = try DatabaseServer(kind)
        let bob = try Client()
        let server = try Server(Self.registrar(database))
        for index in 0..<50 {
            let answer = try bob.ask(
                .register("<sip:\(index)@h>;expires=600;q=0.7", from: bob, user: "user\(index)"), server.udp)
            #expect(answer.status == 200)
        }
        // What is no UTF-8, would end a literal, or is long, is kept all the same.
        var odd = Request.register("<sip:odd@h>;expires=600", from: bob, user: "o'd\\d", 3)
        odd.lines.append(
            "User-Agent: '\"\\; DROP TABLE location; -- ?$1 \(String(repeating: "x", count: 400))")
        #expect(try bob.ask(odd, server.udp).status == 200)
        server.kill()

        let next = try Server(Self.registrar(database))
        #expect(try next.statistic("usrloc.location-contacts") == 51)
        let asked = try bob.ask(.register(nil, from: bob, user: "user42", 2), next.udp)
        #expect(asked["Contact"]?.hasPrefix("<sip:42@h>;q=0.7;expires=") == true)
        // One that goes is gone.
        #expect(
            try bob.ask(.register("<sip:7@h>;expires=0", from: bob, user: "user7", 2), next.udp).status == 200
        )
        #expect(try database.query("SELECT COUNT(*) FROM location") == "50")
        #expect(try database.query("SELECT table_version FROM version WHERE table_name = 'location'") == "9")
        #expect(
            try database.query("SELECT username, contact, q, callid FROM location WHERE username = 'user42'")
                == "user42|sip:42@h|0.7|c1")
        #expect(next.stop() == 0)
        #expect(next.complaints == [], "\(next.log)")
    }

    @Test(arguments: DatabaseServer.Kind.allCases)
    func `an older table gets the columns that it lacks, and a newer one is refused`(
        _ kind: DatabaseServer.Kind
    )
        throws
    {
        guard kind.isThere else { return }
        let database = try DatabaseServer(kind)
        let id =
            kind == .postgres
            ? "SERIAL PRIMARY KEY NOT NULL" : "INT UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL"
        let time = kind == .postgres ? "TIMESTAMP" : "DATETIME"
        try database.query(
            """
            CREATE TABLE version (id \(id), table_name VARCHAR(32) NOT NULL UNIQUE, table_version INTEGER NOT NULL);
            INSERT INTO version (table_name, table_version) VALUES ('location', 6);
            CREATE TABLE location (id \(id), ruid VARCHAR(64) NOT NULL DEFAULT '', username VARCHAR(64) NOT NULL DEFAULT '',
            domain VARCHAR(64), contact VARCHAR(512) NOT NULL DEFAULT '', received VARCHAR(128), path VARCHAR(512),
            expires \(time) NOT NULL DEFAULT '2030-05-28 21:32:15', q REAL NOT NULL DEFAULT 1.0,
            callid VARCHAR(255) NOT NULL DEFAULT 'x', cseq INTEGER NOT NULL DEFAULT 1,
            last_modified \(time) NOT NULL DEFAULT '2000-01-01 00:00:01', flags INTEGER NOT NULL DEFAULT 0,
            cflags INTEGER NOT NULL DEFAULT 0, user_agent VARCHAR(255) NOT NULL DEFAULT '', socket VARCHAR(64),
            methods INTEGER, note VARCHAR(16) DEFAULT 'mine');
            INSERT INTO location (ruid, username, contact) VALUES ('old-1', 'bob', 'sip:old@h');
            """)
        let bob = try Client()
        let server = try Server(Self.registrar(database))
        #expect(try server.statistic("usrloc.location-contacts") == 1)
        #expect(try database.query("SELECT table_version FROM version WHERE table_name = 'location'") == "9")
        #expect(try bob.ask(.register("<sip:new@h>;expires=600", from: bob), server.udp).status == 200)
        #expect(try database.query("SELECT note FROM location WHERE ruid = 'old-1'") == "mine")
        #expect(server.stop() == 0)
        #expect(server.complaints == [], "\(server.log)")

        try database.query("UPDATE version SET table_version = 10 WHERE table_name = 'location'")
        let needed = "modparam(\"usrloc\", \"db_required\", 1)"
        let refused = #expect(throws: (any Error).self) { try Server(Self.registrar(database, needed)) }
        #expect("\(refused as Any)".contains("invalid version 10 for table location found, expected 9"))
    }

    @Test(arguments: DatabaseServer.Kind.allCases)
    func `while the database is away service goes on, and nothing that was answered is lost`(
        _ kind: DatabaseServer.Kind
    ) throws {
        guard kind.isThere else { return }
        let database = try DatabaseServer(kind)
        let bob = try Client()
        let server = try Server(Self.registrar(database))
        #expect(
            try bob.ask(.register("<sip:1@h>;expires=600", from: bob, user: "u1"), server.udp).status == 200)
        database.kill()
        var later = Request.register("<sip:2@h>;expires=600", from: bob, user: "u2")
        let answer = try bob.ask(later, server.udp)
        #expect(server.logs("cannot be reached"), "\(server.log)")
        // Those who are known are still found.
        #expect(try bob.ask(.register(nil, from: bob, user: "u1", 2), server.udp)["Contact"] != nil)
        try database.start()
        #expect(server.logs("works again"), "\(server.log)")
        if answer.status != 200 {
            later.sequence += 1
            later.via = Request.register(nil, from: bob).via
            #expect(try bob.ask(later, server.udp).status == 200)
        }
        #expect(
            try bob.ask(.register("<sip:3@h>;expires=600", from: bob, user: "u3"), server.udp).status == 200)
        let end = Date() + Server.patience
        var known = ""
        repeat {
            known = try database.query("SELECT username FROM location ORDER BY username")
        } while known != "u1\nu2\nu3" && Date() < end
        #expect(known == "u1\nu2\nu3")
        #expect(server.log.components(separatedBy: "cannot be reached").count == 2, "\(server.log)")
        server.kill()
        let next = try Server(Self.registrar(database))
        #expect(try next.statistic("usrloc.location-contacts") == 3)
    }

    @Test(arguments: DatabaseServer.Kind.allCases)
    func `a connection that ended unnoticed is opened again, and nobody hears of it`(
        _ kind: DatabaseServer.Kind
    )
        throws
    {
        guard kind.isThere else { return }
        let database = try DatabaseServer(kind)
        let bob = try Client()
        let server = try Server(Self.registrar(database))
        #expect(
            try bob.ask(.register("<sip:1@h>;expires=600", from: bob, user: "u1"), server.udp).status == 200)
        switch kind {
        case .postgres:
            try database.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'martlet'")
        case .mysql:
            let ids = try database.query(
                "SELECT id FROM information_schema.processlist WHERE user = 'martlet' AND id <> CONNECTION_ID()"
            )
            for id in ids.split(separator: "\n") { try database.query("KILL \(id)") }
        }
        #expect(
            try bob.ask(.register("<sip:2@h>;expires=600", from: bob, user: "u2"), server.udp).status == 200)
        #expect(try database.query("SELECT COUNT(*) FROM location") == "2")
    }

    @Test(arguments: DatabaseServer.Kind.allCases)
    func `a database that is not there, or lets nobody in, is told without its password`(
        _ kind: DatabaseServer.Kind
    )
        throws
    {
        guard kind.isThere else { return }
        let database = try DatabaseServer(kind)
        for url in [
            "\(kind.rawValue)://martlet:hidden@localhost/sip?socket=/nowhere",
            "\(kind.rawValue)://nobody:hidden@localhost/none?socket=\(database.folder.path)"
                + (kind == .mysql ? "/s" : ""),
        ] {
            let refused = #expect(throws: (any Error).self) {
                try Server(
                    Self.registrar(database, "modparam(\"usrloc\", \"db_required\", 1)", url: url))
            }
            let text = "\(refused as Any)"
            #expect(text.contains("cannot be reached") && text.contains("cannot be opened"), "\(text)")
            // The file that the test wrote has it; no message quotes that line.
            #expect(!text.replacingOccurrences(of: url, with: "").contains("hidden"), "\(text)")
        }
    }

    @Test(arguments: SharedDatabase.Kind.allCases)
    func `numbers that are none end nobody`(_ kind: SharedDatabase.Kind) throws {
        guard kind.isThere else { return }
        let database = try SharedDatabase(kind)
        let bob = try Client()
        func server() throws -> Server {
            try Server(
                Registrar.configuration(
                    "modparam(\"usrloc\", \"db_url\", \"\(database.url)\")",
                    before: "loadmodule \"\(kind.plugin).so\""))
        }
        let first = try server()
        for user in ["a", "b"] {
            let request = Request.register("<sip:\(user)@h>;expires=600;q=0.7", from: bob, user: user)
            #expect(try bob.ask(request, first.udp).status == 200)
        }
        #expect(first.stop() == 0)
        try database.query("UPDATE location SET q = 1e300, cflags = 4294967296 WHERE username = 'a'")
        if kind != .mysql {
            try database.query(
                "UPDATE location SET q = \(kind == .postgres ? "'NaN'" : "9e999") WHERE username = 'b'")
        }
        if kind == .sqlite {
            try database.query("UPDATE location SET last_modified = -9223372036854775807 - 1")
        }
        let second = try server()
        #expect(try second.statistic("usrloc.location-contacts") == 2)
        #expect(
            try bob.ask(.register(nil, from: bob, user: "a", 2), second.udp)["Contact"]?
                .hasPrefix("<sip:a@h>;expires=") == true)
        #expect(try second.rpc("ul.dump").status == 0)
        #expect(second.complaints == [], "\(second.log)")
    }

    @Test(arguments: DatabaseServer.Kind.allCases)
    func `passwords are looked up there (manual of auth_db)`(_ kind: DatabaseServer.Kind) throws {
        guard kind.isThere else { return }
        let database = try DatabaseServer(kind)
        let server = try Server(
            """
            loadmodule "sl.so"
            loadmodule "pv.so"
            loadmodule "\(kind.plugin).so"
            loadmodule "auth.so"
            loadmodule "auth_db.so"
            modparam("auth_db", "db_url", "\(database.url)")
            modparam("auth_db", "calculate_ha1", 1)
            modparam("auth_db", "password_column", "password")
            modparam("auth_db", "load_credentials", "rpid")
            request_route {
                if (!auth_check("example.com", "subscriber", "1")) {
                    auth_challenge("example.com", "1");
                    exit;
                }
                sl_send_reply("200", "rpid $avp(rpid)");
            }
            """)
        try database.query(
            "INSERT INTO subscriber (username, domain, password, rpid) VALUES ('alice', 'example.com', 'sécret', '+361')"
        )
        let client = try Client()
        func authenticate(_ user: String, _ password: String) throws -> Packet {
            var request = Request("INVITE", "sip:example.com", from: client).with {
                $0.from = "<sip:\(user)@example.com>;tag=1"
                $0.to = "<sip:\(user)@example.com>"
            }
            let digest = try #require(Digest(try client.ask(request, server.udp)["Proxy-Authenticate"]))
            let credentials = try digest.answer(
                user: user, password: password, method: "INVITE", uri: "sip:example.com")
            request.lines.append("Proxy-Authorization: \(credentials)")
            return try client.ask(request, server.udp)
        }
        #expect(try authenticate("alice", "sécret").reason == "rpid +361")
        #expect(try authenticate("alice", "guess").status == 407)
        // Alice and alice are two, whatever the database thinks of letters.
        #expect(try authenticate("Alice", "sécret").status == 407)
        #expect(server.complaints == [], "\(server.log)")
    }

    @Test(arguments: DatabaseServer.Kind.allCases)
    func `calls outlive the server (manual of dialog)`(_ kind: DatabaseServer.Kind) throws {
        guard kind.isThere else { return }
        let database = try DatabaseServer(kind)
        func server() throws -> Server {
            try dialogServer(
                "$dlg_var(who) = \"alice\"; dlg_manage();",
                "event_route[dialog:loaded] { xlog(\"LOADED $ci $dlg_var(who)\\n\"); }",
                parameters: """
                    modparam("dialog", "db_url", "\(database.url)")
                    modparam("dialog", "db_mode", 1)
                    """, plugins: [kind.plugin])
        }
        let first = try server()
        let call = try PhoneCall(first).connect()
        try first.comes(toStates: [4])
        try first.comes { try database.query("SELECT state FROM dialog") == "4" }
        #expect(try database.query("SELECT COUNT(*) FROM dialog_vars") == "1")
        let before = try #require(try first.dialogs().first)
        first.kill()
        let second = try server()
        let after = try #require(try second.dialogs().first)
        for key in [
            "h_entry", "h_id", "call-id", "from_uri", "to_uri", "state", "start_ts", "timeout", "lifetime",
        ] {
            #expect("\(after[key] ?? "")" == "\(before[key] ?? "")", "\(key)")
        }
        #expect(second.logs("LOADED \(call.callID) alice"))
    }

    @Test(arguments: DatabaseServer.Kind.allCases)
    func `two servers make the tables of one database at the same moment`(_ kind: DatabaseServer.Kind) throws
    {
        guard kind.isThere else { return }
        let database = try DatabaseServer(kind)
        let settings = "modparam(\"usrloc\", \"db_mode\", 3)"
        let first = try Server(Self.registrar(database, settings))
        let second = try Server(Self.registrar(database, settings))
        let bob = try Client()
        #expect(try bob.ask(.register("<sip:\(bob.text)>;expires=600", from: bob), first.udp).status == 200)
        // A telephone that registered with the one is known to the other.
        let asked = try bob.ask(.register(nil, from: bob, 2), second.udp)
        #expect(asked["Contact"]?.contains(bob.text) == true, "\(asked)")
        #expect(first.complaints == [] && second.complaints == [], "\(first.log)\(second.log)")
    }
}
