// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// The bundled plugins, each loaded from its file, called by a script, and asked over loopback.
@Suite struct FunctionTests {
    struct Case: Sendable, CustomStringConvertible {
        let plugin: String
        /// Conditions and whether they hold for `request`.
        let truths: [(condition: String, holds: Bool)]
        var lines = ""
        var description: String { plugin }
    }

    static func request(_ client: Client, _ server: Server.Socket) -> Request {
        Request("INVITE", "sip:123@\(server.text);p=v;flag", from: client).with {
            $0.from = "\"Bob B.\" <sip:bob@example.com>;tag=a1"
            $0.lines = [
                "Supported: path, outbound", "Privacy: id", "X-A: one", "X-A: two, three", "Expires: 60",
                "User-Agent: test/1.0", "Content-Type: text/plain",
            ]
            $0.body = Array("hello\r\nworld\r\n".utf8)
        }
    }

    @Test(arguments: cases) func `what it answers is what its README promises`(plugin: Case) throws {
        var script = plugin.lines
        for name in [plugin.plugin, "sl", "textops"] where !script.contains("\"\(name).so\"") {
            script = "loadmodule \"\(name).so\"\n" + script
        }
        script += "\nrequest_route {\n    switch ($hdr(X-Case)) {\n"
        for (index, truth) in plugin.truths.enumerated() {
            script += """
                        case "\(index)":
                            if (\(truth.condition)) sl_send_reply("200", "yes");
                            else sl_send_reply("200", "no");
                            break;

                """
        }
        script += "    }\n}\n"
        let server = try Server(script)
        let client = try Client()
        for (index, truth) in plugin.truths.enumerated() {
            let request = Self.request(client, server.udp).with { $0.lines.append("X-Case: \(index)") }
            let reply = try client.ask(request, server.udp)
            #expect(reply.reason == (truth.holds ? "yes" : "no"), "\(truth.condition)")
        }
        #expect(server.stop() == 0)
        #expect(server.complaints == [], "\(server.log)")
    }

    static let cases = [
        Case(
            plugin: "textops",
            truths: [
                (#"is_method("INVITE|BYE")"#, true), (#"is_method("ACK")"#, false),
                (#"is_present_hf("x-a")"#, true), (#"is_present_hf("k")"#, true),
                (#"search("WORLD")"#, true), (#"search_body("^world")"#, true),
                (#"search_hf("X-A", "thr", "f")"#, false), (#"search_hf("X-A", "thr", "a")"#, true),
                (#"has_body("text/plain")"#, true), (#"has_body("application/sdp")"#, false),
                (#"is_privacy("id")"#, true), (#"is_privacy("user")"#, false),
                (#"cmp_str("$rU", "123")"#, true), (#"cmp_istr("Ab", "aB")"#, true),
                (#"starts_with("$fu", "sip:bob")"#, true), (#"in_list("b", "a, b", ",")"#, true),
                (#"remove_hf("X-A") && !is_present_hf("X-A")"#, true),
                (#"append_hf("X-N: <$rU>\r\n") && $hdr(X-N) == "<123>""#, true),
                (#"insert_hf("X-N: 1\r\n", "From") && $hdr(X-N) == "1""#, true),
                (#"subst_user("/^1(.)/9\1\1/") && $rU == "9223""#, true),
                (#"replace_body_all("o", "0") && $rb =~ "hell0""#, true),
                (#"set_body("bye", "text/html") && $cT == "text/html" && $cl == 3"#, true),
            ]),
        Case(
            plugin: "siputils",
            truths: [
                ("has_totag()", false), ("is_request()", true), ("is_reply()", false),
                ("is_first_hop()", true),
                (#"is_supported("path")"#, true), (#"is_supported("timer")"#, false),
                (#"is_numeric("$rU")"#, true), (#"is_alphanum("a-b")"#, false), (#"is_uri("sip:a@b")"#, true),
                (#"is_tel_number("+4930")"#, true), (#"is_e164("4930")"#, false),
                (#"cmp_uri("sip:a@B.com", "sip:a@b.com")"#, true), (#"cmp_aor("sip:a@b", "sip:c@b")"#, false),
                (#"uri_param("p", "v")"#, true), (#"uri_param("flag")"#, true), (#"uri_param("p")"#, false),
                (#"get_uri_param("p", "$var(x)") && $var(x) == "v""#, true),
                (#"add_uri_param("n=1") && $ru =~ ";n=1""#, true),
                (#"tel2sip("tel:+49-30", "b.com", "$var(u)") && $var(u) =~ "^sip:.4930@b.com""#, true),
                (#"hdr_date_check("10")"#, false),
            ]),
        Case(
            plugin: "sanity",
            truths: [("sanity_check()", true), (#"sanity_check("24551", "15")"#, true)]),
        Case(
            plugin: "maxfwd",
            truths: [
                (#"is_maxfwd_lt("71")"#, true), (#"is_maxfwd_lt("70")"#, false),
                (#"mf_process_maxfwd_header("10") && $hdr(Max-Forwards) == "69""#, true),
            ]),
        Case(
            plugin: "rr",
            truths: [
                ("loose_route()", false), ("record_route()", true),
                (#"record_route(";x=1") && $hdr(Record-Route) =~ ";ftag=a1;x=1>""#, true),
                (#"record_route_preset("192.0.2.1:5070") && $hdr(Record-Route) =~ "192.0.2.1:5070""#, true),
                (#"is_direction("upstream")"#, false),
            ]),
        Case(
            plugin: "kex",
            truths: [
                (#"setsflag("3") && issflagset("3")"#, true), (#"issflagset("3")"#, false),
                (#"setbflag("2") && isbflagset("2")"#, true), (#"isbflagset("4")"#, false),
                (#"setdsturi("sip:192.0.2.1") && isdsturiset() && $du == "sip:192.0.2.1""#, true),
                (#"is_myself("$ru")"#, true), (#"is_myself("sip:a@192.0.2.1")"#, false),
                (#"pv_printf("$var(x)", "<$rU>") && $var(x) == "<123>""#, true),
                (#"(isdsturiset() || pv_printf("$var(x)", "$rc")) && $var(x) == "-1""#, true),
                (#"update_stat("odd", "+5") && $stat(odd) == 5"#, true),
                (#"reset_stat("odd") && $stat(odd) == 0"#, true),
            ]),
        Case(
            plugin: "corex",
            truths: [
                ("has_ruri_user()", true), ("has_user_agent()", true), ("is_faked_msg()", false),
                (#"append_branch("sip:x@192.0.2.1", "0.5") && $branch(count) == 1"#, true),
                (#"is_socket_name("none")"#, false), (#"setxflag("40") && isxflagset("40")"#, true),
                (#"file_read("/proc/sys/kernel/ostype", "$var(x)") && $var(x) =~ "^Linux""#, true),
            ]),
        Case(
            plugin: "avpops",
            truths: [
                (#"is_avp_set("$avp(a)")"#, false),
                (#"($avp(a) = 5) && is_avp_set("$avp(a)/n")"#, true),
                (#"($avp(a) = 5) && avp_check("$avp(a)", "gt/i:4")"#, true),
                (#"($avp(a) = "x") && avp_check("$avp(a)", "eq/s:X/i")"#, true),
                (#"($avp(a) = "x") && avp_copy("$avp(a)", "$avp(b)") && $avp(b) == "x""#, true),
                (#"($avp(a) = 5) && avp_op("$avp(a)", "add/i:3") && $avp(a) == 8"#, true),
                (#"($avp(a) = "ab") && avp_subst("$avp(a)", "/b/c/") && $avp(a) == "ac""#, true),
                (#"($avp(a) = 5) && avp_delete("$avp(a)") && $avp(a) == $null"#, true),
                (#"($avp(a) = "sip:z@b.com") && avp_pushto("$ru", "$avp(a)") && $rU == "z""#, true),
            ]),
        Case(
            plugin: "pv",
            truths: [
                (#"pv_isset("$avp(none)")"#, false), (#"pv_isset("$rU")"#, true),
                (#"not_empty("$rU")"#, true),
                (#"typeof("$rU", "str")"#, true), (#"is_int("$avp(none)")"#, false),
                (#"$shv(known) == 7 && $var(start) == "text""#, true),
                (#"xavp_params_explode("a=1;b=2", "x") && $xavp(x=>b) == "2""#, true),
                (#"($xavp(y=>a) = 1) && xavp_rm("y") && $xavp(y=>a) == $null"#, true),
                (#"($xavp(z=>one) = 1) && ($xavp(z[0]=>two) = "b") && pv_xavp_to_var("z")"#, true),
                (#"$var(one) == 1 && $var(two) == "b""#, true), (#"pv_xavp_to_var("none")"#, false),
                (#"($var(t) = "$" + "rU!") && pv_evalx("$var(r)", "$var(t)") && $var(r) == "123!""#, true),
            ],
            lines: """
                loadmodule "pv.so"
                modparam("pv", "shvset", "known=i:7")
                modparam("pv", "varset", "start=s:text")
                """),
        Case(
            plugin: "htable",
            truths: [
                ("$sht(t=>a) == $null", true), ("$shtinc(c=>$rU) == 1", true), ("$shtinc(c=>$rU) == 2", true),
                (#"($sht(t=>a) = "x") && $sht(t=>a) == "x""#, true), (#"$sht(t=>a) == "x""#, true),
                (#"sht_match_name("t", "eq", "a")"#, true),
                (#"sht_match_str_value("t", "sw", "y")"#, false),
                (#"sht_rm_name("t", "re", "^a") && $sht(t=>a) == $null"#, true),
                (#"$sht(t=>first) == "made""#, true),
            ],
            lines: """
                loadmodule "htable.so"
                modparam("htable", "htable", "t=>size=4;")
                modparam("htable", "htable", "c=>size=4;initval=0;")
                event_route[htable:mod-init] { $sht(t=>first) = "made"; }
                """),
        Case(
            plugin: "xlog",
            truths: [(#"xlog("L_DBG", "$rU")"#, true), (#"xdbg("$rU")"#, true)]),
    ]

    @Test func `the ACK for a stateless reply is taken in and never seen by the script`() throws {
        let server = try Server(
            """
            loadmodule "sl.so"
            loadmodule "xlog.so"
            loadmodule "ctl.so"
            request_route {
                xlog("L_WARN", "seen $rm\\n");
                sl_send_reply("404", "Not here");
            }
            event_route[sl:filtered-ack] { xlog("L_WARN", "taken in $rm\\n"); }
            """)
        let client = try Client()
        let invite = Request("INVITE", "sip:bob@\(server.udp.text)", from: client)
        let reply = try client.ask(invite, server.udp)
        #expect(reply.status == 404)
        let ack = invite.with {
            $0.method = "ACK"
            $0.to = reply["To"] ?? ""
        }
        client.send(ack, to: server.udp)
        // An ACK for somebody else's reply is for the script.
        client.send(ack.with { $0.to += "x" }, to: server.udp)
        try client.ping(server.udp)
        #expect(try server.statistic("sl.received_ACKs") == 1)
        #expect(server.stop() == 0)
        let said = server.log.split(separator: "\n").map { line in
            let text = line.components(separatedBy: "<script>: ").last ?? ""
            return text.prefix { $0 != "[" }.trimmingCharacters(in: .whitespaces)
        }
        #expect(said == ["seen INVITE", "taken in ACK", "seen ACK", "seen OPTIONS"], "\(server.log)")
    }

    @Test func `htable tells what has expired`() throws {
        let server = try Server(
            """
            loadmodule "sl.so"
            loadmodule "xlog.so"
            loadmodule "htable.so"
            modparam("htable", "htable", "ban=>size=4;autoexpire=1;")
            modparam("htable", "timer_interval", 1)
            request_route { $sht(ban=>$si) = 1; sl_send_reply("200", "OK"); }
            event_route[htable:expired:ban] { xlog("L_WARN", "$shtrecord(key) is free again\\n"); }
            """)
        try Client().ping(server.udp)
        #expect(server.logs("127.0.0.1 is free again"))
    }
}
