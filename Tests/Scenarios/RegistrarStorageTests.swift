// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// What is registered is on the disk when the telephone hears so.
@Suite struct RegistrarStorageTests {
    private func configuration(_ folder: Scratch, _ settings: String = "") -> String {
        Registrar.configuration(
            """
            modparam("usrloc", "db_url", "sqlite://\(folder.file("location.db"))")
            \(settings)
            """, before: "loadmodule \"db_sqlite.so\"")
    }

    private func sqlite(_ folder: Scratch, _ sql: String) throws -> String {
        let output = try run("sqlite3", "-cmd", ".timeout 5000", folder.file("location.db"), sql)
        guard output.status == 0 else { throw Failure(what: output.err) }
        return output.out.trimmingCharacters(in: .newlines)
    }
    private struct Failure: Error { let what: String }

    @Test func `a killed server knows everybody that it has answered`() throws {
        let folder = try Scratch()
        let bob = try Client()
        let server = try Server(configuration(folder), in: folder)
        for index in 0..<100 {
            let answer = try bob.ask(
                .register("<sip:\(index)@h>;expires=600;q=0.7", from: bob, user: "user\(index)"), server.udp)
            #expect(answer.status == 200)
        }
        server.signal(SIGKILL)
        #expect(server.end() == -SIGKILL)

        let next = try Server(configuration(folder), in: folder)
        #expect(try next.statistic("usrloc.location-contacts") == 100)
        let asked = try bob.ask(.register(nil, from: bob, user: "user42", 2), next.udp)
        #expect(asked["Contact"]?.hasPrefix("<sip:42@h>;q=0.7;expires=") == true)
        #expect(next.complaints == [])
    }

    @Test func `the table is as others know it`() throws {
        let folder = try Scratch()
        let bob = try Client()
        let server = try Server(configuration(folder), in: folder)
        _ = try bob.ask(
            .register(
                "<sip:bob@h>;expires=600", from: bob, 7, "User-Agent: Telephone 1", "Allow: INVITE,ACK"),
            server.udp)
        #expect(try sqlite(folder, "SELECT table_version FROM version WHERE table_name = 'location'") == "9")
        #expect(
            try sqlite(
                folder,
                "SELECT username, domain IS NULL, contact, q, callid, cseq, user_agent, methods, received IS NULL FROM location"
            ) == "bob|1|sip:bob@h|-1.0|c1|7|Telephone 1|5|1")
        #expect(try sqlite(folder, "SELECT socket FROM location") == "udp:\(server.udp.text)")
        let expires = try sqlite(
            folder,
            "SELECT CAST(strftime('%s', expires, 'utc') AS INTEGER) - CAST(strftime('%s') AS INTEGER) FROM location"
        )
        #expect((590...601).contains(try #require(Int(expires))))
        _ = try bob.ask(.register("<sip:bob@h>;expires=0", from: bob, 8), server.udp)
        #expect(try sqlite(folder, "SELECT COUNT(*) FROM location") == "0")
    }

    @Test func `an older table is brought up to date, and what is in it is used`() throws {
        let folder = try Scratch()
        _ = try sqlite(
            folder,
            """
            CREATE TABLE version (table_name VARCHAR(32) NOT NULL, table_version INTEGER DEFAULT 0 NOT NULL);
            INSERT INTO version VALUES ('location', 6);
            CREATE TABLE location (id INTEGER PRIMARY KEY NOT NULL, ruid VARCHAR(64) DEFAULT '' NOT NULL,
              username VARCHAR(64) DEFAULT '' NOT NULL, domain VARCHAR(64) DEFAULT NULL,
              contact VARCHAR(255) DEFAULT '' NOT NULL, received VARCHAR(128) DEFAULT NULL, path VARCHAR(512) DEFAULT NULL,
              expires TIMESTAMP DEFAULT '2030-05-28 21:32:15' NOT NULL, q REAL DEFAULT 1.0 NOT NULL,
              callid VARCHAR(255) DEFAULT 'Default-Call-ID' NOT NULL, cseq INTEGER DEFAULT 1 NOT NULL,
              last_modified TIMESTAMP DEFAULT '1900-01-01 00:00:01' NOT NULL, flags INTEGER DEFAULT 0 NOT NULL,
              cflags INTEGER DEFAULT 0 NOT NULL, user_agent VARCHAR(255) DEFAULT '' NOT NULL,
              socket VARCHAR(64) DEFAULT NULL, methods INTEGER DEFAULT NULL, instance VARCHAR(255) DEFAULT NULL,
              reg_id INTEGER DEFAULT 0 NOT NULL, note TEXT DEFAULT 'mine');
            INSERT INTO location (ruid, username, contact) VALUES ('uloc-1-1-1', 'bob', 'sip:bob@old');
            """)
        let bob = try Client()
        let server = try Server(configuration(folder), in: folder)
        let asked = try bob.ask(.register(nil, from: bob), server.udp)
        #expect(asked["Contact"]?.hasPrefix("<sip:bob@old>;q=1;expires=") == true)
        _ = try bob.ask(.register("<sip:bob@old>;expires=60", from: bob, callID: "new", 2), server.udp)
        #expect(try sqlite(folder, "SELECT table_version FROM version") == "9")
        #expect(try sqlite(folder, "SELECT id, callid, server_id, note FROM location") == "1|new|0|mine")
    }

    @Test func `a newer table is refused before any traffic when the database is required`() throws {
        let folder = try Scratch()
        _ = try sqlite(
            folder,
            """
            CREATE TABLE version (table_name VARCHAR(32) NOT NULL, table_version INTEGER DEFAULT 0 NOT NULL);
            INSERT INTO version VALUES ('location', 10); CREATE TABLE location (id INTEGER PRIMARY KEY, ruid TEXT);
            """)
        let file = try folder.file(
            "martlet.cfg", with: configuration(folder, "modparam(\"usrloc\", \"db_required\", 1)"))
        let output = try martlet(["run", file, "-E", "-Y", folder.path, "-l", "udp:127.0.0.1:0"])
        #expect(output.status == 1)
        #expect(output.err.contains("invalid version 10 for table location found, expected 9"))
    }

    @Test func `without a database the server serves from memory, and catches up`() throws {
        let folder = try Scratch()
        let place = folder.file("later")
        let settings = Registrar.configuration(
            "modparam(\"usrloc\", \"db_url\", \"sqlite://\(place)/location.db\")",
            before: "loadmodule \"db_sqlite.so\"")
        let bob = try Client()
        let server = try Server(settings, in: folder)
        #expect(server.logs("serves from memory"))
        #expect(try bob.ask(.register("<sip:bob@h>;expires=600", from: bob), server.udp).status == 200)
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        #expect(server.logs("works again"))
        #expect(server.logs("has its database again"))
        // The next write goes the same way, so it is there after this one.
        #expect(
            try bob.ask(.register("<sip:bob2@h>;expires=600", from: bob, callID: "c2"), server.udp).status
                == 200)
        let rows = try run("sqlite3", "\(place)/location.db", "SELECT contact FROM location ORDER BY 1").out
        #expect(rows == "sip:bob2@h\nsip:bob@h\n")
    }

    @Test func `a locked database delays nobody for ever, and gets what it missed`() throws {
        let folder = try Scratch()
        let bob = try Client()
        let server = try Server(
            configuration(folder, "modparam(\"db_sqlite\", \"busy_timeout\", \"100ms\")"), in: folder)
        #expect(try bob.ask(.register("<sip:a@h>;expires=600", from: bob), server.udp).status == 200)
        let locker = Process()
        locker.executableURL = URL(filePath: "/usr/bin/env")
        locker.arguments = ["sqlite3", folder.file("location.db")]
        let input = Pipe()
        let output = Pipe()
        locker.standardInput = input
        locker.standardOutput = output
        try locker.run()
        input.fileHandleForWriting.write(Data("BEGIN IMMEDIATE; SELECT 'locked';\n".utf8))
        #expect(String(decoding: output.fileHandleForReading.availableData, as: UTF8.self) == "locked\n")
        #expect(
            try bob.ask(.register("<sip:b@h>;expires=600", from: bob, callID: "c2"), server.udp).status == 200
        )
        #expect(server.logs("is locked by another process"))
        input.fileHandleForWriting.write(Data("ROLLBACK;\n".utf8))
        try input.fileHandleForWriting.close()
        locker.waitUntilExit()
        #expect(server.logs("works again"))
        #expect(
            try bob.ask(.register("<sip:c@h>;expires=600", from: bob, callID: "c3"), server.udp).status == 200
        )
        var rows = ""
        let limit = Date(timeIntervalSinceNow: 20)
        while rows != "sip:a@h\nsip:b@h\nsip:c@h", Date() < limit {
            rows = try sqlite(folder, "SELECT contact FROM location ORDER BY 1")
        }
        #expect(rows == "sip:a@h\nsip:b@h\nsip:c@h")
    }

    @Test func `a disk that takes nothing more is told of once, and gets what it missed`() throws {
        let folder = try Scratch()
        let bob = try Client()
        let server = try Server(configuration(folder), in: folder)
        func register(_ index: Int) throws -> Int {
            try bob.ask(
                .register("<sip:\(index)@h>;expires=600", from: bob, user: "user\(index)"), server.udp
            ).status
        }
        #expect(try register(0) == 200)
        // No file may grow beyond a byte any more, as on a full disk.
        #expect(try run("prlimit", "--pid", "\(server.pid)", "--fsize=1:unlimited").status == 0)
        for index in 1..<50 { #expect(try register(index) == 200) }
        #expect(server.logs("location.db: disk I/O error"))
        #expect(try run("prlimit", "--pid", "\(server.pid)", "--fsize=unlimited").status == 0)
        #expect(server.logs("location.db works again"))
        #expect(try register(50) == 200)
        server.kill()
        let next = try Server(configuration(folder), in: folder)
        #expect(try next.statistic("usrloc.location-contacts") == 51)
        #expect(server.complaints.count < 5, "\(server.complaints)")
    }

    @Test func `a damaged file is told of, and a sound one in its place is used`() throws {
        let folder = try Scratch()
        _ = try folder.file("location.db", with: String(repeating: "this is no database ", count: 1000))
        let bob = try Client()
        let server = try Server(configuration(folder), in: folder)
        #expect(server.logs("is damaged"))
        #expect(try bob.ask(.register("<sip:a@h>;expires=600", from: bob), server.udp).status == 200)
        try FileManager.default.removeItem(atPath: folder.file("location.db"))
        #expect(server.logs("has its database again"))
        #expect(
            try bob.ask(.register("<sip:b@h>;expires=600", from: bob, callID: "c2"), server.udp).status == 200
        )
        #expect(try sqlite(folder, "SELECT contact FROM location ORDER BY 1") == "sip:a@h\nsip:b@h")
    }

    @Test func `with the database only, another server's contacts are found at once`() throws {
        let folder = try Scratch()
        let bob = try Client()
        let alice = try Client()
        let settings = "modparam(\"usrloc\", \"db_mode\", 3)"
        let one = try Server(configuration(folder, settings), in: folder)
        let second = try Scratch()
        let file = configuration(folder, settings)
        let other = try Server(file, in: second)
        #expect(try bob.ask(.register("<sip:bob@\(bob.text)>;expires=600", from: bob), one.udp).status == 200)
        alice.send(Request("OPTIONS", "sip:bob@example.com", from: alice), to: other.udp)
        #expect(try bob.receive().uri == "sip:bob@\(bob.text)")
        #expect(
            try bob.ask(.register("<sip:bob@\(bob.text)>;expires=0", from: bob, 2), other.udp).status == 200)
        let missing = try alice.ask(Request("OPTIONS", "sip:bob@example.com", from: alice), one.udp)
        #expect(missing.status == 404)
        #expect(try one.rpc("ul.db_contacts", "location").out.contains("0"))
    }

    @Test func `a hundred thousand contacts are loaded, and shown while requests go on`() throws {
        let folder = try Scratch()
        let settings = configuration(folder, "modparam(\"ctl\", \"binrpc_max_body_size\", 0)")
        // The server makes the table, and somebody fills it.
        let first = try Server(settings, in: folder)
        #expect(first.stop() == 0)
        _ = try sqlite(
            folder,
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
            INSERT INTO location (ruid, username, contact, callid, cseq, user_agent)
            SELECT 'uloc-1-1-' || i, 'user' || i, 'sip:user' || i || '@192.0.2.1:5060', 'call-' || i, 1, 'Telephone' FROM n;
            """)
        let server = try Server(settings, in: folder)
        #expect(try server.statistic("usrloc.location-contacts") == 100_000)
        let dump = Process()
        dump.executableURL = URL(filePath: Repository.server)
        dump.arguments = ["rpc", "-Y", server.runFolder, "ul.dump", "brief"]
        let output = try folder.file("dump", with: "")
        dump.standardOutput = FileHandle(forWritingAtPath: output)
        try dump.run()
        let bob = try Client()
        let clock = ContinuousClock()
        var delays: [Duration] = []
        for number in 1...300 {
            let start = clock.now
            let answer = try bob.ask(
                .register("<sip:bob@h>;expires=600", from: bob, user: "new\(number)", callID: "n\(number)"),
                server.udp)
            delays.append(clock.now - start)
            #expect(answer.status == 200)
        }
        dump.waitUntilExit()
        #expect(dump.terminationStatus == 0)
        let text = try String(contentsOfFile: output, encoding: .utf8)
        #expect(text.contains("user1") && text.contains("user100000"))
        // Each of them also waits for the disk; a dump in one piece would have held one of them up for as long as it took.
        #expect(delays.sorted()[delays.count * 9 / 10] < .milliseconds(200))
    }
}
