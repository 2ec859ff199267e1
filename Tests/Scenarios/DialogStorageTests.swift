// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Calls that outlive the server (manual of dialog, "Database").
@Suite struct DialogStorageTests {
    private func server(
        _ folder: Scratch, mode: Int, _ more: String = "", script: String = "", workers: Int = 1
    ) throws -> Server {
        try server(
            "db_sqlite", "sqlite://\(folder.file("calls.db"))", mode: mode, more, script: script,
            workers: workers,
            in: folder)
    }

    private func server(_ database: SharedDatabase, mode: Int, _ more: String = "") throws -> Server {
        try server(database.kind.plugin, database.url, mode: mode, more)
    }

    private func server(
        _ plugin: String, _ url: String, mode: Int, _ more: String, script: String = "", workers: Int = 1,
        in folder: Scratch? = nil
    ) throws -> Server {
        try dialogServer(
            "$dlg_var(who) = \"alice\"; \(script) dlg_manage(); set_dlg_profile(\"caller\", \"$fU\");",
            "event_route[dialog:loaded] { xlog(\"LOADED $ci $dlg_var(who)\\n\"); }",
            parameters: """
                modparam("dialog", "db_url", "\(url)")
                modparam("dialog", "db_mode", \(mode))
                modparam("dialog", "profiles_with_value", "caller")
                \(more)
                """, plugins: [plugin], workers: workers, in: folder)
    }

    private func rows(_ database: SharedDatabase) throws -> String {
        try database.query("SELECT COUNT(*) FROM dialog") + " "
            + database.query("SELECT COUNT(*) FROM dialog_vars")
    }

    /// What the database has; nil while it cannot be read.
    private func rows(_ folder: Scratch, _ table: String = "dialog") throws -> Int {
        let output = try run(["sqlite3", folder.file("calls.db"), "select count(*) from \(table)"])
        return Int(output.out.trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1
    }

    @Test(arguments: SharedDatabase.Kind.allCases)
    func `after kill -9 the call goes on with all that is known of it, and can be hung up`(
        _ kind: SharedDatabase.Kind
    ) throws {
        guard kind.isThere else { return }
        let database = try SharedDatabase(kind)
        let first = try server(database, mode: 1)
        let call = try PhoneCall(first).connect()
        try first.comes(toStates: [4])
        try first.comes { try rows(database) == "1 1" }
        let before = try #require(try first.dialogs().first)
        try first.comes {
            try database.query("SELECT state FROM dialog") == "4"
        }
        first.kill()

        let second = try server(database, mode: 1)
        let after = try #require(try second.dialogs().first)
        for key in [
            "h_entry", "h_id", "call-id", "from_uri", "to_uri", "state", "start_ts", "timeout", "lifetime",
        ] {
            #expect("\(after[key] ?? "")" == "\(before[key] ?? "")", "\(key)")
        }
        #expect(second.logs("LOADED \(call.callID) alice"))
        #expect("\(after["profiles"] ?? "")".contains("alice"))
        #expect(try second.json("dlg.profile_get_size", "caller", "alice") as? Int == 1)
        // The telephones only know the new server by another port; its Route has the cookie all the same.
        let route = try #require(call.received?["Record-Route"])
        let moved = route.replacingOccurrences(of: first.udp.text, with: second.udp.text)
        var bye = call.request("BYE", sequence: 11)
        bye.lines = ["Route: \(moved)"]
        call.caller.send(bye, to: second.udp)
        let got = try call.callee.receive("BYE")
        call.callee.send(Request.reply(200, "OK", to: got), to: second.udp)
        _ = try call.caller.receive("200")
        try second.comes(toStates: [])
        try second.comes { try rows(database) == "0 0" }
        #expect(try second.statistic("dialog.active_dialogs") == 0)
    }

    @Test(arguments: SharedDatabase.Kind.allCases)
    func `a lifetime that ran out while the server was down ends the call at once`(
        _ kind: SharedDatabase.Kind
    ) throws {
        guard kind.isThere else { return }
        let database = try SharedDatabase(kind)
        let more = "modparam(\"dialog\", \"send_bye\", 1)"
        let first = try server(database, mode: 1, more)
        let call = try PhoneCall(first).connect()
        try first.comes { try rows(database) == "1 1" }
        first.kill()
        try database.query("UPDATE dialog SET timeout = 1000000")
        let second = try server(database, mode: 1, more)
        for phone in [call.caller, call.callee] {
            let bye = try phone.receive("BYE")
            phone.send(Request.reply(200, "OK", to: bye), to: second.udp)
        }
        try second.comes(toStates: [])
        try second.comes { try rows(database) == "0 0" }
    }

    @Test(arguments: SharedDatabase.Kind.allCases)
    func `db_mode 3 writes when the server stops, and empties the tables when it starts`(
        _ kind: SharedDatabase.Kind
    ) throws {
        guard kind.isThere else { return }
        let database = try SharedDatabase(kind)
        let first = try server(database, mode: 3)
        let call = try PhoneCall(first).connect()
        #expect(try rows(database) == "0 0")
        first.stop()
        #expect(try rows(database) == "1 1")
        let second = try server(database, mode: 3)
        #expect(try second.dialogs().first?["call-id"] as? String == call.callID)
        try second.comes { try rows(database) == "0 0" }
    }

    @Test(arguments: SharedDatabase.Kind.allCases)
    func `db_mode 2 writes after db_update_period`(_ kind: SharedDatabase.Kind) throws {
        guard kind.isThere else { return }
        let database = try SharedDatabase(kind)
        let first = try server(database, mode: 2, "modparam(\"dialog\", \"db_update_period\", 1)")
        try PhoneCall(first).connect()
        try first.comes { try rows(database) == "1 1" }
    }

    @Test(arguments: SharedDatabase.Kind.allCases)
    func `what happens while the database is away is caught up with`(_ kind: SharedDatabase.Kind) throws {
        guard kind.isThere else { return }
        let database = try SharedDatabase(kind)
        let first = try server(database, mode: 1)
        let early = try PhoneCall(first).connect()
        try first.comes { try rows(database) == "1 1" }
        try database.query("ALTER TABLE dialog RENAME TO a; ALTER TABLE dialog_vars RENAME TO b;")
        let late = try PhoneCall(first).connect()
        try early.hangUp()
        try first.comes(toStates: [4])
        try database.query("ALTER TABLE a RENAME TO dialog; ALTER TABLE b RENAME TO dialog_vars;")
        try first.comes {
            try database.query("SELECT callid, state FROM dialog") == "\(late.callID)|4"
        }
        try first.comes { try database.query("SELECT COUNT(*) FROM dialog_vars") == "1" }
    }

    @Test(arguments: SharedDatabase.Kind.allCases)
    func `a variable that is taken away has no row any more`(_ kind: SharedDatabase.Kind) throws {
        guard kind.isThere else { return }
        let database = try SharedDatabase(kind)
        let first = try dialogServer(
            "$dlg_var(who) = \"alice\"; dlg_manage();",
            parameters: """
                modparam("dialog", "db_url", "\(database.url)")
                modparam("dialog", "db_mode", 1)
                """, plugins: [kind.plugin], inside: "$dlg_var(who) = $null; $dlg_var(new) = \"x\";")
        let call = try PhoneCall(first).connect()
        call.caller.send(call.request("INFO", sequence: 11), to: first.udp)
        let info = try call.callee.receive("INFO")
        call.callee.send(Request.reply(200, "OK", to: info), to: first.udp)
        try first.comes {
            try database.query("SELECT dialog_key, dialog_value FROM dialog_vars") == "new|x"
        }
    }

    @Test(arguments: SharedDatabase.Kind.allCases)
    func `dlg_db_load_callid takes over a call that another server wrote, with its variables`(
        _ kind: SharedDatabase.Kind
    ) throws {
        guard kind.isThere else { return }
        let database = try SharedDatabase(kind)
        let heir = try dialogServer(
            "dlg_manage();",
            parameters: """
                modparam("dialog", "db_url", "\(database.url)")
                modparam("dialog", "db_mode", 1)
                """, plugins: [kind.plugin],
            inside: """
                if (!is_known_dlg() && dlg_db_load_callid("$ci")) {
                    dlg_manage();
                    xlog("TOOK $ci $dlg_var(who) $dlg(state)\\n");
                }
                """)
        let first = try server(database, mode: 1)
        let call = try PhoneCall(first).connect()
        try first.comes { try rows(database) == "1 1" }
        try first.comes {
            try database.query("SELECT state FROM dialog") == "4"
        }
        first.kill()
        #expect(try heir.dialogs().isEmpty)
        let route = try #require(call.received?["Record-Route"])
        let moved = "Route: " + route.replacingOccurrences(of: first.udp.text, with: heir.udp.text)
        for (method, sequence) in [("INFO", 11), ("BYE", 12)] {
            call.caller.send(
                call.request(method, sequence: sequence).with { $0.lines = [moved] }, to: heir.udp)
            let got = try call.callee.receive(method)
            call.callee.send(Request.reply(200, "OK", to: got), to: heir.udp)
            _ = try call.caller.receive("200")
            if method == "INFO" {
                #expect(heir.logs("TOOK \(call.callID) alice 4"))
                try heir.comes(toStates: [4])
            }
        }
        try heir.comes(toStates: [])
        try heir.comes { try rows(database) == "0 0" }
    }

    @Test(arguments: [1, 3])
    func `without the database at the start the server serves from memory, and catches up`(_ mode: Int) throws
    {
        let folder = try Scratch()
        let files = FileManager.default
        let (here, away) = (folder.file("calls"), folder.file("away"))
        try files.createDirectory(atPath: here, withIntermediateDirectories: true)
        func server() throws -> Server {
            try dialogServer(
                "$dlg_var(who) = \"alice\"; dlg_manage(); set_dlg_profile(\"caller\", \"$fU\");",
                """
                event_route[dialog:loaded] { xlog("LOADED $ci $dlg_var(who)\\n"); }
                event_route[dialog:end] { xlog("END $ci $dlg_var(who)\\n"); }
                """,
                parameters: """
                    modparam("dialog", "db_url", "sqlite://\(here)/calls.db")
                    modparam("dialog", "db_mode", \(mode))
                    modparam("dialog", "profiles_with_value", "caller")
                    """, plugins: ["db_sqlite"], workers: 2)
        }
        func stored() throws -> String {
            try run(["sqlite3", "\(here)/calls.db", "select callid from dialog"]).out
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }

        let first = try server()
        let old = try PhoneCall(first).connect()
        let over = try PhoneCall(first).connect()
        try first.comes(toStates: [4, 4])
        first.stop()
        #expect(try Set(stored().split(separator: "\n").map(String.init)) == [old.callID, over.callID])
        try files.moveItem(atPath: here, toPath: away)

        let second = try server()
        #expect(second.logs("dialogs are in memory only"))
        let new = try PhoneCall(second).connect()
        try second.comes(toStates: [4])
        let route = try #require(over.received?["Record-Route"])
        let moved = route.replacingOccurrences(of: first.udp.text, with: second.udp.text)
        over.caller.send(
            over.request("BYE", sequence: 11).with { $0.lines = ["Route: \(moved)"] }, to: second.udp)
        let bye = try over.callee.receive("BYE")
        over.callee.send(Request.reply(200, "OK", to: bye), to: second.udp)
        _ = try over.caller.receive("200")

        try files.moveItem(atPath: away, toPath: here)
        #expect(second.logs("LOADED \(old.callID) alice"))
        #expect(second.logs("END \(over.callID) alice"))
        try second.comes(toStates: [4, 4])
        #expect(try second.json("dlg.profile_get_size", "caller", "alice") as? Int == 2)
        try new.hangUp()
        try second.comes(toStates: [4])
        try second.comes { try stored() == (mode == 1 ? old.callID : "") }
        second.stop()
        #expect(try stored() == old.callID)
    }

    @Test func `thousands of calls are caught up with, on each worker its own, with their variables`() throws
    {
        let folder = try Scratch()
        let first = try server(folder, mode: 1)
        let call = try PhoneCall(first).connect()
        try first.comes { try rows(folder) == 1 && rows(folder, "dialog_vars") == 1 }
        first.stop()
        let file = folder.file("calls.db")
        func columns(_ table: String) throws -> [String] {
            try run(["sqlite3", file, "select name from pragma_table_info('\(table)') where name != 'id'"])
                .out
                .split(separator: "\n").map(String.init)
        }
        for table in ["dialog", "dialog_vars"] {
            let names = try columns(table)
            let values = names.map { name in
                switch name {
                case "callid": "callid || '-' || n"
                case "hash_entry": "n % 4096"
                case "hash_id": "n"
                default: name
                }
            }
            let made = try run([
                "sqlite3", file,
                """
                with recursive number(n) as (select 1 union all select n + 1 from number where n < 3000)
                insert into \(table)(\(names.joined(separator: ", ")))
                select \(values.joined(separator: ", ")) from \(table), number
                """,
            ])
            #expect(made.status == 0, "\(made.err)")
        }
        let away = folder.file("away.db")
        try FileManager.default.moveItem(atPath: file, toPath: away)
        try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: true)

        let second = try server(folder, mode: 1, workers: 2)
        #expect(second.logs("dialogs are in memory only"))
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.moveItem(atPath: away, toPath: file)
        try second.comes {
            try "\(second.json("stats.get_statistics", "dialog:active_dialogs"))".contains("3001")
        }
        let shown = try #require(try second.dialogs("dlg.dlg_list", "\(call.callID)-2999").first)
        #expect("\(shown["variables"] ?? "")".contains("alice"))
    }

    @Test func `with db_required the server does not start without the database`() throws {
        let folder = try Scratch()
        #expect(throws: Problem.self) {
            try dialogServer(
                "dlg_manage();",
                parameters: """
                    modparam("dialog", "db_url", "sqlite://\(folder.file("nowhere"))/calls.db")
                    modparam("dialog", "db_mode", 1)
                    modparam("dialog", "db_required", 1)
                    """, plugins: ["db_sqlite"])
        }
    }

    @Test func `db_mode without db_url does not start`() throws {
        let folder = try Scratch()
        let file = try folder.file(
            "bad.cfg",
            with: """
                loadmodule "tm.so"
                loadmodule "rr.so"
                loadmodule "dialog.so"
                modparam("dialog", "db_mode", 1)
                modparam("dialog", "ka_interval", 5)
                modparam("dialog", "profiles_no_value", "a;a;b-c")
                request_route { exit; }
                """)
        let output = try martlet(["-c", file])
        #expect(output.status == 1)
        for text in [
            "db_mode 1 needs a database", "ka_interval must be 0, or 30 and more", "stands there twice",
        ] {
            #expect((output.out + output.err).contains(text), "\(text)")
        }
    }
}
