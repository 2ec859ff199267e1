// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// A registrar that clients with several flows speak to directly (RFC 5626, 6 and 7), with the routes of the manual.
private func registrar(
    _ settings: String = "modparam(\"registrar\", \"outbound_mode\", 1)", global: String = ""
)
    throws -> Server
{
    try Server(
        """
        \(global)
        loadmodule "tm.so"
        loadmodule "tmx.so"
        loadmodule "sl.so"
        loadmodule "pv.so"
        loadmodule "textops.so"
        loadmodule "siputils.so"
        loadmodule "kex.so"
        loadmodule "ctl.so"
        loadmodule "usrloc.so"
        loadmodule "registrar.so"
        modparam("tm", "failure_reply_mode", 3)
        modparam("tm", "contact_flows_avp", "tm_contact_flows")
        modparam("tm", "contacts_avp", "tm_contacts")
        modparam("tm", "fr_timer", 1000)
        modparam("registrar", "use_path", 1)
        \(settings)
        request_route {
            if (is_method("REGISTER")) {
                if ($hdr(X-Stay) != $null) setflag(5);
                save("location");
                exit;
            }
            if (is_method("CANCEL")) { t_relay(); exit; }
            if (!lookup("location")) { sl_send_reply("404", "Code $rc"); exit; }
            t_load_contacts();
            t_next_contacts();
            t_on_failure("FAIL_TRANSACTION");
            t_on_branch_failure("FAIL-BRANCH");
            if (!t_relay()) sl_reply_error();
        }
        failure_route[FAIL_TRANSACTION] {
            if (t_next_contacts()) { t_relay(); exit; }
            if (t_check_status("430")) t_reply("480", "Temporarily Unavailable");
        }
        event_route[tm:branch-failure:FAIL-BRANCH] {
            if (t_check_status("403|430") || (t_branch_timeout() && !t_branch_replied())) {
                unregister("location", "$tu", "$T_reply_ruid");
                if (t_next_contact_flow()) {
                    t_on_branch_failure("FAIL-BRANCH");
                    t_relay();
                }
            }
        }
        """, "--strict")
}

@Suite struct RegistrarOutboundTests {
    private func register(_ stream: Connection, _ regID: Int, contact: String? = nil, _ lines: String...)
        -> Request
    {
        let contact = contact ?? "sip:bob@127.0.0.1:\(stream.port);transport=tcp;ob"
        var request = Request.outbound(
            Request("REGISTER", "sip:example.com", from: stream), contact: contact, regID)
        request.lines += lines
        return request
    }

    private func register(_ client: Client, _ regID: Int) -> Request {
        .outbound(
            Request("REGISTER", "sip:example.com", from: client), contact: "sip:bob@\(client.text);ob", regID)
    }

    private func invite(_ alice: Client) -> Request {
        Request("INVITE", "sip:bob@example.com", from: alice).with {
            $0.lines = ["Contact: <sip:alice@\(alice.text)>"]
        }
    }

    private func contacts(_ server: Server) throws -> String {
        "\(try server.rpc("ul.lookup", "location", "bob@example.com").out)"
    }

    @Test func `a flow that has ended is given up for another of the same device, and none is opened`() throws
    {
        let server = try registrar()
        let (bob, alice) = (try Client(), try Client())
        let listener = try Listener()
        #expect(try bob.ask(register(bob, 2), server.udp)["Require"] == "outbound")
        do {
            let stream = try Connection(to: server.tcp)
            // It names an address where somebody listens: nobody is to be connected to.
            let contact = "sip:bob@\(listener.text);transport=tcp;ob"
            #expect(try stream.ask(register(stream, 1, contact: contact)).status == 200)
            #expect(try contacts(server).contains("reg-id") || contacts(server).contains("Reg-Id"))
        }
        try server.comes { try server.statistic("tcp.current_opened_connections") == 0 }
        alice.send(invite(alice), to: server.udp)
        #expect(try bob.receive("INVITE").uri == "sip:bob@\(bob.text);ob")
        let left = try contacts(server)
        #expect(!left.contains(listener.text), "unregistered: \(left)")
        bob.answer(480, "Busy", to: try bob.receive("INVITE"), server)
    }

    @Test func `a device behind a NAT is reached by its flow, whatever its Contact says (RFC 5626, 7)`()
        throws
    {
        let server = try registrar()
        let alice = try Client()
        let stream = try Connection(to: server.tcp)
        let answer = try stream.ask(register(stream, 1, contact: "sip:bob@192.0.2.77:5060;ob"))
        #expect(
            answer["Contact"]?.contains("received=\"sip:127.0.0.1:\(stream.port);transport=tcp\"") == true,
            "\(answer)")
        alice.send(invite(alice), to: server.udp)
        #expect(try stream.receive().uri == "sip:bob@192.0.2.77:5060;ob")
    }

    @Test func `silence over one flow leads to the next, and the last refusal is 480`() throws {
        let server = try registrar()
        let (first, second, alice) = (try Client(), try Client(), try Client())
        for (index, client) in [second, first].enumerated() {
            #expect(try client.ask(register(client, index + 1), server.udp).status == 200)
        }
        alice.send(invite(alice), to: server.udp)
        _ = try first.receive("INVITE")
        // It says nothing, until fr_timer.
        let called = try second.receive("INVITE")
        second.send(Request.reply(430, "Flow Failed", to: called), to: server.udp)
        #expect(try alice.receive("480").reason == "Temporarily Unavailable")
        #expect(try server.statistic("usrloc.location-contacts") == 0, "both are given up")
    }

    @Test(
        arguments: [
            // mode, Supported, Require, further lines: status, and what the reply says
            (0, "path", "outbound", "", 420, "Unsupported", "outbound"),
            (2, "path", "", "", 421, "Require", "outbound"),
            (1, "outbound, path", "", "Path: <sip:edge.example.com;lr>", 439, "P-Registrar-Error", nil),
            (1, "outbound, path", "", "Path: <sip:edge.example.com;lr;ob>", 200, "Require", "outbound"),
            (1, "path", "", "Path: <sip:edge.example.com;lr>", 200, "Supported", "outbound"),
            (1, "", "outbound", "", 200, "Flow-Timer", "25"),
        ] as [(Int, String, String, String, Int, String, String?)])
    func `what a registrar says about outbound (manual, 7)`(
        mode: Int, supported: String, required: String, path: String, status: Int, name: String,
        value: String?
    ) throws {
        let server = try registrar(
            "modparam(\"registrar\", \"outbound_mode\", \(mode))\n"
                + (mode > 0 ? "modparam(\"registrar\", \"flow_timer\", 25)" : ""))
        let bob = try Client()
        let request = register(bob, 1).with {
            $0.lines =
                [$0.lines[0]] + (supported.isEmpty ? [] : ["Supported: \(supported)"])
                + (required.isEmpty ? [] : ["Require: \(required)"])
            if !path.isEmpty {
                $0.lines.append(path)
                $0.via.append("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1")
            }
        }
        let reply = try bob.ask(request, server.udp)
        #expect(reply.status == status, "\(reply)")
        #expect(reply[name] != nil && (value == nil || reply[name] == value), "\(reply)")
    }

    @Test func `a connection stays as long as what was registered over it, with tcp_persistent_flag`() throws
    {
        let server = try registrar(
            """
            modparam("registrar", "outbound_mode", 1)
            modparam("registrar", "tcp_persistent_flag", 5)
            """, global: "tcp_connection_lifetime=1")
        let stays = try Connection(to: server.tcp)
        let goes = try Connection(to: server.tcp)
        #expect(try stays.ask(register(stays, 1, contact: nil, "X-Stay: 1")).status == 200)
        #expect(try goes.ask(register(goes, 2)).status == 200)
        #expect(goes.isClosed())
        // It is idle for longer now than the other one was.
        #expect(try stays.ask(register(stays, 1).with { $0.sequence = 2 }).status == 200)
    }
}

@Suite struct RegistrarChoiceTests {
    private func server(_ settings: String, _ route: String) throws -> Server {
        try Server(
            """
            loadmodule "sl.so"
            loadmodule "pv.so"
            loadmodule "kex.so"
            loadmodule "ctl.so"
            loadmodule "usrloc.so"
            loadmodule "registrar.so"
            \(settings)
            request_route { \(route) }
            """, "--strict")
    }

    @Test func `aor_avp says whose contacts are meant, and reg_callid_avp whose Call-ID`() throws {
        let server = try server(
            """
            modparam("registrar", "aor_avp", "$avp(aor)")
            modparam("registrar", "reg_callid_avp", "$avp(callid)")
            """,
            """
            $avp(aor) = "sip:shared@example.com";
            if ($rm == "REGISTER") { save("location"); exit; }
            if ($rU == "callid") $avp(callid) = $hdr(X-Wanted);
            if (registered("location")) sl_send_reply("200", "Yes"); else sl_send_reply("404", "No");
            """)
        let bob = try Client()
        #expect(
            try bob.ask(.register("<sip:bob@\(bob.text)>", from: bob, callID: "right"), server.udp).status
                == 200)
        #expect(try server.rpc("ul.lookup", "location", "shared@example.com").out.contains(bob.text))
        func ask(_ user: String, _ wanted: String) throws -> Int {
            try bob.ask(
                Request("OPTIONS", "sip:\(user)@example.com", from: bob).with {
                    $0.lines = ["X-Wanted: \(wanted)"]
                },
                server.udp
            ).status
        }
        #expect(try ask("any", "x") == 200)
        #expect(try ask("callid", "right") == 200)
        #expect(try ask("callid", "wrong") == 404)
    }

    @Test(arguments: [0, 3])
    func `lookup_filter_mode leaves out who registered over a connection that is closed`(mode: Int) throws {
        let folder = try Scratch()
        let server = try server(
            """
            modparam("registrar", "lookup_filter_mode", 2)
            modparam("usrloc", "db_mode", \(mode))
            modparam("usrloc", "db_url", "sqlite://\(folder.file("martlet.db"))")
            modparam("usrloc", "server_id", 7)
            """,
            """
            if ($rm == "REGISTER") { save("location"); exit; }
            if (lookup("location")) sl_send_reply("200", "$ru"); else sl_send_reply("404", "No");
            """)
        let bob = try Client()
        func ask() throws -> String {
            try bob.ask(Request("OPTIONS", "sip:bob@example.com", from: bob), server.udp).reason
        }
        do {
            let stream = try Connection(to: server.tcp)
            let request = Request("REGISTER", "sip:example.com", from: stream).with {
                $0.to = "<sip:bob@example.com>"
                $0.from = "<sip:bob@example.com>;tag=1"
                $0.lines = ["Contact: <sip:stream@192.0.2.1;transport=tcp>;q=1"]
            }
            #expect(try stream.ask(request).status == 200)
            #expect(try ask() == "sip:stream@192.0.2.1;transport=tcp")
            _ = try bob.ask(.register("<sip:datagram@\(bob.text)>;q=0.1", from: bob, 2), server.udp)
            #expect(try ask() == "sip:stream@192.0.2.1;transport=tcp")
        }
        try server.comes { try ask() == "sip:datagram@\(bob.text)" }
    }

    @Test func `lookup_filter_mode takes contacts with the flags that are wanted`() throws {
        // One of them is enough.
        let server = try server(
            """
            modparam("registrar", "lookup_filter_mode", 1)
            modparam("registrar", "xavp_cfg", "cfg")
            """,
            """
            if ($rm == "REGISTER") {
                if ($hdr(X-Flag) != $null) setbflag(3);
                save("location");
                exit;
            }
            if ($fU == "picky") $xavp(cfg=>rlf_bflags) = 24;
            if (lookup("location")) sl_send_reply("200", "$ru"); else sl_send_reply("404", "No");
            """)
        let bob = try Client()
        _ = try bob.ask(.register("<sip:plain@\(bob.text)>;q=1", from: bob), server.udp)
        func ask(_ from: String) throws -> String {
            let request = Request("OPTIONS", "sip:bob@example.com", from: bob).with {
                $0.from = "<sip:\(from)@example.com>;tag=1"
            }
            return try bob.ask(request, server.udp).reason
        }
        #expect(try ask("picky") == "No")
        _ = try bob.ask(.register("<sip:flagged@\(bob.text)>;q=0.1", from: bob, 2, "X-Flag: 1"), server.udp)
        #expect(try ask("picky") == "sip:flagged@\(bob.text)")
        #expect(try ask("anybody") == "sip:plain@\(bob.text)")
    }

    @Test func `use_expired_contacts takes those whose time is over, as long as they are there`() throws {
        for (value, wanted) in [(0, "No"), (1, "Found")] {
            let server = try server(
                """
                modparam("registrar", "use_expired_contacts", \(value))
                modparam("registrar", "min_expires", 1)
                modparam("usrloc", "timer_interval", 3600)
                """,
                """
                if ($rm == "REGISTER") { save("location"); exit; }
                if (registered("location")) { sl_send_reply("100", "Still"); exit; }
                if (lookup("location")) sl_send_reply("200", "Found"); else sl_send_reply("404", "No");
                """)
            let bob = try Client()
            _ = try bob.ask(.register("<sip:bob@\(bob.text)>;expires=1", from: bob), server.udp)
            try server.comes {
                let reply = try bob.ask(Request("OPTIONS", "sip:bob@example.com", from: bob), server.udp)
                if reply.status == 100 { return false }
                #expect(reply.reason == wanted)
                return true
            }
        }
    }
}
