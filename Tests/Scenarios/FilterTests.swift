// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Transports that plugins bring: what goes in is what comes out, at both ends, and everything else is as it is over
/// TCP. The plugins here are those of Tests/Fixtures/Filters.
@Suite struct FilterTests {
    static func configuration(_ script: String, _ more: String = "") throws -> String {
        """
        loadmodule "sl.so"
        loadmodule "pv.so"
        loadmodule "textops.so"
        loadmodule "xlog.so"
        loadmodule "ctl.so"
        loadmodule "\(try FilterPlugins.file("veil"))"
        loadmodule "\(try FilterPlugins.file("parcel"))"
        \(more)
        request_route {
            \(script)
        }
        """
    }
    static let ways = """
        $var(is) = "other";
        if (proto == TLS) $var(is) = "tls";
        if (proto == WS) $var(is) = "ws";
        if (proto == WSS) $var(is) = "wss";
        append_to_reply("Way: $proto $(proto{s.len}) $pr $var(is) $Rp\\r\\n");
        sl_send_reply("200", "OK");
        """

    /// The other end of a veil.
    static func open(_ server: Server, _ transport: String) throws -> Connection {
        let stream = try Connection(to: server.first(transport))
        guard transport != "ws" else { return stream }
        stream.send("HI\n")
        #expect(try stream.receive(bytes: 3) == Array("HO\n".utf8))
        return stream
    }

    static func veiled(_ bytes: [UInt8]) -> [UInt8] { bytes.map(~) }

    static func options(_ transport: String, _ server: Server) -> [UInt8] {
        let socket = server.first(transport)
        return Array(
            """
            OPTIONS sip:\(socket.text);transport=\(transport) SIP/2.0\r
            Via: SIP/2.0/\(transport.uppercased()) 127.0.0.1:5999;branch=z9hG4bK\(UUID().uuidString)\r
            Max-Forwards: 70\r
            From: <sip:a@example.com>;tag=1\r
            To: <sip:b@example.com>\r
            Call-ID: \(UUID().uuidString)\r
            CSeq: 1 OPTIONS\r
            Content-Length: 0\r
            \r

            """.utf8)
    }

    /// One message from behind a veil.
    static func receiveVeiled(_ stream: Connection) throws -> String {
        var text: [UInt8] = []
        while !text.suffix(4).elementsEqual(Array("\r\n\r\n".utf8)) {
            text += veiled(try stream.receive(bytes: 1))
        }
        return String(decoding: text, as: UTF8.self)
    }

    @Test func `what no plugin carries is told where its line stands, with what to add`() throws {
        let scratch = try Scratch()
        let file = try scratch.file(
            "martlet.cfg",
            with: """
                listen=udp:127.0.0.1:5060
                listen=tls:127.0.0.1:5061
                listen=wss:127.0.0.1:5443
                request_route { exit; }
                """)
        let output = try martlet("check", file)
        #expect(output.status == 1)
        #expect(
            output.err.contains(
                """
                \(file):2:8: error: cannot listen on tls:127.0.0.1:5061: nothing that is loaded carries tls
                   2 | listen=tls:127.0.0.1:5061
                     |        ^~~~~~~~~~~~~~~~~~
                  help: add loadmodule "tls.so"
                """), "\(output.err)")
        #expect(
            output.err.contains("\(file):3:8: error: cannot listen on wss:127.0.0.1:5443: nothing that is"))
        #expect(output.err.contains("help: add loadmodule \"tls.so\" and loadmodule \"websocket.so\""))
    }

    @Test func `a filter that has objections to a socket is heard, where its line stands`() throws {
        let scratch = try Scratch()
        let file = try scratch.file(
            "martlet.cfg",
            with: "listen=tls:127.0.0.9:5061\n" + (try Self.configuration("exit;")))
        let output = try martlet("check", file)
        #expect(output.status == 1)
        #expect(output.err.contains("\(file):1:8: error: veil: no veil covers 127.0.0.9"), "\(output.err)")
        #expect(output.err.contains("help: listen elsewhere"))
    }

    @Test func `a request comes through a filter, and its answer goes back through it`() throws {
        let server = try Server(
            try Self.configuration(Self.ways), listen: ["tls:127.0.0.1:0", "udp:127.0.0.1:0"])
        let stream = try Self.open(server, "tls")
        stream.send(Self.veiled(Self.options("tls", server)))
        let reply = try Self.receiveVeiled(stream)
        #expect(reply.hasPrefix("SIP/2.0 200 OK\r\n"))
        #expect(reply.contains("Way: tls 3 tls tls \(server.first("tls").port)\r\n"), "\(reply)")
        // Byte by byte, the greeting too.
        let slow = try Connection(to: server.first("tls"))
        for byte in Array("HI\n".utf8) + Self.veiled(Self.options("tls", server)) { slow.send([byte]) }
        #expect(try slow.receive(bytes: 3) == Array("HO\n".utf8))
        #expect(try Self.receiveVeiled(slow).hasPrefix("SIP/2.0 200 OK\r\n"))
        #expect(server.stop() == 0)
        #expect(server.complaints == [], "\(server.log)")
    }

    @Test func `a chain of two filters packs and veils, and unveils and unpacks`() throws {
        let server = try Server(
            try Self.configuration(Self.ways),
            listen: ["wss:127.0.0.1:0", "ws:127.0.0.1:0", "udp:127.0.0.1:0"])
        for transport in ["ws", "wss"] {
            let stream = try Self.open(server, transport)
            let way = transport == "wss" ? Self.veiled : { $0 }
            stream.send(way(Array("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n".utf8)))
            let switching = Array("HTTP/1.1 101 Switching Protocols\r\n\r\n".utf8)
            #expect(way(try stream.receive(bytes: switching.count)) == switching)
            // No Content-Length is needed where a parcel has an end.
            let text = String(decoding: Self.options(transport, server), as: UTF8.self)
                .replacingOccurrences(of: "Content-Length: 0\r\n", with: "")
            stream.send(
                way([0, 0, UInt8(text.utf8.count >> 8), UInt8(text.utf8.count & 255)] + Array(text.utf8)))
            let size = way(try stream.receive(bytes: 4))
            let reply = String(
                decoding: way(try stream.receive(bytes: Int(size[2]) << 8 | Int(size[3]))), as: UTF8.self)
            #expect(reply.hasPrefix("SIP/2.0 200 OK\r\n") && reply.hasSuffix("\r\n\r\n"))
            #expect(
                reply.contains("Way: \(transport) \(transport.count) \(transport) \(transport) "), "\(reply)")
            // A ping, and what a timer answers.
            stream.send(way([0, 0, 0, 0]))
            #expect(way(try stream.receive(bytes: 4)) == [0, 0, 0, 0])
            // CRLFCRLF in a parcel is a ping as well (RFC 7118, 6).
            stream.send(way([0, 0, 0, 4] + Array("\r\n\r\n".utf8)))
            #expect(way(try stream.receive(bytes: 6)) == [0, 0, 0, 2] + Array("\r\n".utf8))
            // RFC 3261, 18: what is no message ends nothing.
            stream.send(way([0xff, 0, 0, 0]))
            let bye = (try? stream.receive(bytes: 4)).map(way)
            #expect(bye == [0xff, 0xff, 0xff, 0xff])
        }
    }

    @Test func `a script looks at a handshake and may refuse it`() throws {
        let server = try Server(
            try Self.configuration("exit;")
                + """

                event_route[parcel:asked] {
                    xlog("L_WARN", "asked by $hdr(Origin) for $ru with $rm on $proto $Rp\\n");
                    if ($hdr(Origin) != "https://example.com") drop;
                }
                """, listen: ["ws:127.0.0.1:0", "udp:127.0.0.1:0"])
        let refused = try Connection(to: server.first("ws"))
        refused.send("GET /sip HTTP/1.1\r\nOrigin: https://evil.example\r\n\r\n")
        let text = Array("HTTP/1.1 403 Forbidden\r\n\r\n".utf8)
        #expect(try refused.receive(bytes: text.count) == text)
        #expect(refused.isClosed())
        let good = try Connection(to: server.first("ws"))
        good.send("GET /sip HTTP/1.1\r\nOrigin: https://example.com\r\n\r\n")
        #expect(try good.receive(bytes: 12) == Array("HTTP/1.1 101".utf8))
        #expect(
            server.logs("asked by https://evil.example for /sip with GET on ws \(server.first("ws").port)"),
            "\(server.log)")
    }

    @Test func `a request that is forwarded waits for the handshake and goes on through the filter`() throws {
        let server = try Server(
            try Self.configuration("if (uri!=myself) { forward(); exit; } sl_send_reply(\"200\", \"OK\");"),
            listen: ["tls:127.0.0.1:0", "udp:127.0.0.1:0"])
        let listener = try Listener()
        let client = try Client()
        let requests = (0..<3).map { _ in
            Request("MESSAGE", "sip:bob@\(listener.text);transport=tls", from: client)
        }
        for request in requests { client.send(request, to: server.udp) }
        let far = try listener.accept()
        // An address has no domain to be checked.
        #expect(try far.receive(bytes: 3) == Array("HI\n".utf8))
        far.send("HO\n")
        for request in requests {
            let got = try Self.receiveVeiled(far)
            #expect(got.contains("Call-ID: \(request.callID)\r\n"))
            #expect(
                got.hasPrefix(
                    "MESSAGE sip:bob@\(listener.text);transport=tls SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1"))
        }
        #expect(try server.statistic("tcp.connect_success") == 1)
        // The same connection is taken again.
        client.send(requests[0].with { $0.callID = "again" }, to: server.udp)
        #expect(try Self.receiveVeiled(far).contains("Call-ID: again\r\n"))
        #expect(try server.statistic("tcp.connect_success") == 1)
    }

    @Test func `what fails in a filter ends its connection and nothing else`() throws {
        let server = try Server(
            try Self.configuration(Self.ways), listen: ["tls:127.0.0.1:0", "udp:127.0.0.1:0"])
        let good = try Self.open(server, "tls")
        let bad = try Self.open(server, "tls")
        bad.send([0])
        #expect(try bad.receive(bytes: 3) == Array("BYE".utf8))
        #expect(bad.isClosed())
        let over = try Self.open(server, "tls")
        over.send(Self.veiled(Self.options("tls", server)) + [4])
        _ = try? Self.receiveVeiled(over)
        #expect(over.receiveAll().isEmpty)
        // Half a handshake, and gone.
        do { try Connection(to: server.first("tls")).send("H") }
        good.send(Self.veiled(Self.options("tls", server)))
        #expect(try Self.receiveVeiled(good).hasPrefix("SIP/2.0 200 OK\r\n"))
        #expect(server.stop() == 0)
        #expect(try good.receive(bytes: 3) == Array("BYE".utf8))
        #expect(good.isClosed())
    }

    @Test func `who does not read is waited for, and gets everything in its order`() throws {
        let server = try Server(
            try Self.configuration(
                """
                if (has_body()) set_reply_body("$rb", "application/octet-stream");
                sl_send_reply("200", "OK");
                """, "tcp_conn_wq_max=20000000\ntcp_rd_buf_size=131072"),
            listen: ["tls:127.0.0.1:0", "udp:127.0.0.1:0"])
        let slow = try Connection(to: server.first("tls"), window: 4096)
        slow.send("HI\n")
        let body = (0..<60_000).map { UInt8(truncatingIfNeeded: 32 + $0 % 90) }
        let client = try Client()
        let requests = (0..<120).map { _ in
            Request("OPTIONS", "sip:\(server.first("tls").text);transport=tls", from: slow).with {
                $0.body = body
            }
        }
        for request in requests { #expect(slow.send(Self.veiled(request.bytes))) }
        // Nobody else has to wait for it.
        #expect(try client.ping(server.udp).status == 200)
        #expect(try slow.receive(bytes: 3) == Array("HO\n".utf8))
        for request in requests {
            let head = try Self.receiveVeiled(slow)
            #expect(head.contains(request.callID))
            #expect(Self.veiled(try slow.receive(bytes: body.count)) == body)
        }
    }
}
