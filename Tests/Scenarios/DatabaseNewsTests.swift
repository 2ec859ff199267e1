// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Two servers on one PostgreSQL server, each of which hears what the other one writes (manual of PostgreSQL, "LISTEN").
private final class Listeners {
    /// Nobody looks by himself while a test lasts: what is seen was told.
    static let never = 60_000

    let database: DatabaseServer
    private(set) var one: Server!
    private(set) var two: Server!

    /// - Parameters:
    ///   - interval: `share_interval`, and that of the second; nil: the default.
    ///   - more: lines for the second.
    init(_ interval: Int?, second: Int? = nil, _ more: String = "") throws {
        database = try DatabaseServer(.postgres)
        one = try start(1, interval)
        two = try start(2, second ?? interval, more)
        try comes(listening: 1, at: one)
    }

    private func start(_ number: Int, _ interval: Int?, _ more: String = "") throws -> Server {
        try scaServer(
            """
            modparam("sca", "db_url", "\(database.url)")
            modparam("sca", "server_id", \(number))
            \(interval.map { "modparam(\"sca\", \"share_interval\", \($0))" } ?? "")
            \(more)
            """, plugins: ["db_postgres"])
    }

    func comes(listening count: Int, at server: Server) throws {
        try server.comes { try server.statistic("db_postgres.listening") == count }
    }

    func received(_ server: Server) throws -> Int {
        try server.statistic("db_postgres.notifications_received") ?? 0
    }

    /// A telephone that subscribes at one of them.
    func phone(_ server: Server) throws -> DeskPhone {
        let phone = try DeskPhone(server)
        try phone.subscribe()
        try phone.hears("idle")
        return phone
    }

    /// Whoever wants to connect is refused, as when all connections are taken; those who are there stay.
    func refuse(_ isRefused: Bool) throws {
        let rules = isRefused ? "local sip all reject\\nlocal all all trust" : "local all all trust"
        try database.query(
            "COPY (SELECT E'\(rules)') TO PROGRAM $$sed 's/\\\\n/\\n/g' > pg_hba.conf$$; SELECT pg_reload_conf()",
            in: "postgres")
    }

    /// The connections that listen, and only those.
    func cutOff() throws {
        try database.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'martlet listens'",
            in: "postgres")
    }
}

@Suite struct DatabaseNewsTests {
    @Test func `a line that is seized at one server is busy at the other because the database tells`() throws
    {
        guard DatabaseServer.Kind.postgres.isThere else { return }
        let pair = try Listeners(Listeners.never)
        let a = try pair.phone(pair.one)
        let b = try pair.phone(pair.two)
        #expect(try a.seize("2").status == 200)
        try b.hears("2 seized")
        #expect(try b.seize("2").status == 480)
        #expect(try b.seize("*").status == 200)
        try a.hears("1 seized, 2 seized")
        _ = try pair.one.sca("sca.release_appearance", DeskPhone.line, "1")
        try b.hears("2 seized")
        #expect(try pair.received(pair.two) > 0)
        #expect(try pair.one.statistic("db_postgres.notifications_sent") ?? 0 > 0)
        for server in [pair.one, pair.two] {
            #expect(server?.stop() == 0)
            #expect(server?.complaints == [], "\(server?.log ?? "")")
        }
    }

    @Test func `a call that ends at the other server ends at its owner because the database tells`() throws {
        guard DatabaseServer.Kind.postgres.isThere else { return }
        let database = try DatabaseServer(.postgres)
        func server(_ number: Int, like other: Server? = nil) throws -> Server {
            try dialogServer(
                "dlg_manage();",
                "event_route[dialog:end] { xlog(\"L_NOTICE\", \"END $ci\\n\"); }",
                parameters: """
                    \(other.map { "alias=\"\($0.udp.text)\"" } ?? "")
                    modparam("dialog", "db_url", "\(database.url)")
                    modparam("dialog", "db_mode", 1)
                    modparam("dialog", "server_id", \(number))
                    modparam("dialog", "share_interval", \(Listeners.never))
                    """, plugins: ["db_postgres"])
        }
        let first = try server(1)
        let second = try server(2, like: first)
        let call = try PhoneCall(first).connect()
        try first.comes { try database.query("SELECT state FROM dialog") == "4" }
        call.caller.send(call.request("BYE", sequence: 21), to: second.udp)
        let bye = try call.callee.receive("BYE")
        call.callee.send(Request.reply(200, "OK", to: bye), to: second.udp)
        _ = try call.caller.receive("200", 21, "BYE")
        #expect(first.logs("END \(call.callID)"))
        try first.comes { try database.query("SELECT COUNT(*) FROM dialog_shared") == "0" }
        #expect(first.complaints == [] && second.complaints == [], "\(first.log)\(second.log)")
    }

    @Test func `a connection that listens and is ended is made again, and nobody hears of it`() throws {
        guard DatabaseServer.Kind.postgres.isThere else { return }
        let pair = try Listeners(Listeners.never)
        let a = try pair.phone(pair.one)
        let b = try pair.phone(pair.two)
        for round in 1...3 {
            let listening = "SELECT pid FROM pg_stat_activity WHERE application_name = 'martlet listens'"
            let before = try pair.database.query(listening).split(separator: "\n")
            #expect(before.count == 2)
            try pair.cutOff()
            #expect(try a.seize("\(round)").status == 200)
            try b.hears("\(round) seized")
            try pair.one.comes {
                let now = try pair.database.query(listening).split(separator: "\n")
                return now.count == 2 && Set(now).isDisjoint(with: before)
            }
        }
        for server in [pair.one, pair.two] { #expect(server?.complaints == [], "\(server?.log ?? "")") }
    }

    @Test func `what was written while nobody could listen is seen as soon as somebody can`() throws {
        guard DatabaseServer.Kind.postgres.isThere else { return }
        let pair = try Listeners(Listeners.never)
        let a = try pair.phone(pair.one)
        let b = try pair.phone(pair.two)
        try pair.refuse(true)
        try pair.cutOff()
        for server in [pair.one!, pair.two!] {
            #expect(server.logs("cannot be reached"))
            try pair.comes(listening: 0, at: server)
        }
        #expect(try a.seize("1").status == 200)
        let received = try pair.received(pair.two)
        try pair.refuse(false)
        try b.hears("1 seized")
        #expect(try pair.received(pair.two) == received)
        #expect(pair.two.logs("works again"))
        #expect(pair.two.log.components(separatedBy: "cannot be reached").count == 2, "\(pair.two.log)")
    }

    @Test func `while nobody can listen, what others write is looked for`() throws {
        guard DatabaseServer.Kind.postgres.isThere else { return }
        let pair = try Listeners(nil)
        let a = try pair.phone(pair.one)
        let b = try pair.phone(pair.two)
        try pair.refuse(true)
        try pair.cutOff()
        for server in [pair.one!, pair.two!] { try pair.comes(listening: 0, at: server) }
        let received = try pair.received(pair.two)
        #expect(try a.seize("1").status == 200)
        try b.hears("1 seized")
        #expect(try pair.received(pair.two) == received)
        try pair.refuse(false)
        for server in [pair.one!, pair.two!] { try pair.comes(listening: 1, at: server) }
        #expect(try a.seize("2").status == 200)
        try b.hears("2 seized")
        try pair.two.comes { try pair.received(pair.two) > received }
    }

    @Test func `when the database has started again it tells again, and its absence was told once`() throws {
        guard DatabaseServer.Kind.postgres.isThere else { return }
        let pair = try Listeners(Listeners.never)
        let a = try pair.phone(pair.one)
        let b = try pair.phone(pair.two)
        pair.database.kill()
        for server in [pair.one!, pair.two!] {
            #expect(server.logs("cannot be reached"))
            try pair.comes(listening: 0, at: server)
        }
        // Service goes on, and what it does is seen when the database is there again.
        #expect(try a.seize("1").status == 200)
        try pair.database.start()
        try b.hears("1 seized")
        for server in [pair.one!, pair.two!] {
            #expect(server.logs("works again"))
            try pair.comes(listening: 1, at: server)
        }
        #expect(try b.seize("2").status == 200)
        try a.hears("1 seized, 2 seized")
        for server in [pair.one!, pair.two!] {
            #expect(server.log.components(separatedBy: "cannot be reached").count == 2, "\(server.log)")
            #expect(server.log.components(separatedBy: "works again").count == 2, "\(server.log)")
        }
    }

    @Test func `a server that does not listen looks, and tells those that do`() throws {
        guard DatabaseServer.Kind.postgres.isThere else { return }
        let pair = try Listeners(Listeners.never, second: 50, "modparam(\"db_postgres\", \"listen\", 0)")
        let a = try pair.phone(pair.one)
        let b = try pair.phone(pair.two)
        #expect(try a.seize("1").status == 200)
        try b.hears("1 seized")
        #expect(try b.seize("2").status == 200)
        try a.hears("1 seized, 2 seized")
        #expect(try pair.two.statistic("db_postgres.listening") == 0)
        #expect(try pair.received(pair.two) == 0)
    }

    @Test func `what somebody writes by hand is seen as well`() throws {
        guard DatabaseServer.Kind.postgres.isThere else { return }
        let pair = try Listeners(nil)
        let a = try pair.phone(pair.one)
        let b = try pair.phone(pair.two)
        #expect(try a.seize("1").status == 200)
        try b.hears("1 seized")
        try pair.database.query("UPDATE sca_state SET state = 0, modified = modified + 1 WHERE app_idx = 1")
        try b.hears("idle")
    }
}
