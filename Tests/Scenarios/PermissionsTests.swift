// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Who may, as a script asks it.
@Suite struct PermissionsTests {
    private func server(
        _ folder: Scratch, _ settings: String, _ route: String, store: String = "db_sqlite"
    ) throws -> Server {
        try Server(
            """
            loadmodule "sl.so"
            loadmodule "pv.so"
            loadmodule "kex.so"
            loadmodule "ctl.so"
            loadmodule "\(store).so"
            loadmodule "permissions.so"
            \(settings)
            request_route {
                \(route)
                sl_send_reply("200", "May $avp(tag)");
            }
            """, in: folder)
    }

    /// The file that Kamailio's tools make; where the database is another one, the server makes its tables.
    private func prepare(_ kind: Database.Kind) throws -> Database? {
        guard let database = try Database(kind) else { return nil }
        if kind == .sqlite { try database.query(tables) }
        return database
    }

    private let tables = """
        CREATE TABLE version (table_name VARCHAR(32) NOT NULL, table_version INTEGER DEFAULT 0 NOT NULL);
        INSERT INTO version VALUES ('address', 6), ('trusted', 6);
        CREATE TABLE address (id INTEGER PRIMARY KEY NOT NULL, grp INTEGER DEFAULT 1 NOT NULL, ip_addr VARCHAR(50) NOT NULL,
          mask INTEGER DEFAULT 32 NOT NULL, port SMALLINT DEFAULT 0 NOT NULL, tag VARCHAR(64));
        CREATE TABLE trusted (id INTEGER PRIMARY KEY NOT NULL, src_ip VARCHAR(50) NOT NULL, proto VARCHAR(4) NOT NULL,
          from_pattern VARCHAR(64) DEFAULT NULL, ruri_pattern VARCHAR(64) DEFAULT NULL, tag VARCHAR(64), priority INTEGER DEFAULT 0 NOT NULL);
        """

    @Test(arguments: Database.Kind.allCases)
    func `an address is asked for, and the table is read again when told so`(_ kind: Database.Kind) throws {
        guard let database = try prepare(kind) else { return }
        let folder = try Scratch()
        let server = try server(
            folder,
            """
            modparam("permissions", "db_url", "\(database.url)")
            modparam("permissions", "peer_tag_avp", "$avp(tag)")
            modparam("permissions", "reload_delta", 0)
            """,
            """
            if ($rm == "INFO") { sl_send_reply("200", "Group " + $var(none)); exit; }
            allow_source_address_group();
            $var(group) = $rc;
            if ($var(group) != 2 || !allow_address("2", "127.9.9.9", "5060")) { sl_send_reply("403", "Group $var(group)"); exit; }
            if (!allow_source_address("2")) { sl_send_reply("403", "No"); exit; }
            """, store: kind.plugin)
        try database.query(
            "INSERT INTO address (grp, ip_addr, mask, tag) VALUES (2, '127.0.0.0', 8, 'loop')")
        #expect(try server.rpc("permissions.addressReload").status == 0)
        let client = try Client()
        let request = Request("OPTIONS", "sip:x@y", from: client)
        #expect(try client.ask(request, server.udp).reason == "May loop")
        try database.query("UPDATE address SET ip_addr = '10.0.0.0'")
        #expect(try client.ask(request, server.udp).status == 200)
        #expect(try server.rpc("permissions.addressReload").status == 0)
        #expect(try client.ask(request, server.udp).reason == "Group -1")
        #expect(try server.rpc("permissions.subnetDump").out.contains("10.0.0.0"))
        #expect(server.complaints == [])
    }

    @Test func `addresses may come from a file`() throws {
        let folder = try Scratch()
        let file = try folder.file("addresses", with: "1,127.0.0.1,0,\"here\"\n")
        let server = try server(
            folder,
            """
            modparam("permissions", "address_file", "\(file)")
            modparam("permissions", "peer_tag_avp", "$avp(tag)")
            """, "if (!allow_source_address()) { sl_send_reply(\"403\", \"No\"); exit; }")
        let client = try Client()
        #expect(try client.ask(Request("OPTIONS", "sip:x@y", from: client), server.udp).reason == "May here")
        #expect(try server.rpc("permissions.addressDump").out.contains("127.0.0.1"))
    }

    @Test(arguments: Database.Kind.allCases, [0, 1])
    func `a peer is trusted by what it sends`(_ kind: Database.Kind, mode: Int) throws {
        guard let database = try prepare(kind) else { return }
        let folder = try Scratch()
        let server = try server(
            folder,
            """
            modparam("permissions", "db_url", "\(database.url)")
            modparam("permissions", "db_mode", \(mode))
            modparam("permissions", "peer_tag_avp", "$avp(tag)")
            """,
            """
            if ($rm == "INFO") {
                if (!allow_trusted("192.0.2.1", "tcp")) { sl_send_reply("403", "No"); exit; }
            } else if (!allow_trusted()) { sl_send_reply("403", "No"); exit; }
            """, store: kind.plugin)
        try database.query(
            "INSERT INTO trusted (src_ip, proto, from_pattern, tag) VALUES ('127.0.0.1', 'udp', '^sip:alice@', 'peer'), ('192.0.2.1', 'any', NULL, 'far')"
        )
        if mode == 1 { #expect(try server.rpc("permissions.trustedReload").status == 0) }
        let client = try Client()
        let request = Request("OPTIONS", "sip:x@y", from: client)
        #expect(try client.ask(request, server.udp).reason == "May peer")
        #expect(try client.ask(request.with { $0.from = "<sip:eve@e>;tag=1" }, server.udp).status == 403)
        #expect(try client.ask(Request("INFO", "sip:x@y", from: client), server.udp).reason == "May far")
        if mode == 1 { #expect(try server.rpc("permissions.trustedDump").out.contains("alice")) }
    }

    @Test func `rules say who may reach whom`() throws {
        let folder = try Scratch()
        _ = try folder.file("rules.allow", with: "\"^sip:alice@\" : ALL\n")
        _ = try folder.file("rules.deny", with: "ALL : \"^sip:0900\"\n")
        let base = folder.file("rules")
        let server = try server(
            folder, "",
            """
            if ($rm == "REGISTER") {
                if (!allow_register("\(base)")) { sl_send_reply("403", "No"); exit; }
            } else if ($rm == "INFO") {
                if (!allow_uri("\(base)", "$hdr(X-To)")) { sl_send_reply("403", "No"); exit; }
            } else if (!allow_routing("\(base).allow", "\(base).deny") || !allow_routing("\(base)")) {
                sl_send_reply("403", "No");
                exit;
            }
            """)
        let client = try Client()
        func ask(_ method: String, _ uri: String, from: String, _ lines: String...) throws -> Int {
            try client.ask(
                Request(method, uri, from: client).with {
                    $0.from = "<sip:\(from)@a>;tag=1"
                    $0.to = "<sip:\(from)@a>"
                    $0.lines = lines
                }, server.udp
            ).status
        }
        #expect(try ask("INVITE", "sip:090012@b", from: "bob") == 403)
        #expect(try ask("INVITE", "sip:123@b", from: "bob") == 200)
        #expect(try ask("INVITE", "sip:090012@b", from: "alice") == 200)
        #expect(try ask("REGISTER", "sip:b", from: "bob", "Contact: <sip:1@c>, <sip:0900@c>") == 403)
        #expect(try ask("REGISTER", "sip:b", from: "bob", "Contact: <sip:1@c>") == 200)
        #expect(try ask("INFO", "sip:b", from: "bob", "X-To: sip:09005@c") == 403)
        #expect(try server.rpc("permissions.testUri", base, "sip:bob@a", "sip:0900@c").out.contains("Denied"))
        #expect(
            server.complaints.filter { !$0.contains("permissions.allow") && !$0.contains("permissions.deny") }
                == [])
    }
}
