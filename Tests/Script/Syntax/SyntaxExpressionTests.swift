// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Script

@Suite struct SyntaxExpressionTests {
    @Test(
        arguments: [
            // Looser first: or, and, |, &, ^, <<, >>, equality, order, sums, products, signs, defined, casts.
            ("1 || 2 && 3", "(1 || (2 && 3))"),
            ("1 or 2 and 3", "(1 || (2 && 3))"),
            ("1 && 2 | 3", "(1 && (2 | 3))"),
            ("1 | 2 & 3", "(1 | (2 & 3))"),
            ("1 & 2 ^ 3", "(1 & (2 ^ 3))"),
            ("1 ^ 2 << 3", "(1 ^ (2 << 3))"),
            ("1 << 2 >> 3", "(1 << (2 >> 3))"),
            ("1 >> 2 == 3", "(1 >> (2 == 3))"),
            ("1 == 2 > 3", "(1 == (2 > 3))"),
            ("1 > 2 + 3", "(1 > (2 + 3))"),
            ("1 + 2 * 3", "(1 + (2 * 3))"),
            ("1 - 2 - 3", "((1 - 2) - 3)"),
            ("8 / 4 mod 3", "((8 / 4) mod 3)"),
            ("1 == 2 != 3", "((1 == 2) != 3)"),
            ("$a eq \"b\" ne $c ieq 1 ine 2", "(((($a eq \"b\") ne $c) ieq 1) ine 2)"),
            ("(1 + 2) * 3", "((1 + 2) * 3)"),
            ("- $a + 1", "((- $a) + 1)"),
            ("!$ru == \"x\"", "((! $ru) == \"x\")"),
            ("not $a and not $b", "((! $a) && (! $b))"),
            ("~ 1 & 2", "((~ 1) & 2)"),
            ("not defined $a", "(! (defined $a))"),
            ("defined $a == 1", "((defined $a) == 1)"),
            ("(int)$a + 1", "(((int) $a) + 1)"),
            ("( str ) $a + \"x\"", "(((str) $a) + \"x\")"),
            ("!!1", "(! (! 1))"),
            ("1 - -1", "(1 - -1)"),
            ("1-1", "(1 - 1)"),
        ])
    func `operators bind as the language has it`(source: String, structure: String) {
        #expect(expression(source) == structure)
    }

    @Test(
        arguments: [
            ("42", "42"), ("0x1F", "31"), ("0xFFFFFFFF", "-1"), ("010", "8"), ("101b", "5"),
            ("-2147483648", "-2147483648"),
            ("yes", "1"), ("off", "0"), ("INET", "2"), ("ipv6", "10"), ("'a\\n'", "\"a\\n\""),
            ("\"a\" \"b\"", "\"ab\""),
            ("$ru", "$ru"), ("$(hdr(Via)[1]{s.len})", "$(hdr(Via)[1]{s.len})"), ("$var(a b)", "$var(a b)"),
            ("$?", "$?"),
            ("$T_req($hdr(X))", "$T_req($hdr(X))"), ("@via[2]", "@via[2]"),
            ("@via[-1].host", "@via[-1].host"),
            ("@msg.header[\"X Y\"]", "@msg.header[\"X Y\"]"), ("@via[2] .port", "@via[2].port"),
            ("strlen($a)", "strlen($a)"), ("strempty(\"\")", "strempty(\"\")"),
            ("selval(1, 2, 3)", "selval(1, 2, 3)"),
            ("($var(x) = 3)", "($var(x) = 3)"), ("(($var(x)=3) > 2)", "(($var(x) = 3) > 2)"),
            ("f(\"a\", $b + 1)", "f(\"a\", ($b + 1))"), ("f()", "f()"), ("route(X)", "route(\"X\")"),
            ("isflagset(5)", "core.isflagset(5)"), ("force_rport", "core.force_rport()"),
        ])
    func `values are read`(source: String, structure: String) {
        #expect(expression(source) == structure)
    }

    @Test(
        arguments: [
            ("method == \"INVITE\"", "(method == \"INVITE\")"),
            ("method==INVITE || 1", "((method == INVITE) || 1)"),
            ("method eq \"A\" + \"B\"", "(method eq (\"A\" + \"B\"))"),
            ("!uri == myself", "(! (uri == myself))"),
            ("myself != src_ip", "(src_ip != myself)"),
            ("from_uri==myself && to_uri!=myself", "((from_uri == myself) && (to_uri != myself))"),
            ("status=~\"[456][0-9][0-9]\"", "(status =~ \"[456][0-9][0-9]\")"),
            ("src_ip==127.0.0.1", "(src_ip == 127.0.0.1/32)"),
            ("src_ip==10.1.2.3/8&&1", "((src_ip == 10.0.0.0/8) && 1)"),
            ("src_ip==10.0.0.0/255.240.0.0", "(src_ip == 10.0.0.0/12)"),
            ("src_ip==::1", "(src_ip == 0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1/128)"),
            ("src_ip==[fe80::]/10", "(src_ip == 254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.0/10)"),
            ("dst_ip=~\"10\"", "(dst_ip =~ \"10\")"),
            ("src_ip==\"10.0.0.0/8\"", "(src_ip == \"10.0.0.0/8\")"),
            ("src_ip!=a.b-c.example", "(src_ip != a.b-c.example)"),
            ("src_ip==$si", "(src_ip == $si)"),
            ("src_port>=5060 && msg:len < 100", "((src_port >= 5060) && (msg:len < 100))"),
            ("af==INET6", "(af == 10)"),
            ("proto==UDP or proto==wss", "((proto == udp) || (proto == wss))"),
            ("proto==1", "(proto == 1)"),
        ])
    func `comparisons of the grammar bind with their operator`(source: String, structure: String) {
        #expect(expression(source) == structure)
    }

    @Test func `addresses of what is sent are known in onsend_route alone`() {
        let reading = Reading(
            "onsend_route { if (snd_ip == 192.0.2.1 && to_port > 1 && snd_proto == TCP) drop; }")
        #expect(reading.complaints == "")
        #expect(
            reading.script == "if (((snd_ip == 192.0.2.1/32) && (to_port > 1)) && (snd_proto == tcp)) {drop}")
    }

    @Test func `every expression knows its place`() throws {
        let reading = Reading("request_route {\n    $var(x) = 1 + f(\"a\");\n}")
        guard case .route(let route) = try #require(reading.configuration.items.first).kind,
            case .assign(let target, let value) = try #require(route.body.statements.first).kind,
            case .binary(_, let left, let right) = value.kind
        else {
            Issue.record("the assignment is not there")
            return
        }
        let places = [target, value, left, right].map { "\($0.place) \($0.place.length)" }
        #expect(
            places == [
                "modules.conf:2:5 7", "modules.conf:2:15 10", "modules.conf:2:15 1", "modules.conf:2:19 6",
            ])
    }

    @Test func `a part of a string has a place of its own`() throws {
        let file = SourceFile(name: "x", text: "log(\"from $ru\\n\")")
        let whole = file.place(from: 4, to: 16)
        #expect(whole.part(of: "from $ru", from: 5, to: 8) == file.place(from: 10, to: 13))
        #expect(whole.part(of: "from $ru\n", from: 5, to: 8) == whole)
    }
}
