// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import SanityLogic
import Testing

private func number(_ text: StaticString) -> Values.Number { Values.number(Text(text)) }
private func expires(_ body: StaticString) -> Failure? { Values.expires(Text(body)) }
private func scheme(_ uri: StaticString) -> Values.Scheme { Values.scheme(Text(uri)) }
private func isURI(_ uri: StaticString) -> Bool { Values.isURI(Text(uri)) }
private func isRoutable(_ uri: StaticString) -> Bool { Values.isRoutable(Text(uri)) }
private func hasSentBy(_ via: StaticString) -> Bool { Values.hasSentBy(Text(via)) }
private func count(_ name: StaticString, in params: StaticString) -> Int {
    Values.count(of: Text(name), in: Text(params))
}
private func contains(_ tag: StaticString, in list: StaticString) -> Bool {
    Options.contains(Text(tag), in: Text(list))
}
private func check(_ body: StaticString) -> Failure? { Credentials.check(Text(body)) }

@Suite struct SanityValueTests {
    @Test func `a number has digits only, and fits 32 bits`() {
        #expect(number("0") == .value(0))
        #expect(number("4294967295") == .value(4_294_967_295))
        #expect(number("4294967296") == .illegal)
        #expect(number("99999999999999999999999999") == .illegal)
        #expect(number("12a") == .illegal)
        #expect(number("-1") == .illegal)
        #expect(number("") == .missing)
    }

    @Test func `Expires is a number and nothing more`() {
        #expect(expires("3600") == nil)
        #expect(expires(" 0 ") == nil)
        #expect(expires("") == .expires)
        #expect(expires("x") == .expiresValue)
        #expect(expires("1 2") == .expiresValue)
        #expect(expires("3600;a=b") == .expiresValue)
        #expect(expires("10000000000000") == .expiresValue)
    }

    @Test func `a URI has a scheme and something behind it`() {
        #expect(scheme("sip:a@b") == .sip(4))
        #expect(scheme("SIPS:a@b") == .sip(5))
        #expect(scheme("sip:h") == .sip(4))
        #expect(scheme("sips:") == .none)
        #expect(scheme("tel:+1") == .other)
        #expect(scheme("soap.beep://192.0.2.103:3002") == .other)
        #expect(scheme("sipx:a") == .other)
        #expect(scheme("foo") == .none)
        #expect(scheme("sip:") == .none)
        #expect(scheme(":x") == .none)
        #expect(scheme("1a:x") == .none)
        #expect(scheme("a b:x") == .none)
        #expect(scheme("") == .none)
    }

    @Test(arguments: 1...20)
    func `no control character, blank or bracket stands anywhere in a SIP URI`(_ length: Int) {
        var wrong: [[UInt8]] = []
        // Another @ would end the user.
        for byte in UInt8.min...UInt8.max where byte != UInt8(ascii: "@") {
            let isForbidden = byte <= 32 || byte == 127 || [34, 60, 62].contains(byte)
            for place in 0..<length {
                var user = [UInt8](repeating: UInt8(ascii: "a"), count: length)
                user[place] = byte
                let uri = user + Array("@h".utf8)
                let isSound = uri.withUnsafeBytes {
                    let text = mt_str(ptr: $0.baseAddress?.assumingMemoryBound(to: CChar.self), len: $0.count)
                    return URISyntax.isSound(Text(unchecked: text), from: 0)
                }
                if isSound == isForbidden { wrong.append(uri) }
            }
        }
        #expect(wrong.isEmpty)
    }

    @Test func `a SIP URI has a host, and at most a user, a port and what follows`() {
        #expect(isURI("sip:h"))
        #expect(isURI("sip:bob:pw@1.2.3.4:5070;transport=tcp;x=y?a=b"))
        #expect(isURI("sips:[2001:db8::1]:5061;lr"))
        #expect(isURI("sip:a;b?c@h_1.example-2.com"))
        #expect(!isURI("sip:@h"))
        #expect(!isURI("sip:a@"))
        #expect(!isURI("sip:a@@h"))
        #expect(!isURI("sip:a-long-user-name-and-a-\u{1}-in@h"))
        #expect(!isURI("sip:a-long-user-name@and-a-long-host>"))
        #expect(isURI("sip:a-long-user-name@and-a-long-host.example.com"))
        #expect(!isURI("sip:a@:x"))
        #expect(!isURI("sip:h:"))
        #expect(!isURI("sip:h:65536"))
        #expect(!isURI("sip:h:123456"))
        #expect(!isURI("sip:h:5060x"))
        #expect(!isURI("sip:[]"))
        #expect(!isURI("sip:[::1"))
        #expect(!isURI("sip:%"))
        #expect(!isURI("sip:x y"))
        #expect(!isURI("sip:<h>"))
        #expect(!isURI("sip:\"h\""))
    }

    @Test func `From, To and Contact may have any absolute URI`() {
        #expect(isURI("http://www.example.com"))
        #expect(isURI("isbn:2983792873"))
        #expect(!isURI("foo"))
    }

    @Test func `tel and urn can be routed, others cannot`() {
        #expect(isRoutable("tel:+1"))
        #expect(isRoutable("URN:service:sos"))
        #expect(!isRoutable("nobodyKnowsThisScheme:totallyopaquecontent"))
        #expect(!isRoutable("http://a.b"))
    }

    @Test func `a Via says who sent it`() {
        #expect(hasSentBy("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1"))
        #expect(hasSentBy("SIP / 2.0 / TCP host;branch=x"))
        #expect(hasSentBy("SIP/2.0/UDP [2001:db8::1]"))
        #expect(!hasSentBy("SIP/2.0/UDP ;branch=z9hG4bK1"))
        #expect(!hasSentBy("SIP/2.0/UDP"))
        #expect(!hasSentBy(""))
    }

    @Test func `tags are counted, in any case, and not within quotes`() {
        #expect(count("tag", in: ";tag=1") == 1)
        #expect(count("tag", in: ";tag=1;x=2;TAG=4") == 2)
        #expect(count("tag", in: "tag=1;tag=2") == 2)
        #expect(count("tag", in: ";x=\"a;tag=3\\\";tag=4\";tag=1") == 1)
        #expect(count("tag", in: ";tagged=1;x=tag") == 0)
        #expect(count("tag", in: "") == 0)
    }
}

@Suite struct SanityOptionTests {
    private func all(_ list: StaticString) -> [String] {
        let list = Text(list)
        var tags: [String] = []
        var at = 0
        while let range = Options.next(in: list, at: &at) { tags.append(String(list[range])) }
        return tags
    }

    @Test func `option tags are found whatever the blanks`() {
        #expect(all("a, b ,c") == ["a", "b", "c"])
        #expect(
            all(" noProxiesSupportThis , norDoAnyProxiesSupportThis ") == [
                "noProxiesSupportThis", "norDoAnyProxiesSupportThis",
            ])
        #expect(all("a,,b") == ["a", "b"])
        #expect(all("") == [])
    }

    @Test func `a supported tag is in the list, in any case`() {
        #expect(contains("BAR", in: "foo, bar"))
        #expect(contains("foo", in: "foo"))
        #expect(!contains("fo", in: "foo, bar"))
        #expect(!contains("foo", in: ""))
    }
}

@Suite struct SanityCredentialTests {
    @Test func `complete digest credentials pass`() {
        let good: StaticString =
            "Digest username=\"a\", realm=\"r, s\", nonce=\"n\", uri=\"sip:x\", response=\"0123\", qop=auth"
        #expect(check(good) == nil)
        #expect(check("digest username=a,realm=r,nonce=n,uri=u,response=1") == nil)
    }

    @Test func `what is missing or empty is named`() {
        #expect(check("Digest username=\"a\", realm=\"r\", uri=\"u\", response=\"1\"") == .credentials)
        #expect(check("Digest") == .credentials)
        #expect(
            check("Digest username=\"\", realm=\"r\", nonce=\"n\", uri=\"u\", response=\"1\"") == .emptyUser)
        #expect(
            check("Digest username=\"a\", realm=\"r\", nonce=\"\", uri=\"u\", response=\"1\"") == .emptyNonce)
        #expect(
            check("Digest username=\"a\", realm=\"r\", nonce=\"n\", uri=\"u\", response=\"\"")
                == .emptyResponse)
        #expect(check("") == .authorization)
    }

    @Test func `an unclosed quote ends nothing but the header`() {
        #expect(check("Digest username=\"a, realm=\"r\", uri=\"u\"") == .credentials)
        #expect(check("Digest username=\"a\\") == .credentials)
    }

    @Test func `other schemes are none of our business`() {
        #expect(check("Basic QWxhZGRpbg==") == nil)
        #expect(check("NoOneKnowsThisScheme opaque-data=here") == nil)
    }
}

@Suite struct SanityFailureTests {
    @Test func `each failure has the status that its RFC asks for`() {
        #expect(Failure.version.status == 505)
        #expect(Failure.uriScheme.status == 416)
        #expect(Failure.proxyRequire.status == 420)
        #expect(Failure.cseqMethod.status == 400)
    }

    @Test func `nobody is answered whose address is missing`() {
        #expect(!Failure.missing.isAnswered)
        #expect(!Failure.via.isAnswered)
        #expect(Failure.to.isAnswered)
    }
}
