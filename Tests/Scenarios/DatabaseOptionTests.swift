// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

/// What a URL and parameters say of connections is done, or is an error at the start.
@Suite struct DatabaseOptionTests {
    private func server(_ kind: DatabaseServer.Kind, _ url: String, _ settings: String = "") throws -> Server
    {
        try Server(
            Registrar.configuration(
                """
                modparam("usrloc", "db_url", "\(url)")
                modparam("usrloc", "db_required", 1)
                \(settings)
                """, before: "loadmodule \"\(kind.plugin).so\""))
    }

    /// Why it does not start.
    private func refusal(_ kind: DatabaseServer.Kind, _ url: String, _ settings: String = "") -> String {
        let error = #expect(throws: (any Error).self) { try server(kind, url, settings) }
        return "\(error as Any)".replacingOccurrences(of: url, with: "")
    }

    @Test func `libpq's settings stand in the URL and in con_param (manual of db_postgres: con_param)`()
        throws
    {
        guard DatabaseServer.Kind.postgres.isThere else { return }
        let database = try DatabaseServer(.postgres)
        let server = try server(
            .postgres, database.url + "&application_name=by%20URL&sslmode=prefer",
            """
            modparam("db_postgres", "con_param", "application_name=by parameter; tcp_user_timeout=5000")
            modparam("db_postgres", "con_param", "options=-c lock_timeout=4321")
            """)
        let bob = try Client()
        #expect(try bob.ask(.register("<sip:1@h>;expires=600", from: bob), server.udp).status == 200)
        let names = try database.query(
            "SELECT DISTINCT application_name FROM pg_stat_activity WHERE application_name LIKE 'by %'")
        #expect(names == "by URL")
        #expect(server.complaints == [], "\(server.log)")
    }

    @Test func `a setting that libpq does not have is named (libpq: Parameter Key Words)`() throws {
        guard DatabaseServer.Kind.postgres.isThere else { return }
        let url = "postgres://u:hidden@h/d"
        let inURL = refusal(.postgres, url + "?sslmod=require")
        #expect(inURL.contains("libpq has no setting \"sslmod\", which the URL names"), "\(inURL)")
        #expect(!inURL.contains("hidden"), "\(inURL)")
        for (text, what) in [
            ("sslmod=x", "libpq has no setting \"sslmod\", which con_param names"),
            ("sslmode", "con_param must be name=value;name=value"),
        ] {
            let said = refusal(.postgres, url, "modparam(\"db_postgres\", \"con_param\", \"\(text)\")")
            #expect(said.contains(what), "\(said)")
        }
    }

    @Test func `an option that db_mysql does not have is named, and not the password`() throws {
        guard DatabaseServer.Kind.mysql.isThere else { return }
        let said = refusal(.mysql, "mysql://u:hidden@h/d?ssl=1")
        #expect(said.contains("the URL has an option \"ssl\", which db_mysql does not have"), "\(said)")
        #expect(!said.contains("hidden"), "\(said)")
    }

    @Test func `a connection is encrypted as opt_ssl_mode says, or is none (manual of db_mysql)`() throws {
        guard DatabaseServer.Kind.mysql.isThere else { return }
        let database = try DatabaseServer(.mysql)
        func mode(_ number: Int) -> String { "modparam(\"db_mysql\", \"opt_ssl_mode\", \(number))" }
        func registers(_ number: Int) throws {
            let server = try server(.mysql, database.url, mode(number))
            let bob = try Client()
            let request = Request.register("<sip:1@h>;expires=600", from: bob, user: "user\(number)")
            #expect(try bob.ask(request, server.udp).status == 200)
            #expect(server.complaints == [], "\(server.log)")
        }
        // It has no certificate yet.
        try registers(2)
        for number in 3...5 {
            let said = refusal(.mysql, database.url, mode(number))
            #expect(said.contains("cannot be reached"), "\(said)")
        }
        let authority = try Authority(in: database.folder)
        try authority.sign("database", "DNS:database.example")
        _ = try run("chmod", "644", authority.key("database"))
        database.kill()
        database.options = [
            "--ssl-cert=\(authority.certificate("database"))", "--ssl-key=\(authority.key("database"))",
        ]
        try database.start()
        try database.query("ALTER USER martlet@localhost REQUIRE SSL", in: "mysql", as: "root")
        try registers(2)
        try registers(3)
        // Without it, the database lets nobody in; and nobody whom we trust has signed its certificate.
        for number in [1, 4, 5] {
            let said = refusal(.mysql, database.url, mode(number))
            #expect(said.contains("cannot be reached"), "\(said)")
        }
    }
}
