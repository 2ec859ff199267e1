// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// A plugin that uses everything of the ABI, built with each header that was ever released, in today's
/// server.
@Suite struct EverythingTests {
    /// The versions there are frozen headers of, and today's.
    static let headers: [String] = {
        // Without the folder there is only today's, and a test below says so.
        let entries =
            (try? FileManager.default.contentsOfDirectory(atPath: Repository.path("Tests/ABI"))) ?? []
        return entries.filter { $0.first?.isNumber ?? false }.sorted().map { "Tests/ABI/\($0)" }
            + ["PluginAPI/C/include"]
    }()

    /// A line of the script for each walk; each has to be true.
    static let walks = [
        "message": "everything_message()", "sip": "everything_sip()",
        "script": #"everything_script("^aa", "EVERYTHING")"#, "waiting": #"everything_waiting("20ms")"#,
        "loop": "everything_loop()", "net": "everything_net()", "attribute": "everything_attribute()",
        "statistic": "everything_statistic()", "setting": "everything_setting()",
        "rpc": "everything_rpc()", "host": "everything_host()",
        "arguments": #"everything_arguments("text", "$var(x)", "inside")"#,
        "read": "$everything == 7", "key": #"$everything(key) == "key""#, "fixed": "$everything_fixed == 7",
        "prepared": "$everything_prepared(key) == 7", "unprepared": "$everything_prepared($rU) == 8",
    ]

    private static func configuration() -> String {
        let cases = walks.map {
            "case \"\($0)\":\n if (!(\($1))) {\n sl_send_reply(\"500\", \"$rc\");\n exit;\n}\nbreak;"
        }
        return """
            listen=udp:127.0.0.1:0 name "inside"
            loadmodule "sl.so"
            loadmodule "ctl.so"
            loadmodule "everything.so"
            request_route {
                switch ($rU) {
                \(cases.joined(separator: "\n"))
                case "write":
                    $everything = 5;
                    $everything(key) = "x";
                    break;
                }
                sl_send_reply("200", "$rU");
            }
            route[EVERYTHING] {
                return 1;
            }
            """
    }

    @Test func `there is a frozen header`() { #expect(Self.headers.count > 1) }

    @Test(arguments: headers, [[], ["--abi", "1.0"], ["--strict"]])
    func `each interface does what its header says`(header: String, options: [String]) throws {
        let desk = try Desk(Self.configuration())
        try Fixtures.compile(
            Repository.text("Tests/Fixtures/Everything/everything.c"),
            to: desk.scratch.file("plugins/everything.so"),
            include: Repository.path(header))
        let server = try desk.serve(options)
        for walk in Self.walks.keys.sorted() + ["write"] {
            #expect(try server.answer(to: walk) == "200 \(walk)")
        }
        // Commands, and what ran later: the walk through martlet.rpc adds 1000 when its answer was complete.
        let answer = try server.rpc("everything.answers", "--json")
        #expect(answer.out == "[1,{\"text\":\"text\"},[1,\"text\"]]\n")
        let fault = try server.rpc("everything.answers", "fault")
        #expect(fault.status == 1 && fault.err == "error: 404 no such thing\n")
        #expect(try server.statistic("everything.calls") == 1)
        #expect(try #require(try server.statistic("everything.inside")) >= 1000)
        #expect(server.stop() == 0)
        // A machine that is busy with other things makes everything slow.
        #expect(server.offences.filter { !$0.contains("held up its worker") } == [])
    }

    @Test func `a server that speaks an ABI of its own past says so`() throws {
        let desk = try Desk(#"loadmodule "vendor.so""#, plugins: ["vendor=newer_minor"])
        try expect(
            desk, options: ["-L", "plugins", "--abi", "1.0"],
            says: """
                modules.conf:1:12: error: vendor.so needs ABI 1.4, and this server speaks 1.0
                  help: use a server that speaks ABI 1.4, or ask its author for a build with MARTLET_MINOR 0 or less
                """)
    }
}
