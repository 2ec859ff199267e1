// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Calls of shared lines whose servers die, and of which nothing is ever heard again: the lifetime that dialog keeps
/// goes on at whoever inherits them, and its end is that of their appearances (manuals of dialog and sca, "Several
/// servers").
@Suite struct ScaInheritingTests {
    private func server(_ database: SharedDatabase, _ number: Int, lifetime: Int = 5) throws -> Server {
        try sharedLineServer(
            database, number,
            """
            modparam("dialog", "db_url", "\(database.url)")
            modparam("dialog", "db_mode", 1)
            modparam("dialog", "server_id", \(number))
            modparam("dialog", "share_interval", 50)
            modparam("dialog", "share_timeout", 2000)
            modparam("dialog", "default_timeout", \(lifetime))
            """, plugins: ["dialog"], initial: "if (is_method(\"INVITE\")) dlg_manage();")
    }

    /// A telephone's call through a server, answered, and written.
    private func call(_ one: DeskPhone, _ index: String, _ other: DeskPhone) throws -> DeskCall {
        let call = one.call(other.contact, index: index, to: "<\(other.aor)>")
        call.send()
        let invite = try other.receive("INVITE")
        other.reply(200, to: invite)
        call.connected(try one.receive("200"))
        _ = try other.receive("ACK")
        return call
    }

    private func isIdle(_ database: SharedDatabase) throws -> Bool {
        let open = "SELECT COUNT(*) FROM sca_state WHERE app_idx > 0 AND state <> 0"
        return try database.query(open) == "0" && database.query("SELECT COUNT(*) FROM dialog") == "0"
    }

    @Test(arguments: SharedDatabase.Kind.allCases)
    func `an appearance of a dead server's call is idle when the lifetime of the call is over`(
        _ kind: SharedDatabase.Kind
    ) throws {
        guard kind.isThere else { return }
        let database = try SharedDatabase(kind)
        let first = try server(database, 1)
        let second = try server(database, 2)
        let a = try DeskPhone(first)
        let b = try DeskPhone(second)
        let carol = try DeskPhone(first, aor: "sip:carol@far.example")
        for phone in [a, b] {
            try phone.subscribe()
            try phone.hears("idle")
        }
        let held = try call(a, "1", carol)
        try held.reinvite(carol, index: "1", body: DeskPhone.holding)
        _ = try call(a, "2", carol)
        for phone in [a, b] { try phone.hears("1 held, 2 active") }
        try first.comes { try database.query("SELECT COUNT(*) FROM dialog WHERE state = 4") == "2" }
        first.kill()
        a.move(to: second)
        try a.hears("1 held, 2 active")
        #expect(second.logs("2 calls of server 1 go on here"))
        try b.hears("idle")
        try a.hears("idle")
        try second.comes { try second.statistic("dialog.expired_dialogs") == 2 }
        try second.comes { try isIdle(database) }
        #expect(try second.statistic("sca.appearances") == 0)
    }

    @Test func `the lifetime of a call goes on after the death of its heir as well`() throws {
        let database = try SharedDatabase(.sqlite)
        let first = try server(database, 1, lifetime: 8)
        let others = [try server(database, 2, lifetime: 8), try server(database, 3, lifetime: 8)]
        let a = try DeskPhone(first)
        let carol = try DeskPhone(first, aor: "sip:carol@far.example")
        try a.subscribe()
        try a.hears("idle")
        _ = try call(a, "1", carol)
        try first.comes { try database.query("SELECT state FROM dialog") == "4" }
        for server in others { a.move(to: server) }
        first.kill()
        try first.comes { others.contains { $0.log.contains("1 calls of server 1 go on here") } }
        let heir = try #require(others.first { $0.log.contains("1 calls of server 1 go on here") })
        let last = try #require(others.first { $0 !== heir })
        try last.comes { try database.query("SELECT xdata FROM dialog").contains("\"server\":") }
        heir.kill()
        try a.hears("idle")
        try last.comes { try isIdle(database) }
        #expect(try last.statistic("dialog.active_dialogs") == 0)
    }
}
