// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// What the parameters of tls do on the wire (manual), each with a client that is not ours.
@Suite struct TlsParameterTests {
    private static func server(_ settings: String, _ script: String = TlsTests.ways) throws -> Server {
        // What becomes of handshakes is told at level info.
        try Server(TlsTests.configuration(script, "debug=2\n" + settings), listen: TlsTests.listen)
    }

    /// What a client with that certificate is answered; nil: it is sent away.
    private func answer(_ server: Server, _ options: [String]) throws -> Packet? {
        let client = try OpenSSLClient(to: server.first("tls"), options)
        client.stream.send(TlsTests.options(server))
        return client.stream.receiveNext()
    }

    private func show(_ authority: Authority, _ name: String) -> [String] {
        ["-cert", authority.certificate(name), "-key", authority.key(name)]
    }

    // MARK: - whom we trust

    @Test(arguments: ["-tls1_3", "-tls1_2"])
    func `crl: whose certificate is revoked is sent away, and the others stay (RFC 5280, 5)`(version: String)
        throws
    {
        let authority = try Authority()
        try authority.sign("server", "IP:127.0.0.1")
        try authority.sign("alice", "DNS:alice.example")
        try authority.sign("mallory", "DNS:mallory.example")
        let list = try authority.revoke("mallory")
        let server = try Self.server(
            """
            \(TlsTests.files(authority, "server"))
            modparam("tls", "ca_list", "\(authority.file)")
            modparam("tls", "crl", "\(list)")
            modparam("tls", "require_certificate", 1)
            """)
        #expect(try answer(server, [version] + show(authority, "alice"))?.reason == "Verified")
        #expect(try answer(server, [version] + show(authority, "mallory")) == nil)
        #expect(try server.statistic("tls.rejected_certificates") == 1)
        #expect(server.logs("certificate revoked"))
    }

    @Test func `crl: a file that has no list is an error of the start, with its name`() throws {
        let authority = try Authority()
        for (file, said) in [
            (authority.file, "tls: crl: \(authority.file) has no list that can be read"),
            ("/nowhere/crl.pem", "tls: crl: /nowhere/crl.pem: No such file or directory"),
        ] {
            let configuration = try authority.folder.file(
                "martlet.cfg",
                with: TlsTests.configuration("exit;", "modparam(\"tls\", \"crl\", \"\(file)\")"))
            let output = try martlet("check", configuration)
            #expect(output.status == 1 && output.err.contains(said), "\(output.err)")
        }
    }

    @Test func `ca_path: a folder of authorities, by the hashes of their names`() throws {
        let authority = try Authority()
        let stranger = try Authority("stranger")
        try authority.sign("server", "IP:127.0.0.1")
        try authority.sign("alice", "DNS:alice.example")
        try stranger.sign("mallory", "DNS:mallory.example")
        let trusted = try Scratch()
        try FileManager.default.copyItem(atPath: authority.file, toPath: trusted.file("one.pem"))
        #expect(try run("openssl", "rehash", trusted.path).status == 0)
        let server = try Self.server(
            """
            \(TlsTests.files(authority, "server"))
            modparam("tls", "ca_path", "\(trusted.path)")
            modparam("tls", "verify_client", "on")
            """)
        #expect(try answer(server, show(authority, "alice"))?.reason == "Verified")
        #expect(try answer(server, show(stranger, "mallory")) == nil)
        let configuration = try trusted.file(
            "martlet.cfg",
            with: TlsTests.configuration("exit;", "modparam(\"tls\", \"ca_path\", \"/nowhere\")"))
        let output = try martlet("check", configuration)
        #expect(
            output.status == 1 && output.err.contains("tls: ca_path: /nowhere: No such file or directory"),
            "\(output.err)")
    }

    @Test(arguments: [0, 1])
    func `verify_depth: how many authorities may stand between`(depth: Int) throws {
        let root = try Authority("root")
        let middle = try Authority("middle", under: root)
        try root.sign("server", "IP:127.0.0.1")
        try middle.sign("alice", "DNS:alice.example")
        try root.sign("bob", "DNS:bob.example")
        let server = try Self.server(
            """
            \(TlsTests.files(root, "server"))
            modparam("tls", "ca_list", "\(root.file)")
            modparam("tls", "require_certificate", 1)
            modparam("tls", "verify_depth", \(depth))
            """)
        #expect(try answer(server, show(root, "bob"))?.reason == "Verified")
        let alice = try answer(server, show(middle, "alice") + ["-cert_chain", middle.file])
        #expect(alice?.reason == (depth == 0 ? nil : "Verified"))
        if depth == 0 { #expect(server.logs("certificate chain too long")) }
    }

    // MARK: - what is spoken

    @Test func `cipher_list: those and no others, for TLS 1.2 and 1.3`() throws {
        let server = try Self.server(
            "modparam(\"tls\", \"cipher_list\", \"ECDHE-ECDSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256\")",
            "append_to_reply(\"Cipher: $tls_cipher_info $tls_cipher_bits\\r\\n\"); sl_send_reply(\"200\", \"OK\");"
        )
        #expect(try answer(server, ["-tls1_2"])?["Cipher"] == "ECDHE-ECDSA-AES128-GCM-SHA256 128")
        #expect(try answer(server, ["-tls1_3"])?["Cipher"] == "TLS_AES_128_GCM_SHA256 128")
        #expect(try answer(server, ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"]) == nil)
        #expect(try answer(server, ["-tls1_3", "-ciphersuites", "TLS_AES_256_GCM_SHA384"]) == nil)
        #expect(server.logs("no shared cipher"))
    }

    @Test(arguments: [0, 1])
    func `session_cache: whoever takes no tickets goes on with his session where there is a cache`(
        cache: Int
    ) throws {
        let server = try Self.server("modparam(\"tls\", \"session_cache\", \(cache))")
        let folder = try Scratch()
        let options = ["-tls1_2", "-no_ticket"]
        let session = folder.file("session")
        #expect(try answer(server, options + ["-sess_out", session])?.status == 200)
        // Without a cache there is none to go on with.
        let isKept = FileManager.default.fileExists(atPath: session)
        #expect(try answer(server, options + (isKept ? ["-sess_in", session] : []))?.status == 200)
        #expect(try server.statistic("tls.resumed") == cache)
    }

    @Test func `session_id: sessions of another one do not go on`() throws {
        let authority = try Authority()
        try authority.sign("server", "IP:127.0.0.1")
        let folder = try Scratch()
        let settings = TlsTests.files(authority, "server") + "\nmodparam(\"tls\", \"session_cache\", 1)\n"
        let one = try Self.server(settings)
        #expect(
            try answer(one, ["-tls1_2", "-no_ticket", "-sess_out", folder.file("s")])?.status == 200)
        let other = try Self.server(settings + "modparam(\"tls\", \"session_id\", \"other\")")
        #expect(
            try answer(other, ["-tls1_2", "-no_ticket", "-sess_in", folder.file("s")])?.status == 200)
        #expect(try other.statistic("tls.resumed") == 0)
    }

    @Test
    func
        `renegotiation: where it is allowed it is done, as often as somebody likes, and the service goes on`()
        throws
    {
        let server = try Self.server("modparam(\"tls\", \"renegotiation\", 1)")
        let bystander = try OpenSSLClient(to: server.first("tls"))
        let client = try OpenSSLClient(to: server.first("tls"), ["-tls1_2"], isQuiet: false)
        for count in 1...20 {
            client.stream.send("R\n")
            try server.comes { client.said.components(separatedBy: "RENEGOTIATING").count > count }
            client.stream.send(TlsTests.options(server))
            _ = try client.stream.receive(until: "SIP/2.0 200 OK")
        }
        #expect(try TlsTests.ask(bystander, server).status == 200)
        #expect(try server.statistic("tls.connections") == 2)
    }

    @Test func `renegotiation: where it is not, a flood of attempts ends those connections and no other`()
        throws
    {
        let server = try Self.server("")
        let bystander = try OpenSSLClient(to: server.first("tls"))
        #expect(try TlsTests.ask(bystander, server).status == 200)
        let flood = try (0..<20).map { _ in
            try OpenSSLClient(to: server.first("tls"), ["-tls1_2"], isQuiet: false)
        }
        for client in flood { client.stream.send("R\n") }
        for client in flood { try server.comes { client.said.contains("no renegotiation") } }
        #expect(try TlsTests.ask(bystander, server).status == 200)
    }

    // MARK: - ssl_...

    @Test(arguments: [512, 1024, -1])
    func `ssl_max_send_fragment: no record is larger`(most: Int) throws {
        let server = try Self.server(
            "modparam(\"tls\", \"ssl_max_send_fragment\", \(most))",
            "set_reply_body(\"$rb\", \"application/octet-stream\"); sl_send_reply(\"200\", \"OK\");")
        let folder = try Scratch()
        let client = try OpenSSLClient(
            to: server.first("tls"), ["-tls1_2", "-msg", "-msgfile", folder.file("records")])
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: 6000)
        client.stream.send(
            Request("OPTIONS", "sip:\(server.first("tls").text);transport=tls", from: client.stream).with {
                $0.body = body
            })
        #expect(try client.stream.receive().body == body)
        // "<<< TLS 1.2, RecordHeader [length 0005]", and below it "    17 03 03 02 18".
        let lines = try String(contentsOfFile: folder.file("records"), encoding: .utf8)
            .components(separatedBy: "\n")
        let sizes = zip(lines, lines.dropFirst()).compactMap { head, bytes -> Int? in
            let fields = bytes.split(separator: " ")
            guard head.hasPrefix("<<<"), head.contains("RecordHeader"), fields.count == 5,
                fields[0] == "17"
            else { return nil }
            return Int(fields[3] + fields[4], radix: 16)
        }
        // With what a cipher adds: a nonce of 8 bytes and a tag of 16.
        let largest = try #require(sizes.max())
        #expect(most < 0 ? largest > 6000 : largest <= most + 24, "\(sizes)")
        if most > 0 { #expect(sizes.count >= 6000 / most) }
    }

    @Test func `ssl_max_send_fragment: what OpenSSL cannot do is refused`() throws {
        let folder = try Scratch()
        for size in [0, 511, 16385] {
            let file = try folder.file(
                "martlet.cfg",
                with: TlsTests.configuration("exit;", "modparam(\"tls\", \"ssl_max_send_fragment\", \(size))")
            )
            let output = try martlet("check", file)
            #expect(
                output.status == 1 && output.err.contains("ssl_max_send_fragment must be"), "\(output.err)")
        }
    }

    @Test(arguments: [
        "ssl_release_buffers 0", "ssl_release_buffers 1", "ssl_read_ahead 0", "ssl_read_ahead 1",
        "tls_disable_compression 0",
    ])
    func `the other ssl_ parameters change what it costs, and nothing that is said`(setting: String) throws {
        let words = setting.split(separator: " ")
        let server = try Self.server(
            "tcp_rd_buf_size=131072\nmodparam(\"tls\", \"\(words[0])\", \(words[1]))",
            "set_reply_body(\"$rb\", \"application/octet-stream\"); sl_send_reply(\"200\", \"OK\");")
        for version in ["-tls1_2", "-tls1_3"] {
            let client = try OpenSSLClient(to: server.first("tls"), version)
            for size in [1, 40_000, 100] {
                let request = Request(
                    "OPTIONS", "sip:\(server.first("tls").text);transport=tls", from: client.stream
                ).with { $0.body = [UInt8](repeating: 65, count: size) }
                // Several at once, which may come in one piece or in many.
                client.stream.send(request.bytes + request.with { $0.callID = "second" }.bytes)
                #expect(try client.stream.receive().body.count == size)
                #expect(try client.stream.receive()["Call-ID"] == "second")
            }
        }
    }

    @Test(arguments: [0, 1])
    func `send_close_notify: the alert is there, or it is not`(isOn: Int) throws {
        let server = try Self.server("modparam(\"tls\", \"send_close_notify\", \(isOn))")
        let folder = try Scratch()
        let client = try OpenSSLClient(
            to: server.first("tls"), ["-tls1_2", "-msg", "-msgfile", folder.file("records")])
        #expect(try TlsTests.ask(client, server).status == 200)
        #expect(server.stop() == 0)
        #expect(client.stream.isClosed())
        let said = try String(contentsOfFile: folder.file("records"), encoding: .utf8)
        #expect(
            said.contains("<<< TLS 1.2, Alert [length 0002], warning close_notify") == (isOn == 1),
            "\(said.suffix(400))")
    }

    // MARK: - selects

    @Test func `selects say what the variables do`() throws {
        let authority = try Authority()
        try authority.sign("server", "IP:127.0.0.1", subject: "/C=FR/CN=server")
        try authority.sign(
            "alice", "DNS:alice.example,URI:sip:alice@example.com,email:alice@example.com,IP:192.0.2.1",
            subject: "/C=DE/ST=Berlin/L=Mitte/O=Example/OU=Phones/CN=Alice/UID=a1")
        let names = [
            "version": "$tls_version", "desc": "$tls_description", "cipher": "$tls_cipher_info",
            "cipher.bits": "$tls_cipher_bits", "server_name": "$tls_peer_server_name",
            "peer.version": "$tls_peer_version", "peer.sn": "$tls_peer_serial",
            "peer.notBefore": "$tls_peer_notBefore", "peer.not_after": "$tls_peer_notAfter",
            "peer.subject": "$tls_peer_subject", "peer.subject.cn": "$tls_peer_subject_cn",
            "peer.subj.locality": "$tls_peer_subject_locality",
            "peer.subject.countryName": "$tls_peer_subject_country",
            "peer.subject.state": "$tls_peer_subject_state",
            "peer.subject.organization": "$tls_peer_subject_organization",
            "peer.subject.unit": "$tls_peer_subject_unit", "peer.subject.uid": "$tls_peer_subject_uid",
            "peer.issuer": "$tls_peer_issuer", "peer.issuer.commonName": "$tls_peer_issuer_cn",
            "peer.email": "$tls_peer_san_email", "peer.host": "$tls_peer_san_hostname",
            "peer.uri": "$tls_peer_san_uri", "peer.ip": "$tls_peer_san_ip",
            "peer.verified": "$tls_peer_verified", "peer.revoked": "$tls_peer_revoked",
            "peer.expired": "$tls_peer_expired", "peer.self_signed": "$tls_peer_selfsigned",
            "my.subject.c": "$tls_my_subject_country", "myself.sn": "$tls_my_serial",
            "peer.URLEncodedCert": "$tls_peer_urlencoded_cert",
        ]
        let lines = names.map { select, variable in
            """
            $var(a) = "" + @tls.\(select); $var(b) = "" + \(variable);
            if ($var(a) != $var(b) || $var(a) == "") append_to_reply("Wrong: \(select) $var(a) $var(b)\\r\\n");
            """
        }
        let server = try Self.server(
            """
            \(TlsTests.files(authority, "server"))
            modparam("tls", "ca_list", "\(authority.file)")
            modparam("tls", "require_certificate", 1)
            """,
            """
            if ($proto == "tls") { \(lines.joined(separator: "\n")) }
            if (@tls.peer.nonsense == $null && @tls.peer.subject.nonsense == $null) append_to_reply("None: yes\\r\\n");
            if (@tls.version == $null) append_to_reply("Plain: yes\\r\\n");
            sl_send_reply("200", "OK");
            """)
        let reply = try #require(
            try answer(server, ["-servername", "edge.example"] + show(authority, "alice")))
        #expect(reply.all("Wrong") == [])
        #expect(reply["None"] == "yes" && reply["Plain"] == nil, "\(reply)")
        // Not over TLS: nothing.
        let udp = try Client()
        #expect(try udp.ping(server.udp)["Plain"] == "yes")
    }
}
