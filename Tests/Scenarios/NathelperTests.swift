// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Telephones behind NATs.
@Suite struct NathelperTests {
    private func server(_ route: String, _ settings: String = "", before: String = "") throws -> Server {
        try Server(
            """
            loadmodule "sl.so"
            loadmodule "pv.so"
            loadmodule "kex.so"
            loadmodule "ctl.so"
            \(before)
            loadmodule "nathelper.so"
            \(settings)
            request_route {
                \(route)
            }
            """)
    }

    @Test func `signs of a NAT are seen`() throws {
        let server = try server(
            """
            $var(found) = 0;
            if (nat_uac_test("1")) $var(found) = $var(found) + 1;
            if (nat_uac_test("2")) $var(found) = $var(found) + 2;
            if (nat_uac_test("4")) $var(found) = $var(found) + 4;
            if (nat_uac_test("8")) $var(found) = $var(found) + 8;
            if (nat_uac_test("16")) $var(found) = $var(found) + 16;
            if (nat_uac_test("32")) $var(found) = $var(found) + 32;
            if (nat_uac_test("64")) $var(found) = $var(found) + 64;
            if (nat_uac_test("128")) $var(found) = $var(found) + 128;
            if (nat_uac_test("256")) $var(found) = $var(found) + 256;
            sl_send_reply("200", "$var(found)");
            """)
        let client = try Client()
        func ask(_ via: String, _ contact: String, _ address: String) throws -> Int? {
            let request = Request("INVITE", "sip:x@y", from: client).with {
                $0.via = ["SIP/2.0/UDP \(via);branch=z9hG4bK\(UUID().uuidString);rport"]
                $0.lines = ["Contact: <\(contact)>", "Content-Type: application/sdp"]
                $0.body = Array("v=0\r\nc=IN IP4 \(address)\r\n".utf8)
            }
            return Int(try client.ask(request, server.udp).reason)
        }
        #expect(try ask(client.text, "sip:a@\(client.text)", "127.0.0.1") == 0)
        #expect(try ask("10.0.0.1:5062", "sip:a@192.168.1.1", "172.16.0.1") == 1 + 2 + 4 + 8 + 16 + 128 + 256)
        #expect(try ask("127.0.0.1", "sip:a@\(client.text)", "198.51.100.1") == 16 + 256)
    }

    @Test func `Contact, session description and Request-URI get the real address`() throws {
        let server = try server(
            """
            if ($rm == "REGISTER") {
                add_contact_alias();
                sl_send_reply("200", "$ct");
            } else if ($rm == "INFO") {
                if (!handle_ruri_alias()) { sl_send_reply("500", "No"); exit; }
                sl_send_reply("200", "$ru $du");
            } else if ($rm == "MESSAGE") {
                set_alias_to_pv("$var(alias)");
                if (is_rfc1918("10.1.1.1") && !is_rfc1918("8.8.8.8")) sl_send_reply("200", "$var(alias)");
            } else {
                fix_nated_contact();
                fix_nated_sdp("10");
                sl_send_reply("200", "$ct");
            }
            """)
        let client = try Client()
        func ask(_ method: String, _ contact: String, uri: String = "sip:x@y", _ body: String = "") throws
            -> String
        {
            let request = Request(method, uri, from: client).with {
                $0.lines = ["Contact: \(contact)"] + (body.isEmpty ? [] : ["Content-Type: application/sdp"])
                $0.body = Array(body.utf8)
            }
            return try client.ask(request, server.udp).reason
        }
        #expect(
            try ask("OPTIONS", "<sip:a@10.0.0.1:5066;ob>;q=0.5") == "<sip:a@\(client.text);ob>;q=0.5")
        let alias = "alias=127.0.0.1~\(client.port)~1"
        #expect(try ask("REGISTER", "<sip:a@10.0.0.1;x>") == "<sip:a@10.0.0.1;x;\(alias)>")
        #expect(try ask("REGISTER", "<sip:a@\(client.text)>") == "<sip:a@\(client.text)>")
        #expect(
            try ask("INFO", "<sip:a@b>", uri: "sip:bob@10.0.0.1;\(alias);y")
                == "sip:bob@10.0.0.1;y sip:\(client.text)")
        #expect(try ask("MESSAGE", "<sip:a@b>") == ";\(alias)")
        #expect(server.complaints == [])
    }

    @Test func `a session description is mended before it goes on`() throws {
        let server = try server("fix_nated_sdp(\"10\"); forward();")
        let client = try Client()
        let other = try Client()
        let request = Request("INVITE", "sip:x@\(other.text)", from: client).with {
            $0.lines = ["Content-Type: application/sdp"]
            $0.body = Array(
                "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\nc=IN IP4 10.0.0.1\r\nm=audio 1 RTP/AVP 0\r\n".utf8)
        }
        client.send(request, to: server.udp)
        let body = String(decoding: try other.receive().body, as: UTF8.self)
        #expect(body.contains("o=- 1 1 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\n"))
        #expect(body.hasSuffix("a=oldmediaip:10.0.0.1\r\n"))
    }

    private let registrar = """
        loadmodule "usrloc.so"
        loadmodule "registrar.so"
        modparam("registrar", "received_avp", "$avp(received)")
        """
    private let route = """
        if ($rm == "REGISTER") {
            if (nat_uac_test("1")) fix_nated_register();
            setbflag(7);
            save("location");
            exit;
        }
        if (!lookup("location")) { sl_send_reply("404", "Nobody"); exit; }
        forward();
        """

    @Test func `who registers from behind a NAT is reached, and pinged with a few bytes`() throws {
        let server = try server(
            route,
            """
            modparam("nathelper", "received_avp", "$avp(received)")
            modparam("nathelper", "natping_interval", 1)
            """, before: registrar)
        let bob = try Client()
        let alice = try Client()
        let answer = try bob.ask(.register("<sip:bob@10.0.0.1:5066>;expires=600", from: bob), server.udp)
        #expect(answer["Contact"]?.contains("received=\"sip:\(bob.text)\"") == true)
        #expect(try bob.receive().bytes == [0, 0, 0, 0])
        alice.send(Request("OPTIONS", "sip:bob@example.com", from: alice), to: server.udp)
        var packet = try bob.receive()
        while packet.bytes == [0, 0, 0, 0] { packet = try bob.receive() }
        #expect(packet.uri == "sip:bob@10.0.0.1:5066")
        #expect(try server.statistic("nathelper.pings") ?? 0 > 0)
    }

    @Test func `who does not answer a request any more is taken away`() throws {
        let server = try server(
            route,
            """
            modparam("nathelper", "received_avp", "$avp(received)")
            modparam("nathelper", "natping_interval", 1)
            modparam("nathelper", "sipping_bflag", 7)
            modparam("nathelper", "sipping_from", "sip:pinger@example.com")
            modparam("nathelper", "keepalive_timeout", 2)
            """, before: registrar)
        let bob = try Client()
        _ = try bob.ask(.register("<sip:bob@\(bob.text)>;expires=600", from: bob), server.udp)
        let ping = try bob.receive()
        #expect(ping.method == "OPTIONS" && ping["From"]?.hasPrefix("<sip:pinger@example.com>;tag=") == true)
        bob.send(Request.reply(200, "OK", to: ping), to: server.udp)
        #expect(try bob.receive().method == "OPTIONS")
        // From here on nothing is answered.
        var lost: Int? = 0
        let limit = Date(timeIntervalSinceNow: 20)
        while lost == 0, Date() < limit { lost = try server.statistic("nathelper.lost_contacts") }
        #expect(lost == 1)
        #expect(try server.statistic("usrloc.location-contacts") == 0)
    }
}
