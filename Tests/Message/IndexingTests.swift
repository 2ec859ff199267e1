// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Message

@Suite struct IndexingTests {
    @Test func `a request is taken apart`() {
        let got = Received(request(more: "Contact: <sip:alice@pc33.atlanta.example>\nExpires: 30", body: "v=0"))
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
}
