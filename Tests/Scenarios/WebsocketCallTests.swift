// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Telephones in browsers are called, and call: nobody can reach the names in their Via and Contact, only the
/// connection that they have opened (RFC 7118, 5 and 6).
@Suite struct WebsocketCallTests {
    /// The routing of the manual, 2.2: aliases, and what the registrar has seen.
    static let aliases = """
        loadmodule "sl.so"
        loadmodule "tm.so"
        loadmodule "rr.so"
        loadmodule "pv.so"
        loadmodule "textops.so"
        loadmodule "siputils.so"
        loadmodule "usrloc.so"
        loadmodule "registrar.so"
        loadmodule "nathelper.so"
        loadmodule "kex.so"
        loadmodule "ctl.so"
        loadmodule "websocket.so"
        modparam("nathelper", "received_avp", "$avp(RECEIVED)")
        modparam("registrar", "received_avp", "$avp(RECEIVED)")
        request_route {
            if (nat_uac_test(64)) {
                force_rport();
                if (is_method("REGISTER")) {
                    fix_nated_register();
                } else if (!add_contact_alias()) {
                    sl_send_reply("400", "Bad Request");
                    exit;
                }
            }
            if (!is_method("REGISTER")) t_on_reply("WS_REPLY");
            if (has_totag()) {
                if (loose_route()) {
                    if ($du == "" || $du == $null) {
                        if (!handle_ruri_alias()) {
                            sl_send_reply("400", "Bad Request");
                            exit;
                        }
                    }
                    t_relay();
                }
                exit;
            }
            if (is_method("INVITE")) record_route();
            if (is_method("REGISTER")) {
                save("location");
                exit;
            }
            if (!lookup("location")) {
                sl_send_reply("404", "Not Found");
                exit;
            }
            t_relay();
        }
        onreply_route[WS_REPLY] {
            if (nat_uac_test(64)) add_contact_alias();
        }
        """

    /// Sees to it that whoever it is gets a request and answers it.
    private func answer(_ phone: WebSocket, _ method: String, _ lines: String...) throws -> Packet {
        let request = try phone.message()
        #expect(request.method == method)
        var reply = Request.reply(200, "OK", to: request)
        if let contact = lines.first {
            let text = String(decoding: reply, as: UTF8.self)
            reply = Array(
                text.replacingOccurrences(of: "Content-Length", with: "\(contact)\r\nContent-Length").utf8)
        }
        phone.send(reply)
        return request
    }

    private func register(_ phone: WebSocket, _ user: String) throws {
        let request = phone.request("REGISTER", "sip:example.com") {
            $0.to = "<sip:\(user)@example.com>"
            $0.lines = ["Contact: <sip:\(user)@\(phone.name);transport=ws>", "Expires: 600"]
        }
        #expect(try phone.ask(request).status == 200)
    }

    @Test(arguments: ["1", "3"])
    func `a browser registers, is called over UDP, and the dialog finds its way both ways`(workers: String)
        throws
    {
        let server = try Server(Self.aliases, listen: WebsocketTests.listen, "-n", workers)
        let phone = try WebSocket(to: server.first("ws"))
        try register(phone, "bob")
        let caller = try Client()
        let invite = Request("INVITE", "sip:bob@example.com", from: caller).with {
            $0.lines = ["Contact: <sip:alice@\(caller.text)>"]
        }
        caller.send(invite, to: server.udp)
        let there = try answer(phone, "INVITE", "Contact: <sip:bob@\(phone.name);transport=ws>")
        #expect(there["Via"]?.hasPrefix("SIP/2.0/WS 127.0.0.1:\(server.first("ws").port);") == true)
        #expect(there.uri == "sip:bob@\(phone.name);transport=ws")
        #expect(there.all("Record-Route").contains { $0.contains("transport=ws") })
        var answered = try caller.receive()
        while answered.status < 200 { answered = try caller.receive() }
        let contact = try #require(answered["Contact"])
        #expect(contact.contains("\(phone.name);transport=ws;alias=127.0.0.1~\(phone.port)~5"))
        // ACK and BYE go to a name that nobody can look up, along the connection.
        func within(_ method: String, _ sequence: Int) -> Request {
            Request(method, String(contact.dropFirst().prefix { $0 != ">" }), from: caller).with {
                $0.callID = invite.callID
                $0.to = answered["To"] ?? ""
                $0.sequence = sequence
                $0.lines = answered.all("Record-Route").reversed().map { "Route: \($0)" }
            }
        }
        caller.send(within("ACK", 1), to: server.udp)
        #expect(try phone.message().method == "ACK")
        caller.send(within("INFO", 2), to: server.udp)
        #expect(try answer(phone, "INFO").uri == "sip:bob@\(phone.name);transport=ws")
        #expect(try caller.receive().status == 200)
        // And back.
        phone.send(
            phone.request("BYE", "sip:alice@\(caller.text)") {
                $0.callID = invite.callID
                $0.from = "\(there["To"] ?? "");tag=b1"
                $0.to = there["From"] ?? ""
                $0.lines = there.all("Record-Route").map { "Route: \($0)" }
            }.bytes)
        let bye = try caller.receive()
        #expect(bye.method == "BYE")
        caller.send(Request.reply(200, "OK", to: bye), to: server.udp)
        #expect(try phone.message().status == 200)
        #expect(server.complaints.isEmpty, "\(server.complaints)")
    }

    @Test func `two browsers call each other`() throws {
        let server = try Server(Self.aliases, listen: WebsocketTests.listen)
        let (alice, bob) = try (WebSocket(to: server.first("ws")), WebSocket(to: server.first("ws")))
        try register(alice, "alice")
        try register(bob, "bob")
        alice.send(
            alice.request("INVITE", "sip:bob@example.com") {
                $0.lines = ["Contact: <sip:alice@\(alice.name);transport=ws>"]
            }.bytes)
        let invite = try answer(bob, "INVITE", "Contact: <sip:bob@\(bob.name);transport=ws>")
        #expect(invite["Contact"]?.contains("alias=127.0.0.1~\(alice.port)~5") == true)
        var answered = try alice.message()
        while answered.status < 200 { answered = try alice.message() }
        #expect(answered.status == 200)
        #expect(answered["Contact"]?.contains("alias=127.0.0.1~\(bob.port)~5") == true)
    }

    @Test func `when the connection is gone nobody opens another one`() throws {
        let server = try Server(Self.aliases, listen: WebsocketTests.listen)
        let phone = try WebSocket(to: server.first("ws"))
        try register(phone, "bob")
        phone.close()
        _ = try phone.receive()
        #expect(phone.stream.isClosed())
        let caller = try Client()
        let invite = Request("MESSAGE", "sip:bob@example.com", from: caller)
        var answer = try caller.ask(invite, server.udp)
        while answer.status < 200 { answer = try caller.receive() }
        #expect([404, 430, 477, 480, 503].contains(answer.status), "\(answer.startLine)")
    }

    @Test
    func
        `the edge of the outbound manual keeps the flow of a browser, and the other one when that is gone (RFC 7118, 5)`()
        throws
    {
        guard let servers = try EdgeAndRegistrar(hasWeb: true) else { return }
        let phone = try WebSocket(to: servers.edge.first("ws"))
        let desk = try Client()
        let alice = try Client()
        let overUDP = Request.outbound(
            Request("REGISTER", "sip:example.com", from: desk), contact: "sip:bob@\(desk.text);ob", 2)
        #expect(try desk.ask(overUDP, servers.edge.udp).status == 200)
        let registered = try phone.ask(
            Request.outbound(
                phone.request("REGISTER", "sip:example.com"),
                contact: "sip:bob@\(phone.name);transport=ws;ob", 1))
        #expect(registered.status == 200 && registered["Require"] == "outbound", "\(registered)")
        #expect(registered["Flow-Timer"] == "20")
        func invite() -> Request {
            Request("INVITE", "sip:bob@example.com", from: alice).with {
                $0.lines = ["Contact: <sip:alice@\(alice.text)>"]
            }
        }
        // Nobody could find the name in the Contact: the token in Path leads to the connection.
        let first = invite()
        alice.send(first, to: servers.registrar.udp)
        let called = try phone.message()
        #expect(called.method == "INVITE" && called.uri == "sip:bob@\(phone.name);transport=ws;ob")
        let route = try #require(called["Record-Route"])
        #expect(
            route.contains("@127.0.0.1:\(servers.edge.first("ws").port)") && route.contains("transport=ws"))
        phone.send(Request.reply(486, "Busy Here", to: called))
        #expect(try alice.receive("486").status == 486)
        alice.send(first.follower("ACK", to: "<sip:bob@example.com>;tag=b1"), to: servers.registrar.udp)
        #expect(try phone.message().method == "ACK")
        phone.close()
        _ = try phone.receive()
        #expect(phone.stream.isClosed())
        try servers.edge.comes { try servers.edge.statistic("outbound.flows") == 0 }
        alice.send(invite(), to: servers.registrar.udp)
        #expect(try desk.receive("INVITE").uri == "sip:bob@\(desk.text);ob")
        #expect(try servers.edge.statistic("outbound.dead") == 1)
    }

    @Test
    func
        `the edge is restarted, and the tokens of browsers that come back lead to them (RFC 5626, 4.2.2 and 5.3)`()
        throws
    {
        guard var servers = try EdgeAndRegistrar(secret: "not the default", hasWeb: true) else { return }
        let alice = try Client()
        func invite() -> Request {
            Request("INVITE", "sip:bob@example.com", from: alice).with {
                $0.lines = ["Contact: <sip:alice@\(alice.text)>"]
            }
        }
        func register(_ phone: WebSocket, _ sequence: Int) throws {
            let reply = try phone.ask(
                Request.outbound(
                    phone.request("REGISTER", "sip:example.com"),
                    contact: "sip:bob@browser.invalid;transport=ws;ob", 1, sequence))
            #expect(reply.status == 200, "\(reply)")
        }
        let place = try Place()
        let before = try WebSocket(to: servers.edge.first("ws"), from: place)
        try register(before, 1)
        let call = invite()
        alice.send(call, to: servers.registrar.udp)
        let called = try before.message()
        before.send(
            Request.reply(
                200, "OK", to: called, "Contact: <sip:bob@browser.invalid;transport=ws;ob>"))
        let answer = try alice.receive("200")

        /// A request in the dialog, by the token of before.
        func within(_ method: String, _ sequence: Int) -> Request {
            call.follower(method, to: answer["To"] ?? "").with {
                $0.uri = "sip:bob@browser.invalid;transport=ws;ob"
                $0.sequence = sequence
                $0.via = ["SIP/2.0/UDP \(alice.text);branch=z9hG4bK\(UUID().uuidString)"]
                $0.lines = answer.all("Record-Route").reversed().map { "Route: \($0)" }
            }
        }
        before.stream.reset()
        try servers.restartEdge()

        // Nobody has come back: the flow is dead, and nobody is connected to.
        alice.send(within("INFO", 2), to: servers.registrar.udp)
        #expect(try alice.receive("430").status == 430)
        #expect(try servers.edge.statistic("outbound.dead") == 1)

        // Back from the same address, as behind a NAT that keeps it: by the token of before.
        let same = try WebSocket(to: servers.edge.first("ws"), from: place)
        alice.send(within("INFO", 3), to: servers.registrar.udp)
        let info = try same.message()
        #expect(info.method == "INFO" && info["CSeq"] == "3 INFO")
        same.send(Request.reply(200, "OK", to: info))
        #expect(try alice.receive("200")["CSeq"] == "3 INFO")
        #expect(try servers.edge.statistic("outbound.verified") == 1)

        // Back from another one: registered again, it is called there, over the new flow alone.
        let other = try WebSocket(to: servers.edge.first("ws"))
        try register(other, 2)
        alice.send(invite(), to: servers.registrar.udp)
        #expect(try other.message().method == "INVITE")
        #expect(try servers.edge.statistic("outbound.forged") == 0)
        #expect(servers.edge.complaints == [], "\(servers.edge.log)")
    }

    // MARK: - with a client of others

    /// Python, and the library that Debian calls python3-websockets.
    static let python = "/usr/bin/python3"
    static var hasLibrary: Bool {
        let isThere = (try? run(python, "-c", "import websockets"))?.status == 0
        if !isThere { print("skipped: \(python) has no library websockets (python3-websockets)") }
        return isThere
    }

    /// A connection of TCP or TLS becomes a WebSocket where a script says so.
    static let upgrading = """
        event_route[xhttp:request] {
            if ($hdr(Origin) == "http://example.com" && ws_handle_handshake()) exit;
            xhttp_reply("404", "Not Found", "", "");
        }
        """

    @Test(arguments: ["ws", "wss", "tcp", "tls"])
    func `Python's websockets register, call each other, and one on UDP`(transport: String) throws {
        guard Self.hasLibrary else { return }
        let isSecure = transport == "wss" || transport == "tls"
        var configuration = Self.aliases
        if isSecure { configuration = "loadmodule \"tls.so\"\n" + configuration }
        if transport == "tcp" || transport == "tls" {
            configuration = "loadmodule \"xhttp.so\"\n" + configuration + Self.upgrading
        }
        let server = try Server(configuration, listen: ["udp:127.0.0.1:0", "\(transport):127.0.0.1:0"])
        let output = try run(
            [
                "timeout", "-k", "1", "60", Self.python,
                Repository.path("Tests/Fixtures/websockets/phones.py"),
                "\(isSecure ? "wss" : "ws")://\(server.first(transport).text)/", server.udp.text,
            ] + (isSecure ? [server.runFolder + "/tls-selfsigned.pem"] : []))
        let way = isSecure ? "WSS" : "WS"
        #expect(
            output.out == """
                alice is registered over \(way)
                bob is registered over \(way)
                carol is registered over UDP
                alice has called bob
                carol has called alice
                alice has called carol
                a ping is answered
                closed with 1000

                """, "\(output.err)\(server.log)")
    }
}
