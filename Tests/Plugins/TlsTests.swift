// SPDX-License-Identifier: Apache-2.0
import Testing
import TlsLogic

@Suite struct TLSSelectTests {
    @Test func `a select is read word by word, in any way of writing the words`() {
        for (text, select) in [
            ("version", .version), ("desc", .description), ("description", .description),
            ("cipher", .cipher), ("cipher.bits", .cipherBits), ("serverName", .serverName),
            ("peer.subject", .certificate(.peer, .subject(nil))),
            ("peer.subj.CN", .certificate(.peer, .subject(.commonName))),
            ("my.issuer.organization_name", .certificate(.own, .issuer(.organization))),
            ("myself.notBefore", .certificate(.own, .notBefore)),
            ("me.not_after", .certificate(.own, .notAfter)),
            ("peer.subject.stateOrProvinceName", .certificate(.peer, .subject(.state))),
            ("peer.sn", .certificate(.peer, .serial)), ("peer.email", .certificate(.peer, .email)),
            ("peer.IPAddress", .certificate(.peer, .address)), ("peer.raw_cert", .certificate(.peer, .raw)),
            ("peer.self_signed", .certificate(.peer, .selfSigned)),
        ] as [(String, TLSSelect)] {
            #expect(TLSSelect(text) == select, "\(text)")
        }
    }

    @Test func `what is no select is nil`() {
        for text in [
            "", ".", "peer", "my.", "version.bits", "cipher.", "cipher.bits.bits", "peer.subject.",
            "peer.subject.nobody", "peer.subject.cn.cn", "peer.sn.sn", "they.sn",
        ] {
            #expect(TLSSelect(text) == nil, "\(text)")
        }
    }
}

@Suite struct ProfileFileTests {
    @Test func `sections have what stands below them, in any case, quoted or not, without comments`() {
        let file = ProfileFile(
            """
            # who we are
            [server:default]
            method = TLSv1.2+   ; no less
            certificate = "/etc/a #1.pem"
            PRIVATE_KEY = '/etc/a.key'
            verify_certificate = yes

            [client:[2001:DB8::1]:5061]
            require_certificate=0
            server_id = trunk
            """)
        #expect(file.faults.isEmpty)
        #expect(file.sections.map(\.scope.description) == ["server:default", "client:[2001:db8::1]:5061"])
        #expect(file.sections[0].settings.certificate == "/etc/a #1.pem")
        #expect(file.sections[0].settings.key == "/etc/a.key")
        #expect(file.sections[0].settings.versions == Versions(named: "tlsv1.2+"))
        #expect(file.sections[0].settings.verifies == true)
        #expect(file.sections[1].settings.requires == false)
        #expect(file.sections[1].settings.serverID == "trunk")
    }

    @Test func `lines may end as on Windows`() {
        let file = ProfileFile("[server:default]\r\ncertificate = a.pem\r\n\r\nnonsense\r\n")
        #expect(file.sections.first?.settings.certificate == "a.pem")
        #expect(file.faults.map(\.line) == [4])
    }

    @Test func `all that is wrong is told at once, each with its line and how to mend it`() {
        let file = ProfileFile(
            """
            certificate = early.pem
            [server:default]
            certficate = a.pem
            method = SSLv3
            verify_depth = many
            verify_certificate = perhaps
            nonsense
            ca_list =
            [server:default]
            [somebody:else]
            ignored = here
            [client:10.0.0.1]
            [client:default
            """)
        #expect(file.faults.map(\.line) == [1, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13])
        #expect(file.faults[1].what == "there is no \"certficate\"")
        #expect(file.faults[1].help == "did you mean \"certificate\"?")
        #expect(file.faults[2].what == "method cannot be \"SSLv3\"")
        #expect(file.faults[2].help.contains("TLSv1.2+"))
        #expect(file.faults[7].what == "[server:default] is there already, on line 2")
    }

    @Test func `what a section does not say is as in the default one, and then as the parameters have it`() {
        var parameters = ProfileSettings()
        parameters.versions = .usual
        parameters.certificate = "parameters.pem"
        parameters.key = "parameters.key"
        parameters.verifyDepth = 9
        parameters.verifyClient = .on
        let profiles = ProfileFile(
            """
            [server:default]
            certificate = default.pem
            private_key = default.key
            verify_depth = 3
            [server:192.0.2.1:5061]
            server_name = a.example
            certificate = a.pem
            [server:any]
            method = TLSv1.3
            """
        ).profiles(parameters: parameters)
        #expect(
            profiles.map(\.scope.description) == [
                "server:default", "server:192.0.2.1:5061", "server:any", "client:default",
            ])
        // A key is never that of another certificate.
        #expect(profiles[1].settings.certificate == "a.pem" && profiles[1].settings.key == nil)
        #expect(profiles[1].settings.verifyDepth == 3)
        #expect(
            profiles[2].settings.certificate == "default.pem" && profiles[2].settings.key == "default.key")
        #expect(profiles[2].settings.versions == Versions(named: "TLSv1.3"))
        #expect(profiles[3].settings.certificate == "parameters.pem")
        #expect(profiles[0].settings.verifyClient == .on && profiles[3].settings.verifyClient == nil)
    }

    @Test func `without a file there is a server and a client, as the parameters have them`() {
        var parameters = ProfileSettings()
        parameters.serverName = "a.example"
        let profiles = ProfileFile("").profiles(parameters: parameters)
        #expect(profiles.map(\.scope.description) == ["server:default", "client:default"])
        #expect(profiles.allSatisfy { $0.settings.serverName == "a.example" && $0.line == 0 })
    }

    @Test(arguments: [
        "server", "server:", "server:10.0.0.1", "server:10.0.0.1:0", "server::5061", "peer:default",
        "client:a:70000",
    ])
    func `what is no scope is none`(text: String) { #expect(ProfileScope(text) == nil) }
}

@Suite struct ProfileChoiceTests {
    private let profiles = ProfileFile(
        """
        [server:default]
        [server:192.0.2.1:5061]
        verify_depth = 1
        [server:192.0.2.1:5061]
        server_name = a.example
        verify_depth = 2
        [server:any]
        server_name = b.example
        server_name_mode = 1
        verify_depth = 3
        [server:any]
        server_name = c.example
        server_name_mode = 2
        verify_depth = 4
        [client:default]
        [client:192.0.2.9:5061]
        verify_depth = 5
        [client:any]
        server_id = trunk
        verify_depth = 6
        [client:any]
        server_name = a.example
        verify_depth = 7
        """
    ).profiles(parameters: ProfileSettings())

    private func depth(_ index: Int?) -> Int? { index.flatMap { profiles[$0].settings.verifyDepth } }

    @Test(arguments: [
        ("192.0.2.1", "a.example", 2), ("192.0.2.1", "A.Example", 2), ("192.0.2.1", "x.a.example", 1),
        ("192.0.2.1", nil, 1), ("192.0.2.1", "b.example", 3), ("192.0.2.2", "x.b.example", 3),
        ("192.0.2.2", "xb.example", nil), ("192.0.2.2", "c.example", nil), ("192.0.2.2", "x.c.example", 4),
        ("192.0.2.2", nil, nil), ("192.0.2.2", "a.example", nil),
    ])
    func `a server is chosen by its address and by the name that is asked for`(
        address: String, name: String?, wanted: Int?
    ) {
        #expect(depth(ProfileChoice.server(profiles, address: address, port: 5061, name: name)) == wanted)
        #expect(depth(ProfileChoice.server(profiles, address: address, port: 5062, name: "nobody")) == nil)
    }

    @Test func `a client is chosen by what a script says, then by name and address`() {
        func choose(_ address: String, _ id: String?, _ name: String?) -> Int? {
            depth(ProfileChoice.client(profiles, address: address, port: 5061, id: id, name: name))
        }
        #expect(choose("192.0.2.9", "trunk", "a.example") == 6)
        #expect(choose("192.0.2.9", "other", nil) == 5)
        #expect(choose("192.0.2.8", nil, "a.example") == 7)
        #expect(choose("192.0.2.8", nil, "b.example") == nil)
    }
}

@Suite struct ServerNameTests {
    private func read(_ bytes: [UInt8]) -> String? { bytes.withUnsafeBytes { ServerName.read($0) } }

    @Test func `the name in a ClientHello is read, in small letters (RFC 6066, 3)`() {
        #expect(read([0, 12, 0, 0, 9] + Array("A.Example".utf8)) == "a.example")
    }

    @Test(
        arguments: [
            [], [0, 12], [0, 12, 0, 0, 9], [0, 3, 0, 0, 0],
            [0, 12, 1, 0, 9, 97, 46, 101, 120, 97, 109, 112, 108, 101],
            [0, 4, 0, 0, 9, 97], [0, 4, 0, 0, 1, 0], [0, 4, 0, 0, 1, 0xff], [0, 4, 0, 0, 1, 32],
            [0, 12, 0, 0, 200, 46, 101, 120, 97, 109, 112, 108, 101, 0],
        ] as [[UInt8]])
    func `what is none is read as none`(bytes: [UInt8]) { #expect(read(bytes) == nil) }

    @Test(arguments: [
        ("sip:a.example", "a.example"), ("SIP:A.example;transport=tls", "a.example"),
        ("sip:a.example:5061", "a.example"),
        ("sip:bob@a.example", nil), ("sips:a.example", nil), ("https://a.example", nil), ("sip:", nil),
    ])
    func `a certificate is for the domain of a SIP URI without a user (RFC 5922, 7.1)`(
        uri: String, domain: String?
    ) {
        #expect(Identity.domain(ofURI: uri) == domain)
    }
}
