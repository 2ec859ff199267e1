// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Commands in HTTP requests: event_route[xhttp:request] { jsonrpc_dispatch(); }
@Suite struct JsonRPCHTTPTests {
    private static let route = """
        event_route[xhttp:request] {
            if ($hu != "/RPC") { xhttp_reply("404", "Not Found", "text/plain", "not here"); exit; }
            append_to_reply("X-Asked: $rm\\r\\n");
            if (!jsonrpc_dispatch()) xlog("L_WARN", "not dispatched\\n");
            xlog("L_NOTICE", "dispatched $rm $rc\\n");
        }
        """

    private static func server(
        _ parameters: String = "", _ route: String = JsonRPCHTTPTests.route, plugins: [String] = ["xhttp"]
    ) throws -> Server {
        let modules =
            (["sl", "pv", "xlog", "textops", "kex", "htable", "tm", "ctl"] + plugins + ["jsonrpcs"])
            .map { "loadmodule \"\($0).so\"" }.joined(separator: "\n")
        return try Server(
            """
            debug=2
            \(modules)
            modparam("jsonrpcs", "transport", 1)
            modparam("jsonrpcs", "pretty_format", 0)
            modparam("htable", "htable", "t=>size=12;")
            \(parameters)
            request_route {
                if (is_method("INFO")) { jsonrpc_dispatch(); }
                sl_send_reply("200", "OK");
            }
            \(route)
            """)
    }

    private func post(_ body: String, _ stream: Connection, _ method: String = "POST", _ url: String = "/RPC")
        throws -> Packet
    {
        stream.send(
            "\(method) \(url) HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        return try stream.receive()
    }

    private func text(_ packet: Packet) -> String { String(decoding: packet.body, as: UTF8.self) }

    @Test func `a request in the body is run, and answered on the connection (manual of jsonrpcs)`() throws {
        let server = try Self.server()
        let stream = try Connection(to: server.tcp)
        let one = try post(
            #"{"jsonrpc":"2.0","method":"core.echo","params":["a",2],"id":"x"}"#, stream)
        #expect(one.startLine == "HTTP/1.1 200 OK")
        #expect(one["Content-Type"] == "application/json" && one["X-Asked"] == "POST")
        #expect(text(one) == #"{"jsonrpc":"2.0","result":["a","2"],"id":"x"}"#)
        // A batch, and what needs no answer.
        let batch = try post(
            """
            [{"jsonrpc":"2.0","method":"htable.sets","params":["t","k","v"]},
             {"jsonrpc":"2.0","method":"core.echo","params":["b"],"id":2}, 7]
            """, stream)
        #expect(batch.startLine == "HTTP/1.1 200 OK")
        #expect(
            text(batch).hasPrefix(#"[{"jsonrpc":"2.0","result":["b"],"id":2},{"jsonrpc":"2.0","error":{"#))
        let none = try post(#"{"jsonrpc":"2.0","method":"htable.sets","params":["t","k","w"]}"#, stream)
        #expect(none.startLine == "HTTP/1.1 204 No Content")
        #expect(none.body.isEmpty && none["Content-Type"] == nil && none["Content-Length"] == nil)
        let value = try post(#"{"method":"htable.get","params":["t","k"],"id":1}"#, stream)
        #expect(text(value).contains(#""value":"w""#))
        #expect(server.logs("dispatched POST 1"))
        #expect(!server.log.contains("not dispatched"))
    }

    @Test func `requests that do not wait for each other are answered as they came (RFC 9112, 9.3.2)`() throws
    {
        let server = try Self.server()
        let stream = try Connection(to: server.tcp)
        func request(_ method: String, _ body: String) -> String {
            "\(method) /RPC HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        }
        // The workers are asked one after the other for what tm.list shows.
        stream.send(
            request("POST", #"{"method":"tm.list","id":1}"#)
                + request("POST", #"{"method":"core.echo","params":["a"],"id":2}"#) + request("GET", "")
                + request("POST", #"{"method":"tm.list","id":4}"#)
                + request("POST", #"{"method":"core.echo","params":["b"],"id":5}"#))
        let answers = try (0..<5).map { _ in try stream.receive() }
        #expect(answers.map { $0.startLine.split(separator: " ")[1] } == ["200", "200", "405", "200", "200"])
        #expect(answers[2]["Allow"] == "POST")
        for (answer, id) in zip(answers, 1...5) where id != 3 {
            #expect(text(answer).contains("\"id\":\(id)"))
        }
    }

    @Test func `faults are told in the status line too, as Kamailio does`() throws {
        let server = try Self.server()
        let stream = try Connection(to: server.tcp)
        for (body, line) in [
            (#"{"jsonrpc":"2.0","method":"no.such","id":1}"#, "HTTP/1.1 500 Method Not Found"),
            (#"{"method":"htable.get","params":["x","y"],"id":3}"#, "HTTP/1.1 500 No such htable"),
            (#"{"method":"htable.seti","params":["t","x","word"],"id":3}"#, "HTTP/1.1 400 "),
            ("hello", "HTTP/1.1 400 Bad Request"), ("", "HTTP/1.1 400 Bad Request"),
            (#"{"method":5,"id":3}"#, "HTTP/1.1 400 Bad Request"), ("[]", "HTTP/1.1 400 Bad Request"),
        ] {
            let answer = try post(body, stream)
            #expect(answer.startLine.hasPrefix(line), "\(body): \(answer)")
            let object = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
            #expect((object?["error"] as? [String: Any])?["message"] is String, "\(answer)")
        }
        #expect(try server.statistic("jsonrpcs.refused") == 5)
    }

    @Test func `only what is POSTed to the path that the script names is run`() throws {
        let server = try Self.server()
        let stream = try Connection(to: server.tcp)
        let body = #"{"method":"htable.sets","params":["t","k","v"],"id":1}"#
        let get = try post(body, stream, "GET")
        #expect(get.startLine == "HTTP/1.1 405 Method Not Allowed")
        #expect(get["Allow"] == "POST")
        #expect(try post(body, stream, "POST", "/else").startLine == "HTTP/1.1 404 Not Found")
        #expect(try post(#"{"method":"htable.get","params":["t","k"],"id":1}"#, stream).status / 100 != 2)
        // SIP is no HTTP.
        let client = try Client()
        #expect(try client.ask(Request("INFO", "sip:a@h", from: client), server.udp).status == 200)
        #expect(server.logs("this is no HTTP request"), "\(server.log)")
    }

    @Test func `a long request is taken, and a long answer is whole`() throws {
        let server = try Self.server()
        let stream = try Connection(to: server.tcp)
        let value = String(repeating: "x", count: 3000)
        for part in 0..<100 {
            let batch = (0..<10).map { index in
                #"{"method":"htable.sets","params":["t","k\#(part * 10 + index)","\#(value)"],"id":1}"#
            }
            #expect(try post("[\(batch.joined(separator: ","))]", stream).startLine == "HTTP/1.1 200 OK")
        }
        let slow = try Connection(to: server.tcp, window: 4096)
        let answer = try post(#"{"method":"htable.dump","params":["t"],"id":5}"#, slow)
        let object = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
        #expect(answer.body.count > 3_000_000 && object?["id"] as? Int == 5)
        // The connection goes on.
        #expect(text(try post(#"{"method":"core.echo","params":["b"],"id":2}"#, slow)).contains("\"b\""))
    }

    @Test
    func `requests that come at once are answered in their order, and clients that go away hurt nobody`()
        throws
    {
        let server = try Self.server()
        let stream = try Connection(to: server.tcp)
        var all = ""
        for index in 0..<50 {
            let body = #"{"method":"core.echo","params":["\#(index)"],"id":\#(index)}"#
            all += "POST /RPC HTTP/1.1\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        }
        stream.send(all)
        for index in 0..<50 { #expect(text(try stream.receive()).hasSuffix("\"id\":\(index)}")) }
        for _ in 0..<20 { try Connection(to: server.tcp).send(all) }
        #expect(text(try post(#"{"method":"core.echo","params":["b"],"id":2}"#, stream)).contains("\"b\""))
        // HTTP/1.0 ends with its answer.
        let body = #"{"method":"core.echo","params":["c"],"id":3}"#
        stream.send("POST /RPC HTTP/1.0\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        #expect(try stream.receive()["Connection"] == "close")
        #expect(stream.isClosed())
    }

    @Test func `bytes of all kinds do not end the server`() throws {
        let server = try Self.server()
        let stream = try Connection(to: server.tcp)
        let seed = Array(
            #"{"jsonrpc":"2.0","method":"core.echo","params":["a",{"b":[1.5e3,null]}],"id":1}"#.utf8)
        for round in 0..<300 {
            var bytes = seed
            for _ in 0...(round % 7) { bytes[Int.random(in: 0..<bytes.count)] = UInt8.random(in: 0...255) }
            bytes.removeLast(round % 5)
            stream.send(
                Array("POST /RPC HTTP/1.1\r\nContent-Length: \(bytes.count)\r\n\r\n".utf8) + bytes)
            #expect(try stream.receive().startLine.hasPrefix("HTTP/1.1 "))
        }
        #expect(server.stop() == 0)
    }

    @Test func `curl asks as it does of Kamailio`() throws {
        guard ToolTests.has("curl", of: "curl") else { return }
        let server = try Self.server()
        func curl(_ words: String...) throws -> String {
            let output = try run(
                ["curl", "-s", "-m", "30", "-w", " %{http_code}"] + words + ["http://\(server.tcp.text)/RPC"])
            #expect(output.status == 0, "\(words): \(output.err)")
            return output.out
        }
        #expect(
            try curl("-d", #"{"jsonrpc":"2.0","method":"core.version","id":1}"#).hasPrefix(
                #"{"jsonrpc":"2.0","result":"martlet"#))
        #expect(try curl("-d", #"{"jsonrpc":"2.0","method":"no.such","id":1}"#).hasSuffix("} 500"))
        #expect(try curl() == "Commands are POSTed.\r\n 405")
        // For a body of some size it asks for leave first (Expect: 100-continue).
        let long = String(repeating: "y", count: 20_000)
        let folder = try Scratch()
        let file = try folder.file("body", with: #"{"method":"core.echo","params":["\#(long)"],"id":1}"#)
        #expect(
            try curl("-H", "Expect: 100-continue", "--data-binary", "@\(file)")
                == #"{"jsonrpc":"2.0","result":["\#(long)"],"id":1} 200"#)
    }

    @Test func `HTTP without a plugin that takes it ends the start`() {
        let error = #expect(throws: (any Error).self) { try Self.server("", "", plugins: []) }
        #expect("\(error as Any)".contains("add loadmodule \"xhttp.so\""), "\(error as Any)")
    }
}
