// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// What becomes of the calls of a server that dies (manual of dialog, "Several servers").
@Suite struct DialogInheritingTests {
    private func server(
        _ database: SharedDatabase, _ number: Int, like other: Server? = nil, _ more: String = ""
    ) throws -> Server {
        try sharingServer(
            database, number, like: other, "modparam(\"dialog\", \"share_timeout\", 2000)\n\(more)")
    }

    @Test(arguments: SharedDatabase.Kind.allCases)
    func
        `a lifetime that runs out when its server is dead ends at one of the others, with a BYE to each side`(
            _ kind: SharedDatabase.Kind
        ) throws
    {
        guard kind.isThere else { return }
        let database = try SharedDatabase(kind)
        let short = """
            modparam("dialog", "default_timeout", 5)
            modparam("dialog", "send_bye", 1)
            """
        let first = try server(database, 1, short)
        let others = [
            try server(database, 2, like: first, short), try server(database, 3, like: first, short),
        ]
        let call = try PhoneCall(first).connect()
        try first.comes { try database.query("SELECT state FROM dialog") == "4" }
        first.kill()
        var enders: Set<Int> = []
        for (phone, sequence) in [(call.caller, "1 BYE"), (call.callee, "11 BYE")] {
            let bye = try phone.receive("BYE")
            #expect(bye["CSeq"] == sequence)
            #expect(bye["Reason"]?.contains("cause=408") == true)
            let ender = try #require(others.firstIndex { bye["Via"]?.contains($0.udp.text) == true })
            enders.insert(ender)
            phone.send(Request.reply(200, "OK", to: bye), to: others[ender].udp)
        }
        #expect(enders.count == 1)
        let heir = others[try #require(enders.first)]
        #expect(heir.logs("1 calls of server 1 go on here"))
        #expect(heir.logs("END \(call.callID) alice"))
        #expect(try heir.statistic("dialog.expired_dialogs") == 1)
        try heir.comes { try heir.statistic("dialog.active_dialogs") == 0 }
        try heir.comes { try database.query("SELECT COUNT(*) FROM dialog") == "0" }
        #expect(call.caller.pending() == nil && call.callee.pending() == nil)
        for server in others where server !== heir { #expect(!server.log.contains("END ")) }
    }

    @Test(arguments: SharedDatabase.Kind.allCases)
    func `a server that returns leaves what was taken over where it is`(_ kind: SharedDatabase.Kind) throws {
        guard kind.isThere else { return }
        let database = try SharedDatabase(kind)
        let first = try server(database, 1)
        let second = try server(database, 2, like: first)
        let call = try PhoneCall(first).connect()
        try first.comes { try database.query("SELECT state FROM dialog") == "4" }
        first.kill()
        // Nobody is its owner at the moment: what the other server is told is not lost.
        try call.pass("INFO", 21, through: second)
        #expect(second.logs("1 calls of server 1 go on here"))
        #expect(second.logs("LOADED \(call.callID) alice"))
        try second.comes { try second.side("caller")["cseq"] as? String == "21" }
        #expect(try second.dialogs().first?["server"] as? Int == 2)
        #expect(try second.statistic("dialog.active_dialogs") == 1)
        #expect(try second.json("dlg.profile_get_size", "caller", "alice") as? Int == 1)
        try second.comes { try database.query("SELECT xdata FROM dialog").contains("\"server\":2") }

        let again = try server(database, 1, like: first)
        #expect(try again.dialogs().isEmpty)
        let shown = try again.json("dlg.list_shared")
        #expect("\(shown)".contains(call.callID), "\(shown)")
        try call.pass("INFO", 22, through: again)
        try call.pass("BYE", 23, through: again)
        #expect(second.logs("END \(call.callID) alice"))
        try second.comes { try second.statistic("dialog.active_dialogs") == 0 }
        try second.comes { try database.callRows() == "0 0 0" }
        #expect(!again.log.contains("END "))
    }

    @Test(arguments: SharedDatabase.Kind.allCases)
    func `a call that is hung up while nobody owns it is over as soon as somebody does`(
        _ kind: SharedDatabase.Kind
    ) throws {
        guard kind.isThere else { return }
        let database = try SharedDatabase(kind)
        let first = try server(database, 1)
        let second = try server(database, 2, like: first)
        let call = try PhoneCall(first).connect()
        try first.comes { try database.query("SELECT state FROM dialog") == "4" }
        first.kill()
        try call.pass("BYE", 21, through: second)
        #expect(second.logs("1 calls of server 1 go on here"))
        #expect(second.logs("END \(call.callID) alice"))
        try second.comes { try second.statistic("dialog.active_dialogs") == 0 }
        try second.comes { try database.query("SELECT COUNT(*) FROM dialog") == "0" }
        #expect(call.caller.pending() == nil && call.callee.pending() == nil)
    }

    @Test func `a server that was only held up lets go of what others have taken over`() throws {
        let database = try SharedDatabase(.sqlite)
        let first = try server(database, 1)
        let second = try server(database, 2, like: first)
        let call = try PhoneCall(first).connect()
        try first.comes { try database.query("SELECT state FROM dialog") == "4" }
        first.signal(SIGSTOP)
        #expect(second.logs("1 calls of server 1 go on here"))
        first.signal(SIGCONT)
        #expect(first.logs("server 2 has taken over the call \(call.callID)"))
        try first.comes { try first.statistic("dialog.active_dialogs") == 0 }
        #expect(try first.json("dlg.profile_get_size", "caller", "alice") as? Int == 0)
        try second.comes(toStates: [4])
        try call.pass("BYE", 21, through: first)
        #expect(second.logs("END \(call.callID) alice"))
        try second.comes { try database.callRows() == "0 0 0" }
        #expect(!first.log.contains("END "))
    }

    @Test func `dlg.terminate_dlg ends a call of another server`() throws {
        let database = try SharedDatabase(.sqlite)
        let first = try server(database, 1)
        let second = try server(database, 2, like: first)
        let call = try PhoneCall(first).connect()
        try first.comes { try database.query("SELECT state FROM dialog") == "4" }
        #expect(try second.rpc("dlg.is_alive", call.callID, "a1", "b1").out.contains("Alive"))
        #expect(try second.rpc("dlg.terminate_dlg", call.callID, "a1", "b1").status == 0)
        for phone in [call.caller, call.callee] {
            let bye = try phone.receive("BYE")
            phone.send(Request.reply(200, "OK", to: bye), to: second.udp)
        }
        #expect(first.logs("END \(call.callID) alice"))
        try first.comes { try database.callRows() == "0 0 0" }
        #expect(call.caller.pending() == nil && call.callee.pending() == nil)
    }
}

/// Session timers of such calls (RFC 4028, manual of sst).
@Suite struct SstSharingTests {
    @Test func `the lifetime follows a refresh that went through another server`() throws {
        let database = try SharedDatabase(.sqlite)
        func server(_ number: Int, like other: Server? = nil) throws -> Server {
            try sstServer(
                lively + """
                    \(other.map { "alias=\"\($0.udp.text)\"" } ?? "")
                    modparam("dialog", "db_url", "\(database.url)")
                    modparam("dialog", "db_mode", 1)
                    modparam("dialog", "server_id", \(number))
                    modparam("dialog", "share_interval", 50)
                    """)
        }
        let timer = "Supported: timer"
        let first = try server(1)
        let second = try server(2, like: first)
        let call = try TestCall(first)
        try call.establish(
            [timer, "Session-Expires: 3000"], answered: "Session-Expires: 3000;refresher=uac",
            "Require: timer")
        try first.comes { try database.query("SELECT state FROM dialog") == "4" }
        call.move(to: second)
        try call.refresh(
            from: .alice, [timer, "Session-Expires: 1200;refresher=uac"],
            answered: "Session-Expires: 1200;refresher=uac", "Require: timer")
        try first.comes { try first.onlyDialog()["lifetime"] as? Int == 1200 }
        #expect(try first.onlyDialog()["sst_interval"] as? Int == 1200)
        let end = try #require(try first.onlyDialog()["timeout"] as? Int)
        #expect(abs(end - Int(Date().timeIntervalSince1970) - 1200) < 60)
        // In an INVITE as well, and from the other side.
        try call.refresh(
            "INVITE", from: .bob, [timer, "Session-Expires: 900;refresher=uac"],
            answered: "Session-Expires: 900;refresher=uac", "Require: timer")
        try first.comes { try first.onlyDialog()["lifetime"] as? Int == 900 }
        #expect(first.complaints == [] && second.complaints == [], "\(first.log)\(second.log)")
    }
}
