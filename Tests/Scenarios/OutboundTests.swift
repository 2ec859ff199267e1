// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// An edge proxy that says what it makes of a request, instead of sending it on.
private let plugins = [
    "tm", "sl", "stun", "outbound", "rr", "path", "pv", "textops", "siputils", "kex", "ctl", "xlog",
]

private func edge(
    _ route: String, parameters: String = "", blocks: String = "", order: [String] = plugins
) throws -> Server {
    try Server(
        """
        \(order.map { "loadmodule \"\($0).so\"" }.joined(separator: "\n"))
        \(parameters)
        request_route {
            \(route)
        }
        \(blocks)
        """, "--strict")
}

private let secret = "modparam(\"outbound\", \"flow_token_secret\", \"sesame\")\n"

/// Adds Path or Record-Route, and sends the request to where the test listens.
private func tokens(to next: Client, _ parameters: String = secret, route: String = "record_route();") throws
    -> Server
{
    try edge(
        """
        if ($rm == "REGISTER") add_path(); else \(route)
        $du = "sip:\(next.text)";
        forward();
        """, parameters: parameters)
}

extension Packet {
    /// The user part of the URI in a header.
    fileprivate func user(_ name: String) -> String? {
        guard let value = self[name], let at = value.firstIndex(of: "@"),
            let colon = value.firstIndex(of: ":")
        else {
            return nil
        }
        return colon < at ? String(value[value.index(after: colon)..<at]) : nil
    }
}

@Suite struct OutboundTests {
    private func register(_ client: Client, _ contact: String, _ lines: String...) -> Request {
        Request("REGISTER", "sip:example.com", from: client).with {
            $0.lines = ["Contact: \(contact)"] + lines
        }
    }

    @Test func `a token has the layout of the manual, and says where the request came from`() throws {
        let next = try Client()
        let bob = try Client()
        let server = try tokens(to: next)
        bob.send(register(bob, "<sip:bob@\(bob.text)>;reg-id=1"), to: server.udp)
        let path = try next.receive()
        let token = try #require(path.user("Path"))
        #expect(path["Path"] == "<sip:\(token)@\(server.udp.text);lr;ob>")
        let bytes = [UInt8](try #require(Data(base64Encoded: token)))
        #expect(bytes.count == 23)
        func port(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 255)] }
        let local = [127, 0, 0, 1] + port(server.udp.port)
        let remote = [127, 0, 0, 1] + port(bob.port)
        #expect(Array(bytes[10...]) == [1] + local + remote)
    }

    @Test func `who gets a token and who does not (manual, 4)`() throws {
        let next = try Client()
        let bob = try Client()
        let server = try tokens(to: next)
        func hasToken(_ header: String, _ request: Request) throws -> Bool {
            bob.send(request, to: server.udp)
            return try next.receive().user(header) != nil
        }
        #expect(try hasToken("Path", register(bob, "<sip:bob@\(bob.text)>;reg-id=1")))
        #expect(try !hasToken("Path", register(bob, "<sip:bob@\(bob.text)>")))
        #expect(try hasToken("Path", register(bob, "*", "Expires: 0")))
        let behind = register(bob, "<sip:bob@\(bob.text)>;reg-id=1").with {
            $0.via.append("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1")
        }
        #expect(try !hasToken("Path", behind))
        func invite(_ contact: String, _ lines: String...) -> Request {
            Request("INVITE", "sip:x@example.com", from: bob).with {
                $0.lines = ["Contact: \(contact)"] + lines
            }
        }
        #expect(try hasToken("Record-Route", invite("<sip:bob@\(bob.text);ob>")))
        #expect(
            try hasToken("Record-Route", invite("<sip:bob@\(bob.text);ob>", "Supported: 100rel, outbound")))
        #expect(try !hasToken("Record-Route", invite("<sip:bob@\(bob.text);ob>", "Supported: timer")))
        #expect(try !hasToken("Record-Route", invite("<sip:bob@\(bob.text)>")))
        #expect(try server.statistic("outbound.issued") == 4)
    }

    @Test func `flags force a token, or forbid it (manual, 2)`() throws {
        let next = try Client()
        let bob = try Client()
        let server = try tokens(
            to: next,
            secret + """
                modparam("outbound", "force_outbound_flag", 3)
                modparam("outbound", "force_no_outbound_flag", 4)
                """,
            route: """
                {
                    if ($rU == "force") setflag(3);
                    if ($rU == "both") { setflag(3); setflag(4); }
                    if ($rU == "forbid") setflag(4);
                    record_route();
                }
                """)
        func user(_ name: String, _ contact: String) throws -> String? {
            let request = Request("INVITE", "sip:\(name)@example.com", from: bob).with {
                $0.lines = ["Contact: \(contact)"]
            }
            bob.send(request, to: server.udp)
            return try next.receive().user("Record-Route")
        }
        #expect(try user("force", "<sip:bob@\(bob.text)>") != nil)
        #expect(try user("both", "<sip:bob@\(bob.text)>") != nil)
        #expect(try user("forbid", "<sip:bob@\(bob.text);ob>") == nil)
    }

    /// Follows Routes, and answers with what loose_route() and check_flow_token() said.
    private func router(_ parameters: String = secret) throws -> Server {
        try edge(
            """
            if ($rm == "REGISTER") {
                add_path();
                append_to_reply("X-Path: $(hdr(Path)[0])\\r\\n");
                sl_send_reply("200", "OK");
                exit;
            }
            check_flow_token();
            $var(checked) = $rc;
            $var(routed) = loose_route();
            if ($var(routed) == -2) {
                sl_send_reply("403", "Forbidden");
                exit;
            }
            if ($rU == "tell") {
                append_to_reply("X-Said: $var(routed) $var(checked) $du\\r\\n");
                sl_send_reply("200", "OK");
                exit;
            }
            if (!t_relay()) sl_reply_error();
            """, parameters: parameters)
    }

    private func token(of client: Client, _ server: Server) throws -> String {
        try #require(
            try client.ask(register(client, "<sip:bob@\(client.text)>;reg-id=1"), server.udp).user("X-Path"))
    }

    private func token(of stream: Connection) throws -> String {
        let request = Request("REGISTER", "sip:example.com", from: stream).with {
            $0.lines = ["Contact: <sip:bob@127.0.0.1:\(stream.port)>;reg-id=1"]
        }
        return try #require(try stream.ask(request).user("X-Path"))
    }

    private func toward(
        _ token: String, _ server: Server, from client: Client, user: String = "tell",
        _ method: String = "OPTIONS"
    ) -> Request {
        Request(method, "sip:\(user)@192.0.2.1", from: client).with {
            $0.lines = ["Route: <sip:\(token)@\(server.udp.text);lr;ob>"]
        }
    }

    @Test func `loose_route() answers 2 toward a flow, and 1 or -3 from it (manual, 5)`() throws {
        let bob = try Client()
        let other = try Client()
        let server = try router()
        let token = try self.token(of: bob, server)
        let there = try other.ask(toward(token, server, from: other), server.udp)
        #expect(there["X-Said"] == "2 1 sip:\(bob.text);transport=udp")
        // Its signs may come as escapes.
        let escaped = token.replacing("=", with: "%3D").replacing("+", with: "%2b").replacing(
            "/", with: "%2F")
        #expect(
            try other.ask(toward(escaped, server, from: other), server.udp)["X-Said"]?.hasPrefix("2 1 ")
                == true)
        let own = try bob.ask(toward(token, server, from: bob), server.udp)
        #expect(own["X-Said"]?.hasPrefix("-3 1 ") == true, "\(own)")
        let inDialog = toward(token, server, from: bob).with { $0.to += ";tag=b" }
        #expect(try bob.ask(inDialog, server.udp)["X-Said"]?.hasPrefix("1 1 ") == true)
        #expect(try server.statistic("outbound.verified") == 4)
    }

    @Test func `what is no token of ours is refused with 403 and counted`() throws {
        let bob = try Client()
        let server = try router()
        let stranger = try router("modparam(\"outbound\", \"flow_token_secret\", \"barley\")\n")
        let good = try token(of: bob, server)
        let flipped = String(good.dropFirst()) + "A"
        let longer = Data([UInt8](repeating: 7, count: 47)).base64EncodedString()
        // IPv6, whose addresses are IPv4 ones: 47 bytes that begin as nobody's code does.
        let mapped = Data(
            [UInt8](repeating: 0, count: 10) + [0x81]
                + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1, 0x13, 0xc4]
                + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1, 0x13, 0xc5]
        ).base64EncodedString()
        let bad = [
            flipped, String(good.dropLast(4)), String(good.prefix(20)), good + good, longer, mapped,
            try token(of: bob, stranger),
        ]
        let sender = try Client()
        for (count, token) in bad.enumerated() {
            let reply = try sender.ask(toward(token, server, from: sender), server.udp)
            #expect(reply.status == 403, "\(token): \(reply.startLine)")
            #expect(try server.statistic("outbound.forged") == count + 1)
        }
        let checked = try edge(
            """
            check_flow_token();
            append_to_reply("X-Said: $rc\\r\\n");
            sl_send_reply("200", "OK");
            """, parameters: secret)
        for (route, said) in [
            (nil, "-1"), ("<sip:x@192.0.2.1;lr>", "-2"), ("<sip:\(checked.udp.text);lr>", "-3"),
            ("<sip:edge@\(checked.udp.text);lr>", "-3"), ("<sip:\(flipped)@\(checked.udp.text);lr>", "-4"),
            ("nonsense", "-7"),
        ] as [(String?, String)] {
            let request = Request("OPTIONS", "sip:x@192.0.2.1", from: sender).with {
                if let route { $0.lines = ["Route: \(route)"] }
            }
            #expect(try sender.ask(request, checked.udp)["X-Said"] == said, "\(route ?? "no Route")")
        }
    }

    @Test func `a flow that is gone is answered 430, and nobody is connected to (RFC 5626, 5.3.1)`() throws {
        let server = try router()
        let sender = try Client()
        let listener = try Listener()
        // A token of a connection that has closed, and of one that never was: somebody listens there now.
        let token: String
        do {
            let stream = try Connection(to: server.tcp)
            token = try self.token(of: stream)
            let alive = try sender.ask(toward(token, server, from: sender), server.udp)
            #expect(alive["X-Said"] == "2 1 sip:127.0.0.1:\(stream.port);transport=tcp")
        }
        try server.comes { try server.statistic("outbound.failed") == 1 }
        #expect(
            try sender.ask(toward(token, server, from: sender), server.udp)["X-Said"]?.hasPrefix("2 -5 ")
                == true)
        for method in ["INVITE", "MESSAGE"] {
            let reply = try sender.ask(toward(token, server, from: sender, user: "x", method), server.udp)
            let final = reply.status == 100 ? try sender.receive() : reply
            #expect(final.status == 430 && final.reason.hasPrefix("Flow Failed"), "\(final.startLine)")
        }
        #expect(try server.statistic("outbound.dead") == 3)
        _ = listener
        let flows = try #require(try server.json("outbound.flows") as? [String: Any])
        let list = try #require(flows["list"] as? [[String: Any]])
        #expect(
            list.count == 1 && list[0]["state"] as? String == "failed"
                && list[0]["transport"] as? String == "tcp")
    }

    @Test
    func `a flow that ends while somebody is being called is answered 430, with and without a route for it`()
        throws
    {
        for handled in [false, true] {
            let server = try edge(
                """
                if ($rm == "REGISTER") {
                    add_path();
                    append_to_reply("X-Path: $(hdr(Path)[0])\\r\\n");
                    sl_send_reply("200", "OK");
                    exit;
                }
                loose_route();
                \(handled ? "t_on_failure(\"FAIL_OUTBOUND\");" : "")
                if (!t_relay()) sl_reply_error();
                """, parameters: secret,
                blocks: """
                    failure_route[FAIL_OUTBOUND] {
                        if (t_branch_timeout() || !t_branch_replied()) send_reply("430", "Flow Failed");
                    }
                    """)
            let sender = try Client()
            var stream: Connection? = try Connection(to: server.tcp)
            let token = try self.token(of: #require(stream))
            sender.send(toward(token, server, from: sender, user: "bob", "INVITE"), to: server.udp)
            #expect(try #require(stream).receive().method == "INVITE")
            stream = nil
            #expect(try sender.receive("430").reason.hasPrefix("Flow Failed"))
        }
    }

    @Test func `a client cannot have anything sent to an address that is not its own`() throws {
        let server = try router()
        let victim = try Client()
        let mallory = try Client()
        // It may name any address it likes; the token has the one that it came from.
        let register = self.register(mallory, "<sip:bob@\(victim.text)>;reg-id=1", "X: 1").with {
            $0.via = ["SIP/2.0/UDP \(victim.text);branch=z9hG4bK\(UUID().uuidString);rport"]
        }
        mallory.send(register, to: server.udp)
        let token = try #require(try mallory.receive().user("X-Path"))
        let sender = try Client()
        #expect(
            try sender.ask(toward(token, server, from: sender), server.udp)["X-Said"]?.contains(mallory.text)
                == true)
        #expect(victim.pending() == nil)
    }

    @Test func `events tell of flows, and $flow of what they are about`() throws {
        let server = try edge(
            """
            add_path();
            append_to_reply("X-Path: $(hdr(Path)[0])\\r\\n");
            sl_send_reply("200", "OK");
            """, parameters: secret,
            blocks: """
                event_route[outbound:flow-opened] { xlog("L_WARN", "opened $flow(transport) $flow(remote) by $rm\\n"); }
                event_route[outbound:flow-failed] { xlog("L_WARN", "failed $flow(transport) $flow(remote) $flow(tokens)\\n"); }
                """)
        var stream: Connection? = try Connection(to: server.tcp)
        let port = try #require(stream).port
        for _ in 0..<2 { _ = try token(of: #require(stream)) }
        stream = nil
        #expect(server.logs("failed tcp 127.0.0.1:\(port) 2"))
        #expect(
            server.log.components(separatedBy: "opened tcp 127.0.0.1:\(port) by REGISTER").count == 2, "once")
    }

    @Test func `tokens have an age when they are given one`() throws {
        let bob = try Client()
        let sender = try Client()
        let server = try router(secret + "modparam(\"outbound\", \"flow_token_max_age\", 1)\n")
        let token = try self.token(of: bob, server)
        #expect(token.count == 36)
        #expect(
            try sender.ask(toward(token, server, from: sender), server.udp)["X-Said"]?.hasPrefix("2 1 ")
                == true)
        try server.comes {
            try sender.ask(toward(token, server, from: sender), server.udp).status == 403
        }
        #expect(try #require(try server.statistic("outbound.expired")) > 0)
    }

    @Test func `the first of several secrets signs, and all are accepted`() throws {
        let bob = try Client()
        let sender = try Client()
        let old = try router("modparam(\"outbound\", \"flow_token_secret\", \"old\")\n")
        let oldToken = try token(of: bob, old)
        // Its own address is in the token, so it is the same server, restarted.
        let text = old.udp.text
        old.kill()
        let server = try Server(
            """
            \(plugins.map { "loadmodule \"\($0).so\"" }.joined(separator: "\n"))
            modparam("outbound", "flow_token_secrets", "new, old")
            request_route {
                $var(routed) = loose_route();
                append_to_reply("X-Said: $var(routed)\\r\\n");
                sl_send_reply("200", "OK");
            }
            """, listen: ["udp:\(text)"])
        #expect(try sender.ask(toward(oldToken, server, from: sender), server.udp)["X-Said"] == "2")
        #expect(try server.statistic("outbound.forged") == 0)
    }

    @Test func `secrets are changed while the server runs, and nobody's token is lost (README)`() throws {
        let bob = try Client()
        let sender = try Client()
        let server = try router(
            "loadmodule \"cfg_rpc.so\"\nmodparam(\"outbound\", \"flow_token_secrets\", \"old\")\n")
        func said(_ token: String) throws -> Int {
            try sender.ask(toward(token, server, from: sender), server.udp).status
        }
        func set(_ secrets: String) throws {
            let answer = try server.rpc("cfg.set_now_string", "outbound", "flow_token_secrets", secrets)
            #expect(answer.status == 0, "\(answer.err)")
        }
        let before = try token(of: bob, server)
        #expect(try said(before) != 403)
        // The new one signs; what the old one has signed is as good as ever.
        try set("new,old")
        let after = try token(of: bob, server)
        #expect(after != before)
        #expect(try said(before) != 403)
        #expect(try said(after) != 403)
        #expect(try server.statistic("outbound.forged") == 0)
        // When nobody has an old token any more, the old secret goes.
        try set("new")
        #expect(try said(before) == 403)
        #expect(try said(after) != 403)
        #expect(try server.statistic("outbound.forged") == 1)
        // What says nothing changes nothing, and nobody is shown the secret.
        _ = try server.rpc("cfg.set_now_string", "outbound", "flow_token_secrets", " , ")
        #expect(try said(after) != 403)
        #expect(server.logs("flow_token_secrets has none in it: the keys stay as they were"))
        let shown = try server.rpc("cfg.get", "outbound")
        #expect(!"\(shown.out)\(shown.err)".contains("new"), "\(shown.out)")
    }

    @Test func `loaded behind rr or path it is refused, with the lines to swap`() throws {
        let folder = try Scratch()
        let file = try folder.file(
            "late.cfg",
            with: """
                loadmodule "rr.so"
                loadmodule "path.so"
                loadmodule "outbound.so"
                request_route { exit; }
                """)
        for arguments in [["check", file], [file, "-E"]] {
            let output = try martlet(arguments)
            #expect(output.status == 1)
            #expect(output.err.contains("rr uses \"outbound\", and a later line loads it"), "\(output.err)")
            #expect(output.err.contains("move line 3 above line 1"))
            #expect(output.err.contains("path uses \"outbound\", and a later line loads it"))
            #expect(output.err.contains("move line 3 above line 2"))
        }
    }

    @Test func `flags that are none, and secrets that say nothing, are refused`() throws {
        let folder = try Scratch()
        for (line, said) in [
            (
                "modparam(\"outbound\", \"force_outbound_flag\", 32)",
                "force_outbound_flag must be a flag, not \"32\""
            ),
            ("modparam(\"outbound\", \"force_no_outbound_flag\", -2)", "must be a flag, not \"-2\""),
            ("modparam(\"outbound\", \"flow_token_secret\", \"\")", "flow_token_secret is empty"),
            ("modparam(\"outbound\", \"flow_token_secrets\", \", \")", "flow_token_secrets has none in it"),
        ] {
            let file = try folder.file(
                "bad.cfg", with: "loadmodule \"outbound.so\"\n\(line)\nrequest_route { exit; }\n")
            let output = try martlet("check", file)
            #expect(output.status == 1 && output.err.contains(said), "\(output.err)")
        }
    }

    @Test func `each branch's Record-Route names the socket that it leaves by`() throws {
        let other = try Client()
        let listener = try Listener()
        let server = try edge(
            """
            record_route();
            $du = "sip:\(other.text)";
            append_branch("sip:x@\(listener.text);transport=tcp");
            t_relay();
            """, parameters: secret, order: plugins + ["corex"])
        let alice = try Client()
        alice.send(
            Request("INVITE", "sip:x@192.0.2.1", from: alice).with {
                $0.lines = ["Contact: <sip:a@\(alice.text);ob>"]
            },
            to: server.udp)
        let overUDP = try other.receive().all("Record-Route")
        let overTCP = try listener.accept().receive().all("Record-Route")
        #expect(overUDP.count == 1 && overUDP[0].contains("@\(server.udp.text);lr"), "\(overUDP)")
        #expect(
            overTCP.count == 2 && overTCP[0].contains("@\(server.tcp.text);transport=tcp;r2=on;lr"),
            "\(overTCP)")
        #expect(overTCP.last?.contains("@\(server.udp.text);r2=on;lr") == true)
    }
}
