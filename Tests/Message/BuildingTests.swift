// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Testing

@testable import Message

@Suite struct BuildingTests {
    func replied(_ got: Received, _ status: Int, _ reason: String) -> String {
        let reply = Message.reply(got.pool, to: got.message, status: status, reason: slice(reason))
        defer { reply.release() }
        return reply.asItStands
    }

    @Test func `a reply repeats what it must, in the order of the request`() {
        let got = Received(
            request(
                more: "v: SIP/2.0/UDP b;branch=2\nRecord-Route: <sip:p;lr>\nTimestamp: 54\nX: y", body: "v=0")
        )
        let expected = """
            SIP/2.0 200 OK
            Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds
            To: Bob <sip:bob@biloxi.example>
            From: Alice <sip:alice@atlanta.example>;tag=1928301774
            Call-ID: a84b4c76e66710
            CSeq: 314159 INVITE
            v: SIP/2.0/UDP b;branch=2
            Record-Route: <sip:p;lr>
            Content-Length: 0


            """
        #expect(replied(got, 200, "OK") == String(decoding: wire(expected), as: UTF8.self))
        #expect(!replied(got, 404, "No").contains("Record-Route"))
        #expect(replied(got, 100, "Trying").contains("\r\nTimestamp: 54\r\n"))
        #expect(!replied(got, 100, "Trying").contains("Record-Route"))
    }

    @Test func `reply lines, a body and its type go along`() {
        let got = Received(request("OPTIONS"))
        got.message.addReplyLines("Accept: application/sdp")
        got.message.addReplyLines("Allow: INVITE\r\nAllow: ACK\r\n")
        got.message.replyBody = "hello"
        got.message.replyType = "text/plain"
        let text = replied(got, 200, "OK")
        #expect(
            text.contains(
                "\r\nAccept: application/sdp\r\nAllow: INVITE\r\nAllow: ACK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
            ))
        got.message.addReplyLines(.absent)
        #expect(!replied(got, 200, "OK").contains("Allow"))
    }

    @Test func `the first Via of a reply says where the request came from`() {
        let got = Received(request(via: "Via: SIP/2.0/UDP pc.example;rport;branch=a"))
        got.message.came(from: "2001:db8::7", port: 40_000)
        #expect(
            replied(got, 200, "OK").contains(
                "\r\nVia: SIP/2.0/UDP pc.example;rport=40000;branch=a;received=2001:db8::7\r\n"))
    }

    @Test func `a reply can be read and edited like any message`() {
        let got = Received(request())
        let reply = Message.reply(got.pool, to: got.message, status: 486, reason: "Busy Here")
        #expect(reply.status == 486 && reply.isReply)
        #expect(text(reply.reason) == "Busy Here")
        #expect(reply.method == .invite)
        #expect(reply.setToTag("xyz"))
        #expect(text(reply.toTag) == "xyz")
        #expect(text(reply.callID) == text(got.message.callID))
        #expect(reply.asItStands.contains("\r\nTo: Bob <sip:bob@biloxi.example>;tag=xyz\r\n"))
        let again = Received(Array(reply.asItStands.utf8))
        #expect(again.fault == nil)
        #expect(again.message.lines == reply.lines)
        reply.release()
    }

    @Test func `a faulty request is answered as far as it was read`() {
        let got = Received(request(more: "To: <sip:second@one>\nno colon"))
        let text = replied(got, 400, "Bad")
        #expect(text.components(of: "\r\nTo: ") == 1)
        #expect(text.hasPrefix("SIP/2.0 400 Bad\r\nVia: "))
    }

    @Test func `a folded field is repeated as it stands`() throws {
        let got = try Received(fixture: "odd-but-legal.sip")
        _ = got.message.toTag
        let text = replied(got, 200, "OK")
        #expect(text.contains("\r\nTO :\r\n sip:vivekg@chicago.example ;   tag    = 1918181833n\r\n"))
        let again = Received(Array(text.utf8))
        #expect(again.fault == nil)
        #expect(again.message.toTag == got.message.toTag)
    }

    @Test func `a copy is edited apart`() {
        let got = Received(request(more: "X-A: 1", body: "abc"))
        got.message.setURI("sip:new@example.com")
        got.message.insert(line: "P-First: 1", at: .first)
        got.message.remove(got.message.header(named: "X-A"))
        got.message.nextHop = "sip:next.example"
        got.message.came(from: "192.0.2.9")
        let copy = got.message.copy(in: got.pool)
        #expect(copy.asItStands == got.message.asItStands)
        #expect(text(copy.uri) == "sip:new@example.com")
        #expect(text(copy.receivedURI) == "sip:bob@biloxi.example")
        #expect(text(copy.nextHop) == "sip:next.example")
        #expect(copy.cseq == 314_159 && copy.method == .invite && copy.isRequest)
        #expect(text(copy.fromTag) == "1928301774")
        #expect(copy.flow.protocol == UInt32(MT_UDP))
        copy.setURI("sip:other")
        copy.insert(line: "Y: 1", at: .last)
        #expect(!got.message.asItStands.contains("Y: 1"))
        #expect(text(got.message.uri) == "sip:new@example.com")
        copy.release()
    }

    @Test func `a copy of what nobody edited stands for itself`() throws {
        for name in ["invite.sip", "odd-but-legal.sip"] {
            let got = try Received(fixture: name)
            // A folded field that was read is in two places.
            _ = got.message.toTag
            let copy = got.message.copy(in: got.pool)
            let again = copy.copy(in: got.pool)
            #expect(copy.asItStands == got.message.asItStands)
            #expect(again.sentOn() == got.message.sentOn())
            #expect(again.lines == got.message.lines)
            got.message.receiveBuffer.initializeMemory(as: UInt8.self, repeating: 0)
            #expect(copy.asItStands == again.asItStands)
            #expect(again.toTag == copy.toTag && again.toTag.isPresent == (name == "odd-but-legal.sip"))
            copy.remove(copy.firstField)
            #expect(copy.lines == Array(again.lines.dropFirst()))
            copy.release()
            again.release()
        }
    }

    @Test func `a copy of a message with a wrong Content-Length is sent on with a right one`() {
        let got = Received(request(body: "abc"))
        got.message.setNumber(.contentLength, 5)
        let copy = got.message.copy(in: got.pool)
        #expect(copy.contentLength == 5)
        #expect(copy.sentOn().contains("\r\nContent-Length: 3\r\n"))
        copy.release()
    }

    @Test func `a reply's tag stands behind what its To has, or takes the place of one`() {
        let got = Received(request(to: "To: <sip:bob@biloxi.example>;x=y"))
        let reply = Message.reply(got.pool, to: got.message, status: 200, reason: "OK")
        #expect(reply.setToTag("a"))
        #expect(reply.asItStands.contains("\r\nTo: <sip:bob@biloxi.example>;x=y;tag=a\r\n"))
        #expect(reply.setToTag("b"))
        #expect(reply.asItStands.contains("\r\nTo: <sip:bob@biloxi.example>;x=y;tag=b\r\n"))
        #expect(reply.setToTag(.absent))
        #expect(reply.asItStands.contains("\r\nTo: <sip:bob@biloxi.example>;x=y\r\n"))
        #expect(!reply.setToTag("no token"))
        #expect(got.message.toTag.isAbsent)
        reply.release()
    }

    @Test func `a large message is copied whole`() {
        let got = Received(request(body: String(repeating: "x", count: 150_000)), stream: true)
        let copy = got.message.copy(in: got.pool)
        #expect(copy.asItStands == got.message.asItStands)
        copy.release()
    }

    @Test func `a request of our own starts with a start line`() {
        let pool = MessagePool()
        let message = Message.request(pool, method: "OPTIONS", uri: "sip:a@b")
        #expect(message.method == .options)
        #expect(text(message.uri) == "sip:a@b")
        #expect(text(message.version) == "SIP/2.0")
        message.insert(line: "CSeq: 1 OPTIONS", at: .last)
        #expect(message.cseq == 1)
        #expect(
            message.sentOn(via: "Via: SIP/2.0/UDP x\r\n")
                == "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP x\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
        )
        message.release()
        #expect(pool.close())
    }
}

extension String {
    fileprivate func components(of text: String) -> Int { ranges(of: text).count }
}
