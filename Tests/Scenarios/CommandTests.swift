// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// What the command tells besides running a server.
@Suite struct CommandTests {
    static let bundled = [
        "avpops", "corex", "ctl", "htable", "kex", "maxfwd", "pv", "rr", "sanity", "siputils", "sl",
        "textops",
        "xlog",
    ]

    @Test(.unsanitized, arguments: bundled)
    func `a bundled plugin exports one symbol`(name: String) throws {
        let symbols = try run(
            "nm", "-D", "--defined-only", "--extern-only", Repository.plugin(name))
        #expect(symbols.status == 0, "\(symbols.err)")
        #expect(
            symbols.out.split(separator: "\n").map { $0.split(separator: " ").last } == ["martlet_plugin"])
    }

    @Test func `graph shows plugins, what they need and what they offer`() throws {
        let output = try martlet("graph", Repository.path("modules.conf"))
        #expect(output.status == 0, "\(output.err)")
        // As text, in comments, and for Graphviz.
        let text = output.out.components(separatedBy: "digraph ")
        try #require(text.count == 2, "\(output.out)")
        #expect(text[0].split(separator: "\n").allSatisfy { $0.hasPrefix("// ") })
        let lines = try Repository.text("modules.conf").split(
            separator: "\n", omittingEmptySubsequences: false)
        let line = try #require(lines.firstIndex { $0.hasPrefix("loadmodule \"textops.so\"") }) + 1
        #expect(text[0].contains("\n//     needs textops 1.0 (optional), from textops.so, line \(line)\n"))
        #expect(text[0].contains("\n//     offers rr 1.0\n"), "\(output.out)")
        for edge in [#""sanity" -> "sl""#, #""siputils" -> "sl""#, #""avpops" -> "textops""#] {
            #expect(text[1].contains(edge), "\(output.out)")
        }
    }

    @Test func `the version is told, and that of the ABI`() throws {
        for word in ["version", "--version", "-v", "-V"] {
            let output = try martlet(word)
            #expect(output.status == 0)
            #expect(output.out.hasPrefix("martlet "), "\(output.out)")
        }
    }

    @Test func `help lists what there is`() throws {
        let output = try martlet("help")
        #expect(output.status == 0)
        for word in ["check", "graph", "rpc", "-Y FOLDER", "-DDD"] { #expect(output.out.contains(word)) }
        #expect(try martlet("-h").out == output.out)
    }

    @Test func `an unknown flag is refused`() throws {
        let output = try martlet("run", "-q", "modules.conf")
        #expect(output.status == 1)
        #expect(output.err.contains("there is no option \"-q\""), "\(output.err)")
    }

    @Test func `flags of unit files are taken, and those without an effect noticed`() throws {
        let server = try Server(
            """
            debug=1
            loadmodule "sl.so"
            request_route { sl_send_reply("200", "OK"); }
            """, "-DD", "-m", "64", "-M", "8", "-N", "2", "-w", "/")
        for flag in ["-m 64", "-M 8", "-N 2"] {
            #expect(server.logs("\(flag) has no effect"), "\(server.log)")
        }
    }

    @Test func `rpc answers in JSON, and in words for people`() throws {
        let server = try ModulesConfTests.server()
        let info = try #require(try server.json("core.info") as? [String: Any])
        #expect(info["version"] is String)
        let sockets = try #require(try server.json("core.sockets_list") as? [[String: Any]])
        #expect(sockets.map { $0["proto"] as? String } == ["udp", "tcp"])
        let list = try #require(try server.json("system.listMethods") as? [String])
        #expect(list == list.sorted() && list.contains("stats.fetch"))
        let words = try server.rpc("core.info")
        #expect(words.status == 0 && words.out.contains("version: "), "\(words)")

        let rr = try #require(
            (try server.json("plugin.list") as? [[String: Any]])?.first { $0["name"] as? String == "rr" })
        #expect(
            rr["version"] is String && rr["abi"] != nil && rr["needs"] != nil && rr["offers"] != nil, "\(rr)")
        #expect(rr["parameters"] != nil || rr["params"] != nil, "\(rr)")
    }

    @Test func `a command that fails says so with its status`() throws {
        let server = try ModulesConfTests.server()
        for words in [["no.such"], ["htable.get", "nosuch", "key"], ["htable.get"]] {
            let output = try martlet(["rpc", "-Y", server.runFolder] + words)
            #expect(output.status != 0, "\(words)")
            #expect(output.err != "", "\(words)")
        }
        let nobody = try martlet("rpc", "-Y", "/nowhere", "core.info")
        #expect(nobody.status == 1)
        #expect(nobody.err.contains("/nowhere"), "\(nobody.err)")
    }

    @Test func `counters can be read and set to zero`() throws {
        let server = try ModulesConfTests.server()
        let client = try Client()
        for _ in 0..<3 { _ = try client.ping(server.udp) }
        #expect(try server.statistic("core.rcv_requests") == 3)
        #expect(try server.statistic("sl.200_replies") == 3)
        _ = try server.rpc("stats.reset_statistics", "core:")
        #expect(try server.statistic("core.rcv_requests") == 0)
        #expect(try server.statistic("sl.200_replies") == 3)
    }

    @Test func `what is no command does not end the server`() throws {
        let server = try ModulesConfTests.server()
        for size in [1, 3, 7, 64, 5000] {
            let socket = try Connection(path: server.runFolder + "/kamailio_ctl")
            socket.send((0..<size).map { _ in UInt8.random(in: 0...255) })
            socket.send([0xA1, 0xFF, 0xFF, 0xFF, 0xFF])
        }
        #expect(try server.rpc("core.version").status == 0)
        #expect(server.stop() == 0)
        #expect(server.complaints == [], "\(server.log)")
    }
}
