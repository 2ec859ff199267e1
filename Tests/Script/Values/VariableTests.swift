// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import Message
import Testing

@testable import Script

/// What variables print. Rows were measured against Kamailio 5.6.3, but for those that say otherwise.
@Suite struct VariableTests {
    @Test func `variables of an INVITE with everything in it`() throws {
        try Bench().check([
            ("$ru", "sip:bob:secret@biloxi.example.com:5080;transport=tcp;user=phone"),
            ("$rU", "bob"),
            ("$rd", "biloxi.example.com"),
            ("$rp", "5080"),
            ("$rP", "tcp"),
            ("$rz", "tel"),
            ("$rUl", "3"),
            ("$ou", "sip:bob:secret@biloxi.example.com:5080;transport=tcp;user=phone"),
            ("$oU", "bob"),
            ("$od", "biloxi.example.com"),
            ("$op", "5080"),
            ("$oP", "tcp"),
            ("$oUl", "3"),
            ("$du", "<null>"),
            ("$dd", "<null>"),
            ("$dp", "<null>"),
            ("$dP", "<null>"),
            ("$nh(u)", "sip:bob:secret@biloxi.example.com:5080;transport=tcp;user=phone"),
            ("$nh(U)", "bob"),
            ("$nh(d)", "biloxi.example.com"),
            ("$nh(p)", "5080"),
            ("$nh(P)", "tcp"),
            ("$ruri", "sip:bob:secret@biloxi.example.com:5080;transport=tcp;user=phone"),
            ("$ruri.user", "bob"),
            ("$ruri.domain", "biloxi.example.com"),
            ("$fu", "sip:alice@atlanta.example.com:5070;lr"),
            ("$fU", "alice"),
            ("$fd", "atlanta.example.com"),
            ("$ft", "1928301774"),
            ("$fn", "\"Alice A\""),
            ("$fUl", "5"),
            ("$from.user", "alice"),
            ("$tu", "sip:bob@biloxi.example.com"),
            ("$tU", "bob"),
            ("$td", "biloxi.example.com"),
            ("$tt", "totag1"),
            ("$tn", "\"Bob B\""),
            ("$tUl", "3"),
            ("$ai", "sip:pai@example.org"),
            ("$pu", "sip:ppi:pw@example.net:5999"),
            ("$pU", "ppi"),
            ("$pd", "example.net"),
            ("$pn", "<null>"),
            ("$re", "sip:rpid@example.net"),
            ("$rt", "sip:refer@example.net?Replaces=1"),
            ("$di", "sip:div@example.net"),
            ("$dir", "user-busy"),
            ("$dip", "full"),
            ("$dic", "3"),
            ("$rm", "INVITE"),
            ("$rmid", "1"),
            ("$rs", "<null>"),
            ("$rr", "<null>"),
            ("$rsi", "0"),
            ("$rv", "SIP/2.0"),
            ("$mt", "1"),
            ("$mts", "rq"),
            ("$ci", "a84b4c76e66710@pc33.atlanta.example.com"),
            ("$cs", "314159"),
            ("$csb", "314159 INVITE"),
            ("$cT", "application/sdp"),
            ("$ct", "<sip:alice@pc33.atlanta.example.com>;expires=300, <sip:al2@host2>;expires=60"),
            ("$ua", "friendly-scanner 1.0"),
            ("$rb", "v=0\r\ns=-\r\n"),
            ("$bs", "10"),
            ("$au", "alice"),
            ("$aU", "alice@atl"),
            ("$ar", "atlanta.example.com"),
            ("$ad", "atl"),
            ("$adu", "sip:x@y"),
            ("$aa", "MD5"),
            ("$adn", "84a4cc6f3082121f32b42a2187831a9e"),
            ("$adc", "abc"),
            ("$adr", "7587245234b3434cc3412213e5f113a5"),
            ("$ado", "op"),
            ("$Au", "alice@atlanta.example.com"),
            ("$AU", "alice"),
            ("$expires(min)", "60"),
            ("$expires(max)", "300"),
            ("$hdr(X-Test)", "one"),
            ("$hdr(x-test)", "one"),
            ("$(hdr(X-Test))", "one"),
            ("$(hdr(X-Test)[0])", "one"),
            ("$(hdr(X-Test)[1])", "two, three"),
            ("$(hdr(X-Test)[2])", "<null>"),
            ("$(hdr(X-Test)[-1])", "two, three"),
            ("$(hdr(X-Test)[-2])", "one"),
            ("$(hdr(X-Test)[-3])", "<null>"),
            ("$(hdr(X-Test)[*])", "one,two, three"),
            ("$hdr(X-Empty)", ""),
            ("$hdr(Nope)", "<null>"),
            ("$(hdr(Nope)[*])", "<null>"),
            ("$hdr(v)", "SIP/2.0/UDP pc33.atlanta.example.com:5066;branch=z9hG4bKnashds8;rport"),
            ("$(hdr(Via)[1])", "SIP/2.0/TCP 10.0.0.1;branch=z9hG4bKsecond;received=10.0.0.9"),
            ("$hdr(m)", "<sip:alice@pc33.atlanta.example.com>;expires=300, <sip:al2@host2>;expires=60"),
            ("$hdr(CSeq)", "314159 INVITE"),
            ("$hdrc(X-Test)", "2"),
            ("$hdrc(Route)", "2"),
            ("$hdrc(Nope)", "0"),
            ("$hfl(Route)", "<sip:r1.example.com;lr>"),
            ("$(hfl(Route)[1])", "<sip:r2.example.com;lr>"),
            ("$(hfl(Route)[2])", "<sip:r3.example.com;lr>"),
            ("$(hfl(Route)[3])", "<null>"),
            ("$hflc(Route)", "3"),
            ("$hflc(Via)", "2"),
            ("$hflc(Contact)", "2"),
            ("$(hfl(Via)[1])", "SIP/2.0/TCP 10.0.0.1;branch=z9hG4bKsecond;received=10.0.0.9"),
            ("$via0(host)", "pc33.atlanta.example.com"),
            ("$via0(port)", "5066"),
            ("$via0(proto)", "UDP"),
            ("$via0(protoid)", "1"),
            ("$via0(branch)", "z9hG4bKnashds8"),
            ("$via0(rport)", "<null>"),
            ("$via0(received)", "<null>"),
            ("$via1(host)", "10.0.0.1"),
            ("$via1(port)", "5060"),
            ("$via1(proto)", "TCP"),
            ("$viaZ(host)", "10.0.0.1"),
            ("$viaZ(received)", "10.0.0.9"),
            ("$viaZ(branch)", "z9hG4bKsecond"),
            ("$msg(fline)", "INVITE sip:bob:secret@biloxi.example.com:5080;transport=tcp;user=phone SIP/2.0"),
            ("$msg(body)", "v=0\r\ns=-\r\n"),
            ("$sel(via[2])", "SIP/2.0/TCP 10.0.0.1;branch=z9hG4bKsecond;received=10.0.0.9"),
            ("$K(IPv4)", "2"),
            ("$K(IPv6)", "10"),
            ("$K(UDP)", "1"),
            ("$K(TCP)", "2"),
            ("$K(TLS)", "3"),
            ("$K(SCTP)", "4"),
            ("$K(WS)", "5"),
            ("$K(WSS)", "6"),
            ("$true", "1"),
            ("$null", "<null>"),
            ("$avp(x)", "<null>"),
            ("$xavp(x)", "<null>"),
            ("$xavp(x=>y)", "<null>"),
            ("$xavu(x)", "<null>"),
            ("$xavi(x)", "<null>"),
            ("$cnt($avp(x))", "0"),
            ("$var(x)", "0"),
            ("$vz(x)", "0"),
            ("$vn(x)", "<null>"),
            ("$shv(x)", "0"),
            ("$mf", "0"),
            ("$mF", "00000000"),
            ("$sf", "0"),
            ("$sF", "00000000"),
            ("$bf", "0"),
            ("$bF", "00000000"),
            ("$Mf(3)", "0"),
            ("$ds", "<null>"),
            ("$br", "<null>"),
            ("$bR", "<null>"),
            ("$branch(count)", "<null>"),
            ("$(branch(uri)[0])", "<null>"),
            ("$fs", "<null>"),
            ("$fsn", "<null>"),
            ("$fsp", "0"),
            ("$ruid", "<null>"),
            ("$location_ua", "<null>"),
            ("$err.class", "<null>"),
            ("$af(id)", "2"),
            ("$af(name)", "IPv4"),
            ("$pr", "udp"),
            ("$proto", "udp"),
            ("$prid", "1"),
            ("$_s(user $rU at $rd)", "user bob at biloxi.example.com"),
            ("$$", "$"),
            ("$$ru", "$ru"),
            ("a $$ b", "a $ b"),
            ("$ru{s.len}", "sip:bob:secret@biloxi.example.com:5080;transport=tcp;user=phone{s.len}"),
            ("100%", "100%"),
            ("$(rU)x", "bobx"),
            ("$rU-$rd", "bob-biloxi.example.com"),
            ("$cl", "10"),
            ("$(hfl(Route)[-1])", "<sip:r3.example.com;lr>"),
            ("$(hfl(Contact)[1])", "<sip:al2@host2>;expires=60"),
            ("user $rU, domain $rd.", "user bob, domain biloxi.example.com."),
        ])
    }

    @Test func `a URI without user`() throws {
        try Bench(
            Fixture.options(
                "sip:example.com", to: "sip:bob@biloxi.example.com",
                from: "Anonymous <sip:anonymous.invalid>;tag=1")
        ).check([
            ("$ru", "sip:example.com"),
            ("$rU", "<null>"),
            ("$rd", "example.com"),
            ("$rp", "5060"),
            ("$rP", "UDP"),
            ("$rz", "sip"),
            ("$rUl", "0"),
            ("$ou", "sip:example.com"),
            ("$oU", "<null>"),
            ("$op", "5060"),
            ("$fu", "sip:anonymous.invalid"),
            ("$fU", "<null>"),
            ("$fd", "anonymous.invalid"),
            ("$ft", "1"),
            ("$fn", "Anonymous"),
            ("$fUl", "0"),
            ("$tu", "sip:bob@biloxi.example.com"),
            ("$tU", "bob"),
            ("$td", "biloxi.example.com"),
            ("$tt", "<null>"),
            ("$tn", "<null>"),
            ("$tUl", "3"),
            ("$nh(u)", "sip:example.com"),
            ("$nh(d)", "example.com"),
            ("$nh(p)", "5060"),
            ("$nh(P)", "UDP"),
            ("$rm", "OPTIONS"),
            ("$rmid", "512"),
            ("$rs", "<null>"),
            ("$rr", "<null>"),
            ("$rsi", "0"),
            ("$mt", "1"),
            ("$mts", "rq"),
            ("$cs", "1"),
            ("$csb", "1 OPTIONS"),
            ("$ct", "*"),
            ("$ua", "<null>"),
            ("$rb", ""),
            ("$expires(min)", "<null>"),
            ("$expires(max)", "<null>"),
            ("$ai", "<null>"),
            ("$di", "<null>"),
            ("$dir", "<null>"),
            ("$au", "<null>"),
            ("$Au", "@anonymous.invalid"),
            ("$AU", ""),
            ("$via0(host)", "[2001:db8::9]"),
            ("$viaZ(host)", "[2001:db8::9]"),
        ])
    }

    @Test func `sips, escapes, IPv6 and a telephone number in To`() throws {
        try Bench(
            Fixture.options(
                "sips:bob@example.com;lr", to: "Bob B. <tel:+123;phone-context=x>",
                from: #""A \" B"<sips:a%20b@[2001:db8::1]:5071>;x=y;tag=99"#)
        ).check([
            ("$ru", "sips:bob@example.com;lr"),
            ("$rU", "bob"),
            ("$rd", "example.com"),
            ("$rp", "5060"),
            ("$rP", "UDP"),
            ("$rz", "sips"),
            ("$rUl", "3"),
            ("$ou", "sips:bob@example.com;lr"),
            ("$oU", "bob"),
            ("$op", "5060"),
            ("$fu", "sips:a%20b@[2001:db8::1]:5071"),
            ("$fU", "a%20b"),
            ("$fd", "[2001:db8::1]"),
            ("$ft", "99"),
            ("$fn", "\"A \\\" B\""),
            ("$fUl", "5"),
            ("$tu", "tel:+123;phone-context=x"),
            ("$tU", "+123"),
            ("$td", "<null>"),
            ("$tt", "<null>"),
            ("$tn", "Bob B."),
            ("$tUl", "4"),
            ("$nh(u)", "sips:bob@example.com;lr"),
            ("$nh(d)", "example.com"),
            ("$nh(p)", "5060"),
            ("$nh(P)", "UDP"),
            ("$rm", "OPTIONS"),
            ("$rmid", "512"),
            ("$rs", "<null>"),
            ("$rr", "<null>"),
            ("$rsi", "0"),
            ("$mt", "1"),
            ("$mts", "rq"),
            ("$cs", "1"),
            ("$csb", "1 OPTIONS"),
            ("$ct", "*"),
            ("$ua", "<null>"),
            ("$rb", ""),
            ("$expires(min)", "<null>"),
            ("$expires(max)", "<null>"),
            ("$ai", "<null>"),
            ("$di", "<null>"),
            ("$dir", "<null>"),
            ("$au", "<null>"),
            ("$Au", "a%20b@[2001:db8::1]"),
            ("$AU", "a%20b"),
            ("$via0(host)", "[2001:db8::9]"),
            ("$viaZ(host)", "[2001:db8::9]"),
        ])
    }

    @Test func `telephone numbers everywhere`() throws {
        try Bench(
            Fixture.options(
                "tel:+1234;phone-context=example.com", to: "<tel:+1-201-555>", from: "<tel:+99>;tag=1",
                method: "INVITE")
        ).check([
            ("$ru", "tel:+1234;phone-context=example.com"),
            ("$rU", "+1234"),
            ("$rd", "<null>"),
            ("$rp", "5060"),
            ("$rP", "UDP"),
            ("$rz", "tel"),
            ("$rUl", "5"),
            ("$ou", "tel:+1234;phone-context=example.com"),
            ("$oU", "+1234"),
            ("$op", "5060"),
            ("$fu", "tel:+99"),
            ("$fU", "+99"),
            ("$fd", "<null>"),
            ("$ft", "1"),
            ("$fn", "<null>"),
            ("$fUl", "3"),
            ("$tu", "tel:+1-201-555"),
            ("$tU", "+1-201-555"),
            ("$td", "<null>"),
            ("$tt", "<null>"),
            ("$tn", "<null>"),
            ("$tUl", "10"),
            ("$nh(u)", "tel:+1234;phone-context=example.com"),
            ("$nh(d)", "<null>"),
            ("$nh(p)", "5060"),
            ("$nh(P)", "UDP"),
            ("$rm", "INVITE"),
            ("$rmid", "1"),
            ("$rs", "<null>"),
            ("$rr", "<null>"),
            ("$rsi", "0"),
            ("$mt", "1"),
            ("$mts", "rq"),
            ("$cs", "1"),
            ("$csb", "1 INVITE"),
            ("$ct", "*"),
            ("$ua", "<null>"),
            ("$rb", ""),
            ("$expires(min)", "<null>"),
            ("$expires(max)", "<null>"),
            ("$ai", "<null>"),
            ("$di", "<null>"),
            ("$dir", "<null>"),
            ("$au", "<null>"),
            ("$Au", "+99@"),
            ("$AU", "+99"),
            ("$via0(host)", "[2001:db8::9]"),
            ("$viaZ(host)", "[2001:db8::9]"),
        ])
    }

    @Test func `a method nobody knows, and a user with parameters`() throws {
        try Bench(
            Fixture.options(
                "sip:+1234;ext=3@[2001:db8::5]:5070;transport=TLS;user=phone", to: "<sip:x@y>",
                from: "<sip:b@c:5099>;tag=1",
                method: "FOO")
        ).check([
            ("$ru", "sip:+1234;ext=3@[2001:db8::5]:5070;transport=TLS;user=phone"),
            ("$rU", "+1234"),
            ("$rd", "[2001:db8::5]"),
            ("$rp", "5070"),
            ("$rP", "TLS"),
            ("$rz", "tel"),
            ("$rUl", "5"),
            ("$ou", "sip:+1234;ext=3@[2001:db8::5]:5070;transport=TLS;user=phone"),
            ("$oU", "+1234"),
            ("$op", "5070"),
            ("$fu", "sip:b@c:5099"),
            ("$fU", "b"),
            ("$fd", "c"),
            ("$ft", "1"),
            ("$fn", "<null>"),
            ("$fUl", "1"),
            ("$nh(u)", "sip:+1234;ext=3@[2001:db8::5]:5070;transport=TLS;user=phone"),
            ("$nh(d)", "[2001:db8::5]"),
            ("$nh(p)", "5070"),
            ("$nh(P)", "TLS"),
            ("$rm", "FOO"),
            ("$rmid", "524288"),
            ("$rs", "<null>"),
            ("$rr", "<null>"),
            ("$rsi", "0"),
            ("$mt", "1"),
            ("$mts", "rq"),
            ("$cs", "1"),
            ("$csb", "1 FOO"),
            ("$ct", "*"),
            ("$ua", "<null>"),
            ("$rb", ""),
            ("$expires(min)", "<null>"),
            ("$expires(max)", "<null>"),
            ("$ai", "<null>"),
            ("$di", "<null>"),
            ("$dir", "<null>"),
            ("$au", "<null>"),
            ("$Au", "b@c"),
            ("$AU", "b"),
            ("$via0(host)", "[2001:db8::9]"),
            ("$viaZ(host)", "[2001:db8::9]"),
        ])
    }

    @Test func `variables of a reply`() throws {
        try Bench(Fixture.ringing).check([
            ("$ru", "<null>"),
            ("$rU", "<null>"),
            ("$rd", "<null>"),
            ("$rp", "<null>"),
            ("$rP", "<null>"),
            ("$rz", "<null>"),
            ("$rUl", "<null>"),
            ("$ou", "<null>"),
            ("$oU", "<null>"),
            ("$op", "<null>"),
            ("$fu", "sip:alice@atlanta.example.com"),
            ("$fU", "alice"),
            ("$fd", "atlanta.example.com"),
            ("$ft", "1928301774"),
            ("$fn", "<null>"),
            ("$fUl", "5"),
            ("$tu", "sip:bob@biloxi.example.com"),
            ("$tU", "bob"),
            ("$td", "biloxi.example.com"),
            ("$tt", "totag1"),
            ("$tn", "<null>"),
            ("$tUl", "3"),
            ("$nh(u)", "sip:10.0.0.1:5060;transport=udp"),
            ("$nh(d)", "10.0.0.1"),
            ("$nh(p)", "5060"),
            ("$nh(P)", "udp"),
            ("$rm", "INVITE"),
            ("$rmid", "1"),
            ("$rs", "180"),
            ("$rr", "Ringing now"),
            ("$rsi", "180"),
            ("$mt", "2"),
            ("$mts", "rp"),
            ("$cs", "2"),
            ("$csb", "2 INVITE"),
            ("$ct", "<null>"),
            ("$ua", "<null>"),
            ("$rb", ""),
            ("$expires(min)", "<null>"),
            ("$expires(max)", "<null>"),
            ("$ai", "<null>"),
            ("$di", "<null>"),
            ("$dir", "<null>"),
            ("$au", "<null>"),
            ("$Au", "alice@atlanta.example.com"),
            ("$AU", "alice"),
            ("$via0(host)", "127.0.0.1"),
            ("$viaZ(host)", "10.0.0.1"),
        ])
    }

    @Test func `expiry comes from contacts, and credentials from either header`() throws {
        try Bench(Fixture.register).check([
            ("$expires(min)", "30"),
            ("$expires(max)", "600"),
            ("$au", "alice"),
            ("$aU", "alice"),
            ("$ar", "r1"),
            ("$ad", ""),
            ("$Au", "bob@biloxi.example.com"),
            ("$AU", "bob"),
            ("$adn", "n1"),
        ])
    }

    @Test func `where a reply goes`() throws {
        try Bench(Fixture.ringing).check([
            ("$rpl(duri)", "sip:10.0.0.1:5060;transport=udp"),
            ("$rpl(dhost) $rpl(dport) $rpl(dproto) $rpl(dprotoid)", "10.0.0.1 5060 udp 1"),
            ("$rpl(cntvia) $rpl(cntrr)", "2 0"),
            ("$msg(body_len) $msg(len) $msg(hdrs_len) $ksr(verval)", "0 307 278 1000000"),
        ])
    }

    @Test func `where a message came from and to`() throws {
        let bench = try Bench()
        bench.check([
            ("$si $sp $siz $src_ip", "192.0.2.1 5066 192.0.2.1 192.0.2.1"),
            ("$su", "sip:192.0.2.1:5066"),
            ("$sut", "sip:192.0.2.1:5066;transport=udp"),
            ("$sas", "udp:192.0.2.1:5066"),
            ("$Ri $Rp $Rn", "192.0.2.7 5060 main"),
            ("$Ru $Rut $Ras", "sip:192.0.2.7:5060 sip:192.0.2.7:5060;transport=udp udp:192.0.2.7:5060"),
            ("$RAi $RAp", "203.0.113.7 5099"),
            ("$RAu $RAut", "sip:203.0.113.7:5099 sip:203.0.113.7:5099;transport=udp"),
            ("$conid $prid $pr", "<null> 1 udp"),
        ])
        var flow = bench.message.flow
        flow.protocol = UInt32(MT_WSS)
        flow.connection = 9
        _ = withUnsafeMutableBytes(of: &flow.remote) { Literal.bytes(of: "2001:db8::1", into: $0) }
        bench.message.flow = flow
        bench.check([
            ("$si $siz $sp", "2001:db8::1 [2001:db8::1] 5066"),
            ("$su", "sip:[2001:db8::1]:5066;transport=wss"),
            ("$sas", "wss:[2001:db8::1]:5066"),
            ("$conid $prid $pr $proto", "9 6 wss wss"),
            ("$af(id) $af(name)", "10 IPv6"),
        ])
    }

    @Test func `time, the process and the server`() throws {
        setenv("TZ", "UTC", 1)
        tzset()
        try Bench().check([
            ("$Ts $TS $Tb", "1795229808 1795229808 1795229000"),
            ("$Tf", "Sat Nov 21 02:56:48 2026"),
            ("$TF", "Sat Nov 21 02:56:48 2026"),
            ("$time(sec) $time(min) $time(hour) $time(mday)", "48 56 2 21"),
            ("$time(mon) $time(year) $time(wday) $time(yday) $time(isdst)", "11 2026 7 325 0"),
            ("$utime(hour) $utimef(%H:%M) $timef(%Y-%m-%d)", "2 02:56 2026-11-21"),
            ("$TV(s) $TV(u) $TV(sn) $TV(un)", "1795229808 123456 1795229808 123456"),
            ("$TV(Sn) $TV(Sm)", "1795229808.123456 1795229808.123456"),
            ("$sid $version(num) $version(full)", "77 1.0 martlet 1.0"),
            ("$stat(rcv_requests) $stat(nope)", "42 <null>"),
            ("$ccp(g.limit) $ccp(g.nope) $sel(cfg_get.g.limit)", "7 <null> 7"),
        ])
    }

    @Test func `variables that are numbers are numbers, those that are both are both`() throws {
        let bench = try Bench()
        #expect(bench.value("$rp").kind == .textWithNumber)
        #expect(bench.value("$rp").asNumber == 5080)
        #expect(bench.value("$sp").kind == .number)
        #expect(bench.value("$Rp").kind == .numberWithText)
        #expect(bench.value("$cs").asNumber == 314159)
        #expect(bench.value("$ru").kind == .text)
        #expect(bench.value("$du").kind == .null)
        #expect(try Bench(Fixture.ringing).value("$rs").kind == .numberWithText)
    }

    @Test func `names in parentheses may be computed`() throws {
        let bench = try Bench()
        bench.set("$var(name)", "X-Test")
        bench.set("$var(i)", 1)
        bench.set("$avp(i:7)", "seven")
        bench.check([
            ("$hdr($var(name))", "one"),
            ("$(hdr($var(name))[$var(i)])", "two, three"),
            ("$(hdr(X-Test)[$var(i)])", "two, three"),
            ("$hdrc($var(name))", "2"),
            ("$avp(i:7)", "seven"),
        ])
        bench.set("$avp(X-Test)", "by name")
        bench.check([("$avp($var(name))", "by name"), ("$avp(s:X-Test)", "by name")])
    }

    @Test func `headers are found with a number and without`() throws {
        let bench = try Bench(Fixture.invite.replacing("X-Test", with: "X-Unnumbered"))
        let late = VariableParser(storage: bench.storage, numbersHeaders: false)
        let format = try late.format("$hdr(x-unnumbered) $hdrc(X-Unnumbered) $(hdr(X-Unnumbered)[-1])").get()
        #expect(format.text(bench.context) == "one 2 two, three")
        bench.check([("$hdr(x-TEST)", "<null>")])
        try Bench().check([("$hdr(x-TEST)", "one")])
    }

    @Test func `the environment and definitions are constants`() throws {
        let bench = try Bench()
        bench.definitions = ["LIMIT": "12", "NAME": "abc"]
        setenv("MARTLET_TEST", "0x10", 1)
        bench.check([
            ("$env(MARTLET_TEST) $envn(MARTLET_TEST)", "0x10 16"),
            ("$def(NAME) $def(LIMIT) $defn(LIMIT) $def(NOPE)", "abc 12 12 <null>"),
            ("$env(MARTLET_NOT_SET)", "<null>"),
        ])
    }

    @Test func `a plugin's variable gets key, index and value`() throws {
        let bench = try Bench()
        bench.plugins["echo"] = VariableCallout(
            get: { call in
                guard let call else { return -1 }
                let key = Slice(call.pointee.args[0].str)
                call.pointee.out.pointee.type = UInt32(MT_STR)
                call.pointee.out.pointee.str = key.mt
                call.pointee.out.pointee.num = call.pointee.args[1].num
                return call.pointee.args[1].type == UInt32(MT_INT) && call.pointee.args[1].num == 9 ? -1 : 1
            },
            set: { call in call!.pointee.argc == 3 && call!.pointee.args[2].num == 5 ? 1 : -1 }, user: nil,
            host: nil)
        bench.check([
            ("$echo(abc)", "abc"),
            ("$echo(to $rU)", "to bob"),
            ("$(echo(abc)[9])", "<null>"),
            ("$(echo(abc){s.toupper})", "ABC"),
        ])
        #expect(bench.set("$echo(x)", 5))
        #expect(!bench.set("$echo(x)", 6))
    }
}
