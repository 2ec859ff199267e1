// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Plugins that misbehave while they run: each is told of, and the server goes on.
@Suite struct MannersTests {
    private func serve(_ script: String, _ options: String...) throws -> Server {
        let desk = try Desk(
            """
            listen=udp:127.0.0.1:0
            loadmodule "sl.so"
            loadmodule "manners.so"
            request_route {
                if ($rU == "well") {
                    sl_send_reply("200", "Well");
                    exit;
                }
            \(script)
            }
            """, plugins: ["manners"])
        return try desk.serve()
    }

    /// What a line of the script comes to, and what the server complains of.
    static let offences: [(line: String, result: String, complaints: [String])] = [
        ("odd(77);", "77", []),
        ("odd(-77);", "-77", []),
        ("odd(2147483647);", "2147483647", []),
        ("odd(-2147483647);", "-2147483647", []),
        (
            "waits_for_nothing();", "-2",
            ["ERROR: script: manners: waits_for_nothing answered MT_SUSPEND without a call of suspend()"]
        ),
        (
            "waits_undeclared();", "-2",
            ["ERROR: script: manners: waits_undeclared answered MT_SUSPEND without a call of suspend()"]
        ),
        ("waits_and_answers();", "1", []),
        ("waits_and_answers();\nstale();", "1", []),
        ("waits_in_vain(20);", "-3", []),
        ("waits_in_vain(20);\nstale();", "1", []),
        ("resumes_twice();", "1", []),
        ("stale();", "1", []),
        ("cancels_twice();", "1", []),
        ("absurd();", "1", []),
    ]

    @Test(arguments: offences)
    func `an offence has its result, and the server goes on`(
        line: String, result: String, complaints: [String]
    )
        throws
    {
        let server = try serve("\(line)\n$var(rc) = $rc;\nsl_send_reply(\"299\", \"It was $var(rc)\");")
        #expect(try server.answer(to: "odd") == "299 It was \(result)")
        #expect(try server.answer(to: "well") == "200 Well")
        #expect(server.stop() == 0)
        // A machine that is busy with other things makes everything slow.
        #expect(server.offences.filter { !$0.contains("held up its worker") } == complaints)
    }

    @Test func `a request that a plugin stopped has no answer, and the next one has`() throws {
        let server = try serve("odd(0);\nsl_send_reply(\"299\", \"Odd\");")
        let client = try Client()
        client.send(Request("OPTIONS", "sip:odd@127.0.0.1", from: client), to: server.udp)
        #expect(try server.answer(to: "well") == "200 Well")
        #expect(client.pending() == nil)
        #expect(server.stop() == 0)
    }

    @Test(arguments: [
        ("holds_up();", "WARNING: script: manners: holds_up took ", " ms, and held up its worker"),
        ("holds_up_later();", "WARNING: manners: a timer took ", " ms, and held up its worker"),
    ])
    func `who holds up a worker is named`(line: String, start: String, end: String) throws {
        let server = try serve("\(line)\nsl_send_reply(\"299\", \"Done\");")
        #expect(try server.answer(to: "odd") == "299 Done")
        #expect(server.logs("held up its worker"))
        #expect(server.stop() == 0)
        #expect(server.offences.contains { $0.hasPrefix(start) && $0.hasSuffix(end) })
    }

    @Test func `others are served while a script waits`() throws {
        let server = try serve("waits_in_vain(2000);\nsl_send_reply(\"299\", \"It waited\");")
        let client = try Client()
        let start = Date()
        client.send(Request("OPTIONS", "sip:odd@127.0.0.1", from: client), to: server.udp)
        #expect(try server.answer(to: "well") == "200 Well")
        #expect(client.pending() == nil)
        #expect(try client.receive().reason == "It waited")
        #expect(Date().timeIntervalSince(start) >= 1.99)
        #expect(server.stop() == 0)
    }

    @Test func `a script that waits for a year does not keep the server from stopping`() throws {
        let server = try serve("waits_in_vain(2000000000);")
        let client = try Client()
        client.send(Request("OPTIONS", "sip:odd@127.0.0.1", from: client), to: server.udp)
        #expect(try server.answer(to: "well") == "200 Well")
        let start = Date()
        #expect(server.stop() == 0)
        #expect(Date().timeIntervalSince(start) < 10)
    }
}
