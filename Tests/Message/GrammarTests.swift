// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Message

@Suite struct URITests {
    @Test func `all parts are found`() throws {
        let uri = try #require(
            URI(
                parsing:
                    "sips:alice:se%20cret@[2001:db8::1]:5061;transport=tcp;lr?Subject=x&Route=%3Csip:a%3E"))
        #expect(text(uri.scheme) == "sips" && uri.isSIPS && uri.isSIP)
        #expect(text(uri.user) == "alice")
        #expect(text(uri.password) == "se%20cret")
        #expect(text(uri.host) == "[2001:db8::1]")
        #expect(uri.port == 5061)
        #expect(text(uri.params) == "transport=tcp;lr")
        #expect(text(uri.headers) == "Subject=x&Route=%3Csip:a%3E")
        #expect(text(uri.param("TRANSPORT")) == "tcp")
        #expect(text(uri.param("lr")) == "")
        #expect(text(uri.param("maddr")) == nil)
    }

    @Test func `what is not written is absent`() throws {
        let uri = try #require(URI(parsing: "sip:example.com"))
        #expect(text(uri.user) == nil && text(uri.params) == nil && text(uri.headers) == nil && uri.port == 0)
        let odd = try #require(URI(parsing: "sip:user;par=u%40example.net@example.com"))
        #expect(text(odd.user) == "user;par=u%40example.net")
        #expect(text(odd.host) == "example.com")
        let tel = try #require(URI(parsing: "tel:+1-201-555-0123;phone-context=x"))
        #expect(
            text(tel.user) == "+1-201-555-0123" && text(tel.host) == nil
                && text(tel.params) == "phone-context=x")
    }

    @Test(arguments: [
        "", ":", "sip", "sip:", "1sip:a", "sip:a b", "sip:@a", "sip:a@", "sip:a:", "sip:a:x", "sip:a:65536",
        "sip:[::1",
        "sip:[]", "sip:a@b@c", "sip:a\u{7F}", "sip:<a>", "sip:a\"", "sip:a@b:5060x", "sip::pw@h",
    ])
    func `what is none is none`(text: String) {
        #expect(URI(parsing: slice(text)) == nil)
    }

    func same(_ a: String, _ b: String) -> Bool? {
        guard let a = URI(parsing: slice(a)), let b = URI(parsing: slice(b)) else { return nil }
        let there = a.same(as: b)
        return there == b.same(as: a) ? there : nil
    }

    /// The examples of RFC 3261, 19.1.4.
    @Test func `equal URIs are equal`() {
        #expect(same("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtlanTa.CoM;Transport=tcp") == true)
        #expect(same("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5") == true)
        #expect(same("sip:carol@chicago.com", "sip:carol@chicago.com;security=on") == true)
        #expect(
            same(
                "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
                "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com") == true)
        #expect(
            same(
                "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
                "sip:alice@atlanta.com?priority=urgent&subject=project%20x") == true)
        #expect(same("tel:+1-201-555-0123", "tel:+12015550123") == true)
        #expect(same("urn:service:sos", "URN:service:sos") == true)
        #expect(same("sip:a@b;x=1;x=2", "sip:a@b;x=1;x=2") == true)
    }

    @Test func `different URIs are different`() {
        #expect(same("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP") == false)
        #expect(same("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060") == false)
        #expect(same("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp") == false)
        #expect(same("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp") == false)
        #expect(same("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting") == false)
        #expect(same("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4") == false)
        #expect(same("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off") == false)
        #expect(same("sip:a@b", "sips:a@b") == false)
        #expect(same("sip:a%3Bb@c", "sip:a;b@c") == false)
        #expect(same("sip:null-%00-null@example.com", "sip:null-%00@example.com") == false)
        #expect(same("tel:+1-201-555-0123", "tel:+12015550124") == false)
    }
}

@Suite struct AddressTests {
    @Test func `an address has a name, a URI and parameters`() throws {
        let bob = try #require(Address(parsing: #""Bob \"B\" <x>" <sip:bob@b.example;lr>;tag=1;x="a;b""#))
        #expect(text(bob.display) == #""Bob \"B\" <x>""#)
        #expect(text(bob.uri) == "sip:bob@b.example;lr")
        #expect(text(bob.params) == #"tag=1;x="a;b""#)
        #expect(text(bob.param("x")) == "a;b")
        let bare = try #require(Address(parsing: "  sip:a@b;tag=7 "))
        #expect(text(bare.display) == nil && text(bare.uri) == "sip:a@b" && text(bare.params) == "tag=7")
        #expect(text(bare.whole) == "sip:a@b;tag=7")
        let loose = try #require(Address(parsing: "J. User, Jr. <sip:a@b>"))
        #expect(text(loose.display) == "J. User, Jr.")
    }

    @Test func `a list is taken apart from the front`() throws {
        var list = slice(#""Last, First" <sip:a@b>;q=0.3 , sip:c@d;expires=7,<sips:e@f>,*"#)
        var uris: [String] = []
        while let address = Address(taking: &list) { uris.append(address.uri.string) }
        #expect(uris == ["sip:a@b", "sip:c@d", "sips:e@f", "*"])
        #expect(list.isEmpty)
    }

    @Test(arguments: ["", " ", "<>", "<sip:a", "\"Bob <sip:a>", "<sip:a> x", "<sip:a>;x=\"y", ",", ";tag=1"])
    func `what is none is none`(text: String) {
        #expect(Address(parsing: slice(text)) == nil)
    }
}

@Suite struct ViaTests {
    @Test func `a value has a transport, a host and parameters`() throws {
        let via = try #require(
            Via(parsing: "SIP/2.0/UDP [2001:db8::9:1]:5071;received=2001:db8::9:255;branch=z9;rport;x"))
        #expect(text(via.transport) == "UDP")
        #expect(text(via.host) == "[2001:db8::9:1]")
        #expect(via.port == 5071)
        #expect(text(via.received) == "2001:db8::9:255")
        #expect(text(via.branch) == "z9")
        #expect(text(via.rport) == "")
        #expect(text(via.param("x")) == "")
        let spaced = try #require(Via(parsing: " SIP / 2.0 / TCP  a.example : 7 ; branch = 1 "))
        #expect(text(spaced.transport) == "TCP" && text(spaced.host) == "a.example" && spaced.port == 7)
        #expect(text(spaced.branch) == "1")
    }

    @Test(arguments: [
        "", "SIP/2.0", "SIP/2.0/UDP", "SIP/2.0/UDP ", "SIP/2.0/UDP a:x", "SIP/2.0/UDP a:99999",
        "SIP/2.0/UDP [::1", "SIP/2.0/UDP a b",
    ])
    func `what is none is none`(text: String) {
        #expect(Via(parsing: slice(text)) == nil)
    }
}

@Suite struct LiteralTests {
    func roundTrip(_ address: String) -> String? {
        var bytes: (UInt64, UInt64) = (0, 0)
        var out: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)
        guard withUnsafeMutableBytes(of: &bytes, { Literal.bytes(of: slice(address), into: $0) }) else {
            return nil
        }
        return withUnsafeBytes(of: bytes) { raw in
            withUnsafeMutableBytes(of: &out) { place in
                let count = Literal.write(raw, into: place)
                return String(decoding: place[0..<count], as: UTF8.self)
            }
        }
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
        ("::", "::"),
        ("::1", "::1"), ("[2001:DB8::1]", "2001:db8::1"), ("1::", "1::"),
        ("2001:db8:0:1:0:0:0:1", "2001:db8:0:1::1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
        ("::ffff:192.0.2.1", "192.0.2.1"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
        ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"),
    ])
    func `an address is read and written`(text: String, canonical: String) {
        #expect(roundTrip(text) == canonical)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4 ", "a.b.c.d", "1..2.3", ":", ":::",
        "1:2:3:4:5:6:7", "1::2::3",
        "1:2:3:4:5:6:7:8:9", "12345::", "g::", "[::1", "2001:db8:::1", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3",
        "1:",
    ])
    func `what is none is none`(text: String) {
        #expect(roundTrip(text) == nil)
    }
}

@Suite struct SliceTests {
    @Test func `absent is not empty`() {
        #expect(Slice.absent != Slice.empty)
        #expect(Slice.absent.isEmpty && Slice.empty.isPresent)
        #expect(Slice(Slice.empty.mt).isPresent && Slice(Slice.absent.mt).isAbsent)
    }

    @Test func `nothing outside of a slice can be reached`() {
        let abc: Slice = "abc"
        #expect(abc[-1] == 0 && abc[3] == 0)
        #expect(text(abc[1..<9]) == "bc")
        #expect(text(abc[7..<9]) == "")
        #expect(text(abc.dropFirst(9)) == "" && text(abc.prefix(-1)) == "" && text(abc.suffix(2)) == "bc")
    }

    @Test func `numbers do not wrap`() {
        #expect(slice("9223372036854775807").integer() == Int.max)
        #expect(slice("-9223372036854775808").integer() == Int.min)
        #expect(slice("9223372036854775808").integer() == nil)
        #expect(slice("").integer() == nil && slice("-").integer() == nil && slice("1a").integer() == nil)
        #expect(slice("2147483647").natural() == 2_147_483_647 && slice("2147483648").natural() == nil)
        #expect(slice("99999999999999999999").natural() == nil && slice("-1").natural() == nil)
    }

    @Test func `texts are found`() {
        let line: Slice = "a banana, Banana"
        #expect(line.find("ana") == 3 && line.find("ana", from: 4) == 5 && line.find("x") == nil)
        #expect(line.findIgnoringCase("BANANA", from: 3) == 10)
        #expect(line.hasPrefix("a b") && line.hasSuffix("nana") && !line.hasPrefix("b"))
        #expect(text(slice(" \t x y \r\n").trimmed) == "x y")
    }

    @Test func `escapes and quotes are taken off`() {
        var room = [UInt8](repeating: 0, count: 32)
        room.withUnsafeMutableBytes { room in
            #expect(text(slice("a%40b%zz%4").unescaped(into: room)) == "a@b%zz%4")
            #expect(text(slice(#""a \"b\" \\""#).unquoted(into: room)) == #"a "b" \"#)
            #expect(text(slice("token").unquoted(into: room)) == "token")
            #expect(text(slice(String(repeating: "x", count: 40)).unescaped(into: room)) == nil)
        }
    }

    @Test func `parameters are walked over`() {
        var params = Params(#"lr ; a = "x;y" ;;b=;c"#)
        var seen: [String] = []
        while let param = params.next() { seen.append("\(param.name)|\(text(param.value) ?? "nil")") }
        #expect(seen == ["lr|nil", #"a|"x;y""#, "b|", "c|nil"])
        #expect(text(Params(#"a="x;y""#).value(named: "A")) == "x;y")
    }
}
