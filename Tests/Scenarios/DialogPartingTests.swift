// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// What a server does for its calls before it hears that another one has taken them over (manual of dialog, "Several
/// servers").
@Suite struct DialogPartingTests {
    private func server(
        _ database: SharedDatabase, _ number: Int, like other: Server? = nil, patience: Int = 2000,
        _ more: String = ""
    ) throws -> Server {
        try sharingServer(
            database, number, like: other,
            "modparam(\"dialog\", \"share_timeout\", \(patience))\n\(more)")
    }

    @Test(arguments: SharedDatabase.Kind.allCases)
    func `a BYE that waited for a server that was held up ends the call at its heir`(
        _ kind: SharedDatabase.Kind
    ) throws {
        guard kind.isThere else { return }
        let database = try SharedDatabase(kind)
        let first = try server(database, 1)
        let second = try server(database, 2, like: first)
        let call = try PhoneCall(first).connect()
        try first.comes { try database.query("SELECT state FROM dialog") == "4" }
        try database.holdUp(first)
        call.caller.send(call.request("BYE", sequence: 21), to: first.udp)
        #expect(second.logs("1 calls of server 1 go on here"))
        try second.comes { try database.query("SELECT xdata FROM dialog").contains("\"server\":2") }
        first.signal(SIGCONT)
        let bye = try call.callee.receive("BYE", 21, "BYE")
        call.callee.send(Request.reply(200, "OK", to: bye), to: first.udp)
        _ = try call.caller.receive("200", 21, "BYE")
        #expect(second.logs("END \(call.callID) alice"))
        try nothingIsLeft(of: call, first, second, database)
    }

    @Test(arguments: SharedDatabase.Kind.allCases)
    func `a re-INVITE that waited for a server that was held up is known to the heir`(
        _ kind: SharedDatabase.Kind
    ) throws {
        guard kind.isThere else { return }
        let database = try SharedDatabase(kind)
        let first = try server(database, 1)
        let second = try server(database, 2, like: first)
        let call = try PhoneCall(first).connect()
        try first.comes { try database.query("SELECT state FROM dialog") == "4" }
        try database.holdUp(first)
        let moved = call.request("INVITE", sequence: 21).with {
            $0.lines += ["Contact: <sip:moved@\(call.caller.text)>"]
        }
        call.caller.send(moved, to: first.udp)
        #expect(second.logs("1 calls of server 1 go on here"))
        try second.comes { try database.query("SELECT xdata FROM dialog").contains("\"server\":2") }
        first.signal(SIGCONT)
        let got = try call.callee.receive("INVITE", 21, "INVITE")
        call.callee.send(
            Request.reply(200, "OK", to: got, "Contact: <sip:bob@\(call.callee.text)>"), to: first.udp)
        _ = try call.caller.receive("200", 21, "INVITE")
        call.caller.send(call.request("ACK", sequence: 21), to: first.udp)
        _ = try call.callee.receive("ACK", 21, "ACK")
        try second.comes {
            let caller = try second.side("caller")
            return caller["cseq"] as? String == "21"
                && (caller["contact"] as? String)?.hasPrefix("sip:moved@") == true
        }
        try second.comes { try first.statistic("dialog.active_dialogs") == 0 }
        try second.comes {
            try database.query("SELECT caller_cseq FROM dialog WHERE caller_contact LIKE 'sip:moved@%'")
                == "21"
        }
        try second.comes { try database.query("SELECT xdata FROM dialog").contains("\"server\":2") }
        #expect(try second.dialogs().first?["server"] as? Int == 2)
        // It is one server's.
        try call.pass("INFO", 31, fromCallee: true, through: first)
        try second.comes { try second.side("callee")["cseq"] as? String == "31" }
        try call.pass("BYE", 22, through: first)
        #expect(second.logs("END \(call.callID) alice"))
        #expect(!first.log.contains("END "))
        try nothingIsLeft(of: call, first, second, database)
    }

    /// The first server gives signs of life so seldom that the other one thinks it dead, and looks as seldom.
    @Test(arguments: [false, true])
    func `what is over and forgotten when its server hears of its heir is over there as well`(
        _ isRenewed: Bool
    ) throws {
        let database = try SharedDatabase(.sqlite)
        let first = try server(
            database, 1, patience: 30_000, "modparam(\"dialog\", \"share_interval\", 60000)")
        let second = try server(database, 2, like: first, patience: 1000)
        let call = try PhoneCall(first).connect()
        try first.comes { try database.query("SELECT state FROM dialog") == "4" }
        #expect(second.logs("1 calls of server 1 go on here"))
        try second.comes { try database.query("SELECT xdata FROM dialog").contains("\"server\":2") }
        if isRenewed { try call.pass("INVITE", 21, through: first) }
        try call.pass("BYE", 22, fromCallee: isRenewed, through: first)
        try first.comes(toStates: [])
        #expect(second.logs("END \(call.callID) alice"))
        try nothingIsLeft(of: call, first, second, database)
    }

    @Test func `what the heir has ended does not come back by what its server before writes`() throws {
        let database = try SharedDatabase(.sqlite)
        let first = try server(
            database, 1, patience: 30_000, "modparam(\"dialog\", \"share_interval\", 60000)")
        let second = try server(database, 2, like: first, patience: 1000)
        let call = try PhoneCall(first).connect()
        try first.comes { try database.query("SELECT state FROM dialog") == "4" }
        #expect(second.logs("1 calls of server 1 go on here"))
        try second.comes { try database.query("SELECT xdata FROM dialog").contains("\"server\":2") }
        try call.pass("BYE", 31, fromCallee: true, through: second)
        try second.comes { try database.query("SELECT COUNT(*) FROM dialog") == "0" }
        try call.pass("INFO", 21, through: first)
        try second.comes { try database.query("SELECT COUNT(*) FROM dialog") == "1" }
        #expect(first.logs("server 2 has taken over the call \(call.callID)"))
        try nothingIsLeft(of: call, first, second, database)
    }

    private func nothingIsLeft(
        of call: PhoneCall, _ first: Server, _ second: Server, _ database: SharedDatabase
    ) throws {
        for server in [first, second] {
            try server.comes(toStates: [])
            try server.comes { try server.statistic("dialog.active_dialogs") == 0 }
            #expect(try server.json("dlg.profile_get_size", "caller", "alice") as? Int == 0)
        }
        try second.comes { try database.callRows() == "0 0 0" }
        #expect(call.caller.pending() == nil && call.callee.pending() == nil)
    }
}

extension SharedDatabase {
    /// Stops a server between two transactions: in the middle of one it would hold up all others as well.
    fileprivate func holdUp(_ server: Server) throws {
        let patience =
            switch kind {
            case .sqlite: ""
            case .postgres: "SET lock_timeout = '1s';"
            case .mysql: "SET SESSION innodb_lock_wait_timeout = 1;"
            }
        try server.comes {
            server.signal(SIGSTOP)
            for table in ["martlet_servers SET seen = seen", "dialog SET state = state"] {
                do {
                    try query("\(patience) UPDATE \(table)")
                } catch {
                    server.signal(SIGCONT)
                    return false
                }
            }
            return true
        }
    }
}
