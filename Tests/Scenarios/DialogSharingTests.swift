// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Several servers on one database: a call is one server's, and the others do for it what comes their way (manual of
/// dialog, "Several servers").
@Suite struct DialogSharingTests {
    @Test(arguments: SharedDatabase.Kind.allCases)
    func `a call that was set up through one server goes on, and ends, through the other`(
        _ kind: SharedDatabase.Kind
    ) throws {
        guard kind.isThere else { return }
        let database = try SharedDatabase(kind)
        let first = try sharingServer(database, 1)
        let second = try sharingServer(database, 2, like: first)
        let call = try PhoneCall(first).connect()
        try first.comes(toStates: [4])
        try first.comes { try database.query("SELECT state FROM dialog") == "4" }
        #expect(try second.dialogs().isEmpty)

        // A re-INVITE: what it says of the caller is known to the owner, and in his row.
        try call.pass("INVITE", 21, through: second, "Contact: <sip:moved@\(call.caller.text)>")
        #expect(second.logs("INSIDE INVITE alice 4"))
        try first.comes {
            let caller = try first.side("caller")
            return caller["cseq"] as? String == "21"
                && (caller["contact"] as? String)?.hasPrefix("sip:moved@") == true
        }
        try first.comes {
            try database.query("SELECT caller_cseq FROM dialog WHERE caller_contact LIKE 'sip:moved@%'")
                == "21"
        }
        // The other way, with a variable that the other server sets.
        try call.pass("INFO", 31, fromCallee: true, through: second)
        try first.comes {
            try first.side("callee")["cseq"] as? String == "31"
                && "\(first.dialogs().first?["variables"] ?? "")".contains("seen")
        }
        #expect(try first.json("dlg.profile_get_size", "caller", "alice") as? Int == 1)
        #expect(try second.json("dlg.profile_get_size", "caller", "alice") as? Int == 0)
        #expect(try second.statistic("dialog.active_dialogs") == 0)

        try call.pass("BYE", 32, fromCallee: true, through: second)
        #expect(first.logs("END \(call.callID) alice"))
        try first.comes(toStates: [])
        try first.comes { try database.callRows() == "0 0 0" }
        #expect(try first.statistic("dialog.active_dialogs") == 0)
        #expect(try first.json("dlg.profile_get_size", "caller", "alice") as? Int == 0)
        // Nobody is hung up on twice, and one server has told of the end.
        #expect(call.caller.pending() == nil && call.callee.pending() == nil)
        try second.comes(toStates: [])
        #expect(!second.log.contains("END "))
        #expect(!second.log.contains("LOADED "))
        #expect(first.complaints == [] && second.complaints == [], "\(first.log)\(second.log)")
    }

    @Test(arguments: SharedDatabase.Kind.allCases)
    func `an ACK that comes to the other server confirms the call`(_ kind: SharedDatabase.Kind) throws {
        guard kind.isThere else { return }
        let database = try SharedDatabase(kind)
        let first = try sharingServer(database, 1)
        let second = try sharingServer(database, 2, like: first)
        let call = try PhoneCall(first)
        try call.ring()
        try call.reply(200, "OK")
        call.answer = try call.caller.receive("200")
        call.caller.send(call.request("ACK", sequence: 10), to: second.udp)
        _ = try call.callee.receive("ACK")
        try first.comes(toStates: [4])
        try call.hangUp()
        try first.comes { try database.callRows() == "0 0 0" }
        #expect(first.complaints == [] && second.complaints == [], "\(first.log)\(second.log)")
    }

    @Test(arguments: SharedDatabase.Kind.allCases)
    func `each of two callees who answered the same INVITE is known to the other server`(
        _ kind: SharedDatabase.Kind
    ) throws {
        guard kind.isThere else { return }
        let database = try SharedDatabase(kind)
        let first = try sharingServer(database, 1)
        let second = try sharingServer(database, 2, like: first)
        let call = try PhoneCall(first).connect()
        try call.reply(200, "OK", tag: "b2")
        _ = try call.caller.receive("200")
        call.caller.send(call.request("ACK", sequence: 10, tag: "b2"), to: first.udp)
        _ = try call.callee.receive("ACK")
        try first.comes { try database.query("SELECT COUNT(*) FROM dialog WHERE state = 4") == "2" }
        for (tag, sequence, left) in [("b2", 21, [4]), ("b1", 22, [])] {
            call.caller.send(call.request("BYE", sequence: sequence, tag: tag), to: second.udp)
            let bye = try call.callee.receive("BYE", sequence, "BYE")
            #expect(bye.tag("To") == tag)
            call.callee.send(Request.reply(200, "OK", to: bye), to: second.udp)
            _ = try call.caller.receive("200", sequence, "BYE")
            try first.comes(toStates: left)
        }
        try first.comes { try database.callRows() == "0 0 0" }
    }

    @Test func `the table is made with an index for the Call-IDs by which it is asked`() throws {
        let database = try SharedDatabase(.sqlite)
        _ = try sharingServer(database, 1)
        let indexes = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'index' AND tbl_name = 'dialog'"
        #expect(try database.query("\(indexes) AND name = 'dialog_callid_idx'") == "1")
    }

    @Test func `while the database is away requests pass by their Route, and calls are ended later`() throws {
        let database = try SharedDatabase(.sqlite)
        let first = try sharingServer(database, 1)
        let second = try sharingServer(database, 2, like: first)
        let call = try PhoneCall(first).connect()
        try first.comes { try database.query("SELECT state FROM dialog") == "4" }
        try database.query("ALTER TABLE dialog RENAME TO away")
        try call.pass("INFO", 21, through: second)
        try database.query("ALTER TABLE away RENAME TO dialog")
        try call.pass("BYE", 22, through: second)
        try first.comes(toStates: [])
        try first.comes { try database.callRows() == "0 0 0" }
    }

    @Test func `a server that starts again has its own calls, and those only`() throws {
        let database = try SharedDatabase(.sqlite)
        let first = try sharingServer(database, 1)
        let second = try sharingServer(database, 2, like: first)
        let one = try PhoneCall(first).connect()
        let other = try PhoneCall(second).connect()
        try first.comes {
            try database.query("SELECT COUNT(*) FROM dialog WHERE state = 4") == "2"
        }
        first.kill()
        // It is not there when the other one has a request for its call.
        try one.pass("INFO", 21, through: second)
        let again = try sharingServer(database, 1, like: second)
        #expect(again.logs("LOADED \(one.callID) alice"))
        try again.comes(toStates: [4])
        try again.comes { try again.side("caller")["cseq"] as? String == "21" }
        try other.pass("BYE", 21, through: again)
        try second.comes { try second.statistic("dialog.active_dialogs") == 0 }
        try one.pass("BYE", 22, through: second)
        try again.comes { try again.statistic("dialog.active_dialogs") == 0 }
        try again.comes { try database.callRows() == "0 0 0" }
    }

    @Test func `a server alone makes no table for others, and writes no owner`() throws {
        let database = try SharedDatabase(.sqlite)
        let only = try sharingServer(database, 0)
        _ = try PhoneCall(only).connect()
        try only.comes { try database.query("SELECT state FROM dialog") == "4" }
        #expect(try database.query("SELECT COUNT(*) FROM sqlite_master WHERE name = 'dialog_shared'") == "0")
        #expect(try !database.query("SELECT xdata FROM dialog").contains("server"))
        #expect(try only.dialogs().first?["server"] == nil)
    }
}
