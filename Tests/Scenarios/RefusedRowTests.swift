// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

/// Rows that a table has no place for: service goes on from memory, they are told of once, and hold up nobody.
@Suite struct RefusedRowTests {
    private static let told = "a row is in memory only"

    private func count(_ text: String, in log: String) -> Int { log.components(separatedBy: text).count - 1 }

    @Test(arguments: DatabaseServer.Kind.allCases)
    func `a contact whose row is too long is found, and those that came with it are written`(
        _ kind: DatabaseServer.Kind
    ) throws {
        guard kind.isThere else { return }
        let database = try DatabaseServer(kind)
        let server = try Server(
            Registrar.configuration(
                "modparam(\"usrloc\", \"db_url\", \"\(database.url)\")",
                before: "loadmodule \"\(kind.plugin).so\""))
        // As Kamailio's own table has it; on MySQL so has ours.
        if kind == .postgres {
            try database.query("ALTER TABLE location ALTER username TYPE VARCHAR(64)")
        }
        let bob = try Client()
        let long = String(repeating: "x", count: 100)
        let users = (0..<20).map { "user\($0)" } + [long] + (20..<40).map { "user\($0)" }
        for user in users {
            bob.send(.register("<sip:\(user)@h>;expires=600", from: bob, user: user), to: server.udp)
        }
        for _ in users { #expect(try bob.receive().status == 200) }
        #expect(try database.query("SELECT COUNT(*) FROM location") == "40")
        // What failed otherwise is tried again, and this is not.
        database.kill()
        bob.send(.register("<sip:late@h>;expires=600", from: bob, user: "late"), to: server.udp)
        #expect(server.logs("cannot be reached"))
        #expect(try bob.receive().status == 200)
        try database.start()
        try server.comes {
            try database.query("SELECT COUNT(*) FROM location WHERE username = 'late'") == "1"
        }
        let asked = try bob.ask(.register(nil, from: bob, user: long, 2), server.udp)
        #expect(asked["Contact"]?.hasPrefix("<sip:\(long)@h>") == true)
        #expect(try server.statistic("\(kind.plugin).refused_rows") == 1)
        // It is told once, though it changes.
        #expect(
            try bob.ask(.register("<sip:\(long)@h>;expires=500", from: bob, user: long, 3), server.udp)
                .status == 200)
        #expect(try server.statistic("\(kind.plugin).refused_rows") == 2)
        #expect(count(Self.told, in: server.log) == 1, "\(server.log)")
        #expect(server.log.contains("table location: \(Self.told): ") && server.log.contains("username"))
    }

    @Test func `a note with a Call-ID that is too long holds up no other note (MySQL: VARCHAR(255))`() throws
    {
        guard SharedDatabase.Kind.mysql.isThere else { return }
        let database = try SharedDatabase(.mysql)
        let first = try sharingServer(database, 1)
        let second = try sharingServer(database, 2, like: first)
        // Notes alone are to be refused.
        try database.query("ALTER TABLE dialog MODIFY callid VARCHAR(400) NOT NULL")
        let long = try PhoneCall(first, callID: String(repeating: "c", count: 300)).connect()
        let other = try PhoneCall(first).connect()
        try first.comes { try database.query("SELECT COUNT(*) FROM dialog WHERE state = 4") == "2" }
        try long.pass("INFO", 31, fromCallee: true, through: second)
        #expect(second.logs("table dialog_shared: \(Self.told): "), "\(second.log)")
        try other.pass("INFO", 31, fromCallee: true, through: second)
        try first.comes { try first.dialogs().contains { "\($0["variables"] ?? "")".contains("seen") } }
        try other.pass("BYE", 32, fromCallee: true, through: second)
        #expect(first.logs("END \(other.callID) alice"))
        try first.comes { try database.query("SELECT COUNT(*) FROM dialog_shared") == "0" }
        #expect(try second.statistic("db_mysql.refused_rows") == 1)
        try long.pass("BYE", 32, fromCallee: true, through: first)
        #expect(first.logs("END \(long.callID) alice"))
        try first.comes { try database.callRows() == "0 0 0" }
    }

    @Test
    func `a call goes on whose Call-ID is too long for its row, and holds up no other (MySQL: VARCHAR(255))`()
        throws
    {
        guard SharedDatabase.Kind.mysql.isThere else { return }
        let database = try SharedDatabase(.mysql)
        let server = try sharingServer(database, 1)
        let long = try PhoneCall(server, callID: String(repeating: "c", count: 300)).connect()
        let other = try PhoneCall(server).connect()
        try server.comes { try database.query("SELECT callid FROM dialog WHERE state = 4") == other.callID }
        #expect(server.logs("table dialog: \(Self.told): "), "\(server.log)")
        for call in [long, other] {
            try call.pass("INFO", 31, fromCallee: true, through: server)
            try call.pass("BYE", 32, fromCallee: true, through: server)
            #expect(server.logs("END \(call.callID) alice"))
        }
        try server.comes { try database.callRows() == "0 0 0" }
        #expect(count("table dialog: \(Self.told)", in: server.log) == 1, "\(server.log)")
    }

    @Test(arguments: [SharedDatabase.Kind.postgres, .mysql])
    func `a line goes on whose rows are too long (manual of sca: sca_subscriptions, sca_state)`(
        _ kind: SharedDatabase.Kind
    ) throws {
        guard kind.isThere else { return }
        let database = try SharedDatabase(kind)
        let server = try sharedLineServer(database, 1)
        for table in ["sca_subscriptions", "sca_state"] {
            try database.query(
                kind == .postgres
                    ? "ALTER TABLE \(table) ALTER aor TYPE VARCHAR(30)"
                    : "ALTER TABLE \(table) MODIFY aor VARCHAR(30) NOT NULL")
        }
        let line = "sip:\(String(repeating: "d", count: 40))@sca.example"
        let phones = try (0..<2).map { _ in try DeskPhone(server, aor: line) }
        let others = try (0..<2).map { _ in try DeskPhone(server) }
        for phone in phones + others {
            #expect(try phone.subscribe().status / 100 == 2)
            try phone.hears("idle")
        }
        for (one, other) in [(phones[0], phones[1]), (others[0], others[1])] {
            #expect(try one.seize("1").status / 100 == 2)
            try other.hears("1 seized")
            #expect(try other.seize("1").status == 480)
        }
        try server.comes { try database.query("SELECT COUNT(*) FROM sca_subscriptions") == "3" }
        #expect(try database.query("SELECT aor FROM sca_state WHERE app_idx = 1") == DeskPhone.line)
        #expect(count("table sca_state: \(Self.told)", in: server.log) <= 2, "\(server.log)")
        #expect(count("table sca_subscriptions: \(Self.told)", in: server.log) == 3, "\(server.log)")
    }
}
