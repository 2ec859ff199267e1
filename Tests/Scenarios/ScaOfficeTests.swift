// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// What an office keeps its tables in: the manual's own configuration file as it is, with the database that it names, or with
/// another that the command line names.
final class Office {
    enum Kind: String, CaseIterable { case sqlite, mysql, postgres }

    private let kind: Kind
    private let file: String
    private let folder: Scratch
    private let database: DatabaseServer?
    private var lock: (process: Process, input: Pipe)?

    /// nil, and the reason told, when something is missing here.
    init?(_ kind: Kind) throws {
        guard let file = Repository.shared("data/configs/sca.cfg") else {
            print("sca.cfg: not there, nothing to play in ../shared/data/configs")
            return nil
        }
        // The file loads it, whatever the URL.
        guard FileManager.default.fileExists(atPath: Repository.plugin("db_mysql")) else {
            print("db_mysql was not built, so sca.cfg is not tried: apt-get install libmariadb-dev")
            return nil
        }
        if let server = DatabaseServer.Kind(rawValue: kind.rawValue) {
            guard server.isThere else { return nil }
            database = try DatabaseServer(server)
            try database?.admit("kamailio", "kamailiorw", to: "kamailio")
        } else {
            database = nil
        }
        self.kind = kind
        self.file = file
        folder = try Scratch()
    }

    deinit { lock?.process.terminate() }

    func serve(at address: String = "127.0.0.1:0") throws -> Server {
        let url: String? =
            switch kind {
            case .sqlite: "sqlite://\(folder.file("office.db"))"
            case .mysql: nil  // mysql://kamailio:kamailiorw@localhost/kamailio, as printed.
            case .postgres:
                database.map { "postgres://kamailio:kamailiorw@localhost/kamailio?socket=\($0.folder.path)" }
            }
        return try Server(
            file: file, listen: ["udp:\(address)"], url.map { ["-A", "DBURL=\"\($0)\""] } ?? [],
            environment: database?.environment ?? [:], in: folder)
    }

    @discardableResult func query(_ sql: String) throws -> String {
        if let database { return try database.query(sql, in: "kamailio") }
        let output = try run("sqlite3", "-cmd", ".timeout 5000", folder.file("office.db"), sql)
        guard output.status == 0 else { throw Unexpected("\(sql): \(output.err)") }
        return output.out.trimmingCharacters(in: .newlines)
    }

    /// Nothing can be written from here on.
    func goAway() throws {
        if let database { return database.kill() }
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["sqlite3", folder.file("office.db")]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        input.fileHandleForWriting.write(Data(".timeout 5000\nBEGIN IMMEDIATE; SELECT 'locked';\n".utf8))
        guard String(decoding: output.fileHandleForReading.availableData, as: UTF8.self) == "locked\n" else {
            throw Unexpected("the database cannot be locked")
        }
        lock = (process, input)
    }

    func comeBack() throws {
        if let database { return try database.start() }
        lock?.input.fileHandleForWriting.write(Data("ROLLBACK;\n".utf8))
        try lock?.input.fileHandleForWriting.close()
        lock?.process.waitUntilExit()
        lock = nil
    }

    /// Waits until the tables say that.
    func says(_ sql: String, _ wanted: String) throws {
        let end = Date() + Server.patience
        var said = ""
        repeat {
            said = try query(sql)
            if said == wanted { return }
        } while Date() < end
        throw Unexpected("\(sql) says \(said), not \(wanted)")
    }
}

/// A day at an office with five telephones on one line, served by the manual's own configuration file.
@Suite struct ScaOfficeTests {
    private func phone(_ server: Server, _ user: String) throws -> DeskPhone {
        let phone = try DeskPhone(server, aor: "sip:\(user)@\(server.udp.text)")
        phone.credentials = (user, "secret")
        try register(phone)
        return phone
    }

    private func register(_ phone: DeskPhone) throws {
        let reply = try phone.ask(
            phone.request("REGISTER", "sip:\(phone.server.udp.text)").with {
                $0.lines.append("Expires: 600")
            })
        #expect(reply.status == 200, "\(reply)")
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

    @Test(arguments: Office.Kind.allCases)
    func `five telephones share a line for a day`(_ kind: Office.Kind) throws {
        guard let office = try Office(kind) else { return }
        var server = try office.serve()
        for user in ["desk", "carol", "dave"] {
            try office.query(
                "insert into subscriber (username, domain, password) values ('\(user)', '127.0.0.1', 'secret')"
            )
        }

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
        let everybody = phones + [carol, dave]
        func again() throws {
            server = try office.serve(at: server.udp.text)
            for phone in everybody { phone.move(to: server) }
        }
        server.stop()
        try again()
        try all(phones, "1 held-private")
        try second.reinvite(carol, index: "1", body: DeskPhone.talking)
        try all(phones, "1 active")
        server.kill()
        try again()
        try all(phones, "1 active")

        // The database is away while lines are used; what was answered meanwhile is written when it is back.
        try office.goAway()
        try second.reinvite(carol, index: "1", body: DeskPhone.holding)
        try all(phones, "1 held")
        #expect(try phones[0].subscribe().status == 202)
        try phones[0].hears("1 held")
        try office.comeBack()
        try office.says("select state from sca_state where app_idx = 1", "6")
        server.kill()
        try again()
        try all(phones, "1 held")

        // It is killed while one call rings in, and another one rings out: nobody is left with them.
        try everybody.forEach(register)
        let inward = dave.call(phones[0].aor)
        try start(inward)
        let ringing = try phones.map { try $0.receive("INVITE") }
        for (phone, ring) in zip(phones, ringing) { phone.reply(180, to: ring) }
        try all(phones, "1 held, 2 alerting")
        #expect(try phones[1].seize("3").status == 200)
        let outward = phones[1].call(carol.aor, index: "3")
        try start(outward)
        let called = try carol.receive("INVITE")
        carol.reply(180, to: called)
        try all(phones, "1 held, 2 alerting, 3 progressing")
        server.kill()
        try again()
        try all(phones, "1 held")
        // Whoever answers now is not heard: the server knows nothing of those INVITEs (RFC 6026, 8.7).
        let before = try server.statistic("tmx.rpl_absorbed") ?? 0
        phones[4].reply(200, to: ringing[4])
        carol.reply(200, to: called)
        try server.comes { try server.statistic("tmx.rpl_absorbed") ?? 0 >= before + 2 }
        while let packet = dave.client.pending() { #expect(packet.status != 200) }
        #expect(try server.sca("sca.all_appearances").count == 1)

        // Evening.
        try second.reinvite(carol, index: "1", body: DeskPhone.talking)
        try all(phones, "1 active")
        try DeskCall(carol, called: replacing).hangUp(phones[2])
        try all(phones, "idle")
        #expect(try server.sca("sca.all_appearances") == [])
        #expect(try server.sca("sca.subscription_count", "call-info") == ["5 call-info"])
        server.stop()
        #expect(try office.query("select count(*) from sca_subscriptions where event = 1") == "5")
    }
}
