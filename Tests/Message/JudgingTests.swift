// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Message

@Suite struct JudgingTests {
    func fault(_ text: String, stream: Bool = false) -> Fault? { Received(text, stream: stream).fault }

    @Test(arguments: [
        ("SIP/3.0", 505, "Version Not Supported"), ("SIP/2.1", 505, "Version Not Supported"),
        ("HTTP/1.1", 400, "No SIP version in the start line"),
        ("SIP/2", 400, "No SIP version in the start line"),
    ])
    func `another version is refused`(version: String, status: Int, reason: String) {
        let found = fault(request(version: version))
        #expect(found?.status == status)
        #expect(found.map { "\($0.reason)" } == reason)
    }

    @Test func `SIP may be written in any letter case`() {
        #expect(fault(request(version: "sip/2.0")) == nil)
    }

    @Test(arguments: [
        ("sip:bob@biloxi.example; lr", "Blanks in the Request-URI"),
        ("<sip:bob@biloxi.example>", "Bad Request-URI"),
        ("sip:bob@biloxi.example?Route=x", "Headers in the Request-URI"), ("bob", "Bad Request-URI"),
        ("sip:", "Bad Request-URI"), ("sip:bob@", "Bad Request-URI"), ("sip:@host", "Bad Request-URI"),
        ("sip:host:99999", "Bad Request-URI"),
        ("sip:bob@biloxi\t.example", "Control characters in the Request-URI"),
        (" sip:bob@biloxi.example", "Blanks in the Request-URI"),
    ])
    func `a Request-URI that is none is refused`(uri: String, reason: String) {
        #expect(fault(request(uri: uri)).map { "\($0.status) \($0.reason)" } == "400 \(reason)")
    }

    @Test(arguments: [
        "tel:+12015550123;phone-context=x", "urn:service:sos", "nobodyKnowsThisScheme:totallyopaquecontent",
        "sips:a@[2001:db8::1]:5061",
    ])
    func `other schemes are not judged here`(uri: String) {
        #expect(fault(request(uri: uri)) == nil)
    }

    @Test func `a blank behind the version is refused`() {
        let found = fault(request(version: "SIP/2.0 "))
        #expect(found == .answer(400, "Blanks at the end of the start line"))
    }

    @Test(arguments: ["From", "To", "Call-ID", "CSeq", "Via"])
    func `what lacks a field that an answer must repeat is dropped`(name: String) {
        let text = request().split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.hasPrefix(name + ":") }.joined(separator: "\n")
        let found = fault(text)
        #expect(found?.status == 0)
        #expect(found.map { "\($0.reason)" } == "\(name) is missing")
    }

    @Test func `what may stand once stands once`() {
        #expect(fault(request(more: "f: <sip:x@y>;tag=1")) == .answer(400, "More than one From"))
        #expect(fault(request(more: "To: <sip:x@y>")) == .answer(400, "More than one To"))
        #expect(fault(request(more: "i: 2")) == .answer(400, "More than one Call-ID"))
        #expect(fault(request(more: "CSeq: 1 INVITE")) == .answer(400, "More than one CSeq"))
        #expect(fault(request(more: "Max-Forwards: 1")) == .answer(400, "More than one Max-Forwards"))
        #expect(fault(request(more: "l: 7")) == .answer(400, "Two different Content-Length values"))
        #expect(fault(request(more: "l: 0")) == nil)
    }

    @Test func `numbers are numbers`() {
        #expect(fault(request(cseq: "CSeq: 2147483647 INVITE")) == nil)
        let sequence = Fault.answer(400, "CSeq is not a number below 2^31 and a method")
        #expect(fault(request(cseq: "CSeq: 2147483648 INVITE")) == sequence)
        #expect(fault(request(cseq: "CSeq: 36893488147419103232 INVITE")) == sequence)
        #expect(fault(request(cseq: "CSeq: -1 INVITE")) == sequence)
        #expect(fault(request(cseq: "CSeq: 1INVITE")) == sequence)
        #expect(fault(request(cseq: "CSeq: 1")) == sequence)
        #expect(
            fault(request(cseq: "CSeq: 1 BYE"))
                == .answer(400, "The method in CSeq is not that of the request"))
        #expect(fault(request("NEW", cseq: "CSeq: 1 NEW")) == nil)
        #expect(
            fault(request("NEW", cseq: "CSeq: 1 OLD"))
                == .answer(400, "The method in CSeq is not that of the request"))
    }

    @Test(arguments: [
        ("0", true), ("255", true), ("256", false), ("-1", false), ("many", false), ("", false),
    ])
    func `Max-Forwards goes from 0 to 255`(value: String, isRight: Bool) {
        let found = fault(request().replacing("Max-Forwards: 70", with: "Max-Forwards: \(value)"))
        #expect(found == (isRight ? nil : .answer(400, "Max-Forwards is not a number from 0 to 255")))
    }

    @Test func `Content-Length fits the body`() {
        func with(_ length: String, _ body: String, stream: Bool = false) -> Fault? {
            fault(
                request(body: body).replacing(
                    "Content-Length: \(body.utf8.count)", with: "Content-Length: \(length)"), stream: stream)
        }
        #expect(with("-999", "abc") == .answer(400, "Content-Length is not a number"))
        #expect(with("three", "abc") == .answer(400, "Content-Length is not a number"))
        #expect(with("99999999999999999999", "abc") == .answer(400, "Content-Length is not a number"))
        #expect(with("4", "abc") == .answer(400, "Content-Length is larger than the body"))
        #expect(with("2", "abc") == nil)
        #expect(with("2", "abc", stream: true) == .answer(400, "Content-Length is smaller than the body"))
    }

    @Test func `addresses are addresses`() {
        #expect(fault(request(to: #"To: "Mr. J. User <sip:j.user@example.com>"#)) == .answer(400, "Bad To"))
        #expect(fault(request(from: "From: <sip:a@b")) == .answer(400, "Bad From"))
        #expect(fault(request(from: "From: bob")) == .answer(400, "Bad From"))
        #expect(fault(request(from: "From: <sip:a@b> x;tag=1")) == .answer(400, "Bad From"))
        #expect(fault(request(from: "From: <sip:a@b>;;tag=1")) == .answer(400, "Bad separators in From"))
        #expect(fault(request(from: "From: Bell, Alexander <sip:a.g.bell@example.com>;tag=43")) == nil)
        #expect(fault(request(to: #"To: "Watson, Thomas" < sip:t.watson@example.org >"#)) == nil)
        #expect(fault(request(more: "Contact: <sip:a@b>;;")) == .answer(400, "Bad separators in Contact"))
        #expect(fault(request(more: "Contact: <sip:a@b>,")) == .answer(400, "Bad separators in Contact"))
        #expect(fault(request(more: "Contact: <sip:a@b>,,<sip:c@d>")) == .answer(400, "Bad Contact"))
        #expect(fault(request(more: "Contact: *")) == nil)
        #expect(
            fault(request(more: "Contact: sip:a@b?Route=c"))
                == .answer(400, "A Contact with headers needs angle brackets"))
        #expect(fault(request(more: "Contact: <sip:a@b?Route=%3Csip:c%3E>")) == nil)
    }

    @Test func `Via is the way back`() {
        #expect(
            fault(request(via: "Via: SIP/2.0/UDP 192.0.2.15;;,;,,")) == .answer(400, "Bad separators in Via"))
        #expect(fault(request(via: "Via: SIP/2.0/UDP")) == .drop("Bad Via"))
        #expect(fault(request(via: "Via: SIP/2.0/UDP :5060")) == .drop("Bad Via"))
        #expect(fault(request(via: "Via: rubbish")) == .drop("Bad Via"))
        #expect(fault(request(via: "Via: SIP/2.0/UNKNOWN t5.example;branch=1")) == nil)
    }

    @Test func `lines are header lines`() {
        #expect(fault(request(more: "no colon here")) == .answer(400, "A header line without a colon"))
        #expect(fault(request(more: "Bad Name: x")) == .answer(400, "Bad header name"))
        #expect(fault(request(more: ": x")) == .answer(400, "Bad header name"))
        #expect(fault(request(more: "X: a\0b")) == .answer(400, "Control characters in the header"))
        #expect(fault(request(more: #"X: "a\#u{5C}\#u{0}b""#)) == nil)
        var bytes = wire(request(more: "X: a.b"))
        if let place = bytes.firstIndex(of: UInt8(ascii: "X")) { bytes[place + 4] = 13 }
        #expect(Received(bytes).fault == .answer(400, "Control characters in the header"))
        let whole = wire(request())
        #expect(
            Received(Array(whole.dropLast(2))).fault
                == .answer(400, "The empty line that ends the header is missing"))
    }

    @Test func `ACK and replies are never answered`() {
        #expect(fault(request("ACK", version: "SIP/7.0"))?.status == 0)
        #expect(fault(request("ACK", more: "To: <sip:x@y>"))?.status == 0)
        #expect(fault("SIP/2.0 200 OK\nVia: SIP/2.0/UDP a\n\n") == .drop("From is missing"))
        #expect(fault("SIP/2.0 99 Low\n\n")?.status == 0)
        #expect(fault("SIP/2.0 700 High\n\n")?.status == 0)
        #expect(fault("SIP/7.0 200 OK\n\n")?.status == 0)
    }

    @Test(arguments: [
        "", "\n", "\0\0\0\0", "\n\n\n\n", "hello", "GET / HTTP/1.1\n\n", "SIP/2.0", "SIP/2.0 ", "SIP/2.0 200",
    ])
    func `what is not SIP is dropped`(text: String) {
        #expect(fault(text).map { $0.status } == 0)
    }
}
