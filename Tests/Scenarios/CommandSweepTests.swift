// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Every command there is, asked for what it does not expect: it answers, or says what is wrong, and the server goes on.
@Suite struct CommandSweepTests {
    /// Arguments that no command wants, as kamcmd's words; `s:` is a text and `i:` a number, whatever it looks like.
    private static let odd = [
        [], ["s:"], ["i:-1"], ["i:2147483647"], ["zz"], ["1", "2"], ["sip:a@b", "sip:a@b", "sip:a@b", "1"],
        ["é\u{7f}%s%n", "'; DROP TABLE version; --"],
        [String(repeating: "x", count: 3000)], (0..<20).map { "s:\($0)" },
    ]
    /// The server ends, as it should.
    private static let exempt: Set = ["core.kill"]

    /// What a command is told to write to a file named so is written there.
    private static func server(in folder: Scratch) throws -> Server {
        try ModulesConfTests.server(in: folder, arguments: ["-w", folder.path])
    }

    @Test func `kamcmd gets an answer or a fault from each, whatever it asks`() throws {
        guard ToolTests.has("kamcmd", of: "kamailio") else { return }
        let folder = try Scratch()
        let server = try Self.server(in: folder)
        let socket = "unixs:\(server.runFolder)/kamailio_ctl"
        func kamcmd(_ words: [String]) throws -> Output {
            try run(["timeout", "20", "kamcmd", "-s", socket] + words)
        }
        let names = try kamcmd(["system.listMethods"]).out.split(separator: "\n").map(String.init)
        #expect(names.count > 150)
        for name in names where !Self.exempt.contains(name) {
            for words in Self.odd {
                let output = try kamcmd([name] + words)
                // 124: it was waited for in vain.
                #expect(output.status == 0 || output.status == 1 || output.status == 255, "\(name) \(words)")
                if output.status != 0 {
                    let said = output.out + output.err
                    #expect(
                        said.contains("error: "),
                        "\(name) \(words.first?.prefix(20) ?? ""): \(said.prefix(300))")
                }
            }
            #expect(try kamcmd(["core.echo", name]).out == "\(name)\n")
            let help = try kamcmd(["system.methodHelp", name])
            #expect(help.status == 0 && help.out.count > 3, "\(name)")
        }
        let client = try Client()
        #expect(try client.ping(server.udp).status == 200)
        #expect(server.stop() == 0)
    }

    @Test func `JSON of all kinds gets an answer from each`() throws {
        let folder = try Scratch()
        let server = try Self.server(in: folder)
        let socket = "\(server.runFolder)/kamailio_rpc.sock"
        let asker = try DatagramAsker(at: folder.file("asker"))
        let all = try JSONSerialization.jsonObject(
            with: Data(try asker.ask(#"{"method":"system.listMethods","id":1}"#, of: socket).utf8))
        let names = try #require((all as? [String: Any])?["result"] as? [String])
        for name in names where !Self.exempt.contains(name) {
            for parameters in [
                "[]", "{}", "[null]", "[true,false]", "[1.5,-9223372036854775808]", #"["",""]"#,
                #"["\u0000\u0001","a\nb"]"#,
                "[\(Array(repeating: "\"x\"", count: 100).joined(separator: ","))]",
            ] {
                let answer = try asker.ask(
                    #"{"jsonrpc":"2.0","method":"\#(name)","params":\#(parameters),"id":7}"#, of: socket)
                let object = try #require(
                    try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any],
                    "\(name) \(parameters)")
                #expect(object["id"] as? Int == 7, "\(name) \(parameters)")
                #expect(object["result"] != nil || object["error"] is [String: Any], "\(name) \(parameters)")
            }
        }
        #expect(try Client().ping(server.udp).status == 200)
        #expect(server.stop() == 0)
    }

    @Test func `sockets and aliases are listed as Kamailio lists them`() throws {
        let server = try Server(
            """
            listen=udp:127.0.0.1:0 advertise 192.0.2.9:5080 name "one"
            listen=tcp:[::1]:0
            alias=example.org
            alias=udp:sip.example.org:5062
            loadmodule "corex.so"
            loadmodule "ctl.so"
            loadmodule "sl.so"
            request_route { sl_send_reply("200", "OK"); }
            """, listen: [])
        let sockets = try #require(try server.json("corex.list_sockets") as? [[String: Any]])
        #expect(sockets.count == 2)
        let first = sockets[0]
        #expect(first["PROTO"] as? String == "udp" && first["NAME"] as? String == "127.0.0.1")
        #expect((first["ADDRLIST"] as? [String: Any])?["ADDR"] as? String == "127.0.0.1")
        #expect(first["PORT"] as? Int == Int(server.udp.port))
        #expect(first["SOCKNAME"] as? String == "one" && first["ADVERTISE"] as? String == "192.0.2.9")
        for key in ["MCAST", "MHOMED", "VIRTUAL"] { #expect(first[key] as? String == "no") }
        #expect(sockets[1]["NAME"] as? String == "::1")
        #expect(sockets[1]["SOCKNAME"] as? String == "-" && sockets[1]["ADVERTISE"] as? String == "-")
        let aliases = try #require(try server.json("core.aliases_list") as? [String: Any])
        #expect(aliases["myself_callbacks"] as? String == "no")
        #expect("\(aliases)".contains("sip.example.org") && "\(aliases)".contains("5062"), "\(aliases)")
    }
}
