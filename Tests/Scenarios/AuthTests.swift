// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

/// Challenges and credentials, with passwords from the script.
@Suite struct AuthTests {
    private func server(_ settings: String = "", flags: String = "1", check: String? = nil) throws -> Server {
        try Server(
            """
            loadmodule "sl.so"
            loadmodule "pv.so"
            loadmodule "textops.so"
            loadmodule "auth.so"
            \(settings)
            request_route {
                $var(rc) = 0;
                \(check ?? "if ($rm == \"REGISTER\") pv_www_authenticate(\"example.com\", \"secret\", \"0\"); else pv_proxy_authenticate(\"example.com\", \"secret\", \"0\");")
                $var(rc) = $rc;
                if ($var(rc) < 0) {
                    auth_challenge("example.com", "\(flags)");
                    exit;
                }
                consume_credentials();
                if (is_present_hf("Authorization") || is_present_hf("Proxy-Authorization")) {
                    sl_send_reply("500", "Not consumed");
                    exit;
                }
                sl_send_reply("200", "Code $var(rc) of $var(x)");
            }
            """)
    }

    private func request(
        _ method: String, _ client: Client, _ credentials: String? = nil, callID: String = "c1"
    ) -> Request {
        Request(method, "sip:example.com", from: client).with {
            $0.callID = callID
            if let credentials {
                $0.lines.append(
                    "\(method == "REGISTER" ? "Authorization" : "Proxy-Authorization"): \(credentials)")
            }
        }
    }

    @Test(arguments: [("REGISTER", 401, "WWW-Authenticate"), ("INVITE", 407, "Proxy-Authenticate")])
    func `who is asked and knows the password may`(method: String, status: Int, header: String) throws {
        let server = try server()
        let client = try Client()
        let asked = try client.ask(request(method, client), server.udp)
        #expect(asked.status == status)
        let digest = try #require(Digest(asked[header]))
        #expect(
            digest.realm == "example.com" && digest.qop == "auth" && digest.algorithm == nil
                && !digest.isStale)
        let wrong = try digest.answer(
            user: "alice", password: "guess", method: method, uri: "sip:example.com")
        #expect(try client.ask(request(method, client, wrong), server.udp).status == status)
        let right = try digest.answer(
            user: "alice", password: "secret", method: method, uri: "sip:example.com")
        let answer = try client.ask(request(method, client, right), server.udp)
        #expect(answer.status == 200 && answer.reason.hasPrefix("Code 1"))
        #expect(server.complaints == [])
    }

    @Test func `an ACK or a CANCEL cannot be asked`() throws {
        let server = try server()
        let client = try Client()
        #expect(try client.ask(request("CANCEL", client), server.udp).status == 200)
    }

    @Test(arguments: ["MD5", "SHA-256", "MD5-sess", "SHA-256-sess"])
    func `an algorithm is asked for, and no other is taken`(algorithm: String) throws {
        let server = try server("modparam(\"auth\", \"algorithm\", \"\(algorithm)\")")
        let client = try Client()
        let header = try #require(try client.ask(request("REGISTER", client), server.udp)["WWW-Authenticate"])
        #expect(header.hasSuffix("algorithm=\(algorithm)") == (algorithm != "MD5"))
        let digest = try #require(Digest(header))
        let right = try digest.answer(
            user: "a", password: "secret", method: "REGISTER", uri: "sip:example.com")
        #expect(try client.ask(request("REGISTER", client, right), server.udp).status == 200)
        let other = try #require(
            Digest(
                "Digest realm=\"example.com\", nonce=\"\(digest.nonce)\", qop=\"auth\", algorithm=\(algorithm == "MD5" ? "SHA-256" : "MD5")"
            ))
        let downgraded = try other.answer(
            user: "a", password: "secret", method: "REGISTER", uri: "sip:example.com")
        #expect(try client.ask(request("REGISTER", client, downgraded), server.udp).status == 401)
    }

    /// RFC 8760, 2.
    @Test func `several algorithms are several challenges, the best first`() throws {
        let server = try server("modparam(\"auth\", \"algorithm\", \"SHA-256, MD5\")")
        let client = try Client()
        let asked = try client.ask(request("INVITE", client), server.udp)
        let challenges = asked.all("Proxy-Authenticate").compactMap { Digest($0) }
        #expect(challenges.map(\.algorithm) == ["SHA-256", nil])
        for digest in challenges {
            let right = try digest.answer(
                user: "a", password: "secret", method: "INVITE", uri: "sip:example.com")
            #expect(try client.ask(request("INVITE", client, right), server.udp).status == 200)
        }
    }

    @Test func `the body can be part of it`() throws {
        let server = try server(flags: "2")
        let client = try Client()
        let asked = try client.ask(request("MESSAGE", client), server.udp)
        let digest = try #require(Digest(asked["Proxy-Authenticate"]))
        #expect(digest.qop == "auth-int")
        let right = try digest.answer(
            user: "a", password: "secret", method: "MESSAGE", uri: "sip:example.com", body: "hello")
        for (body, status) in [("hello", 200), ("hullo", 407)] {
            let message = request("MESSAGE", client, right).with {
                $0.body = Array(body.utf8)
                $0.lines.append("Content-Type: text/plain")
            }
            #expect(try client.ask(message, server.udp).status == status)
        }
    }

    @Test func `what was heard on the wire cannot be said again`() throws {
        let server = try server("modparam(\"auth\", \"nonce_count\", 1)")
        let client = try Client()
        let eve = try Client()
        let digest = try #require(
            Digest(try client.ask(request("INVITE", client), server.udp)["Proxy-Authenticate"]))
        func credentials(_ count: Int) throws -> String {
            try digest.answer(
                user: "a", password: "secret", method: "INVITE", uri: "sip:example.com", count: count)
        }
        // The answer goes to whoever sends it.
        let first = request("INVITE", client, try credentials(1)).with { $0.via[0] += ";rport" }
        #expect(try client.ask(first, server.udp).status == 200)
        // Its answer was lost: the same once more, from the same place.
        #expect(try client.ask(first, server.udp).status == 200)
        let replayed = try eve.ask(first, server.udp)
        #expect(replayed.status == 407 && Digest(replayed["Proxy-Authenticate"])?.isStale == true)
        #expect(
            try eve.ask(request("INVITE", eve, try credentials(1), callID: "c9"), server.udp).status == 407)
        #expect(
            try client.ask(request("INVITE", client, try credentials(2), callID: "c2"), server.udp).status
                == 200)
    }

    @Test func `a nonce can be good for one request`() throws {
        let server = try server("modparam(\"auth\", \"one_time_nonce\", 1)", flags: "0")
        let client = try Client()
        let digest = try #require(
            Digest(try client.ask(request("INVITE", client), server.udp)["Proxy-Authenticate"]))
        let right = try digest.answer(user: "a", password: "secret", method: "INVITE", uri: "sip:example.com")
        #expect(try client.ask(request("INVITE", client, right), server.udp).status == 200)
        #expect(try client.ask(request("INVITE", client, right, callID: "c2"), server.udp).status == 407)
    }

    @Test func `a nonce can be good for one call`() throws {
        let server = try server("modparam(\"auth\", \"auth_checks_no_dlg\", 2)")
        let client = try Client()
        let digest = try #require(
            Digest(try client.ask(request("INVITE", client), server.udp)["Proxy-Authenticate"]))
        let right = try digest.answer(user: "a", password: "secret", method: "INVITE", uri: "sip:example.com")
        let other = try client.ask(request("INVITE", client, right, callID: "c2"), server.udp)
        #expect(other.status == 407 && Digest(other["Proxy-Authenticate"])?.isStale == true)
        #expect(try client.ask(request("INVITE", client, right), server.udp).status == 200)
    }

    @Test func `servers that share a secret know each other's nonces`() throws {
        let settings = "modparam(\"auth\", \"secret\", \"shared between us\")"
        let one = try server(settings)
        let other = try server(settings)
        let stranger = try server()
        let client = try Client()
        let digest = try #require(
            Digest(try client.ask(request("INVITE", client), one.udp)["Proxy-Authenticate"]))
        let right = try digest.answer(user: "a", password: "secret", method: "INVITE", uri: "sip:example.com")
        #expect(try client.ask(request("INVITE", client, right), other.udp).status == 200)
        let refused = try client.ask(request("INVITE", client, right), stranger.udp)
        #expect(refused.status == 407 && Digest(refused["Proxy-Authenticate"])?.isStale == true)
    }

    @Test func `a hash is as good as a password, and codes say what is wrong`() throws {
        let hash = try Digest.hash("alice:example.com:secret", nil)
        let server = try server(
            check:
                "pv_auth_check(\"example.com\", \"\(hash)\", \"1\", \"1\"); $var(x) = $rc; if ($var(x) == -8) { sl_send_reply(\"403\", \"Code $var(x)\"); exit; }"
        )
        let client = try Client()
        let asked = try client.ask(request("INVITE", client), server.udp)
        let digest = try #require(Digest(asked["Proxy-Authenticate"]))
        let right = try digest.answer(
            user: "alice", password: "secret", method: "INVITE", uri: "sip:example.com")
        #expect(try client.ask(request("INVITE", client, right), server.udp).status == 200)
        let bob = request("INVITE", client, right).with { $0.from = "<sip:bob@example.com>;tag=1" }
        #expect(try client.ask(bob, server.udp).reason == "Code -8")
    }

    @Test func `broken credentials are refused, and hurt nobody`() throws {
        let server = try server(
            check:
                "pv_proxy_authenticate(\"example.com\", \"secret\", \"0\"); $var(x) = $rc; if ($var(x) != -5 && $var(x) < 0) { sl_send_reply(\"400\", \"Code $var(x)\"); exit; }"
        )
        let client = try Client()
        for (credentials, status) in [
            ("Digest", 407), ("Basic YTpi", 407), ("Digest realm=\"other\"", 407),
            ("Digest realm=\"example.com\"", 400),
            ("Digest username=\"a\", realm=\"example.com\", nonce=\"x\", uri=\"u\", response=\"0\"", 400),
            (
                "Digest username=\"a\", realm=\"example.com\", nonce=\"\(String(repeating: "A", count: 32))\", uri=\"u\", response=\"0\"",
                400
            ),
            ("Digest username=\"a\", realm=\"example.com\", nonce=\"\", uri=\"u\", response=\"", 407),
        ] {
            #expect(
                try client.ask(request("INVITE", client, credentials), server.udp).status == status,
                "\(credentials)")
        }
    }

    @Test func `a challenge can be had for a header of one's own`() throws {
        let server = try Server(
            """
            loadmodule "sl.so"
            loadmodule "pv.so"
            loadmodule "textops.so"
            loadmodule "auth.so"
            modparam("auth", "add_authinfo_hdr", 1)
            request_route {
                if (!has_credentials("example.com")) {
                    auth_get_www_authenticate("example.com", "1", "$var(challenge)");
                    append_to_reply("WWW-Authenticate: $var(challenge)\\r\\n");
                    sl_send_reply("401", "Who are you");
                    exit;
                }
                if (pv_www_authenticate("example.com", "secret", "0", "OPTIONS")) sl_send_reply("200", "OK");
                else sl_send_reply("403", "Code $rc");
            }
            """)
        let client = try Client()
        let digest = try #require(
            Digest(try client.ask(request("REGISTER", client), server.udp)["WWW-Authenticate"]))
        let right = try digest.answer(
            user: "a", password: "secret", method: "OPTIONS", uri: "sip:example.com")
        let answer = try client.ask(request("REGISTER", client, right), server.udp)
        #expect(answer.status == 200)
        let first = try Digest.hash("a:example.com:secret", nil)
        let second = try Digest.hash(":sip:example.com", nil)
        let proof = try Digest.hash("\(first):\(digest.nonce):00000001:c0ffee:auth:\(second)", nil)
        #expect(answer["Authentication-Info"]?.contains("rspauth=\"\(proof)\"") == true)
    }
}
