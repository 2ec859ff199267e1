// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// SIP over TLS with a client that is not ours, and between two servers.
@Suite struct TlsTests {
    static func configuration(_ script: String, _ settings: String = "") -> String {
        """
        loadmodule "sl.so"
        loadmodule "pv.so"
        loadmodule "textops.so"
        loadmodule "xlog.so"
        loadmodule "ctl.so"
        loadmodule "tls.so"
        \(settings)
        request_route {
            \(script)
        }
        """
    }
    static let listen = ["tls:127.0.0.1:0", "udp:127.0.0.1:0"]
    static let ways = """
        append_to_reply("Way: $proto $tls_version $tls_cipher_bits [$tls_peer_server_name] [$tls_peer_subject_cn]\\r\\n");
        if (is_peer_verified()) sl_send_reply("200", "Verified");
        else sl_send_reply("200", "OK");
        """

    static func files(_ authority: Authority, _ name: String) -> String {
        """
        modparam("tls", "certificate", "\(authority.certificate(name))")
        modparam("tls", "private_key", "\(authority.key(name))")
        """
    }

    static func options(_ server: Server) -> [UInt8] { FilterTests.options("tls", server) }

    static func ask(_ client: OpenSSLClient, _ server: Server) throws -> Packet {
        client.stream.send(options(server))
        return try client.stream.receive()
    }

    // MARK: - handshakes

    @Test(arguments: ["-tls1_3", "-tls1_2"])
    func `a request over TLS is answered over it, and the script knows how it came`(version: String) throws {
        let authority = try Authority()
        try authority.sign("a.example", "DNS:a.example")
        let server = try Server(
            Self.configuration(Self.ways, Self.files(authority, "a.example")), listen: Self.listen)
        let client = try OpenSSLClient(
            to: server.first("tls"), version, "-servername", "a.example", "-CAfile", authority.file,
            "-verify_return_error", "-verify_hostname", "a.example")
        let reply = try Self.ask(client, server)
        #expect(reply.startLine == "SIP/2.0 200 OK")
        let spoken = version == "-tls1_3" ? "TLSv1.3" : "TLSv1.2"
        #expect(reply["Way"] == "tls \(spoken) 256 [a.example] [<null>]", "\(reply)")
        #expect(try server.statistic("tls.handshakes") == 1)
        #expect(try server.statistic("tls.connections") == 1)
        let list = try #require(try server.json("tls.list") as? [String: Any])
        #expect(list["version"] as? String == spoken && list["server_name"] as? String == "a.example")
        #expect((try server.json("core.tcp_info") as? [String: Any])?["opened_tls_connections"] as? Int == 1)
        let id = try #require(list["id"] as? Int)
        _ = try server.json("tls.kill", "\(id)")
        #expect(client.stream.isClosed())
        #expect(server.stop() == 0)
        #expect(server.complaints == [], "\(server.log)")
    }

    @Test func `messages of any size pass, many at a time, both ways`() throws {
        let server = try Server(
            Self.configuration(
                """
                if (has_body()) set_reply_body("$rb", "application/octet-stream");
                sl_send_reply("200", "OK");
                """, "tcp_conn_wq_max=20000000\ntcp_rd_buf_size=131072"), listen: Self.listen)
        let client = try OpenSSLClient(to: server.first("tls"))
        for size in [0, 1, 1000, 16_000, 16_500, 65_536] {
            let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
            let requests = (0..<4).map { _ in
                Request("OPTIONS", "sip:\(server.first("tls").text);transport=tls", from: client.stream).with
                {
                    $0.body = body
                }
            }
            client.stream.send(requests.flatMap(\.bytes))
            for request in requests {
                let reply = try client.stream.receive()
                #expect(reply["Call-ID"] == request.callID && reply.body == body, "\(size)")
            }
        }
        // Keep-alives (RFC 5626, 4.4.1).
        client.stream.send("\r\n\r\n")
        #expect(try client.stream.receive(bytes: 2) == Array("\r\n".utf8))
    }

    @Test func `without a certificate the server makes one, says so, and keeps it for the next start`() throws
    {
        let folder = try Scratch()
        func subject() throws -> String {
            let server = try Server(Self.configuration(Self.ways), listen: Self.listen, in: folder)
            #expect(server.logs("tls-selfsigned.pem, which nobody has a reason to trust"))
            let client = try OpenSSLClient(to: server.first("tls"))
            #expect(try Self.ask(client, server).status == 200)
            let shown = try OpenSSLClient.look(at: server.first("tls"), "-showcerts")
            #expect(server.stop() == 0)
            return String(shown.components(separatedBy: "-----BEGIN CERTIFICATE-----")[1].prefix(400))
        }
        let first = try subject()
        var info = stat()
        #expect(stat(folder.file("tls-selfsigned.pem"), &info) == 0 && info.st_mode & 0o777 == 0o600)
        #expect(try subject() == first)
    }

    @Test func `each name has its certificate, and who asks for another gets the usual one (RFC 6066, 3)`()
        throws
    {
        let authority = try Authority()
        for name in ["usual.example", "a.example", "b.example"] { try authority.sign(name, "DNS:\(name)") }
        let profiles = try authority.folder.file(
            "tls.cfg",
            with: """
                [server:default]
                certificate = \(authority.certificate("usual.example"))
                private_key = \(authority.key("usual.example"))
                [server:any]
                server_name = a.example
                certificate = \(authority.certificate("a.example"))
                private_key = \(authority.key("a.example"))
                [server:any]
                server_name = b.example
                server_name_mode = 1
                method = TLSv1.3
                certificate = \(authority.certificate("b.example"))
                private_key = \(authority.key("b.example"))
                """)
        let server = try Server(
            Self.configuration(Self.ways, "modparam(\"tls\", \"config\", \"\(profiles)\")"),
            listen: Self.listen)
        for (asked, shown) in [
            ("a.example", "a.example"), ("x.b.example", "b.example"), ("c.example", "usual.example"),
        ] {
            let said = try OpenSSLClient.look(at: server.first("tls"), "-servername", asked)
            #expect(said.contains("subject=CN = \(shown)"), "\(asked): \(said)")
        }
        #expect(
            try OpenSSLClient.look(at: server.first("tls"), "-noservername").contains("CN = usual.example"))
        // What a profile allows holds for its name alone.
        let old = try OpenSSLClient.look(at: server.first("tls"), "-servername", "b.example", "-tls1_2")
        #expect(old.contains("alert protocol version"), "\(old)")
        #expect(
            try OpenSSLClient.look(at: server.first("tls"), "-servername", "a.example", "-tls1_2").contains(
                "TLSv1.2"))
    }

    @Test func `a client shows who it is, and whoever cannot is sent away`() throws {
        let authority = try Authority()
        let stranger = try Authority("stranger")
        try authority.sign("server", "IP:127.0.0.1")
        try authority.sign(
            "alice", "DNS:alice.example,URI:sip:alice@example.com", subject: "/C=DE/O=Example/CN=Alice")
        try authority.sign("late", "DNS:late.example", days: -1)
        try stranger.sign("mallory", "DNS:mallory.example")
        let server = try Server(
            Self.configuration(
                """
                append_to_reply("Peer: $tls_peer_subject|$tls_peer_issuer_cn|$tls_peer_san_uri|$tls_peer_verified\\r\\n");
                \(Self.ways)
                """,
                """
                \(Self.files(authority, "server"))
                modparam("tls", "ca_list", "\(authority.file)")
                modparam("tls", "require_certificate", 1)
                """), listen: Self.listen)
        let alice = try OpenSSLClient(
            to: server.first("tls"), "-cert", authority.certificate("alice"), "-key", authority.key("alice"))
        let reply = try Self.ask(alice, server)
        #expect(reply.startLine == "SIP/2.0 200 Verified")
        #expect(reply["Peer"] == "/C=DE/O=Example/CN=Alice|authority|sip:alice@example.com|1", "\(reply)")
        for files in [[], [authority, "late"], [stranger, "mallory"]] as [[Any]] {
            for version in ["-tls1_3", "-tls1_2"] {
                let client: OpenSSLClient
                if let signer = files.first as? Authority, let name = files.last as? String {
                    client = try OpenSSLClient(
                        to: server.first("tls"), version, "-cert", signer.certificate(name), "-key",
                        signer.key(name))
                } else {
                    client = try OpenSSLClient(to: server.first("tls"), version)
                }
                client.stream.send(Self.options(server))
                #expect(client.stream.receiveAll().isEmpty, "\(files) \(version)")
            }
        }
        #expect(try server.statistic("tls.failed_handshakes") == 6)
        #expect(try Self.ask(alice, server).status == 200)
    }

    @Test(arguments: ["optional", "optional_no_ca"])
    func `a certificate that is only asked for may be missing`(mode: String) throws {
        let authority = try Authority()
        let stranger = try Authority("stranger")
        try stranger.sign("mallory", "DNS:mallory.example")
        try authority.sign("alice", "DNS:alice.example")
        let server = try Server(
            Self.configuration(
                Self.ways,
                "modparam(\"tls\", \"ca_list\", \"\(authority.file)\")\nmodparam(\"tls\", \"verify_client\", \"\(mode)\")"
            ),
            listen: Self.listen)
        #expect(try Self.ask(try OpenSSLClient(to: server.first("tls")), server).reason == "OK")
        let alice = try OpenSSLClient(
            to: server.first("tls"), "-cert", authority.certificate("alice"), "-key", authority.key("alice"))
        #expect(try Self.ask(alice, server).reason == "Verified")
        let mallory = try OpenSSLClient(
            to: server.first("tls"), "-cert", stranger.certificate("mallory"), "-key", stranger.key("mallory")
        )
        mallory.stream.send(Self.options(server))
        let replies = (try? mallory.stream.receive()).map { [$0.reason, $0["Way"] ?? ""] } ?? []
        // Whoever signed it, but verified it is not.
        #expect(
            mode == "optional"
                ? replies.isEmpty : replies.first == "OK" && replies.last?.contains("[mallory]") == true)
    }

    @Test func `a session goes on where it was, over TLS 1.2 and 1.3, also after a reload`() throws {
        let server = try Server(Self.configuration(Self.ways), listen: Self.listen)
        for version in ["-tls1_2", "-tls1_3"] {
            let folder = try Scratch()
            let first = try OpenSSLClient(
                to: server.first("tls"), version, "-sess_out", folder.file("session"))
            #expect(try Self.ask(first, server).status == 200)
            _ = try server.json("tls.reload")
            let second = try OpenSSLClient(
                to: server.first("tls"), version, "-sess_in", folder.file("session"))
            #expect(try Self.ask(second, server).status == 200)
        }
        #expect(try server.statistic("tls.resumed") == 2)
    }

    // MARK: - reload

    @Test func `tls.reload exchanges certificates, and no connection is lost`() throws {
        let authority = try Authority()
        try authority.sign("old", "DNS:old.example")
        try authority.sign("new", "DNS:new.example")
        let folder = authority.folder
        func use(_ name: String) throws {
            for end in ["pem", "key"] {
                try? FileManager.default.removeItem(atPath: folder.file("server.\(end)"))
                try FileManager.default.copyItem(
                    atPath: folder.file("\(name).\(end)"), toPath: folder.file("server.\(end)"))
            }
        }
        try use("old")
        let server = try Server(
            Self.configuration(Self.ways, Self.files(authority, "server")), listen: Self.listen)
        let before = try OpenSSLClient(to: server.first("tls"))
        #expect(try Self.ask(before, server).status == 200)
        #expect(try OpenSSLClient.look(at: server.first("tls")).contains("subject=CN = old"))
        try use("new")
        _ = try server.json("tls.reload")
        #expect(try OpenSSLClient.look(at: server.first("tls")).contains("subject=CN = new"))
        #expect(try Self.ask(before, server).status == 200)
        // What cannot be used changes nothing.
        try FileManager.default.removeItem(atPath: folder.file("server.pem"))
        let refused = try server.rpc("tls.reload")
        #expect(
            refused.status != 0
                && (refused.out + refused.err).contains("server.pem: No such file or directory"))
        #expect(try OpenSSLClient.look(at: server.first("tls")).contains("subject=CN = new"))
        #expect(try Self.ask(before, server).status == 200)
    }

    // MARK: - start

    @Test func `certificates that cannot be used are told at start, with their files`() throws {
        let authority = try Authority()
        try authority.sign("good", "DNS:good.example")
        try authority.sign("late", "DNS:late.example", days: -1)
        _ = try authority.folder.file("empty.pem", with: "")
        func check(_ settings: String, _ wanted: String...) throws {
            let file = try authority.folder.file(
                "martlet.cfg", with: "listen=tls:127.0.0.1:5061\n" + Self.configuration("exit;", settings))
            let output = try martlet("check", file)
            #expect(output.status == 1, "\(settings)")
            for text in wanted { #expect(output.err.contains(text), "\(text): \(output.err)") }
        }
        func pair(_ certificate: String, _ key: String) -> String {
            "modparam(\"tls\", \"certificate\", \"\(certificate)\")\nmodparam(\"tls\", \"private_key\", \"\(key)\")"
        }
        let good = authority.certificate("good")
        let key = authority.key("good")
        try check(pair("/nowhere/a.pem", key), "tls: certificate: /nowhere/a.pem: No such file or directory")
        try check(pair(good, "/nowhere/a.key"), "tls: private_key: /nowhere/a.key: No such file or directory")
        try check(
            pair(authority.certificate("late"), authority.key("late")),
            "tls: certificate: \(authority.certificate("late")) has expired on ")
        try check(
            pair(good, authority.key("late")),
            "tls: the key in \(authority.key("late")) is not that of the certificate in \(good)")
        try check(
            pair(authority.folder.file("empty.pem"), key), "empty.pem has no certificate that can be read")
        try check(pair(good, good), "private_key: \(good) has no key that can be read")
        try check(
            "modparam(\"tls\", \"ca_list\", \"/nowhere/ca.pem\")",
            "tls: ca_list: /nowhere/ca.pem: No such file")
        try check("modparam(\"tls\", \"cipher_list\", \"ROT13\")", "tls: no cipher is known in \"ROT13\"")
        try check(
            "modparam(\"tls\", \"tls_method\", \"SSLv3\")", "tls: tls_method cannot be \"SSLv3\"", "TLSv1.2+")
        try check(
            "modparam(\"tls\", \"config\", \"/nowhere/tls.cfg\")",
            "tls: config: /nowhere/tls.cfg: No such file")
        let profiles = try authority.folder.file(
            "tls.cfg", with: "[server:default]\ncertificate = /nowhere/b.pem\nmethode = TLSv1.3\n")
        try check(
            "modparam(\"tls\", \"config\", \"\(profiles)\")", "\(profiles):3: there is no \"methode\"",
            "\(profiles):1: [server:default]: certificate: /nowhere/b.pem: No such file or directory",
            "did you mean \"method\"?")
    }

    // MARK: - faults

    @Test func `who is slow, silent or rude holds up nobody`() throws {
        let server = try Server(Self.configuration(Self.ways), listen: Self.listen)
        let good = try OpenSSLClient(to: server.first("tls"), "-tls1_2")
        // The beginning of a ClientHello, and nothing more.
        let slow = try (0..<20).map { _ in try Connection(to: server.first("tls")) }
        for stream in slow { stream.send([0x16, 3, 1, 2, 0, 1]) }
        let rude = try Connection(to: server.first("tls"))
        rude.send("GET / HTTP/1.1\r\n\r\n")
        #expect(rude.receiveAll().isEmpty)
        let plain = try Connection(to: server.first("tls"))
        plain.send(Self.options(server))
        #expect(plain.receiveAll().isEmpty)
        let noise = try Connection(to: server.first("tls"))
        noise.send([UInt8](repeating: 0x80, count: 5000))
        #expect(noise.receiveAll().isEmpty)
        #expect(try Self.ask(good, server).status == 200)
        #expect(try server.statistic("tls.failed_handshakes") == 3)
        #expect(try server.statistic("tls.connections") == 1)
        withExtendedLifetime(slow) {}
    }

    @Test func `a renegotiation is refused, and the service goes on`() throws {
        let server = try Server(Self.configuration(Self.ways), listen: Self.listen)
        let said = try run(
            "sh", "-c",
            "printf 'R\\n' | timeout 20 openssl s_client -tls1_2 -connect \(server.first("tls").text) 2>&1")
        #expect(said.out.contains("RENEGOTIATING") && said.out.contains("no renegotiation"), "\(said.out)")
        let client = try OpenSSLClient(to: server.first("tls"))
        #expect(try Self.ask(client, server).status == 200)
    }

    // MARK: - between servers

    /// Two servers, the first of which forwards to b.example and c.example, where the second one is.
    private func pair(_ authority: Authority, _ settings: String, _ script: String = "") throws -> (
        Server, Server, NameServer
    ) {
        let far = try Server(
            Self.configuration(Self.ways, Self.files(authority, "b.example")), listen: Self.listen)
        let names = try NameServer(
            "b.example 60 A 127.0.0.1", "c.example 60 A 127.0.0.1",
            "_sips._tcp.d.example 60 SRV 0 0 \(far.first("tls").port) b.example")
        let near = try Server(
            Self.configuration(
                "\(script)\nif (!forward()) sl_reply_error();",
                """
                dns_servers="\(names.text)"
                dns_use_search_list=no
                \(settings)
                """), listen: Self.listen)
        return (near, far, names)
    }

    @Test func `a server is who it should be, or gets nothing (RFC 5922, 4)`() throws {
        let authority = try Authority()
        try authority.sign("b.example", "DNS:b.example,URI:sip:d.example")
        let (near, far, names) = try pair(
            authority,
            """
            modparam("tls", "verify_certificate", 1)
            modparam("tls", "ca_list", "\(authority.file)")
            """)
        let client = try Client()
        let port = far.first("tls").port
        let good = Request("OPTIONS", "sip:b.example:\(port);transport=tls", from: client)
        let reply = try client.ask(good, near.udp)
        #expect(
            reply.startLine == "SIP/2.0 200 OK" && reply["Way"]?.contains("[b.example]") == true,
            "\(near.log)")
        // The same address, under a name that its certificate does not have.
        client.send(Request("OPTIONS", "sip:c.example:\(port);transport=tls", from: client), to: near.udp)
        #expect(near.logs("its certificate is not that of c.example"))
        #expect(try near.statistic("tls.rejected_certificates") == 1)
        // sips leads to TLS by its records, and the domain is that of the URI, not that of the server.
        #expect(try client.ask(Request("OPTIONS", "sips:d.example", from: client), near.udp).status == 200)
        #expect(try far.statistic("core.rcv_requests_options") == 2)
        withExtendedLifetime(names) {}
    }

    /// All connections of a server over TLS end, and the other side knows it.
    private func closeAll(_ server: Server, _ other: Server) throws {
        let list = try server.json("tls.list")
        for entry in (list as? [[String: Any]]) ?? (list as? [String: Any]).map({ [$0] }) ?? [] {
            _ = try server.json("tls.kill", "\(try #require(entry["id"] as? Int))")
        }
        while try other.statistic("tls.connections") != 0 {}
    }

    @Test func `who is not checked may be anybody, and sessions with servers are gone on with`() throws {
        let authority = try Authority()
        try authority.sign("b.example", "DNS:b.example")
        let (near, far, names) = try pair(authority, "")
        let client = try Client()
        let request = Request("OPTIONS", "sip:c.example:\(far.first("tls").port);transport=tls", from: client)
        #expect(try client.ask(request, near.udp).status == 200)
        try closeAll(far, near)
        #expect(try client.ask(request.with { $0.callID = "again" }, near.udp).status == 200)
        #expect(try near.statistic("tls.resumed") == 1)
        withExtendedLifetime(names) {}
    }

    @Test func `a script chooses who we are for a peer`() throws {
        let authority = try Authority()
        try authority.sign("b.example", "DNS:b.example")
        try authority.sign("trunk", "DNS:trunk.example")
        let profiles = try authority.folder.file(
            "tls.cfg",
            with: """
                [server:default]
                [client:default]
                [client:any]
                server_id = trunk
                certificate = \(authority.certificate("trunk"))
                private_key = \(authority.key("trunk"))
                """)
        let far = try Server(
            Self.configuration(
                Self.ways,
                """
                \(Self.files(authority, "b.example"))
                modparam("tls", "ca_list", "\(authority.file)")
                modparam("tls", "verify_client", "optional")
                """), listen: Self.listen)
        let near = try Server(
            Self.configuration(
                """
                if ($rU == "trunk") tls_set_connect_server_id("trunk");
                if ($rU == "named") { tls_set_connect_server_id(""); $xavp(tls=>server_name) = "asked.example"; }
                if (!forward()) sl_reply_error();
                """,
                "modparam(\"tls\", \"config\", \"\(profiles)\")\nmodparam(\"tls\", \"xavp_cfg\", \"tls\")")
                    + """

                    event_route[tls:connection-out] {
                        if ($sp == \(far.first("tls").port)) xlog("L_WARN", "out to $si\\n");
                    }
                    """, listen: Self.listen)
        let client = try Client()
        func ask(_ user: String) throws -> Packet {
            try client.ask(
                Request(
                    "OPTIONS", "sip:\(user)@127.0.0.1:\(far.first("tls").port);transport=tls", from: client),
                near.udp)
        }
        let trunk = try ask("trunk")
        #expect(trunk.reason == "Verified" && trunk["Way"]?.hasSuffix("[trunk]") == true, "\(trunk)")
        #expect(near.logs("out to 127.0.0.1"))
        try closeAll(far, near)
        let named = try ask("named")
        #expect(named.reason == "OK" && named["Way"]?.contains("[asked.example]") == true, "\(named)")
    }
}
