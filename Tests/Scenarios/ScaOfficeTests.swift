// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// A day at an office with five telephones on one line, served by the manual's own configuration file.
@Suite struct ScaOfficeTests {
    /// sca.cfg as it is, with a SQLite database. A store that it only loads, and that cannot be built here, is left out.
    private func server(_ file: String, _ folder: Scratch, at address: String = "127.0.0.1:0") throws
        -> Server
    {
        var text = try String(contentsOfFile: file, encoding: .utf8)
        if !FileManager.default.fileExists(atPath: Repository.plugin("db_mysql")) {
            text = text.replacingOccurrences(
                of: "loadmodule \"db_mysql.so\"", with: "loadmodule \"db_sqlite.so\"")
        } else {
            text = text.replacingOccurrences(
                of: "loadmodule \"db_mysql.so\"",
                with: "loadmodule \"db_mysql.so\"\nloadmodule \"db_sqlite.so\"")
        }
        return try Server(
            file: folder.file("sca.cfg", with: text), listen: ["udp:\(address)"],
            ["-A", "DBURL=\"sqlite://\(folder.file("office.db"))\""], in: folder)
    }

    private func phone(_ server: Server, _ user: String) throws -> DeskPhone {
        let phone = try DeskPhone(server, aor: "sip:\(user)@\(server.udp.text)")
        phone.credentials = (user, "secret")
        let reply = try phone.ask(
            phone.request("REGISTER", "sip:\(server.udp.text)").with { $0.lines.append("Expires: 600") })
        #expect(reply.status == 200, "\(reply)")
        return phone
    }

    /// An INVITE that is asked for its password, and goes out.
    private func start(_ call: DeskCall) throws {
        call.send()
        try call.authorize(try call.phone.receive("407"), try #require(call.phone.credentials))
    }

    private func all(_ phones: [DeskPhone], _ states: String, at location: SourceLocation = #_sourceLocation)
        throws
    {
        for (number, phone) in phones.enumerated() {
            do { try phone.hears(states) } catch {
                Issue.record("telephone \(number) did not hear \"\(states)\"", sourceLocation: location)
                throw error
            }
        }
    }

    @Test func `five telephones share a line for a day`() throws {
        guard let file = Repository.shared("data/configs/sca.cfg") else {
            print("sca.cfg: not there, nothing to play in ../shared/data/configs")
            return
        }
        let folder = try Scratch()
        var server = try server(file, folder)
        let added = try run(
            "sqlite3", "-cmd", ".timeout 5000", folder.file("office.db"),
            ["desk", "carol", "dave"].map {
                "insert into subscriber (username, domain, password) values ('\($0)', '127.0.0.1', 'secret');"
            }.joined())
        #expect(added.status == 0, "\(added.err)")

        // Morning: everybody registers, and subscribes.
        let phones = try (0..<5).map { _ in try phone(server, "desk") }
        let carol = try phone(server, "carol")
        let dave = try phone(server, "dave")
        for phone in phones {
            let reply = try phone.subscribe()
            #expect(reply.status == 202 && reply["Expires"] == "300")
            #expect(reply["Contact"] == phone.aor)
            try phone.hears("idle")
        }

        // Two want the same line at once: one gets it.
        let wanted = try phones[..<2].map { phone in
            let first = phone.request(
                "SUBSCRIBE", phone.aor, "Event: line-seize", "Expires: 15",
                "Call-Info: <sip:127.0.0.1>;appearance-index=1")
            phone.client.send(first, to: server.udp)
            return try phone.authorized(first, phone.receive("407"), try #require(phone.credentials))
        }
        for (phone, request) in zip(phones, wanted) { phone.client.send(request, to: server.udp) }
        let answers = try phones[..<2].map { try $0.answer().status }
        #expect(answers.sorted() == [200, 480])
        let winner = answers[0] == 200 ? phones[0] : phones[1]
        try all(phones, "1 seized")

        // It calls, and is answered.
        let first = winner.call(carol.aor, index: "1", to: "\"Carol\" <\(carol.aor)>")
        try start(first)
        let invite = try carol.receive("INVITE")
        #expect(invite["Call-Info"] == nil)
        carol.reply(180, to: invite)
        try all(phones, "1 progressing")
        carol.reply(200, to: invite)
        first.connected(try winner.receive("200"))
        _ = try carol.receive("ACK")
        try all(phones, "1 active")

        // On hold; another one picks it up, and the far end lets go of the first.
        try first.reinvite(carol, index: "1", body: DeskPhone.holding)
        try all(phones, "1 held")
        let second = phones[2].call(phones[2].aor, index: "1")
        try start(second)
        let replacing = try carol.receive("INVITE")
        #expect(replacing["Replaces"]?.hasPrefix("\(first.invite.callID);") == true)
        carol.reply(200, to: replacing)
        second.connected(try phones[2].receive("200"))
        _ = try carol.receive("ACK")
        try all(phones, "1 active")
        try DeskCall(carol, called: invite).hangUp(winner)

        // In private now: nobody else may.
        try second.reinvite(carol, index: "1;appearance-state=held-private", body: DeskPhone.holding)
        try all(phones, "1 held-private")
        let curious = phones[3].call(phones[3].aor, index: "1")
        try start(curious)
        let refusal = try phones[3].receive("403")
        #expect(refusal.reason == "Forbidden - private call")
        curious.acknowledge(refusal: refusal)

        // Somebody calls the line: all ring, one answers.
        let incoming = dave.call(phones[0].aor)
        try start(incoming)
        let rings = try phones.map { try $0.receive("INVITE") }
        for (phone, ring) in zip(phones, rings) { phone.reply(180, to: ring) }
        try all(phones, "1 held-private, 2 alerting")
        phones[4].reply(200, to: rings[4], index: "2")
        incoming.connected(try dave.receive("200"))
        _ = try phones[4].receive("ACK")
        for (phone, ring) in zip(phones[..<4], rings) {
            phone.client.send(Request.reply(200, "OK", to: try phone.receive("CANCEL")), to: server.udp)
            phone.reply(487, to: ring)
            _ = try phone.receive("ACK")
        }
        try all(phones, "1 held-private, 2 active")

        // That telephone starts anew in its call: the line is not stuck.
        #expect(try phones[4].subscribe(anew: true).status == 202)
        try all(phones, "1 held-private")

        // The server is started again, and then killed, in the middle of a call.
        let address = server.udp.text
        server.stop()
        server = try self.server(file, folder, at: address)
        for phone in phones + [carol, dave] { phone.move(to: server) }
        try all(phones, "1 held-private")
        try second.reinvite(carol, index: "1", body: DeskPhone.talking)
        try all(phones, "1 active")
        server.kill()
        server = try self.server(file, folder, at: address)
        for phone in phones + [carol, dave] { phone.move(to: server) }
        try all(phones, "1 active")
        try DeskCall(carol, called: replacing).hangUp(phones[2])
        try all(phones, "idle")
        #expect(try server.sca("sca.all_appearances") == [])
        #expect(try server.sca("sca.subscription_count", "call-info") == ["5 call-info"])
    }
}
