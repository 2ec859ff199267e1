// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Message

@Suite struct IndexingTests {
    @Test func `a request is taken apart`() {
        let got = Received(
            request(more: "Contact: <sip:alice@pc33.atlanta.example>\nExpires: 30", body: "v=0"))
        let message = got.message
        #expect(got.fault == nil)
        #expect(message.isRequest)
        #expect(message.method == .invite)
        #expect(text(message.methodText) == "INVITE")
        #expect(text(message.uri) == "sip:bob@biloxi.example")
        #expect(text(message.version) == "SIP/2.0")
        #expect(text(message.callID) == "a84b4c76e66710")
        #expect(message.cseq == 314_159)
        #expect(message.cseqMethod == .invite)
        #expect(text(message.fromURI) == "sip:alice@atlanta.example")
        #expect(text(message.fromTag) == "1928301774")
        #expect(text(message.toURI) == "sip:bob@biloxi.example")
        #expect(text(message.toTag) == nil)
        #expect(text(message.from.display) == "Alice")
        #expect(text(message.topVia.host) == "192.0.2.1")
        #expect(message.topVia.port == 5060)
        #expect(text(message.viaBranch) == "z9hG4bK776asdhds")
        #expect(message.maxForwards == 70)
        #expect(message.contentLength == 3)
        #expect(message.expires == 30)
        #expect(text(message.body) == "v=0")
        #expect(text(message.requestURI?.host ?? .absent) == "biloxi.example")
        #expect(message.lines.count == 9)
    }

    @Test func `a reply is taken apart`() {
        let got = Received(
            """
            SIP/2.0 180 Ringing twice
            Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1
            From: <sip:a@a.example>;tag=1
            To: <sip:b@b.example>;tag=2
            Call-ID: 1
            CSeq: 7 INVITE


            """)
        #expect(got.fault == nil)
        #expect(got.message.isReply)
        #expect(got.message.status == 180)
        #expect(text(got.message.reason) == "Ringing twice")
        #expect(got.message.method == .invite)
        #expect(text(got.message.toTag) == "2")
    }

    @Test func `folding, odd spacing and compact forms are read, and written as they came`() throws {
        let got = try Received(fixture: "odd-but-legal.sip")
        let message = got.message
        #expect(got.fault == nil)
        #expect(text(message.topVia.host) == "pc1.example")
        #expect(message.topVia.port == 5071)
        #expect(text(message.topVia.branch) == "z9hG4bK-1")
        #expect(text(message.toURI) == "sip:vivekg@chicago.example")
        #expect(text(message.toTag) == "1918181833n")
        #expect(text(message.fromTag) == "98asjd8")
        #expect(text(message.from.display) == #""Quoted \"name\" \\""#)
        #expect(message.maxForwards == 68)
        #expect(message.cseq == 9)
        #expect(text(message.body(of: message.header(named: "x-unknown"))) == "a strange  \t value")
        #expect(text(message.body(of: message.header(.subject))) == "")
        #expect(
            text(message.body(of: message.header(named: "newfangledheader")))
                == "newfangled value continued newfangled value")
        #expect(message.asItStands == message.bytes.string)
    }

    @Test func `every compact form is the header that it stands for`() throws {
        let got = try Received(fixture: "compact.sip")
        let message = got.message
        #expect(got.fault == nil)
        let kinds: [HeaderID] = [
            .via, .from, .to, .callID, .contact, .event, .allowEvents, .supported, .contentEncoding,
            .contentType,
            .subject, .referTo, .referredBy, .sessionExpires, .acceptContact, .rejectContact,
            .requestDisposition,
            .identity, .identityInfo, .contentLength,
        ]
        for kind in kinds { #expect(message.header(kind).exists, "\(kind.name)") }
        #expect(text(message.topVia.host) == "[2001:db8::9:1]")
        #expect(text(message.body) == "gzip")
    }

    @Test func `bare line feeds end lines too`() throws {
        let got = try Received(fixture: "bare-lf.sip")
        #expect(got.fault == nil)
        #expect(got.message.status == 200)
        #expect(text(got.message.reason) == "OK")
        #expect(got.message.asItStands == got.message.bytes.string)
    }

    @Test func `empty lines in front are no part of the message`() {
        let got = Received("\n\n" + request())
        #expect(got.fault == nil)
        #expect(got.message.asItStands.hasPrefix("INVITE "))
    }

    @Test func `a header name is known in any letter case`() {
        #expect(HeaderID.named("CALL-id") == .callID)
        #expect(HeaderID.named("I") == .callID)
        #expect(HeaderID.named("content-LENGTH") == .contentLength)
        #expect(HeaderID.named("Content-Language") == .contentLanguage)
        #expect(HeaderID.named("Content-Lengtj") == .other)
        #expect(HeaderID.named("") == .other)
        // A control character with the same low bits is no letter and no hyphen.
        #expect(HeaderID.named("Call\rID") == .other)
        #expect(HeaderID.named("P-Access-Network-Info") == .pAccessNetworkInfo)
        #expect(text(HeaderID.sipETag.name) == "SIP-ETag")
    }

    @Test func `every known name is found by its own spelling`() {
        for (i, row) in HeaderID.table.enumerated() {
            #expect(HeaderID.named(Slice(row.name)).rawValue == UInt16(i + 1))
            #expect(Slice(row.name).string == HeaderID(rawValue: UInt16(i + 1)).name.string)
        }
        #expect(HeaderID.table.count == HeaderID.known)
    }

    @Test func `a name that somebody asked about has a number from then on`() {
        let token = HeaderID.token("X-Interned-Here")
        #expect(token != .other)
        #expect(HeaderID.token("x-INTERNED-here") == token)
        #expect(HeaderID.token("v") == .via)
        let got = Received(request(more: "x-interned-HERE: 1\nX-Other: 2\nX-Interned-Here: 3"))
        let first = got.message.header(token)
        #expect(text(got.message.body(of: first)) == "1")
        #expect(text(got.message.body(of: got.message.header(token, after: first))) == "3")
    }

    @Test func `more fields than fit the block are no trouble`() {
        let many = (0..<1000).map { "X-\($0): \($0)" }.joined(separator: "\n")
        let got = Received(request(more: many))
        #expect(got.fault == nil)
        #expect(got.message.lines.count == 1007)
        #expect(text(got.message.body(of: got.message.header(named: "X-999"))) == "999")
        #expect(got.message.asItStands == String(decoding: wire(request(more: many)), as: UTF8.self))
    }

    @Test func `a message larger than a datagram is taken in over a stream`() {
        let got = Received(request(body: String(repeating: "x", count: 200_000)), stream: true)
        #expect(got.fault == nil)
        #expect(got.message.body.count == 200_000)
        #expect(got.message.sentOn().utf8.count > 200_000)
    }

    @Test func `what follows the body in a datagram is ignored`() {
        let got = Received(wire(request(body: "abc")) + Array("more".utf8))
        #expect(got.fault == nil)
        #expect(text(got.message.body) == "abc")
        #expect(got.message.asItStands.hasSuffix("\r\n\r\nabc"))
    }

    @Test func `without Content-Length the body goes to the end`() {
        let bytes = wire(request(body: "abc").replacingOccurrences(of: "Content-Length: 3\n", with: ""))
        let got = Received(bytes)
        #expect(got.fault == nil)
        #expect(text(got.message.body) == "abc")
        #expect(got.message.contentLength == nil)
        #expect(got.message.sentOn().contains("\r\nContent-Length: 3\r\n\r\nabc"))
    }

    @Test func `the glance needs no end of the message`() {
        let bytes = wire(request())
        let hash = Slice("a84b4c76e66710").hash
        bytes.withUnsafeBytes { #expect(Message.glance(Slice($0)) == hash) }
        bytes.prefix(400).withUnsafeBytes { #expect(Message.glance(Slice($0)) != nil) }
        wire(request(callID: "I :\n  a84b4c76e66710")).withUnsafeBytes {
            #expect(Message.glance(Slice($0)) == hash)
        }
        wire("OPTIONS sip:a SIP/2.0\nVia: x\n\nCall-ID: 1\n").withUnsafeBytes {
            #expect(Message.glance(Slice($0)) == nil)
        }
    }
}
