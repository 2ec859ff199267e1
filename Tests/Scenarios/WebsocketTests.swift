// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// WebSocket connections, byte by byte: handshakes, frames, keep-alives, ends (RFC 6455; RFC 7118).
@Suite struct WebsocketTests {
    static let listen = ["udp:127.0.0.1:0", "tcp:127.0.0.1:0", "ws:127.0.0.1:0"]

    static func configuration(_ parameters: String = "", _ routes: String = "") -> String {
        """
        loadmodule "sl.so"
        loadmodule "pv.so"
        loadmodule "xlog.so"
        loadmodule "textops.so"
        loadmodule "ctl.so"
        loadmodule "websocket.so"
        \(parameters)
        request_route {
            append_to_reply("Way: $proto $ws_conid\\r\\n");
            sl_send_reply("200", "OK");
        }
        \(routes)
        """
    }

    static func server(_ parameters: String = "", _ routes: String = "") throws -> Server {
        try Server(configuration(parameters, routes), listen: listen, "--strict")
    }

    private func refusal(_ server: Server, _ request: String) throws -> Packet {
        do {
            _ = try WebSocket(to: server.first("ws"), request)
        } catch let refused as WebSocket.Refused {
            return refused.answer
        }
        Issue.record("it was accepted")
        throw Silence()
    }

    private func connections(_ server: Server, _ words: String...) throws -> [[String: Any]] {
        let all = try server.json("ws.dump", words.first ?? "id_hash") as? [String: Any]
        return all?["connections"] as? [[String: Any]] ?? []
    }

    // MARK: - handshakes

    @Test func `a handshake is answered, and SIP goes both ways (RFC 7118, 4 and 5)`() throws {
        let server = try Self.server()
        let client = try WebSocket(to: server.first("ws"))
        #expect(client.answer["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(client.answer["Sec-WebSocket-Protocol"] == "sip" && client.answer["Upgrade"] == "websocket")
        #expect(client.answer["Access-Control-Allow-Origin"] == nil)
        let reply = try client.ask(client.request("OPTIONS", "sip:example.com"))
        #expect(reply.status == 200)
        let id = try connections(server).first?["id"] as? Int
        #expect(id != nil && reply["Way"] == "ws \(id ?? 0)")
        #expect(reply["Via"]?.contains("WS \(client.name)") == true)
        #expect(try server.statistic("websocket.ws_successful_handshakes") == 1)
        #expect(try server.statistic("websocket.ws_sip_current_connections") == 1)
        #expect(try server.statistic("websocket.ws_received_frames") == 1)
        #expect(try server.statistic("websocket.ws_transmitted_frames") == 1)
        let other = try Client()
        #expect(try other.ping(server.udp)["Way"] == "udp <null>")
    }

    @Test func `a message needs no Content-Length, and may be binary or in pieces (RFC 7118, 5)`() throws {
        let server = try Self.server()
        let client = try WebSocket(to: server.first("ws"))
        func bytes() -> [UInt8] {
            let text = String(decoding: client.request("OPTIONS", "sip:example.com").bytes, as: UTF8.self)
            return Array(text.replacingOccurrences(of: "Content-Length: 0\r\n", with: "").utf8)
        }
        client.send(bytes())
        #expect(try client.message().status == 200)
        client.send(0x82, bytes())
        #expect(try client.message().status == 200)
        let cut = bytes()
        client.send(0x01, Array(cut[..<40]))
        client.send(0x89, Array("in between".utf8))
        client.send(0x00, Array(cut[40..<90]))
        client.send(0x80, Array(cut[90...]))
        #expect(try client.receive() == .pong("in between"))
        #expect(try client.message().status == 200)
        for byte in WebSocket.frame(0x81, bytes()) { client.stream.send([byte]) }
        #expect(try client.message().status == 200)
        let two = WebSocket.frame(0x81, bytes()) + WebSocket.frame(0x81, bytes())
        client.stream.send(two)
        #expect(try client.message().status == 200)
        #expect(try client.message().status == 200)
    }

    @Test func `the head may come in pieces, and frames right behind it`() throws {
        let server = try Self.server()
        let stream = try Connection(to: server.first("ws"))
        let head = Array(WebSocket.handshake().utf8)
        stream.send(Array(head[..<30]))
        stream.send(Array(head[30..<(head.count - 1)]))
        stream.send(Array(head[(head.count - 1)...]) + WebSocket.frame(0x89, [104, 105]))
        #expect(try stream.receive().startLine == "HTTP/1.1 101 Switching Protocols")
        #expect(try stream.receive(bytes: 4) == [0x8a, 2, 104, 105])
    }

    @Test func `what is no handshake for SIP is refused, and the connection ends (RFC 6455, 4.2)`() throws {
        let server = try Self.server()
        let cases = [
            (WebSocket.handshake("Sec-WebSocket-Version: 8"), "426"),
            (WebSocket.handshake("Upgrade:"), "426"),
            (WebSocket.handshake("Sec-WebSocket-Key: short"), "400"),
            (WebSocket.handshake("Sec-WebSocket-Protocol: xmpp"), "400"),
            (WebSocket.handshake("Host:"), "400"), (WebSocket.handshake(start: "POST / HTTP/1.1"), "405"),
            ("OPTIONS sip:x SIP/2.0\r\n\r\n", "505"), ("\r\n\r\nGET /\r\n\r\n", "400"),
            ("GET / HTTP/1.1\r\nX: \(String(repeating: "x", count: 17_000))\r\n\r\n", "431"),
        ]
        for (request, status) in cases {
            let stream = try Connection(to: server.first("ws"))
            stream.send(request)
            let answer = try stream.receive()
            #expect(answer.startLine.hasPrefix("HTTP/1.1 \(status) "), "\(request.prefix(200))")
            #expect(answer["Connection"] == "close")
            #expect(stream.isClosed())
        }
        #expect(
            try refusal(server, WebSocket.handshake("Sec-WebSocket-Version: 8"))["Sec-WebSocket-Version"]
                == "13")
        #expect(try server.statistic("websocket.ws_failed_handshakes") == cases.count + 1)
        #expect(try server.statistic("websocket.ws_current_connections") == 0)
    }

    @Test func `ws.disable refuses new connections and leaves those that are there; ws.enable takes it back`()
        throws
    {
        let server = try Self.server()
        let client = try WebSocket(to: server.first("ws"))
        #expect(try server.rpc("ws.disable").status == 0)
        #expect(try refusal(server, WebSocket.handshake()).startLine.hasPrefix("HTTP/1.1 503 "))
        #expect(try client.ask(client.request("OPTIONS", "sip:example.com")).status == 200)
        #expect(try server.rpc("ws.enable").status == 0)
        _ = try WebSocket(to: server.first("ws"))
    }

    @Test func `a script sees who asks, refuses him or adds lines to the answer`() throws {
        let server = try Self.server(
            "modparam(\"websocket\", \"cors_mode\", 2)",
            """
            event_route[websocket:handshake] {
                if ($hdr(Origin) == "http://evil.example") drop;
                if ($hdr(Cookie) != "user=alice") ws_refuse("401", "Who Are You");
                append_to_reply("Set-Cookie: seen=$ru $rm $proto\\r\\n");
            }
            """)
        let evil = try refusal(server, WebSocket.handshake("Origin: http://evil.example"))
        #expect(evil.startLine == "HTTP/1.1 403 Forbidden")
        #expect(try refusal(server, WebSocket.handshake()).startLine == "HTTP/1.1 401 Who Are You")
        let client = try WebSocket(
            to: server.first("ws"),
            WebSocket.handshake(
                "Cookie: user=alice", "Origin: http://good.example", start: "GET /chat HTTP/1.1"))
        #expect(client.answer["Set-Cookie"] == "seen=/chat GET ws")
        #expect(client.answer["Access-Control-Allow-Origin"] == "http://good.example")
        #expect(try server.statistic("websocket.ws_failed_handshakes") == 2)
    }

    // MARK: - frames that must not be

    @Test func `whoever breaks the protocol is told how, and gone; the others stay`() throws {
        let server = try Self.server("modparam(\"websocket\", \"max_message_size\", 2000)")
        let bystander = try WebSocket(to: server.first("ws"))
        let cases: [(Int, [UInt8])] = [
            (1002, [0x81, 0x03, 1, 2, 3]), (1002, WebSocket.frame(0x91, [])),
            (1002, WebSocket.frame(0x80, [])),
            (1002, WebSocket.frame(0x83, [])), (1002, WebSocket.frame(0x09, [])),
            (1007, WebSocket.frame(0x81, [0xff])),
            (1009, WebSocket.frame(0x81, [UInt8](repeating: 65, count: 2001))),
            (1002, WebSocket.frame(0x88, [3, 0xed])),
        ]
        for (code, wire) in cases {
            let client = try WebSocket(to: server.first("ws"))
            client.stream.send(wire)
            guard case .close(code, let why) = try client.receive() else {
                Issue.record("\(wire.prefix(20)) is not \(code)")
                continue
            }
            #expect(!why.isEmpty)
            #expect(client.stream.isClosed())
        }
        #expect(try server.statistic("websocket.ws_failed_connections") == cases.count)
        #expect(try bystander.ask(bystander.request("OPTIONS", "sip:example.com")).status == 200)
        #expect(try server.statistic("websocket.ws_max_concurrent_connections") == 2)
    }

    @Test func `who dawdles over his handshake or his frames holds up nobody`() throws {
        let server = try Server(
            "loadmodule \"tls.so\"\n" + Self.configuration(),
            listen: ["ws:127.0.0.1:0", "wss:127.0.0.1:0", "udp:127.0.0.1:0"])
        let good = try WebSocket(to: server.first("ws"))
        let half = try (0..<20).map { _ in
            let stream = try Connection(to: server.first("ws"))
            stream.send("GET / HTTP/1.1\r\nHost: example.com\r\nUpgr")
            return stream
        }
        // TLS and nothing behind it.
        let silent = try (0..<5).map { _ in try OpenSSLClient(to: server.first("wss")) }
        // The head of a frame of 60,000 bytes, and some of them.
        let slow = try (0..<20).map { _ in
            let client = try WebSocket(to: server.first("ws"))
            client.stream.send([0x81, 0xfe, 0xea, 0x60, 1, 2, 3, 4] + [UInt8](repeating: 7, count: 10))
            return client
        }
        // Frames without end, of one message.
        let endless = try WebSocket(to: server.first("ws"))
        endless.send(0x01, Array("OPTIONS sip:".utf8))
        for _ in 0..<200 { endless.send(0x00, [65]) }
        #expect(try good.ask(good.request("OPTIONS", "sip:example.com")).status == 200)
        #expect(try server.statistic("websocket.ws_current_connections") == 22)
        #expect(try server.statistic("websocket.ws_failed_handshakes") == 0)
        withExtendedLifetime((half, silent, slow, endless)) {}
    }

    // MARK: - keep-alives

    @Test func `who is silent is pinged, and given up when he does not answer`() throws {
        let server = try Self.server(
            """
            modparam("websocket", "keepalive_timeout", 1)
            modparam("websocket", "ping_application_data", "still there?")
            """)
        let dumb = try WebSocket(to: server.first("ws"))
        let alive = try WebSocket(to: server.first("ws"))
        #expect(try alive.receive() == .ping("still there?"))
        alive.send(0x8a, Array("still there?".utf8))
        #expect(try alive.receive() == .ping("still there?"))
        alive.send(0x8a, [])
        #expect(try dumb.receive() == .ping("still there?"))
        #expect(try dumb.receive() == .close(1008, "no answer to a ping"))
        #expect(dumb.stream.isClosed())
        #expect(try server.statistic("websocket.ws_failed_connections") == 1)
        #expect(try (server.statistic("websocket.ws_keepalives_sent") ?? 0) >= 3)
    }

    @Test func `mechanism 2 is a pong, 3 an empty line, 0 nothing`() throws {
        let pongs = try Self.server(
            """
            modparam("websocket", "keepalive_timeout", 1)
            modparam("websocket", "keepalive_mechanism", 2)
            modparam("websocket", "ping_application_data", "x")
            """)
        let one = try WebSocket(to: pongs.first("ws"))
        #expect(try one.receive() == .pong("x"))
        #expect(try one.receive() == .pong("x"))
        let lines = try Self.server(
            """
            modparam("websocket", "keepalive_timeout", 1)
            modparam("websocket", "keepalive_mechanism", 3)
            """)
        let other = try WebSocket(to: lines.first("ws"))
        #expect(try other.receive() == .text("\r\n"))
        #expect(try other.receive() == .text("\r\n"))
    }

    @Test func `an empty line twice is answered with one, as on any stream (RFC 5626, 4.4.1)`() throws {
        let server = try Self.server()
        let client = try WebSocket(to: server.first("ws"))
        client.send("\r\n\r\n")
        #expect(try client.receive() == .text("\r\n"))
    }

    // MARK: - ends

    @Test func `the peer closes, is answered, and the script hears of it`() throws {
        let server = try Self.server(
            "",
            """
            event_route[websocket:closed] {
                xlog("L_WARN", "closed $si:$sp $ws_conid $proto $ru\\n");
            }
            """)
        let client = try WebSocket(to: server.first("ws"), WebSocket.handshake(start: "GET /a HTTP/1.1"))
        let id = try connections(server).first?["id"] as? Int ?? 0
        client.close(4001)
        #expect(try client.receive() == .close(4001, ""))
        #expect(client.stream.isClosed())
        #expect(server.logs("closed 127.0.0.1:\(client.port) \(id) ws /a"))
        #expect(try server.statistic("websocket.ws_remote_closed_connections") == 1)
        #expect(try server.statistic("websocket.ws_current_connections") == 0)
    }

    @Test func `who leaves without a word is counted as failed, and heard of too`() throws {
        let server = try Self.server(
            "modparam(\"websocket\", \"event_callback\", \"GONE\")",
            "route[GONE] { xlog(\"L_WARN\", \"gone $si:$sp\\n\"); }")
        var client: WebSocket? = try WebSocket(to: server.first("ws"))
        let port = client?.port ?? 0
        client = nil
        #expect(server.logs("gone 127.0.0.1:\(port)"))
        #expect(try server.statistic("websocket.ws_failed_connections") == 1)
    }

    @Test func `ws_close() closes the connection that a message came by, or another one`() throws {
        let server = try Server(
            Self.configuration().replacingOccurrences(
                of: "sl_send_reply",
                with: """
                    if ($rU == "me") ws_close("4000", "because");
                    if ($rU == "id" && !ws_close("4002", "that one", "$(hdr(X-Id){s.int})")) append_to_reply("No: 1\\r\\n");
                    if ($rU == "bad" && !ws_close("1005", "x")) append_to_reply("No: 1\\r\\n");
                    if ($rU == "now" && !ws_close()) append_to_reply("No: 1\\r\\n");
                    sl_send_reply
                    """), listen: Self.listen, "--strict")
        let one = try WebSocket(to: server.first("ws"))
        let two = try WebSocket(to: server.first("ws"))
        #expect(try one.ask(one.request("OPTIONS", "sip:bad@example.com"))["No"] == "1")
        one.send(one.request("OPTIONS", "sip:me@example.com").bytes)
        #expect(try one.receive() == .close(4000, "because"))
        one.close(4000)
        #expect(one.stream.isClosed())
        let client = try Client()
        let id = try connections(server).first?["id"] as? Int ?? 0
        let request = Request("OPTIONS", "sip:id@example.com", from: client)
        #expect(try client.ask(request.with { $0.lines = ["X-Id: \(id)"] }, server.udp)["No"] == nil)
        #expect(try two.receive() == .close(4002, "that one"))
        #expect(try client.ask(request.with { $0.lines = ["X-Id: 55"] }, server.udp)["No"] == "1")
        #expect(
            try client.ask(Request("OPTIONS", "sip:now@example.com", from: client), server.udp)["No"] == "1")
        two.close(4002)
        #expect(two.stream.isClosed())
        #expect(try server.statistic("websocket.ws_local_closed_connections") == 2)
        #expect(try server.statistic("websocket.ws_dropped_messages") == 1, "the answer to the first one")
    }

    @Test func `who does not answer a Close is closed after rm_delay_interval`() throws {
        let server = try Self.server("modparam(\"websocket\", \"rm_delay_interval\", 1)")
        let client = try WebSocket(to: server.first("ws"))
        let id = try connections(server).first?["id"] as? Int ?? 0
        #expect(try server.rpc("ws.close", "\(id)").status == 0)
        #expect(try client.receive() == .close(1000, "Normal closure"))
        #expect(try connections(server).first?["state"] as? String == "closing")
        #expect(client.stream.isClosed())
        #expect(try server.statistic("websocket.ws_local_closed_connections") == 1)
    }

    @Test func `at its end the server says that it goes away (RFC 6455, 7.4.1)`() throws {
        let server = try Self.server()
        let client = try WebSocket(to: server.first("ws"))
        server.signal(SIGTERM)
        guard case .close(1001, _) = try client.receive() else {
            Issue.record("no 1001")
            return
        }
        #expect(server.end() == 0)
    }

    // MARK: - commands

    @Test func `ws.dump shows who is there, in the order that is asked for; ws.ping and ws.pong reach one`()
        throws
    {
        let server = try Server(Self.configuration(), listen: Self.listen, "-n", "2")
        let clients = try (0..<5).map { _ in try WebSocket(to: server.first("ws")) }
        let all = try connections(server)
        #expect(all.count == 5)
        let ports = Set(all.compactMap { $0["remote"] as? String })
        #expect(ports == Set(clients.map { "127.0.0.1:\($0.port)" }))
        #expect(all.allSatisfy { $0["state"] as? String == "open" && $0["transport"] as? String == "ws" })
        #expect(try connections(server, "used_desc").count == 5 && connections(server, "used_asc").count == 5)
        for one in all {
            let port = (one["remote"] as? String)?.split(separator: ":").last.flatMap { UInt16($0) }
            guard let id = one["id"] as? Int, let client = clients.first(where: { $0.port == port }) else {
                Issue.record("\\(one)")
                continue
            }
            #expect(try server.rpc("ws.ping", "\(id)").status == 0)
            #expect(try client.receive().isKeepAlive("ping"))
            #expect(try server.rpc("ws.pong", "\(id)").status == 0)
            #expect(try client.receive().isKeepAlive("pong"))
        }
        #expect(try server.rpc("ws.ping", "77").status != 0)
        #expect(try server.rpc("ws.dump", "backwards").status != 0)
        let some = try server.json("ws.dump", "id_hash", "2") as? [String: Any]
        #expect((some?["connections"] as? [Any])?.count == 2)
        #expect((some?["info"] as? [String: Any])?["truncated"] as? String == "yes")
    }

    // MARK: - configuration

    @Test func `msrp is refused at the start, with what to do`() throws {
        let folder = try Scratch()
        let file = try folder.file(
            "martlet.cfg", with: Self.configuration("modparam(\"websocket\", \"sub_protocols\", 3)"))
        let output = try martlet("check", file)
        #expect(output.status == 1)
        #expect(
            (output.out + output.err).contains(
                "sub_protocols asks for msrp, which nothing that is loaded speaks"))
    }
}

/// The way of event_route[xhttp:request]: a TCP connection becomes a WebSocket (manual, 2.1).
@Suite struct WebsocketUpgradeTests {
    private static let configuration = """
        loadmodule "sl.so"
        loadmodule "tm.so"
        loadmodule "pv.so"
        loadmodule "xlog.so"
        loadmodule "textops.so"
        loadmodule "siputils.so"
        loadmodule "nathelper.so"
        loadmodule "kex.so"
        loadmodule "ctl.so"
        loadmodule "xhttp.so"
        loadmodule "websocket.so"
        tcp_accept_no_cl=yes
        request_route {
            if ($rU == "browser") {
                $du = $hdr(X-Next);
                t_relay();
                exit;
            }
            append_to_reply("Way: $proto $si:$sp\\r\\n");
            sl_send_reply("200", "OK");
        }
        event_route[xhttp:request] {
            set_reply_close();
            set_reply_no_connect();
            if ($hdr(Upgrade)=~"websocket" && $hdr(Connection)=~"Upgrade" && $rm=~"GET") {
                if ($hdr(Host) == $null || !is_myself("sip:" + $hdr(Host))) {
                    xhttp_reply("403", "Forbidden", "", "");
                    exit;
                }
                if (ws_handle_handshake()) {
                    exit;
                }
            }
            xhttp_reply("404", "Not found", "", "");
        }
        event_route[websocket:closed] { xlog("L_WARN", "closed $si:$sp $proto $ru\\n"); }
        """

    @Test func `the sample of the manual runs as it is`() throws {
        let server = try Server(Self.configuration, "--strict")
        func handshake(_ changes: String...) -> String {
            WebSocket.handshake("Host: \(server.tcp.text)", start: "GET /way HTTP/1.1")
        }
        let client = try WebSocket(to: server.tcp, handshake())
        let reply = try client.ask(client.request("OPTIONS", "sip:example.com"))
        #expect(reply["Way"] == "ws 127.0.0.1:\(client.port)")
        // To its address, as an alias would say it.
        let caller = try Client()
        let invite = Request("MESSAGE", "sip:browser@x.invalid", from: caller).with {
            $0.lines = ["X-Next: sip:127.0.0.1:\(client.port);transport=ws"]
        }
        caller.send(invite, to: server.udp)
        let message = try client.message()
        #expect(message.method == "MESSAGE" && message["Via"]?.hasPrefix("SIP/2.0/WS 127.0.0.1") == true)
        client.send(Request.reply(200, "OK", to: message))
        #expect(try caller.receive().status == 200)
        client.close()
        #expect(try client.receive() == .close(1000, ""))
        #expect(client.stream.isClosed())
        #expect(server.logs("closed 127.0.0.1:\(client.port) ws /way"))
        #expect(try server.statistic("websocket.ws_successful_handshakes") == 1)
    }

    @Test func `frames right behind the handshake are read as such, and SIP may come before it`() throws {
        let server = try Server(Self.configuration, "--strict")
        let stream = try Connection(to: server.tcp)
        #expect(
            try stream.ask(Request("OPTIONS", "sip:x@example.com", from: stream))["Way"]?.hasPrefix("tcp")
                == true)
        stream.send(
            Array(WebSocket.handshake("Host: \(server.tcp.text)").utf8) + WebSocket.frame(0x89, [104, 105]))
        #expect(try stream.receive().startLine == "HTTP/1.1 101 Switching Protocols")
        #expect(try stream.receive(bytes: 4) == [0x8a, 2, 104, 105])
    }

    /// An edge whose browsers come by the sockets of everybody; there is one for WebSockets as well.
    private static let edge = """
        loadmodule "tls.so"
        loadmodule "sl.so"
        loadmodule "tm.so"
        loadmodule "pv.so"
        loadmodule "textops.so"
        loadmodule "siputils.so"
        loadmodule "ctl.so"
        loadmodule "stun.so"
        loadmodule "outbound.so"
        loadmodule "rr.so"
        loadmodule "path.so"
        loadmodule "xhttp.so"
        loadmodule "websocket.so"
        modparam("path", "enable_r2", 1)
        tcp_accept_no_cl=yes
        request_route {
            if (is_method("REGISTER")) {
                add_path();
            } else {
                loose_route();
                record_route();
            }
            if ($hdr(X-Next) != $null) $du = $hdr(X-Next);
            t_relay();
        }
        event_route[xhttp:request] { if (!ws_handle_handshake()) xhttp_reply("404", "Not found", "", ""); }
        """

    @Test(arguments: ["tcp", "tls"])
    func `to others such a connection is a WebSocket on the socket that it came by (RFC 7118, 4.1 and 5)`(
        transport: String
    ) throws {
        let server = try Server(
            Self.edge, listen: ["udp:127.0.0.1:0", "ws:127.0.0.1:0", "\(transport):127.0.0.1:0"])
        let socket = server.first(transport)
        let secure = transport == "tls" ? try OpenSSLClient(to: socket) : nil
        let phone = try WebSocket(over: secure?.stream ?? Connection(to: socket))
        let far = try Client()
        let way = "\(socket.text);transport=ws"

        phone.send(
            Request.outbound(
                phone.request("REGISTER", "sip:example.com"),
                contact: "sip:bob@\(phone.name);transport=ws;ob", 1
            ).with { $0.lines.append("X-Next: sip:\(far.text)") }.bytes)
        let paths = try far.receive().all("Path")
        #expect(paths.count == 2 && paths.last?.hasSuffix("@\(way);lr;ob;r2=on>") == true, "\(paths)")
        let path = paths.joined(separator: ", ")

        // To it, by its token, and by the address alone.
        for route in [path, "<sip:\(way);lr>"] {
            let invite = Request("INVITE", "sip:bob@\(phone.name);transport=ws", from: far).with {
                $0.lines = ["Route: \(route)", "Contact: <sip:alice@\(far.text)>"]
                if !route.contains("@") {
                    let flow = try? server.json("outbound.flows") as? [String: Any]
                    let list = flow?["list"] as? [[String: Any]]
                    $0.lines.append("X-Next: sip:\(list?.first?["remote"] ?? "");transport=ws")
                }
            }
            far.send(invite, to: server.udp)
            let called = try phone.message()
            let via = secure == nil ? "SIP/2.0/WS" : "SIP/2.0/WSS"
            #expect(called["Via"]?.hasPrefix("\(via) \(socket.text);") == true, "\(called)")
            let routes = called.all("Record-Route")
            #expect(routes.count == 2 && routes.first?.contains("\(way);r2=on") == true, "\(routes)")
            #expect(routes.last?.contains("\(server.udp.text);r2=on") == true, "\(routes)")
            phone.send(Request.reply(200, "OK", to: called, "Contact: <sip:bob@\(phone.name);transport=ws>"))
            #expect(try far.receive("200").all("Record-Route") == routes)
        }

        // From it, and back by what that has left.
        phone.send(
            phone.request("INVITE", "sip:alice@\(far.text)") {
                $0.lines = ["Contact: <sip:bob@\(phone.name);transport=ws;ob>", "X-Next: sip:\(far.text)"]
            }.bytes)
        let called = try far.receive("INVITE")
        let routes = called.all("Record-Route")
        #expect(routes.count == 2 && routes.last?.contains("@\(way);r2=on") == true, "\(routes)")
        far.send(
            Request.reply(200, "OK", to: called, "Contact: <sip:alice@\(far.text)>"), to: server.udp)
        while try phone.message().status != 200 {}
        far.send(
            Request("BYE", "sip:bob@\(phone.name);transport=ws", from: far).with {
                $0.to = "\(called["From"] ?? "")"
                $0.from = "\(called["To"] ?? "");tag=b1"
                $0.lines = routes.map { "Route: \($0)" }
            }, to: server.udp)
        var bye = try phone.message()
        while bye.method != "BYE" { bye = try phone.message() }
        #expect(bye.all("Route") == [])
        // One connection, whatever it has become.
        #expect(try server.statistic("tcp.established") == 1)
        #expect(server.complaints.filter { !$0.contains("tls-selfsigned.pem") } == [], "\(server.log)")
    }

    @Test func `what is no handshake is answered by the function or by the script`() throws {
        let server = try Server(Self.configuration, "--strict")
        let host = "Host: \(server.tcp.text)"
        for (request, status) in [
            (WebSocket.handshake(host, "Sec-WebSocket-Version: 7"), "426"),
            (WebSocket.handshake("Host: elsewhere.example"), "403"),
            (WebSocket.handshake(host, "Upgrade: h2c"), "404"),
            (WebSocket.handshake(host, "Sec-WebSocket-Protocol: xmpp"), "400"),
        ] {
            let stream = try Connection(to: server.tcp)
            stream.send(request)
            let answer = try stream.receive()
            #expect(answer.startLine.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
            #expect(stream.isClosed())
        }
    }
}
