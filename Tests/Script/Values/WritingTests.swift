// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message
import Testing

@testable import Script

/// Assignments. Rows that start with "!" are run, the others printed; "fails" says that the assignment is
/// refused.
@Suite struct ValueWritingTests {
    @Test func `the Request-URI and its parts`() throws {
        try Bench().check([
            ("!$ru = \"sip:carol@chicago.com:5090;transport=tls\"", ""),
            ("$ru $rU $rd $rp $rP", "sip:carol@chicago.com:5090;transport=tls carol chicago.com 5090 tls"),
            ("$ou", "sip:bob:secret@biloxi.example.com:5080;transport=tcp;user=phone"),
            ("!$rU = \"dave\"", ""),
            ("$ru", "sip:dave@chicago.com:5090;transport=tls"),
            ("!$rU = $null", ""),
            ("$ru $rU", "sip:chicago.com:5090;transport=tls <null>"),
            ("!$rU = \"eve\"", ""),
            ("!$rd = \"host.example\"", ""),
            ("$ru", "sip:eve@host.example:5090;transport=tls"),
            ("!$rp = 5070", ""),
            ("$ru $rp", "sip:eve@host.example:5070;transport=tls 5070"),
            ("!$rp = \"5071\"", ""),
            ("$ru", "sip:eve@host.example:5071;transport=tls"),
            ("!$rp = $null", ""),
            ("$ru $rp", "sip:eve@host.example;transport=tls 5061"),
            ("!$rd = \"[2001:db8::1]\"", ""),
            ("$ru $rd", "sip:eve@[2001:db8::1];transport=tls [2001:db8::1]"),
            ("!$ru = \"sip:example.com\"", ""),
            ("!$rU = \"x\"", ""),
            ("$ru", "sip:x@example.com"),
            ("!$ru = \"sip:a:pw@example.com;lr\"", ""),
            ("!$rU = \"b\"", ""),
            ("$ru", "sip:b:pw@example.com;lr"),
            ("!$rU = $null", ""),
            ("$ru", "sip:example.com;lr"),
            ("!$ru = \"tel:+123;phone-context=x\"", ""),
            ("!$rU = \"456\"", ""),
            ("$ru", "tel:456;phone-context=x"),
            ("!$rp = 5080", "fails"),
            ("$ru", "tel:456;phone-context=x"),
            ("!$rd = \"h.example\"", ""),
            ("$ru", "sip:456;phone-context=x@h.example;user=phone"),
            ("!$ru = $null", "fails"),
            ("!$ru = \"no uri\"", "fails"),
            ("!$rp = 70000", "fails"),
            ("$ru", "sip:456;phone-context=x@h.example;user=phone"),
        ])
    }

    @Test func `the destination URI, and the next hop that follows from it`() throws {
        try Bench().check([
            ("$nh(u)", "sip:bob:secret@biloxi.example.com:5080;transport=tcp;user=phone"),
            ("!$du = \"sip:7.7.7.7:5070;transport=TCP\"", ""),
            ("$du $dd $dp $dP", "sip:7.7.7.7:5070;transport=TCP 7.7.7.7 5070 TCP"),
            ("$nh(u) $nh(d) $nh(p) $nh(P)", "sip:7.7.7.7:5070;transport=TCP 7.7.7.7 5070 TCP"),
            ("!$du = \"\"", ""),
            ("$du", "<null>"),
            ("!$du = \"sip:a\"", ""),
            ("!$du = $null", ""),
            ("$du $dd", "<null> <null>"),
        ])
    }

    @Test func `From and To are edited in place, and show it at once`() throws {
        try Bench().check([
            ("!$fn = \"Carol X\"", ""),
            ("$hdr(From)", "Carol X <sip:alice@atlanta.example.com:5070;lr>;tag=1928301774"),
            ("!$fn = \"\"Quoted C\"\"", ""),
            ("$fn", "\"Quoted C\""),
            ("!$fn = $null", ""),
            ("$hdr(From) $fn", "<sip:alice@atlanta.example.com:5070;lr>;tag=1928301774 <null>"),
            ("!$fU = \"dave\"", ""),
            ("$hdr(From) $fU", "<sip:dave@atlanta.example.com:5070;lr>;tag=1928301774 dave"),
            ("!$fU = $null", ""),
            ("$hdr(From) $fU", "<sip:atlanta.example.com:5070;lr>;tag=1928301774 <null>"),
            ("!$fd = \"new.dom\"", ""),
            ("$hdr(From) $fd", "<sip:new.dom:5070;lr>;tag=1928301774 new.dom"),
            ("!$fu = \"sip:x@y\"", ""),
            ("$hdr(From) $fu $ft", "<sip:x@y>;tag=1928301774 sip:x@y 1928301774"),
            ("!$fu = $null", "fails"),
            ("!$fd = $null", "fails"),
            ("!$tu = \"sip:a@b;c=d\"", ""),
            ("$hdr(To) $tu $tt", "\"Bob B\" <sip:a@b;c=d>;tag=totag1 sip:a@b;c=d totag1"),
        ])
    }

    @Test func `flags, whole and bit by bit`() throws {
        try Bench().check([
            ("!$Mf(3) = 1", ""),
            ("!$sf = 7", ""),
            ("!$bF = 17", ""),
            ("$mf $mF $Mf(3) $Mf(4)", "8 00000008 1 0"),
            ("$sf $sF $Sf(1) $bf $bF $Bf(4)", "7 00000007 1 17 00000011 1"),
            ("!$Mf(3) = 0", ""),
            ("$mf", "0"),
            ("!$mF = 255", ""),
            ("$mF", "000000FF"),
            ("!$mf = $null", ""),
            ("$mf $mF", "0 00000000"),
        ])
    }

    @Test func `the socket to send from`() throws {
        try Bench().check([
            ("!$fs = \"udp:192.0.2.7:9\"", "fails"),
            ("$fs $fsn $fsp", "<null> <null> 0"),
            ("!$fs = $Ras", ""),
            ("$fs $fsn $fsp", "udp:192.0.2.7:5060 main 5060"),
            ("!$fs = $null", ""),
            ("$fs $fsn $fsp", "<null> <null> 0"),
            ("!$fsn = \"main\"", ""),
            ("$fs", "udp:192.0.2.7:5060"),
        ])
    }

    @Test func `branches`() throws {
        let bench = try Bench()
        bench.message.addTarget(VariableCode.target(uri: "sip:b1@h1;x=y"))
        bench.message.target(0)?.pointee.q = 500
        bench.message.addTarget(VariableCode.target(uri: "sip:b2@h2"))
        bench.check([
            ("$ds", "Contact: <sip:b1@h1;x=y>;q=0.5, <sip:b2@h2>"),
            ("$br", "sip:b1@h1;x=y"),
            ("$bR", "<sip:b1@h1;x=y>;q=0.5, sip:b2@h2"),
            ("$branch(count) $(branch(uri)[0]) $(branch(uri)[1])", "2 sip:b1@h1;x=y sip:b2@h2"),
            ("$(branch(uri)[-1]) $(branch(uri)[2]) $branch(uri)", "sip:b2@h2 <null> sip:b1@h1;x=y"),
            ("$(branch(q)[0]) $(branch(q)[1]) $(branch(flags)[0])", "500 <null> 0"),
            (
                "$branch(dst_uri) $branch(path) $branch(send_socket) $branch(ruid)",
                "<null> <null> <null> <null>"
            ),
            ("!$(branch(dst_uri)[0]) = \"sip:9.9.9.9:5061\"", ""),
            ("!$(branch(path)[1]) = \"<sip:path;lr>\"", ""),
            ("!$(branch(q)[1]) = 300", ""),
            ("!$(branch(flags)[1]) = 5", ""),
            ("!$(branch(send_socket)[1]) = $Ras", ""),
            ("$(branch(dst_uri)[0]) $(branch(path)[1])", "sip:9.9.9.9:5061 <sip:path;lr>"),
            ("$(branch(q)[1]) $(branch(flags)[1]) $(branch(send_socket)[1])", "300 5 udp:192.0.2.7:5060"),
            ("!$br = \"sip:b3@h3\"", ""),
            ("$branch(count) $bR", "3 <sip:b1@h1;x=y>;q=0.5, <sip:b2@h2>;q=0.3, sip:b3@h3"),
            ("!$(branch(uri)[0]) = $null", ""),
            ("$ds", "Contact: <sip:b2@h2>;q=0.3, <sip:b3@h3>"),
            ("!$branch(uri) = \"sip:b4@h4\"", ""),
            ("$bR", "<sip:b4@h4>;q=0.3, sip:b3@h3"),
            ("!$(branch(uri)[7]) = \"sip:x@y\"", "fails"),
        ])
        #expect(BranchEditing.remove(bench.message, 1) == 1)
        #expect(BranchEditing.remove(bench.message, 1) == -1)
        bench.check([("$branch(count)", "1")])
    }

    @Test func `a branch is put together aside, then added`() throws {
        let bench = try Bench()
        #expect(BranchEditing.appendScratch(bench.context) == -1)
        bench.check([
            ("!$sbranch(uri) = \"sip:s@b\"", ""),
            ("!$sbranch(q) = 100", ""),
            ("!$sbranch(dst_uri) = \"sip:1.1.1.1\"", ""),
            ("$sbranch(uri) $sbranch(q) $sbranch(dst_uri)", "sip:s@b 100 sip:1.1.1.1"),
            ("$sbranch(path) $sbranch(flags)", "<null> 0"),
        ])
        #expect(BranchEditing.appendScratch(bench.context) == 1)
        #expect(BranchEditing.resetScratch(bench.context) == 1)
        bench.check([("$ds $sbranch(uri)", "Contact: <sip:s@b>;q=0.1 <null>")])
    }

    @Test func `a $var stays from message to message, $vn may be null, $shv is everybody's`() throws {
        let bench = try Bench()
        bench.check([
            ("!$var(a) = \"text\"", ""),
            ("!$var(b) = 5", ""),
            ("$var(a) $var(b) $vz(a)", "text 5 text"),
            ("!$var(a) = $null", ""),
            ("$var(a)", "0"),
            ("$vn(a)", "<null>"),
            ("!$vn(a) = \"x\"", ""),
            ("$vn(a)", "x"),
            ("!$vn(a) = $null", ""),
            ("$vn(a)", "<null>"),
            ("!$shv(bench-only) = \"shared\"", ""),
            ("$shv(bench-only)", "shared"),
        ])
        try Bench().check([("$shv(bench-only) $var(b)", "shared 0")])
        bench.check([("!$shv(bench-only) = $null", ""), ("$shv(bench-only)", "0")])
    }

    @Test func `what was read of a $var does not change when it is assigned`() throws {
        let bench = try Bench()
        bench.set("$var(x)", "before")
        let old = bench.value("$var(x)")
        bench.set("$var(x)", "after!")
        #expect(old.text == "before")
    }

    @Test func `a $var is kept aside while a script waits`() throws {
        let bench = try Bench()
        bench.set("$var(keep1)", "mine")
        bench.set("$var(keep2)", 4)
        let saved = bench.context.pointee.values.pointee.saveVariables(bench.message)
        bench.set("$var(keep1)", "somebody else's")
        bench.clear("$var(keep2)")
        bench.context.pointee.values.pointee.restoreVariables(saved)
        bench.check([("$var(keep1) $var(keep2)", "mine 4")])
    }

    @Test func `what cannot be assigned is not writable`() throws {
        let bench = try Bench()
        let readOnly = [
            "$rP", "$ou", "$ft", "$rm", "$rs", "$ci", "$hdr(X)", "$si", "$Ts", "$rc", "$sel(via)",
            "$branch(count)",
            "$dd", "$null", "$(ru{s.len})", "$(avp(x){s.len})", "$env(X)",
        ]
        for name in readOnly { #expect(try !bench.parser.parse(name).get().isWritable, "\(name)") }
        for name in ["$ru", "$du", "$avp(x)", "$(avp(x)[*])", "$xavp(a=>b)", "$var(x)", "$br", "$Mf(1)"] {
            #expect(try bench.parser.parse(name).get().isWritable, "\(name)")
        }
    }

    @Test func `a prefix for the log is made once per message`() throws {
        let bench = try Bench()
        let format = try bench.parser.format("[$ci $var(n)] ").get()
        bench.set("$var(n)", 1)
        let once = LogPrefix(format, isAlwaysNew: false)
        let always = LogPrefix(format, isAlwaysNew: true)
        #expect(once.text(bench.context) == "[a84b4c76e66710@pc33.atlanta.example.com 1] ")
        bench.set("$var(n)", 2)
        #expect(once.text(bench.context) == "[a84b4c76e66710@pc33.atlanta.example.com 1] ")
        #expect(always.text(bench.context) == "[a84b4c76e66710@pc33.atlanta.example.com 2] ")
    }
}
