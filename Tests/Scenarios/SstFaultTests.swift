// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

private let timer = "Supported: timer"
private let required = "Require: timer"

/// Session timers while other things happen to the call.
@Suite struct SstFaultTests {
    private func call(_ server: Server) throws -> TestCall {
        let call = try TestCall(server)
        try call.establish(
            [timer, "Session-Expires: 4000"], answered: "Session-Expires: 3000;refresher=uac", required)
        return call
    }

    private func lifetime(_ server: Server) throws -> Int? { try server.onlyDialog()["lifetime"] as? Int }

    @Test func `refreshes that meet are refused on both sides, and one that follows counts`() throws {
        let server = try sstServer(lively)
        let call = try call(server)
        let first = call.request("INVITE", from: .alice, [timer, "Session-Expires: 2000"])
        let second = call.request("INVITE", from: .bob, [timer, "Session-Expires: 1000"])
        call.alice.send(first, to: server.udp)
        call.bob.send(second, to: server.udp)
        call.send(491, to: try call.bob.receive("INVITE"), by: .bob)
        call.send(491, to: try call.alice.receive("INVITE"), by: .alice)
        _ = try call.alice.receive("491")
        _ = try call.bob.receive("491")
        call.alice.send(first.follower("ACK"), to: server.udp)
        call.bob.send(second.follower("ACK"), to: server.udp)
        #expect(try lifetime(server) == 3000)
        try call.refresh(
            "INVITE", from: .bob, [timer, "Session-Expires: 1000"],
            answered: "Session-Expires: 1000;refresher=uac",
            required)
        #expect(try lifetime(server) == 1000)
        #expect(try server.onlyDialog()["sst_refresher"] as? String == "callee")
    }

    @Test func `of two refreshes under way the one that is answered last counts`() throws {
        let server = try sstServer(lively)
        let call = try call(server)
        let early = try call.pass("UPDATE", from: .alice, timer, "Session-Expires: 2000")
        let late = try call.pass("UPDATE", from: .bob, timer, "Session-Expires: 1000")
        call.send(200, to: late, by: .alice, ["Session-Expires: 1000;refresher=uac", required])
        _ = try call.bob.receive("200")
        #expect(try lifetime(server) == 1000)
        call.send(200, to: early, by: .bob, ["Session-Expires: 2000;refresher=uac", required])
        _ = try call.alice.receive("200")
        #expect(try lifetime(server) == 2000)
    }

    @Test func `a BYE that crosses a refresh ends the call, once`() throws {
        let server = try sstServer(lively + withBye)
        let call = try call(server)
        let update = try call.pass("UPDATE", from: .alice, timer)
        let bye = try call.pass("BYE", from: .bob)
        call.send(200, to: bye, by: .alice)
        _ = try call.bob.receive("200")
        call.send(481, to: update, by: .bob)
        #expect(try call.alice.receive("481")["CSeq"]?.hasSuffix("UPDATE") == true)
        #expect(call.alice.isSilent(for: 0.3))
        #expect(call.bob.isSilent(for: 0))
        try server.comes { try server.dialogs() == 0 }
        #expect(try server.sst("expired_sst") == 0)
    }

    @Test func `a BYE that crosses those of the end gets through, and leaves nothing behind`() throws {
        let server = try sstServer(lively + withBye)
        let call = try TestCall(server)
        try call.establish([timer], answered: "Session-Expires: 1;refresher=uac", required)
        let ours = try call.alice.receive("BYE")
        let bye = call.request("BYE", from: .alice)
        call.alice.send(bye, to: server.udp)
        call.send(200, to: ours, by: .alice)
        var byes = 0
        while byes < 2 {
            let received = try call.bob.receive("BYE")
            call.send(byes == 0 ? 200 : 481, to: received, by: .bob)
            byes += 1
        }
        #expect(try [200, 481].contains(call.alice.receive().status))
        try server.comes { try server.dialogs() == 0 }
        #expect(try server.sst("expired_sst") == 1)
    }

    @Test func `an UPDATE before the answer is agreed on its own, and the answer replaces it`() throws {
        let server = try sstServer(lively)
        let call = try TestCall(server)
        let invite = try call.invite(timer, "Session-Expires: 4000")
        call.send(183, to: invite, by: .bob)
        let progress = try call.alice.receive("183")
        let update = call.request("UPDATE", from: .alice, [timer, "Session-Expires: 2000"]).with {
            $0.lines += progress.all("Record-Route").map { "Route: \($0)" }
        }
        call.alice.send(update, to: server.udp)
        let received = try call.bob.receive("UPDATE")
        call.send(200, to: received, by: .bob, ["Session-Expires: 2000;refresher=uac", required])
        _ = try call.alice.receive("200")
        try call.answer(invite, "Session-Expires: 1500;refresher=uac", required)
        #expect(try lifetime(server) == 1500)
    }

    @Test func `callees that answer the same INVITE have a session each`() throws {
        let server = try sstServer(
            "loadmodule \"corex.so\"\n" + lively, invite: "append_branch(\"$hdr(X-Also)\");")
        let call = try TestCall(server)
        let carol = try Client()
        let invite = try call.invite(timer, "Session-Expires: 4000", "X-Also: sip:carol@\(carol.text)")
        let other = try carol.receive("INVITE")
        call.send(200, to: invite, by: .bob, ["Session-Expires: 3000;refresher=uac", required])
        _ = try call.alice.receive("200")
        let second = String(
            decoding: Request.reply(
                200, "OK", to: other, "Contact: <sip:carol@\(carol.text)>",
                "Session-Expires: 1000;refresher=uac",
                required, tag: "c1"), as: UTF8.self)
        carol.send(second, to: server.udp)
        var tags: Set<String> = []
        while tags.count < 1 {
            let ok = try call.alice.receive("200")
            if let to = ok["To"], to.contains("tag=c1") { tags.insert(to) }
        }
        let shown = try #require(try server.json("dlg.list_ctx") as? [[String: Any]])
        #expect(Set(shown.compactMap { $0["sst_interval"] as? Int }) == [3000, 1000], "\(shown)")
        #expect(Set(shown.compactMap { $0["lifetime"] as? Int }) == [3000, 1000])
    }

    @Test func `two hundred sessions that end in the same moments hold nobody up, and leave nothing`() throws
    {
        let server = try sstServer(
            lively + withBye)
        var calls: [TestCall] = []
        for _ in 0..<200 {
            let call = try TestCall(server)
            try call.establish([timer], answered: "Session-Expires: 3;refresher=uac", required)
            calls.append(call)
        }
        for call in calls { _ = try call.hangUp() }
        try server.comes { try server.dialogs() == 0 }
        #expect(try server.sst("expired_sst") == 200)
        #expect(!server.log.contains("held up its worker"))
    }

    @Test func `a callee that vanishes answers no BYE either, and the call goes all the same`() throws {
        let server = try sstServer(lively + withBye)
        let call = try TestCall(server)
        try call.establish([timer], answered: "Session-Expires: 1;refresher=uac", required)
        call.send(200, to: try call.alice.receive("BYE"), by: .alice)
        _ = try call.bob.receive("BYE")
        try server.comes { try server.dialogs() == 0 }
        try server.comes { try server.statistic("dialog.active_dialogs") == 0 }
    }
}
