// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

private let timer = "Supported: timer"
private let required = "Require: timer"

/// How long a call lasts, and how it ends (RFC 4028, 8.2, 8.3 and 10).
@Suite struct SstLifetimeTests {
    private func lifetime(_ server: Server) throws -> Int? { try server.onlyDialog()["lifetime"] as? Int }

    @Test func `it follows what was agreed: in the INVITE, in the 2xx, in every refresh of either side`()
        throws
    {
        let server = try sstServer(lively)
        let call = try TestCall(server)
        let invite = try call.invite(timer, "Session-Expires: 4000")
        #expect(try lifetime(server) == 4000)
        try call.answer(invite, "Session-Expires: 3000;refresher=uas", required)
        #expect(try lifetime(server) == 3000)
        #expect(try server.onlyDialog()["sst_interval"] as? Int == 3000)
        #expect(try server.onlyDialog()["sst_refresher"] as? String == "callee")

        try call.refresh(
            from: .alice, [timer, "Session-Expires: 2000;refresher=uac"],
            answered: "Session-Expires: 1500;refresher=uac", required)
        #expect(try lifetime(server) == 1500)
        #expect(try server.onlyDialog()["sst_refresher"] as? String == "caller")
        try call.refresh(
            "INVITE", from: .bob, [timer, "Session-Expires: 1200"],
            answered: "Session-Expires: 1200;refresher=uas",
            required)
        #expect(try lifetime(server) == 1200)
        #expect(try server.onlyDialog()["sst_refresher"] as? String == "caller")
        // A callee that knows nothing of timers.
        try call.refresh("INVITE", from: .alice, [timer, "Session-Expires: 900"])
        #expect(try lifetime(server) == 900)
        #expect(try server.sst("refreshed") == 3)
        #expect(server.complaints == [])
    }

    @Test(arguments: [400, 422, 488, 491, 500]) func `a refresh that fails changes nothing`(status: Int)
        throws
    {
        let server = try sstServer(lively)
        let call = try TestCall(server)
        try call.establish(
            [timer, "Session-Expires: 4000"], answered: "Session-Expires: 3000;refresher=uac", required)
        for method in ["UPDATE", "INVITE"] {
            let request = call.request(method, from: .alice, [timer, "Session-Expires: 2000"])
            call.alice.send(request, to: server.udp)
            let received = try call.bob.receive(method)
            call.send(status, to: received, by: .bob, ["Min-SE: 3600", "Session-Expires: 100"])
            _ = try call.alice.receive("\(status)")
            if method == "INVITE" { call.alice.send(request.follower("ACK"), to: server.udp) }
            #expect(try lifetime(server) == 3000)
        }
        #expect(try server.sst("refreshed") == 0)
    }

    @Test(arguments: [481, 408]) func `a refresh that nobody knows of any more ends the call`(status: Int)
        throws
    {
        let server = try sstServer(lively + withBye)
        let call = try TestCall(server)
        try call.establish(
            [timer, "Session-Expires: 4000"], answered: "Session-Expires: 3000;refresher=uac", required)
        let received = try call.pass("UPDATE", from: .alice, timer)
        call.send(status, to: received, by: .bob)
        _ = try call.hangUp()
        #expect(server.logs("\(status) to a session refresh"))
        try server.comes { try server.dialogs() == 0 }
    }

    @Test func `a callee that vanishes is found out by the refresh`() throws {
        let server = try sstServer(lively + withBye)
        let call = try TestCall(server)
        try call.establish(
            [timer, "Session-Expires: 4000"], answered: "Session-Expires: 3000;refresher=uac", required)
        _ = try call.pass("UPDATE", from: .alice, timer)
        // No answer ever: tm answers 408, and the call is over.
        let bye = try call.alice.receive("BYE")
        call.send(200, to: bye, by: .alice)
        #expect(server.logs("408 to a session refresh"))
    }

    @Test func `nobody refreshes: both get a BYE, with the reason in it, in the log and in the statistics`()
        throws
    {
        let server = try sstServer(
            lively + withBye, "event_route[sst:expired] { xlog(\"L_WARN\", \"over: $ci $dlg(state)\\n\"); }")
        let call = try TestCall(server)
        try call.establish([timer], answered: "Session-Expires: 1;refresher=uac", required)
        let byes = try call.hangUp()
        #expect(byes.alice["Reason"] != nil)
        #expect(byes.bob["Reason"] == byes.alice["Reason"])
        #expect(byes.alice["From"]?.contains("tag=b1") == true)
        #expect(byes.bob["From"]?.contains("tag=a1") == true)
        #expect(server.logs("over: \(call.id)"))
        #expect(server.logs("the session timer of 1 s expired"), "\(server.log)")
        #expect(try server.sst("expired_sst") == 1)
        try server.comes { try server.dialogs() == 0 }
    }

    @Test func `a refresh in time keeps the call`() throws {
        let server = try sstServer(lively + withBye)
        let call = try TestCall(server)
        try call.establish([timer], answered: "Session-Expires: 1;refresher=uac", required)
        try call.refresh(from: .alice, [timer], answered: "Session-Expires: 600;refresher=uac", required)
        #expect(call.alice.isSilent(for: 2))
        #expect(try server.sst("expired_sst") == 0)
        #expect(try lifetime(server) == 600)
    }

    @Test func `where neither side supports timers the call has the lifetime of any other`() throws {
        let server = try sstServer(lively + "modparam(\"dialog\", \"default_timeout\", 7000)")
        let call = try TestCall(server)
        let invite = try call.invite()
        #expect(invite["Session-Expires"] == "90")
        try call.answer(invite)
        #expect(try lifetime(server) == 7000)
        #expect(try server.onlyDialog()["sst_interval"] as? Int == 0)
        // Who begins to support them is timed.
        try call.refresh(
            from: .bob, [timer, "Session-Expires: 600"], answered: "Session-Expires: 600;refresher=uac",
            required)
        #expect(try lifetime(server) == 600)
    }

    @Test func `what the script sets is a limit that no refresh prolongs`() throws {
        let server = try sstServer(
            lively + "modparam(\"dialog\", \"timeout_avp\", \"$avp(life)\")", invite: "$avp(life) = 500;")
        let call = try TestCall(server)
        try call.establish([timer], answered: "Session-Expires: 3000;refresher=uac", required)
        func most() throws -> Int {
            let shown = try server.onlyDialog()
            return try #require(shown["timeout"] as? Int) - #require(shown["start_ts"] as? Int)
        }
        #expect(try most() == 500)
        try call.refresh(
            from: .alice, [timer, "Session-Expires: 3000"], answered: "Session-Expires: 3000;refresher=uac",
            required)
        #expect(try most() == 500)
        try call.refresh(
            from: .alice, [timer, "Session-Expires: 200"], answered: "Session-Expires: 200;refresher=uac",
            required)
        #expect(try lifetime(server) == 200)
    }

    @Test func `with timeout_avp both agree: the AVP has what the dialog has`() throws {
        let avp = "modparam(\"dialog|sst\", \"timeout_avp\", \"$avp(life)\")"
        let server = try sstServer(
            lively + avp, invite: "t_on_reply(\"LOOK\");",
            "onreply_route[LOOK] { xlog(\"L_WARN\", \"life $rs $avp(life)\\n\"); }")
        let call = try TestCall(server)
        let invite = try call.invite(timer, "Session-Expires: 4000")
        call.send(180, to: invite, by: .bob)
        #expect(server.logs("life 180 4000"))
        try call.answer(invite, "Session-Expires: 3000;refresher=uac", required)
        #expect(try lifetime(server) == 3000)
        try call.refresh(
            from: .alice, [timer, "Session-Expires: 5000"], answered: "Session-Expires: 5000;refresher=uac",
            required)
        #expect(try lifetime(server) == 5000)
    }

    // MARK: before the end

    @Test func `a grace period before the end it is told that no refresh came`() throws {
        let server = try sstServer(
            lively, "event_route[sst:refresh-missed] { xlog(\"L_WARN\", \"late: $ci\\n\"); }")
        let call = try TestCall(server)
        try call.establish([timer], answered: "Session-Expires: 4;refresher=uac", required)
        #expect(server.logs("late: \(call.id)"))
        #expect(try server.sst("missed") == 1)
        #expect(try server.sst("expired_sst") == 0)
    }

    @Test func `ends that both answer OPTIONS keep their call`() throws {
        let server = try sstServer(lively + withBye + "modparam(\"sst\", \"ping_before_expiry\", 1)")
        let call = try TestCall(server)
        try call.establish([timer], answered: "Session-Expires: 4;refresher=uac", required)
        let first = try call.alice.receive("OPTIONS")
        call.send(200, to: first, by: .alice)
        let second = try call.bob.receive("OPTIONS")
        call.send(200, to: second, by: .bob)
        try server.comes { try server.sst("saved") == 1 }
        #expect(try lifetime(server) == 4)
        #expect(try server.sst("expired_sst") == 0)
    }

    @Test func `an end that says 481 to OPTIONS ends it at once`() throws {
        let server = try sstServer(lively + withBye + "modparam(\"sst\", \"ping_before_expiry\", 1)")
        let call = try TestCall(server)
        try call.establish([timer], answered: "Session-Expires: 30;refresher=uac", required)
        // 20 seconds are too long to wait for: a refresh makes it 3.
        try call.refresh(from: .alice, [timer], answered: "Session-Expires: 3;refresher=uac", required)
        let first = try call.bob.receive("OPTIONS")
        call.send(481, to: first, by: .bob)
        _ = try call.alice.receive("OPTIONS")
        _ = try call.hangUp()
        #expect(server.logs("481 to OPTIONS before the session expired"))
    }

    // MARK: a restart

    @Test func `a restart loses nothing of it`() throws {
        let folder = try Scratch()
        let database =
            lively + withBye + """
                modparam("dialog", "db_url", "sqlite://\(folder.file("calls.db"))")
                modparam("dialog", "db_mode", 1)
                """
        var server: Server? = try sstServer(database, in: folder)
        let call = try TestCall(server!)
        try call.establish([timer], answered: "Session-Expires: 6;refresher=uas", required)
        let address = "udp:\(server!.udp.text)"
        server!.stop()
        server = nil
        let next = try sstServer(database, in: folder, listen: [address])
        call.move(to: next)
        #expect(try next.onlyDialog()["sst_interval"] as? Int == 6)
        #expect(try next.onlyDialog()["sst_refresher"] as? String == "callee")
        // The first refresh after it counts, and so does the end.
        try call.refresh(from: .bob, [timer], answered: "Session-Expires: 2;refresher=uac", required)
        _ = try call.hangUp()
        #expect(try next.sst("expired_sst") == 1)
    }

    @Test func `a refresh is repeated, and counts, when the server was restarted before its answer`() throws {
        let folder = try Scratch()
        let database =
            lively + withBye + """
                modparam("dialog", "db_url", "sqlite://\(folder.file("calls.db"))")
                modparam("dialog", "db_mode", 1)
                """
        var server: Server? = try sstServer(database, in: folder)
        let call = try TestCall(server!)
        try call.establish([timer], answered: "Session-Expires: 3000;refresher=uac", required)
        let refresh = call.request("UPDATE", from: .alice, [timer, "Session-Expires: 3000;refresher=uac"])
        call.alice.send(refresh, to: server!.udp)
        let lost = try call.bob.receive("UPDATE")
        let address = "udp:\(server!.udp.text)"
        try server!.comes {
            try run("sqlite3", folder.file("calls.db"), "SELECT state FROM dialog").out == "4\n"
        }
        server!.kill()
        server = nil
        let next = try sstServer(database, in: folder, listen: [address])
        call.move(to: next)
        // RFC 6026, 8.7: without its transaction an answer goes nowhere.
        call.send(200, to: lost, by: .bob, ["Session-Expires: 3000;refresher=uac", required])
        #expect(try lifetime(next) == 3000)
        call.alice.send(refresh, to: next.udp)
        call.send(
            200, to: try call.bob.receive("UPDATE"), by: .bob,
            ["Session-Expires: 2000;refresher=uac", required])
        #expect(try call.alice.receive("200")["Session-Expires"] == "2000;refresher=uac")
        #expect(try next.onlyDialog()["sst_interval"] as? Int == 2000)
        #expect(try lifetime(next) == 2000)
    }

    @Test func `a session that expired while the server was down ends at once`() throws {
        let folder = try Scratch()
        let database =
            lively + withBye + """
                modparam("dialog", "db_url", "sqlite://\(folder.file("calls.db"))")
                modparam("dialog", "db_mode", 1)
                """
        var server: Server? = try sstServer(database, in: folder)
        let call = try TestCall(server!)
        try call.establish([timer], answered: "Session-Expires: 3000;refresher=uas", required)
        let address = "udp:\(server!.udp.text)"
        try server!.comes {
            try run("sqlite3", folder.file("calls.db"), "SELECT state FROM dialog").out == "4\n"
        }
        server!.kill()
        server = nil
        // As if it had been down for an hour.
        let time = try run("sqlite3", folder.file("calls.db"), "UPDATE dialog SET timeout = timeout - 3600")
        #expect(time.status == 0, "\(time.err)")
        let next = try sstServer(database, in: folder, listen: [address])
        call.move(to: next)
        _ = try call.hangUp()
        #expect(try next.sst("expired_sst") == 1)
    }
}
