// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// JSON-RPC over its transports, and the client that people have for it.
@Suite struct JsonRPCTests {
    private static func server(_ more: String = "", in folder: Scratch) throws -> Server {
        try Server(
            """
            debug=1
            children=2
            loadmodule "sl.so"
            loadmodule "pv.so"
            loadmodule "xlog.so"
            loadmodule "kex.so"
            loadmodule "corex.so"
            loadmodule "htable.so"
            loadmodule "ctl.so"
            loadmodule "jsonrpcs.so"
            modparam("htable", "htable", "t=>size=12;")
            modparam("jsonrpcs", "fifo_reply_dir", "\(folder.path)")
            modparam("jsonrpcs", "dgram_timeout", 60000)
            \(more)
            request_route {
                if (jsonrpc_exec("{\\"jsonrpc\\":\\"2.0\\",\\"method\\":\\"core.echo\\",\\"params\\":[\\"$rU\\",2],\\"id\\":1}")) {
                    xlog("L_ERR", "one $jsonrpl(code) $jsonrpl(text) $jsonrpl(body)\\n");
                }
                if (jsonrpc_exec("{\\"jsonrpc\\":\\"2.0\\",\\"method\\":\\"no.such\\",\\"id\\":1}")) {
                    xlog("L_ERR", "two $jsonrpl(code) $jsonrpl(text)\\n");
                }
                if (!jsonrpc_exec("{")) {
                    xlog("L_ERR", "three $jsonrpl(code)\\n");
                }
                sl_send_reply("200", "OK");
            }
            """, in: folder)
    }

    private static func socket(_ server: Server) -> String { server.runFolder + "/kamailio_rpc.sock" }
    private static func fifo(_ server: Server) -> String { server.runFolder + "/kamailio_rpc.fifo" }

    private static func object(_ text: String) throws -> [String: Any] {
        try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text.prefix(500))")
    }

    @Test func `a datagram is one request, and its answer goes to where it came from (manual of jsonrpcs)`()
        throws
    {
        let folder = try Scratch()
        let server = try Self.server(in: folder)
        let asker = try DatagramAsker(at: folder.file("asker"))
        let answer = try asker.ask(
            #"{"jsonrpc":"2.0","method":"core.echo","params":["a",2],"id":"x"}"#, of: Self.socket(server))
        #expect(answer == "{\n\t\"jsonrpc\":\t\"2.0\",\n\t\"result\":\t[\"a\", \"2\"],\n\t\"id\":\t\"x\"\n}")
        let echo = try asker.ask(
            #"{"jsonrpc":"2.0","method":"jsonrpc.echo","params":["é\n",-9007199254740993,null],"id":12345678901234567890}"#,
            of: Self.socket(server))
        #expect(echo.contains(#"["é\n", -9007199254740993, null]"#), "\(echo)")
        #expect(echo.contains("12345678901234567890"), "\(echo)")
        #expect(server.stop() == 0)
        #expect(server.complaints == [], "\(server.log)")
        #expect(!FileManager.default.fileExists(atPath: Self.socket(server)))
        #expect(!FileManager.default.fileExists(atPath: Self.fifo(server)))
    }

    @Test func `what cannot be read, is no request, or fails is told so with a code`() throws {
        let folder = try Scratch()
        let server = try Self.server(in: folder)
        let asker = try DatagramAsker(at: folder.file("asker"))
        for (text, code) in [
            ("hello", -32700), ("", -32700), ("{\"method\":5,\"id\":3}", -32600),
            (#"{"method":"core.echo","params":[[1]],"id":3}"#, -32602),
            (#"{"jsonrpc":"2.0","method":"no.such","id":3}"#, 500),
            (#"{"jsonrpc":"2.0","method":"htable.get","params":["nosuch","x"],"id":3}"#, 500),
            (#"{"jsonrpc":"2.0","method":"htable.seti","params":["t","x","word"],"id":3}"#, 400),
        ] {
            let answer = try Self.object(try asker.ask(text, of: Self.socket(server)))
            let error = try #require(answer["error"] as? [String: Any], "\(text): \(answer)")
            #expect(error["code"] as? Int == code, "\(text): \(answer)")
            #expect(error["message"] is String)
        }
        // A client that has no name is not answered, and does no harm.
        try DatagramAsker(at: nil).send(Array(#"{"method":"core.version"}"#.utf8), to: Self.socket(server))
        #expect(
            try asker.ask(#"{"method":"core.version","id":1}"#, of: Self.socket(server)).contains("martlet"))
    }

    @Test func `a batch is answered in its order, and notifications are not (JSON-RPC 2.0, 6)`() throws {
        let folder = try Scratch()
        let server = try Self.server("modparam(\"jsonrpcs\", \"pretty_format\", 0)", in: folder)
        let asker = try DatagramAsker(at: folder.file("asker"))
        let answer = try asker.ask(
            #"""
            [{"jsonrpc":"2.0","method":"htable.sets","params":["t","k","v"]},
             {"jsonrpc":"2.0","method":"core.echo","params":["b"],"id":2},
             7,
             {"jsonrpc":"2.0","method":"core.echo","params":["c"],"id":3}]
            """#, of: Self.socket(server))
        #expect(
            answer
                == #"[{"jsonrpc":"2.0","result":["b"],"id":2},{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request: a request is an object"},"id":null},{"jsonrpc":"2.0","result":["c"],"id":3}]"#
        )
        // The notification was run.
        let value = try asker.ask(
            #"{"method":"htable.get","params":["t","k"],"id":1}"#, of: Self.socket(server))
        #expect(value.contains(#""value":"v""#), "\(value)")
    }

    @Test func `over the fifo the answer goes to the fifo that the client made (manual of jsonrpcs)`() throws
    {
        let folder = try Scratch()
        let server = try Self.server(in: folder)
        let receiver = try FifoReceiver(at: folder.file("answer"))
        try FifoReceiver.write(
            """
            {
              "jsonrpc": "2.0",
              "method": "core.echo",
              "params": ["a
            """ + "\\n" + #"{"]"# + ",\n  \"reply_name\": \"answer\",\n  \"id\": 7\n}\n",
            to: Self.fifo(server))
        var answer = try receiver.receive { $0.hasSuffix("}") }
        #expect(answer.contains(#"["a\n{"]"#) && answer.contains("7"), "\(answer)")
        // What cannot be read is told to whom it names.
        try FifoReceiver.write("{\"method\" \"x\", \"reply_name\":\"answer\"}\n", to: Self.fifo(server))
        answer = try receiver.receive { $0.hasSuffix("}") }
        #expect(answer.contains("-32700"), "\(answer)")
        // Nobody is answered outside of the folder, and what has no name is only run.
        try FifoReceiver.write(
            #"{"method":"htable.sets","params":["t","k","v"],"reply_name":"../answer"}"#
                + #"{"method":"htable.get","params":["t","k"],"reply_name":"answer","id":1}"#,
            to: Self.fifo(server))
        answer = try receiver.receive { $0.hasSuffix("}") }
        #expect(answer.contains(#""v""#), "\(answer)")
        // And to a file, when that is wished.
        let stored = folder.file("stored")
        try FifoReceiver.write(
            #"{"method":"core.echo","params":["s"],"reply_name":"answer","store_path":"\#(stored)","id":1}"#,
            to: Self.fifo(server))
        answer = try receiver.receive { $0.hasSuffix("}") }
        #expect(try String(contentsOfFile: stored, encoding: .utf8) == answer)
    }

    @Test func `a large answer is whole, over the fifo of any size`() throws {
        let folder = try Scratch()
        let server = try Self.server("modparam(\"jsonrpcs\", \"pretty_format\", 0)", in: folder)
        let asker = try DatagramAsker(at: folder.file("asker"))
        let value = String(repeating: "x", count: 3000)
        for part in 0..<10 {
            let batch = (0..<100).map { index in
                #"{"method":"htable.sets","params":["t","k\#(part * 100 + index)","\#(value)"],"id":1}"#
            }
            // In pieces that a datagram holds.
            for piece in stride(from: 0, to: 100, by: 25) {
                _ = try asker.ask(
                    "[\(batch[piece..<piece + 25].joined(separator: ","))]", of: Self.socket(server))
            }
        }
        // Three megabytes fit a datagram only where the system lets them: otherwise that is told.
        let datagram = try asker.ask(
            #"{"method":"htable.dump","params":["t"],"id":5}"#, of: Self.socket(server))
        let told = try Self.object(datagram)
        #expect(told["id"] as? Int == 5)
        if let error = told["error"] as? [String: Any] {
            #expect(error["code"] as? Int == 500)
            #expect("\(error)".contains("does not fit a datagram"))
        } else {
            #expect(datagram.utf8.count > 3_000_000)
        }
        let receiver = try FifoReceiver(at: folder.file("answer"))
        try FifoReceiver.write(
            #"{"method":"htable.dump","params":["t"],"reply_name":"answer","id":5}"#, to: Self.fifo(server))
        let answer = try receiver.receive { $0.hasSuffix("\"id\":5}") }
        let slots = try #require(try Self.object(answer)["result"] as? [Any])
        #expect(slots.count > 100 && answer.utf8.count > 3_000_000)
    }

    @Test func `clients that do not read do not keep others waiting`() throws {
        let folder = try Scratch()
        let server = try Self.server(in: folder)
        let deaf = try DatagramAsker(at: folder.file("deaf"))
        for _ in 0..<200 {
            try deaf.send(Array(#"{"method":"system.listMethods","id":1}"#.utf8), to: Self.socket(server))
        }
        #expect(mkfifo(folder.file("nobody"), 0o666) == 0)
        for _ in 0..<20 {
            try FifoReceiver.write(
                #"{"method":"system.listMethods","reply_name":"nobody","id":1}"#, to: Self.fifo(server))
        }
        let asker = try DatagramAsker(at: folder.file("asker"))
        #expect(
            try asker.ask(#"{"method":"core.echo","params":["a"],"id":1}"#, of: Self.socket(server)) != "")
        let client = try Client()
        #expect(try client.ping(server.udp).status == 200)
    }

    @Test func `bytes of all kinds do not end the server`() throws {
        let folder = try Scratch()
        let server = try Self.server(in: folder)
        let asker = try DatagramAsker(at: folder.file("asker"))
        let seed = Array(
            #"{"jsonrpc":"2.0","method":"core.echo","params":["a",{"b":[1.5e3,null]}],"id":1}"#.utf8)
        for round in 0..<500 {
            var bytes = seed
            for _ in 0...(round % 7) {
                bytes[Int.random(in: 0..<bytes.count)] = UInt8.random(in: 0...255)
            }
            bytes.removeLast(round % 5)
            try asker.send(bytes, to: Self.socket(server))
            _ = try asker.receive()
            if round % 50 == 0 {
                try FifoReceiver.write(String(decoding: bytes, as: UTF8.self), to: Self.fifo(server))
            }
        }
        #expect(server.stop() == 0)
    }

    @Test
    func `a script runs commands with jsonrpc_exec, and finds the answer in $jsonrpl (manual of jsonrpcs)`()
        throws
    {
        let folder = try Scratch()
        let server = try Self.server("modparam(\"jsonrpcs\", \"pretty_format\", 0)", in: folder)
        let client = try Client()
        #expect(try client.ping(server.udp).status == 200)
        #expect(server.logs(#"one 200 OK {"jsonrpc":"2.0","result":["#), "\(server.log)")
        #expect(server.logs("two 500 Method Not Found"), "\(server.log)")
        #expect(server.logs("three -32700"), "\(server.log)")
    }

    @Test func `an address that cannot be had ends the start, with the reason`() throws {
        let folder = try Scratch()
        for (line, reason) in [
            (#"modparam("jsonrpcs", "dgram_socket", "/nowhere/x.sock")"#, "/nowhere/x.sock"),
            (#"modparam("jsonrpcs", "dgram_socket", "udp:nowhere")"#, "udp:HOST:PORT"),
            (#"modparam("jsonrpcs", "fifo_name", "/nowhere/x.fifo")"#, "/nowhere/x.fifo"),
            (#"modparam("jsonrpcs", "fifo_user", "no-such-user")"#, "no-such-user"),
        ] {
            let error = #expect(throws: (any Error).self) { try Self.server(line, in: folder) }
            #expect("\(error as Any)".contains(reason), "\(line)")
        }
    }

    @Test func `kamcli asks as it does of Kamailio`() throws {
        guard ToolTests.has("kamcli", of: "kamcli") else { return }
        let folder = try Scratch()
        let server = try Self.server(in: folder)
        let settings = try folder.file(
            "kamcli.ini",
            with: """
                [main]
                domain=example.org
                [jsonrpc]
                transport=socket
                srvaddr=\(Self.socket(server))
                rcvaddr=\(folder.file("kamcli.sock"))
                path=\(Self.fifo(server))
                rplnamebase=kamcli.fifo
                outformat=json
                """)
        func kamcli(_ words: String...) throws -> [String: Any] {
            let output = try run(["timeout", "30", "kamcli", "--no-default-configs", "-c", settings] + words)
            #expect(output.status == 0, "\(words): \(output.err)")
            return try Self.object(output.out)
        }
        #expect(
            (try kamcli("rpc", "core.version")["result"] as? String)?.hasPrefix("martlet") == true)
        #expect(try kamcli("rpc", "core.echo", "a", "s:2")["result"] as? [String] == ["a", "2"])
        #expect((try kamcli("uptime")["result"] as? [String: Any])?["uptime"] is Int)
        // This one it makes a list of.
        let list = try run(["timeout", "30", "kamcli", "--no-default-configs", "-c", settings, "ps"])
        #expect(list.out.contains("\(server.pid) main thread"), "\(list.out)\(list.err)")
        let counters = try kamcli("stats", "core")["result"] as? [String]
        #expect(counters?.contains { $0.hasPrefix("core:rcv_requests = ") } == true, "\(counters as Any)")
        #expect((try kamcli("rpcmethods")["result"] as? [String])?.contains("core.uptime") == true)
        _ = try kamcli("rpc", "htable.seti", "t", "k", "i:42")
        let item = try kamcli("rpc", "htable.get", "t", "k")
        #expect("\(item)".contains("42"), "\(item)")
        #expect((try kamcli("rpc", "no.such")["error"] as? [String: Any])?["code"] as? Int == 500)
    }
}
