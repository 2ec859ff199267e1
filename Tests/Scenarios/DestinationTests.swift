// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Where a request goes whose next hop is a name, with a name server of the test's own.
@Suite struct DestinationTests {
    private static func server(
        _ names: NameServer, _ settings: String = "",
        listen: [String] = ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"]
    ) throws
        -> Server
    {
        try Server(
            """
            dns_servers="\(names.text)"
            dns_retr_time=1
            dns_retr_no=1
            dns_use_search_list=no
            \(settings)
            loadmodule "sl.so"
            loadmodule "ctl.so"
            request_route {
                if (uri==myself) { sl_send_reply("200", "Here"); exit; }
                if (!forward()) sl_reply_error();
            }
            """, listen: listen)
    }

    private func message(_ uri: String, _ client: Client) -> Request { Request("MESSAGE", uri, from: client) }

    @Test func `from a domain by its rules and services to the address`() throws {
        let bob = try Client()
        let names = try NameServer(
            "example.test 60 NAPTR 10 10 s SIPS+D2T _sips._tcp.example.test",
            "example.test 60 NAPTR 20 10 s SIP+D2U _sip._udp.other.test",
            "_sip._udp.other.test 60 SRV 0 0 \(bob.port) bob.example.test",
            "bob.example.test 60 CNAME host.example.test", "host.example.test 60 A 127.0.0.1")
        let server = try Self.server(names, "dns_try_naptr=yes")
        let alice = try Client()
        alice.send(message("sip:bob@Example.test", alice), to: server.udp)
        let got = try bob.receive()
        #expect(got.startLine == "MESSAGE sip:bob@Example.test SIP/2.0")
        // The server has no socket for TLS, nor for IPv6.
        #expect(
            names.asked == [
                "NAPTR example.test", "SRV _sip._udp.other.test", "A bob.example.test", "A host.example.test",
            ])
        bob.send(Request.reply(200, "OK", to: got), to: server.udp)
        #expect(try alice.receive().status == 200)
        // All of it is known now.
        alice.send(message("sip:bob@example.test", alice), to: server.udp)
        #expect(try bob.receive().method == "MESSAGE")
        #expect(names.asked.count == 4)
        #expect(server.complaints.isEmpty, "\(server.complaints)")
    }

    @Test func `when nobody is there, the next one is tried`() throws {
        let gone = try Listener().port
        let bob = try Listener()
        let names = try NameServer(
            "_sip._tcp.example.test 60 SRV 1 0 \(gone) host.example.test",
            "_sip._tcp.example.test 60 SRV 2 0 \(bob.port) host.example.test",
            "host.example.test 60 A 127.0.0.1")
        let server = try Self.server(names, "use_dns_failover=yes")
        let alice = try Client()
        alice.send(message("sip:bob@example.test;transport=tcp", alice), to: server.udp)
        #expect(try bob.accept().receive().method == "MESSAGE")
        #expect(alice.pending() == nil)
    }

    @Test func `an address that no socket reaches is passed over for the next, whatever is wanted`() throws {
        let bob = try Client()
        let names = try NameServer(
            "example.test 60 NAPTR 1 1 s SIP+D2T _sip._tcp.example.test",
            "example.test 60 NAPTR 2 1 s SIP+D2U _sip._udp.example.test",
            "_sip._udp.example.test 60 SRV 0 0 \(bob.port) host.example.test",
            "host.example.test 60 AAAA 2001:db8::1", "host.example.test 60 A 127.0.0.1")
        let server = try Self.server(
            names, "dns_try_naptr=yes\ndns_naptr_ignore_rfc=no\ndns_cache_flags=4",
            listen: ["udp:127.0.0.1:0"])
        let alice = try Client()
        alice.send(message("sip:bob@example.test", alice), to: server.udp)
        #expect(try bob.receive().method == "MESSAGE")
        #expect(!names.asked.contains { $0.contains("AAAA") || $0.contains("_tcp") }, "\(names.asked)")
    }

    @Test func `when a connection cannot be opened after all, what waited for it goes to the next`() throws {
        let full = try Listener(isFull: true)
        let bob = try Listener()
        let names = try NameServer(
            "_sip._tcp.example.test 60 SRV 1 0 \(full.port) host.example.test",
            "_sip._tcp.example.test 60 SRV 2 0 \(bob.port) host.example.test",
            "host.example.test 60 A 127.0.0.1")
        let server = try Self.server(names, "use_dns_failover=yes\ntcp_connect_timeout=1")
        let alice = try Client()
        for _ in 0..<2 { alice.send(message("sip:bob@example.test;transport=tcp", alice), to: server.udp) }
        let connection = try bob.accept()
        for _ in 0..<2 { #expect(try connection.receive().method == "MESSAGE") }
    }

    @Test(arguments: [";transport=udp", ""])
    func `a plugin can go on to all places, and is told when there is no other`(transport: String) throws {
        let folder = try Scratch()
        let built = try run("sh", Repository.path("Tests/Fixtures/Plugins/build.sh"), folder.path, "next")
        try #require(built.status == 0, "\(built.err)")
        let all = try (0..<3).map { _ in try Client() }
        let names = try NameServer("c.example.test 60 A 127.0.0.1")
        for (index, host) in ["a", "none", "c"].enumerated() {
            names.add("_sip._udp.example.test 60 SRV \(index) 0 \(all[index].port) \(host).example.test")
        }
        names.add("a.example.test 60 A 127.0.0.1")
        let server = try Server(
            """
            dns_servers="\(names.text)"
            use_dns_failover=yes
            dns_use_search_list=no
            loadmodule "\(folder.path)/next.so"
            request_route { next_everywhere(); }
            """)
        let alice = try Client()
        alice.send(message("sip:bob@example.test\(transport)", alice), to: server.udp)
        #expect(try all[0].receive().method == "MESSAGE")
        #expect(try all[2].receive().method == "MESSAGE")
        #expect(server.logs("that was the last place"))
        #expect(all[1].pending() == nil)
        // What was not needed at first was asked for when it was its turn.
        #expect(
            names.asked == ["SRV _sip._udp", "A a", "A none", "A c"].map { "\($0).example.test" }
                + (transport.isEmpty ? ["SRV _sip._tcp.example.test"] : []))
    }

    @Test func `that there is no such name is known for a while, and not asked again`() throws {
        let names = try NameServer()
        let server = try Self.server(names)
        let alice = try Client()
        for _ in 0..<3 {
            #expect(try alice.ask(message("sip:bob@nowhere.test:5060", alice), server.udp).status == 478)
        }
        #expect(names.asked == ["A nowhere.test"])
    }

    @Test func `an answer that holds for no time serves who asked, and nobody else`() throws {
        let bob = try Client()
        let names = try NameServer("a.test 0 A 127.0.0.1")
        for (settings, times) in [("", 2), ("dns_cache_min_ttl=60", 1), ("use_dns_cache=no", 2)] {
            let server = try Self.server(names, settings)
            let alice = try Client()
            let before = names.asked.count
            for _ in 0..<2 {
                alice.send(message("sip:bob@a.test:\(bob.port)", alice), to: server.udp)
                #expect(try bob.receive().method == "MESSAGE")
            }
            #expect(names.asked.count - before == times, "\(settings)")
        }
    }

    @Test func `what many ask for at once is asked once`() throws {
        let bob = try Client()
        let names = try NameServer("slow.test 60 A 127.0.0.1")
        names.treat("slow.test", .held)
        let server = try Self.server(names)
        let alice = try Client()
        for _ in 0..<50 { alice.send(message("sip:bob@slow.test:\(bob.port)", alice), to: server.udp) }
        // All of them have been read, and nobody is held up.
        #expect(try alice.ping(server.udp).status == 200)
        #expect(names.isAsked("A slow.test"))
        names.release()
        for _ in 0..<50 { #expect(try bob.receive().method == "MESSAGE") }
        #expect(names.asked == ["A slow.test"])
    }

    @Test func `a name server that says nothing delays who waits for it, and nobody else`() throws {
        let bob = try Client()
        let names = try NameServer("example.test 60 A 127.0.0.1")
        names.treat("silent.test", .silent)
        let server = try Self.server(names)
        let alice = try Client()
        for index in 0..<100 {
            alice.send(message("sip:bob@host\(index).silent.test:5060", alice), to: server.udp)
        }
        #expect(names.isAsked("A host0.silent.test"))
        alice.send(message("sip:bob@example.test:\(bob.port)", alice), to: server.udp)
        #expect(try bob.receive().method == "MESSAGE")
        #expect(try alice.receive().status == 478)
    }

    @Test func `an answer that does not fit into a datagram is asked for by TCP`() throws {
        let bob = try Client()
        let names = try NameServer("host.example.test 60 A 127.0.0.1")
        for index in 1..<60 {
            names.add(
                "_sip._udp.example.test 60 SRV \(index) 0 9 a-long-name-of-a-host-\(index).example.test")
        }
        names.add("_sip._udp.example.test 60 SRV 0 0 \(bob.port) host.example.test")
        names.treat("_sip._udp.example.test", .truncated)
        let server = try Self.server(names)
        let alice = try Client()
        alice.send(message("sip:bob@example.test", alice), to: server.udp)
        #expect(try bob.receive().method == "MESSAGE")
        #expect(names.asked.contains("SRV _sip._udp.example.test tcp"))
    }

    @Test(arguments: [
        // Names that point to themselves, lengths that are wrong, records that are not there.
        NameServer.Manner.bytes([0xc0, 0x1e, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1], records: 1),
        .bytes([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 3, 127, 0, 0], records: 1),
        .bytes([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0xff, 0xff, 127, 0, 0, 1], records: 1),
        .bytes([], records: 9999), .failing,
    ])
    func `an answer that is none does no harm`(manner: NameServer.Manner) throws {
        let names = try NameServer()
        names.treat("hostile.test", manner)
        let server = try Self.server(names)
        let alice = try Client()
        #expect(try alice.ask(message("sip:bob@hostile.test:5060", alice), server.udp).status == 478)
        #expect(try server.statistic("dns.failed_dns_request") == 1)
        #expect(try alice.ping(server.udp).status == 200)
    }

    @Test func `a script forwards to a host by a transport, or as the host's services say`() throws {
        let bob = try Client()
        let names = try NameServer(
            "_sip._udp.example.test 60 SRV 0 0 \(bob.port) host.test", "host.test 60 A 127.0.0.1")
        let server = try Server(
            """
            dns_servers="\(names.text)"
            request_route { forward("example.test"); }
            """)
        let alice = try Client()
        alice.send(message("sip:bob@192.0.2.1", alice), to: server.udp)
        #expect(try bob.receive().uri == "sip:bob@192.0.2.1")
    }

    // MARK: - commands

    @Test func `what is known of names can be seen and changed`() throws {
        let bob = try Client()
        let names = try NameServer("a.test 100 A 192.0.2.1", "a.test 100 A 192.0.2.2")
        let server = try Self.server(names)
        let found = try #require(try server.json("dns.lookup", "A", "A.test") as? [String: Any])
        #expect(found["name"] as? String == "a.test" && found["type"] as? String == "A")
        #expect(found["negative_entry"] as? String == "no" && found["permanent"] as? String == "no")
        #expect((90...100).contains(found["expires"] as? Int ?? 0))
        let records = try #require(found["records"] as? [[String: Any]])
        #expect(records.compactMap { $0["rr_ip"] as? String } == ["192.0.2.1", "192.0.2.2"])
        #expect(try server.rpc("dns.lookup", "A", "b.test").err.contains("Not found"))
        #expect(try server.rpc("dns.lookup", "MX", "b.test").err.contains("which type?"))

        #expect(try server.rpc("dns.add_a", "host.test", "100", "127.0.0.1", "2").status == 0)
        #expect(
            try server.rpc(
                "dns.add_srv", "_sip._udp.c.test", "100", "1", "2", "\(bob.port)", "host.test", "0"
            ).status
                == 0)
        #expect(
            try server.rpc("dns.add_aaaa", "host.test", "100", "192.0.2.1", "0").err.contains(
                "no IPv6 address"))
        let alice = try Client()
        alice.send(message("sip:bob@c.test", alice), to: server.udp)
        #expect(try bob.receive().method == "MESSAGE")

        let view = try server.rpc("dns.view").out
        for text in ["host.test", "_sip._udp.c.test", "rr_priority", "rr_weight", "b.test"] {
            #expect(view.contains(text), "\(text) in \(view)")
        }
        let memory = try #require(try server.json("dns.mem_info") as? [Int])
        #expect(memory.count == 2 && memory[0] > 0 && memory[1] == 512_000)
        #expect(try server.rpc("dns.debug").status == 0 && server.rpc("dns.debug_all").status == 0)
        #expect(try server.rpc("dns.delete_a", "a.test").status == 0)
        #expect(try server.rpc("dns.delete_a", "a.test").err.contains("Not found"))
        #expect(
            try server.rpc("dns.delete_a", "host.test").err.contains("Permanent entries cannot be deleted"))
        #expect(try server.rpc("dns.delete_all").status == 0)
        let left = try server.rpc("dns.view").out
        #expect(left.contains("host.test") && !left.contains("c.test"), "\(left)")
        #expect(try server.rpc("dns.delete_all_force").status == 0)
        #expect(try !server.rpc("dns.view").out.contains("host.test"))
    }

    @Test func `an address where nobody is, is left alone for a while`() throws {
        let gone = try Listener().port
        let server = try Self.server(try NameServer(), "use_dst_blocklist=yes")
        let alice = try Client()
        let uri = "sip:bob@127.0.0.1:\(gone);transport=tcp"
        alice.send(message(uri, alice), to: server.udp)
        let until = Date(timeIntervalSinceNow: Server.patience)
        while try !server.rpc("dst_blocklist.view").out.contains("127.0.0.1"), Date() < until {}
        let refused = try alice.ask(message(uri, alice), server.udp)
        #expect(refused.startLine == "SIP/2.0 473 Filtered destination (473/SL)")
        let view = try #require(try server.json("dst_blocklist.view") as? [String: Any])
        #expect(view["protocol"] as? String == "tcp" && view["port"] as? Int == Int(gone))
        #expect(try server.rpc("dst_blocklist.delete_all").status == 0)
        #expect(try !server.rpc("dst_blocklist.view").out.contains("127.0.0.1"))
        #expect(try server.rpc("dst_blocklist.add", "127.0.0.9", "0", "0", "1").status == 0)
        #expect(try alice.ask(message("sip:bob@127.0.0.9", alice), server.udp).status == 473)
    }

    @Test(arguments: ["nonsense", "", "192.0.2.1:0", "1.1.1.1 2.2.2.2 3.3.3.3 4.4.4.4", "2001:db8::1:x"])
    func `name servers that are none are told where they stand`(text: String) throws {
        let folder = try Scratch()
        let file = try folder.file(
            "martlet.cfg", with: "dns_servers=\"\(text)\"\nrequest_route { exit; }\n")
        let output = try martlet("check", file)
        #expect(output.status != 0)
        #expect((output.out + output.err).contains("dns_servers must be one to 3 addresses, not \"\(text)\""))
    }
}
