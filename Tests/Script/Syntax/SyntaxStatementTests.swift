// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Script

@Suite struct SyntaxStatementTests {
    @Test(
        arguments: [
            ("exit; ;; drop();", "exit; drop"),
            (
                "return; return(); return -1; return (1) + 2; return f();",
                "return; return; return -1; return (1 + 2); return f()"
            ),
            ("exit 1; exit(2); drop 3; break;", "exit 1; exit 2; drop 3; break"),
            ("$var(x) = $a + 1; $(avp(x)[*]) = $null;", "$var(x) = ($a + 1); $(avp(x)[*]) = $null"),
            ("$var(x) = ($var(y) = 1);", "$var(x) = ($var(y) = 1)"),
            ("if (1) exit;", "if 1 {exit}"),
            ("if 1 ; else drop;", "if 1 {} else {drop}"),
            (
                "if ($a) { exit; } else if ($b) drop; else { return; }",
                "if $a {exit} else {if $b {drop} else {return}}"
            ),
            ("if ($a) if ($b) exit; else drop;", "if $a {if $b {exit} else {drop}}"),
            ("while ($i < 3) { $i = $i + 1; break; }", "while ($i < 3) {$i = ($i + 1); break}"),
            (
                "switch ($x) { case 1: case -2: exit; case \"a\": drop; default: break; }",
                "switch $x [1: ] [-2: exit] [\"a\": drop] [default: break]"
            ),
            (
                "switch $x { case /\"^sip:\": exit; case /'b': exit; }",
                "switch $x [/^sip:/: exit] [/b/: exit]"
            ),
            ("sl_send_reply(\"200\", \"OK\");", "sl_send_reply(\"200\", \"OK\")"),
            (
                "route(X); route(\"X\" + $y); route(1); route(yes);",
                "route(\"X\"); route((\"X\" + $y)); route(\"1\"); route(\"yes\")"
            ),
        ])
    func `statements are read`(source: String, structure: String) {
        #expect(statements(source) == structure)
    }

    @Test(
        arguments: [
            ("forward();", "core.forward()"),
            ("forward(192.0.2.1, 5060);", "core.forward(<192.0.2.1>, 5060)"),
            ("forward(uri:host, uri:port);", "core.forward(uri:host, uri:port)"),
            ("forward_tcp([2001:db8::1]);", "core.forward_tcp(<2001:db8::1>)"),
            ("log(\"a\"); log(1, \"b\");", "core.log(\"a\"); core.log(1, \"b\")"),
            (
                "setflag(5); resetflag(NAME); isflagset(\"N\");",
                "core.setflag(5); core.resetflag(NAME); core.isflagset(N)"
            ),
            ("setavpflag($avp(x), 1);", "core.setavpflag($avp(x), 1)"),
            (
                "rewritehost(\"h\"); seth(\"h\"); sethpt(\"h\");",
                "core.sethost(\"h\"); core.sethost(\"h\"); core.sethostporttrans(\"h\")"
            ),
            (
                "strip(2); strip_tail(1); prefix(\"1\"); userphone();",
                "core.strip(2); core.strip_tail(1); core.prefix(\"1\"); core.userphone()"
            ),
            (
                "remove_branch(); remove_branch(1); clear_branches();",
                "core.remove_branch(); core.remove_branch(1); core.clear_branches()"
            ),
            (
                "force_rport; add_rport(); revert_uri;",
                "core.force_rport(); core.force_rport(); core.revert_uri()"
            ),
            ("force_tcp_alias; add_tcp_alias(5060);", "core.force_tcp_alias(); core.force_tcp_alias(5060)"),
            ("force_send_socket(udp:192.0.2.1:5060);", "core.force_send_socket(<udp 192.0.2.1 5060>)"),
            ("force_send_socket(\"tcp:[::1]:5060\");", "core.force_send_socket(<tcp ::1 5060>)"),
            ("force_send_socket(eth0);", "core.force_send_socket(<eth0>)"),
            (
                "set_advertised_address(a.b); set_advertised_port(5);",
                "core.set_advertised_address(\"a.b\"); core.set_advertised_port(5)"
            ),
            (
                "set_reply_close; set_forward_no_connect();",
                "core.set_reply_close(); core.set_forward_no_connect()"
            ),
            ("udp_mtu_try_proto(TCP);", "core.udp_mtu_try_proto(tcp)"),
            (
                "cfg_select(\"g\", $x + 1); cfg_reset(\"g\");",
                "core.cfg_select(\"g\", ($x + 1)); core.cfg_reset(\"g\")"
            ),
            ("error(\"a\", \"b\"); exec(\"c\");", "core.error(\"a\", \"b\"); core.exec(\"c\")"),
        ])
    func `functions of the language take their words without quotes`(source: String, structure: String) {
        #expect(statements(source) == structure)
    }

    @Test func `every kind of block has its spellings`() {
        let reading = Reading(
            """
            request_route { exit; }
            route[A] { exit; }
            route["x-y"] { exit; }
            route[7] { exit; }
            reply_route { exit; }
            onreply_route[B] { exit; }
            failure_route[C] { exit; }
            branch_route[D] { exit; }
            onsend_route { exit; }
            event_route[tm:branch-failure:FAIL-BRANCH] { exit; }
            event_route[ "core:worker-one-init" ] { exit; }
            error_route { exit; }
            local_route { exit; }
            timer_route[T, 60] { exit; }
            startup_route { exit; }
            """)
        #expect(reading.complaints == "")
        #expect(
            reading.routes == [
                "request_route", "request_route[A]", "request_route[x-y]", "request_route[7]",
                "onreply_route",
                "onreply_route[B]", "failure_route[C]", "branch_route[D]", "onsend_route",
                "event_route[tm:branch-failure:FAIL-BRANCH]", "event_route[core:worker-one-init]",
                "error_route",
                "local_route", "timer_route[T]", "startup_route",
            ])
    }

    @Test(arguments: ["request_route", "route", "route[0]"])
    func `the main route has three names`(spelling: String) {
        #expect(Reading("\(spelling) { exit; }").routes == ["request_route"])
    }

    @Test func `names of event routes know no defines`() {
        #expect(Reading("#!define b c\nevent_route[a:b] { exit; }").routes == ["event_route[a:b]"])
    }

    @Test func `a chain of 500 else-ifs is read, and a longer one is an error`() {
        let chain = "if ($a) exit;" + String(repeating: " else if ($a) exit;", count: 499)
        #expect(Reading("route { \(chain) }").complaints == "")
        #expect(Reading("route { \(chain) else if ($a) exit; }").diagnostics.count(.error) == 1)
    }
}
