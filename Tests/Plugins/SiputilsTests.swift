// SPDX-License-Identifier: Apache-2.0
import PluginKit
import SiputilsLogic
import Testing

private func isNumeric(_ text: StaticString) -> Bool { Number.isNumeric(Text(text)) }
private func isAlphanumeric(_ text: StaticString, extra: StaticString = "") -> Bool {
    Number.isAlphanumeric(Text(text), extra: Text(extra))
}
private func isTelephone(_ text: StaticString) -> Bool { Number.isTelephone(Text(text)) }
private func isE164(_ text: StaticString) -> Bool { Number.isE164(Text(text)) }
private func isTel(_ uri: StaticString) -> Bool { TelURI.isTel(Text(uri)) }
private func isSame(_ a: StaticString, _ b: StaticString) -> Bool { HeaderNames.isSame(Text(a), Text(b)) }
private func seconds(_ body: StaticString) -> Int? { SIPDate.seconds(Text(body)) }

@Suite struct NumberTests {
    @Test func `numbers have digits only`() {
        #expect(isNumeric("12"))
        #expect(!isNumeric("1a"))
        #expect(!isNumeric(""))
    }

    @Test func `letters and digits, and what else is allowed`() {
        #expect(isAlphanumeric("1aZ"))
        #expect(!isAlphanumeric("a_"))
        #expect(isAlphanumeric("a_", extra: "_-"))
        #expect(!isAlphanumeric("é"))
    }

    @Test func `a telephone number may start with a plus`() {
        #expect(isTelephone("+12"))
        #expect(isTelephone("12"))
        #expect(!isTelephone("+"))
        #expect(!isTelephone("+1a"))
        #expect(!isTelephone(""))
    }

    @Test func `E.164 is a plus and up to 15 digits`() {
        #expect(isE164("+12"))
        #expect(isE164("+123456789012345"))
        #expect(!isE164("+1234567890123456"))
        #expect(!isE164("123"))
        #expect(!isE164("+1"))
    }
}

@Suite struct URIPartsTests {
    /// user|host|port|params|headers
    private func shown(_ text: StaticString) -> String? {
        let uri = Text(text)
        guard let parts = URIParts(uri) else { return nil }
        let user = parts.user.map { String(uri[$0]) } ?? "-"
        let port = parts.port.map { String(uri[$0]) } ?? "-"
        return [
            user, String(uri[parts.host]), port, String(uri[parts.params]),
            String(uri.dropFirst(parts.headers)),
        ]
        .joined(separator: "|")
    }

    @Test func `a URI is taken apart`() {
        #expect(
            shown("sip:bob:pw@1.2.3.4:5070;transport=tcp;x=y?a=b")
                == "bob:pw|1.2.3.4|5070|transport=tcp;x=y|?a=b")
        #expect(shown("sip:h") == "-|h|-||")
        #expect(shown("sip:u@h?a=b") == "u|h|-||?a=b")
        #expect(shown("sips:[2001:db8::1]:5061;lr") == "-|[2001:db8::1]|5061|lr|")
        #expect(shown("sip:a;b?c@h;d") == "a;b?c|h|-|d|")
        #expect(shown("host") == nil)
    }

    private func found(_ name: StaticString, _ text: StaticString) -> String? {
        let uri = Text(text)
        return URIParts(uri)?.param(Text(name), in: uri).map { String(uri[$0]) }
    }

    @Test func `a parameter is found by its name, in any case`() {
        #expect(found("p", "sip:u@h;p;q=5;R=6?x=y") == ";p")
        #expect(found("q", "sip:u@h;p;q=5;R=6?x=y") == ";q=5")
        #expect(found("r", "sip:u@h;p;q=5;R=6?x=y") == ";R=6")
        #expect(found("x", "sip:u@h;p;q=5;R=6?x=y") == nil)
        #expect(found("u", "sip:u;u=1@h") == nil)
    }

    @Test func `a parameter has a value or none`() {
        let uri = Text("sip:u@h;p;q=5;e=")
        guard let parts = URIParts(uri), let p = parts.param(Text("p"), in: uri),
            let q = parts.param(Text("q"), in: uri),
            let e = parts.param(Text("e"), in: uri)
        else {
            Issue.record("not found")
            return
        }
        #expect(URIParts.value(of: p, in: uri) == nil)
        #expect(URIParts.value(of: q, in: uri).map { String(uri[$0]) } == "5")
        #expect(URIParts.value(of: e, in: uri).map { String(uri[$0]) } == "")
    }
}

@Suite struct ContactCodeTests {
    private func parts(_ text: StaticString) -> [String]? {
        let user = Text(text)
        guard let parts = ContactCode.parts(of: user, separator: UInt8(ascii: "*")) else { return nil }
        return [parts.user, parts.password, parts.host, parts.port, parts.transport].map { String(user[$0]) }
    }

    @Test func `a packed Contact is taken apart`() {
        #expect(parts("enc_pre*bob*pw*1.2.3.4*5070*tcp") == ["bob", "pw", "1.2.3.4", "5070", "tcp"])
        #expect(parts("enc_pre***h**") == ["", "", "h", "", ""])
    }

    @Test func `what was not packed is refused`() {
        #expect(parts("bob") == nil)
        #expect(parts("a*b*c") == nil)
        #expect(parts("a*b*c*d*e*f*g") == nil)
        #expect(parts("a*b*c**e*f") == nil)
        #expect(parts("") == nil)
    }
}

@Suite struct Base64URLTests {
    private func encoded(_ text: StaticString) -> String {
        let text = Text(text)
        var bytes = [UInt8](repeating: 0, count: Base64URL.encodedCount(text.count) + 1)
        bytes.withUnsafeMutableBufferPointer { bytes in
            if let start = bytes.baseAddress { Base64URL.encode(text, into: start) }
        }
        return String(decoding: bytes.dropLast(), as: UTF8.self)
    }

    private func decoded(_ text: StaticString) -> String? {
        let text = Text(text)
        var bytes = [UInt8](repeating: 0, count: text.count + 1)
        let count = bytes.withUnsafeMutableBufferPointer { bytes in
            bytes.baseAddress.flatMap { Base64URL.decode(text, into: $0) }
        }
        return count.map { String(decoding: bytes[0..<$0], as: UTF8.self) }
    }

    @Test func `a URI is encoded without padding, and comes back`() {
        #expect(encoded("sip:bob@h") == "c2lwOmJvYkBo")
        #expect(encoded("sip:b@h") == "c2lwOmJAaA")
        #expect(
            encoded("sip:bob:pw@1.2.3.4:5070;transport=tcp;x=y")
                == "c2lwOmJvYjpwd0AxLjIuMy40OjUwNzA7dHJhbnNwb3J0PXRjcDt4PXk")
        #expect(decoded("c2lwOmJAaA") == "sip:b@h")
        #expect(decoded("c2lwOmJAaA==") == "sip:b@h")
        #expect(decoded("_-8") != nil)
    }

    @Test func `other letters are refused`() {
        #expect(decoded("c2lw!") == nil)
    }
}

@Suite struct TelURITests {
    private func user(_ text: StaticString) -> String {
        let uri = Text(text)
        var bytes = [UInt8](repeating: 0, count: uri.count)
        let count = bytes.withUnsafeMutableBufferPointer { bytes in
            bytes.baseAddress.map { TelURI.write(userOf: uri, into: $0) } ?? 0
        }
        return String(decoding: bytes[0..<count], as: UTF8.self)
    }

    @Test func `separators go, and parameters are written in lower case`() {
        #expect(user("tel:+(34)-999-888-777") == "+34999888777")
        #expect(user("tel:+12-(34)-56-78;Ext=200;ISUB=+123-456") == "+12345678;ext=200;isub=+123-456")
    }

    @Test func `only tel URIs are such`() {
        #expect(isTel("TEL:+1"))
        #expect(!isTel("sip:+1@h"))
    }
}

@Suite struct SiputilsHeaderNameTests {
    @Test func `compact forms name the same header`() {
        #expect(isSame("f", "From"))
        #expect(isSame("call-id", "I"))
        #expect(isSame("X-a", "x-A"))
        #expect(isSame("v", "V"))
        #expect(!isSame("f", "To"))
        #expect(!isSame("f", "t"))
    }
}

@Suite struct SIPDateTests {
    @Test func `a date is seconds since 1970`() {
        #expect(seconds("Thu, 01 Jan 1970 00:00:00 GMT") == 0)
        #expect(seconds("Sat, 13 Nov 2010 23:29:00 GMT") == 1_289_690_940)
        #expect(seconds("Thu, 29 Feb 2024 12:00:00 GMT") == 1_709_208_000)
    }

    @Test func `what is no date, or in another zone, is refused`() {
        #expect(seconds("Fri, 01 Jan 2010 16:00:00 EST") == nil)
        #expect(seconds("yesterday") == nil)
        #expect(seconds("Fri, 01 Foo 2010 16:00:00 GMT") == nil)
        #expect(seconds("Fri, 01 Jan 2010 16:00") == nil)
        #expect(seconds("") == nil)
    }
}
