// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// RFC 3263, 4.3: when one place fails that a name leads to, a transaction goes on to the next.
@Suite struct TmFailoverTests {
    /// A domain with two servers, by UDP.
    private struct Party {
        let alice, bob, carol: Client
        let names: NameServer
        let server: Server

        init(
            _ script: String = "t_on_failure(\"FAILED\"); t_relay();", parameters: String = "",
            failsOver: Bool = true
        ) throws {
            alice = try Client()
            bob = try Client()
            carol = try Client()
            names = try NameServer(
                "_sip._udp.example.test 60 SRV 1 0 \(bob.port) bob.example.test",
                "_sip._udp.example.test 60 SRV 2 0 \(carol.port) carol.example.test",
                "bob.example.test 60 A 127.0.0.1", "carol.example.test 60 A 127.0.0.1")
            server = try tmServer(
                script, "failure_route[FAILED] { xlog(\"L_WARN\", \"failed with $T_reply_code\\n\"); }",
                parameters: """
                    dns_servers="\(names.text)"
                    dns_use_search_list=no
                    use_dns_failover=\(failsOver ? "yes" : "no")
                    \(parameters)
                    """, plugins: ["sl", "xlog", "pv", "ctl"])
        }

        func call(_ method: String = "INVITE") throws -> Request {
            let request = Request(method, "sip:b@example.test;transport=udp", from: alice)
            alice.send(request, to: server.udp)
            return request
        }
    }

    @Test func `who answers 503 is followed by the next, and nobody notices`() throws {
        let party = try Party()
        _ = try party.call()
        let first = try party.bob.receive("INVITE")
        party.bob.answer(503, "Busy", to: first, party.server)
        #expect(try party.bob.receive("ACK").branch == first.branch)
        let second = try party.carol.receive("INVITE")
        #expect(first.branch?.hasSuffix(".0") == true && second.branch?.hasSuffix(".1") == true)
        #expect(second.uri == first.uri)
        party.carol.answer(200, "OK", to: second, party.server)
        #expect(try party.alice.receive("200").reason == "OK")
        #expect(!party.server.log.contains("failed with"))
        #expect(party.server.complaints.isEmpty, "\(party.server.complaints)")
    }

    @Test func `failover_reply_codes names other answers that are followed by the next`() throws {
        let party = try Party(parameters: "modparam(\"tm\", \"failover_reply_codes\", \"code=480;class=5\")")
        _ = try party.call()
        party.bob.answer(480, "Away", to: try party.bob.receive("INVITE"), party.server)
        party.carol.answer(486, "Busy Here", to: try party.carol.receive("INVITE"), party.server)
        #expect(try party.alice.receive("486").reason == "Busy Here")
    }

    @Test func `a list of answers that is none keeps the server from starting`() throws {
        let file = """
            loadmodule "tm.so"
            modparam("tm", "failover_reply_codes", "often")
            request_route { exit; }
            """
        #expect { try Server(file) } throws: {
            "\($0)".contains("failover_reply_codes: \"often\" is no list of answers")
        }
    }

    @Test func `who answers 503 gets nothing more for as long as Retry-After says, and BYE goes on`() throws {
        let server = try tmServer(
            "if (!t_relay()) exit;",
            parameters: "use_dst_blocklist=yes\nmodparam(\"tm\", \"blst_503\", 1)",
            plugins: ["sl", "pv", "ctl"])
        let alice = try Client()
        let bob = try Client()
        let call = { (method: String) in
            alice.send(Request(method, "sip:bob@\(bob.text)", from: alice), to: server.udp)
        }
        // Without Retry-After it is not left alone.
        call("INVITE")
        bob.answer(503, "Busy", to: try bob.receive("INVITE"), server)
        #expect(try alice.receive("500").status == 500)
        call("INVITE")
        let second = try bob.receive("INVITE")
        bob.send(Request.reply(503, "Busy", to: second, "Retry-After: 600 (later)"), to: server.udp)
        #expect(try alice.receive("500").status == 500)
        #expect(try server.rpc("dst_blocklist.view").out.contains("127.0.0.1"))
        call("INVITE")
        #expect(try alice.receive("473").reason == "Filtered destination (473/TM)")
        call("BYE")
        bob.answer(200, "OK", to: try bob.receive("BYE"), server)
        #expect(try alice.receive("200").status == 200)
    }

    @Test func `who lets an INVITE wait in vain gets nothing more, as blst_methods_add says`() throws {
        let server = try tmServer(
            "if (!t_relay()) exit;",
            parameters: "use_dst_blocklist=yes\nmodparam(\"tm\", \"fr_timer\", 200)",
            plugins: ["sl", "pv", "ctl"])
        let alice = try Client()
        let bob = try Client()
        alice.send(Request("MESSAGE", "sip:bob@\(bob.text)", from: alice), to: server.udp)
        _ = try bob.receive("MESSAGE")
        try server.comes { try server.statistic("tmx.active_transactions") == 0 }
        #expect(try !server.rpc("dst_blocklist.view").out.contains("127.0.0.1"))
        alice.send(Request("INVITE", "sip:bob@\(bob.text)", from: alice), to: server.udp)
        #expect(try alice.receive("408").status == 408)
        #expect(try server.rpc("dst_blocklist.view").out.contains("127.0.0.1"))
    }

    @Test func `who says nothing is followed by the next`() throws {
        let party = try Party(parameters: "modparam(\"tm\", \"fr_timer\", 400)")
        _ = try party.call("MESSAGE")
        _ = try party.bob.receive("MESSAGE")
        let second = try party.carol.receive("MESSAGE")
        party.carol.answer(202, "Accepted", to: second, party.server)
        #expect(try party.alice.receive("202").reason == "Accepted")
    }

    @Test func `who has rung has been heard of, and is not left for another`() throws {
        let party = try Party(parameters: "modparam(\"tm\", \"fr_inv_timer\", 400)")
        _ = try party.call()
        let first = try party.bob.receive("INVITE")
        party.bob.answer(180, "Ringing", to: first, party.server)
        #expect(try party.alice.receive("408").status == 408)
        #expect(party.carol.pending() == nil)
        #expect(party.server.logs("failed with 408"))
    }

    @Test func `when the last one fails as well, that is what is told`() throws {
        let party = try Party()
        _ = try party.call()
        party.bob.answer(503, "Busy", to: try party.bob.receive("INVITE"), party.server)
        party.carol.answer(486, "Busy Here", to: try party.carol.receive("INVITE"), party.server)
        #expect(try party.alice.receive("486").reason == "Busy Here")
        #expect(party.server.logs("failed with 486"))
    }

    @Test func `when there turns out to be no other, the first failure counts`() throws {
        let party = try Party()
        party.names.treat("carol.example.test", .failing)
        _ = try party.call()
        party.bob.answer(503, "Busy", to: try party.bob.receive("INVITE"), party.server)
        #expect(try party.alice.receive("500").reason == "Service Unavailable")
        #expect(party.server.logs("failed with 503"))
    }

    @Test(arguments: ["t_relay_to(\"4\");", "t_set_disable_failover(1); t_relay();", "t_relay();"])
    func `nobody else is asked when that is not wanted`(script: String) throws {
        let party = try Party(script, failsOver: script != "t_relay();")
        _ = try party.call()
        party.bob.answer(503, "Busy", to: try party.bob.receive("INVITE"), party.server)
        #expect(try party.alice.receive("500").status == 500)
        #expect(party.carol.pending() == nil)
    }

    @Test func `a caller who has hung up is not followed to the next`() throws {
        let party = try Party()
        let invite = try party.call()
        let first = try party.bob.receive("INVITE")
        party.bob.answer(180, "Ringing", to: first, party.server)
        _ = try party.alice.receive("180")
        party.alice.send(invite.follower("CANCEL"), to: party.server.udp)
        _ = try party.bob.receive("CANCEL")
        party.bob.answer(503, "Busy", to: first, party.server)
        var last = try party.alice.receive()
        while last.status < 300 { last = try party.alice.receive() }
        #expect(party.carol.pending() == nil)
    }

    @Test(arguments: [true, false])
    func `where no connection can be opened, the next one is tried`(isSilent: Bool) throws {
        let gone = try Listener(isFull: true)
        let nobody = try Listener().port
        let carol = try Listener()
        let names = try NameServer(
            "_sip._tcp.example.test 60 SRV 1 0 \(isSilent ? gone.port : nobody) host.example.test",
            "_sip._tcp.example.test 60 SRV 2 0 \(carol.port) host.example.test",
            "host.example.test 60 A 127.0.0.1")
        let server = try tmServer(
            "t_relay();",
            parameters: """
                dns_servers="\(names.text)"
                dns_use_search_list=no
                use_dns_failover=yes
                tcp_connect_timeout=1
                """)
        let alice = try Client()
        alice.send(Request("MESSAGE", "sip:b@example.test;transport=tcp", from: alice), to: server.udp)
        let connection = try carol.accept()
        let request = try connection.receive()
        #expect(request.branch?.hasSuffix(".1") == true)
        connection.send(Request.reply(200, "OK", to: request))
        #expect(try alice.receive("200").status == 200)
    }
}
