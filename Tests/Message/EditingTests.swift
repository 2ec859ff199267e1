// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Testing

@testable import Message

@Suite struct EditingTests {
    let got = Received(request(more: "X-A: 1\nX-B: 2"))
    var message: Message { got.message }

    @Test func `a line is put where it was asked for, and is there at once`() {
        message.insert(line: "P-Last: z", at: .last)
        message.insert(line: "P-First: a\r\n", at: .first)
        message.insert(line: "P-Before: b", at: .before(message.header(named: "X-A")))
        message.insert(line: "P-After: c", at: .after(message.header(named: "X-A")))
        #expect(message.lines.first == "P-First: a")
        #expect(message.lines.last == "P-Last: z")
        #expect(text(message.body(of: message.header(named: "p-after"))) == "c")
        #expect(message.asItStands.hasPrefix("INVITE sip:bob@biloxi.example SIP/2.0\r\nP-First: a\r\nVia: "))
        #expect(
            message.asItStands.contains(
                "\r\nP-Before: b\r\nX-A: 1\r\nP-After: c\r\nX-B: 2\r\nContent-Length: 0\r\nP-Last: z\r\n\r\n")
        )
    }

    @Test func `several lines go in together`() {
        let ref = message.insert(line: "A: 1\r\nB: 2\r\n 3\r\n", at: .first)
        #expect(message.lines.prefix(2) == ["A: 1", "B: 2 3"])
        #expect(text(message.name(of: ref)) == "A")
    }

    @Test(arguments: [
        "", "no colon", "A: b\r\n\r\nbody", "A: b\r\nno colon\r\n", " A: b", "A: b\rC: d", "\r\n", "A b: c",
    ])
    func `what is no header line is not put in`(line: String) {
        let before = message.asItStands
        #expect(!message.insert(line: slice(line), at: .last).exists)
        #expect(message.asItStands == before)
    }

    @Test func `a replaced body keeps its name`() {
        let ref = message.header(named: "x-a")
        #expect(message.replace(ref, body: "new"))
        #expect(text(message.body(of: ref)) == "new")
        #expect(message.asItStands.contains("\r\nX-A: new\r\nX-B: 2\r\n"))
        #expect(!message.replace(ref, body: "a\r\nEvil: b"))
        #expect(message.replace(ref, body: "a\r\n folded"))
        #expect(text(message.body(of: ref)) == "a folded")
    }

    @Test func `a removed field is gone, and one can go on from it`() {
        let ref = message.header(named: "X-A")
        #expect(message.remove(ref))
        #expect(!message.remove(ref))
        #expect(text(message.body(of: ref)) == nil)
        #expect(text(message.name(of: message.next(after: ref))) == "X-B")
        #expect(!message.header(named: "X-A").exists)
        #expect(!message.asItStands.contains("X-A"))
        message.insert(line: "X-C: 3", at: .after(ref))
        #expect(
            message.asItStands.contains("Content-Length") && message.asItStands.contains("X-C: 3\r\nX-B: 2"))
    }

    @Test func `one can go on from a removed field also when the next ones are gone too`() {
        let (a, b) = (message.header(named: "X-A"), message.header(named: "X-B"))
        message.remove(a)
        message.remove(b)
        #expect(text(message.name(of: message.next(after: a))) == "Content-Length")
        message.remove(message.header(.contentLength))
        #expect(!message.next(after: a).exists)
    }

    @Test func `all of a header can be taken away while walking over it`() {
        let got = Received(request(more: "Route: <sip:a>\nRoute: <sip:b>\nX: 1\nRoute: <sip:c>"))
        var ref = got.message.header(.route)
        while ref.exists {
            got.message.remove(ref)
            ref = got.message.header(.route, after: ref)
        }
        #expect(!got.message.header(.route).exists)
        #expect(!got.message.asItStands.contains("Route"))
    }

    @Test func `the first of a kind follows the edits`() {
        let old = message.header(.via)
        message.insert(line: "v: SIP/2.0/TCP new.example;branch=1", at: .before(old))
        #expect(text(message.topVia.host) == "new.example")
        #expect(text(message.viaBranch) == "1")
        message.remove(message.header(.via))
        #expect(message.header(.via) == old)
        #expect(text(message.topVia.host) == "192.0.2.1")
        message.remove(old)
        #expect(text(message.topVia.host) == nil)
        message.insert(line: "Via: SIP/2.0/UDP last.example", at: .last)
        #expect(text(message.topVia.host) == "last.example")
    }

    @Test func `the start line can be edited`() {
        #expect(message.setURI("sip:carol@chicago.example"))
        #expect(text(message.uri) == "sip:carol@chicago.example")
        #expect(text(message.receivedURI) == "sip:bob@biloxi.example")
        #expect(text(message.requestURI?.host ?? .absent) == "chicago.example")
        #expect(message.setMethod("OPTIONS"))
        #expect(message.method == .options)
        #expect(message.cseqMethod == .options)
        #expect(message.asItStands.hasPrefix("OPTIONS sip:carol@chicago.example SIP/2.0\r\nVia: "))
        #expect(message.asItStands.contains("\r\nCSeq: 314159 OPTIONS\r\n"))
        #expect(!message.setURI("sip:a b"))
        #expect(!message.setURI("sip:a\r\nEvil: x"))
        #expect(!message.setMethod("NO WAY"))
        #expect(!message.setStatus(200))
    }

    @Test func `a reply's start line can be edited`() throws {
        let reply = try Received(fixture: "two-vias.sip")
        #expect(reply.message.setStatus(404))
        #expect(reply.message.setReason("Nobody here"))
        #expect(reply.message.asItStands.hasPrefix("SIP/2.0 404 Nobody here\r\nVia: "))
        #expect(!reply.message.setReason("a\r\nb"))
        #expect(!reply.message.setURI("sip:a"))
    }

    @Test func `a new body brings its length and its type`() {
        message.setBody("hello", type: "text/plain")
        #expect(message.contentLength == 5)
        #expect(text(message.contentType) == "text/plain")
        #expect(message.asItStands.hasSuffix("Content-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello"))
        message.setBody(.absent)
        #expect(message.contentLength == 0)
        #expect(text(message.contentType) == nil)
        #expect(message.asItStands.hasSuffix("Content-Length: 0\r\n\r\n"))
    }

    @Test func `tags are put in, changed and taken away`() {
        #expect(message.setToTag("t1"))
        #expect(text(message.toTag) == "t1")
        #expect(message.asItStands.contains("\r\nTo: Bob <sip:bob@biloxi.example>;tag=t1\r\n"))
        #expect(message.setFromTag("f2"))
        #expect(message.asItStands.contains("\r\nFrom: Alice <sip:alice@atlanta.example>;tag=f2\r\n"))
        #expect(message.setFromTag(.absent))
        #expect(message.asItStands.contains("\r\nFrom: Alice <sip:alice@atlanta.example>\r\n"))
        #expect(!message.setToTag("a b"))
        let bare = Received(request(to: "To: sip:bob@biloxi.example"))
        #expect(bare.message.setToTag("x"))
        #expect(bare.message.asItStands.contains("\r\nTo: sip:bob@biloxi.example;tag=x\r\n"))
        #expect(text(bare.message.toURI) == "sip:bob@biloxi.example")
    }

    @Test func `the URI in From changes with its name and tag kept`() {
        #expect(message.setFromURI("sip:anonymous@invalid"))
        #expect(message.asItStands.contains("\r\nFrom: Alice <sip:anonymous@invalid>;tag=1928301774\r\n"))
        #expect(!message.setFromURI("sip:x>"))
    }

    @Test func `the numbered fields read and write the same things`() {
        #expect(text(message.text(UInt32(MT_F_CALL_ID))) == "a84b4c76e66710")
        #expect(message.number(UInt32(MT_F_METHOD_ID)) == Int64(MT_INVITE))
        #expect(message.number(UInt32(MT_F_STATUS)) == Int64.min)
        #expect(message.number(UInt32(MT_F_OUT_SOCKET)) == Int64.min)
        #expect(message.setNumber(UInt32(MT_F_OUT_SOCKET), 3))
        #expect(message.outSocket == 3)
        #expect(message.setNumber(UInt32(MT_F_MAX_FORWARDS), 9))
        #expect(message.maxForwards == 9)
        #expect(message.setNumber(UInt32(MT_F_EXPIRES), 3600))
        #expect(message.expires == 3600)
        #expect(message.setNumber(UInt32(MT_F_EXPIRES), Int64.min))
        #expect(message.expires == nil)
        #expect(!message.setNumber(UInt32(MT_F_MAX_FORWARDS), 256))
        #expect(!message.setNumber(UInt32(MT_F_SERIAL), 1))
        #expect(!message.setNumber(999_999, 1))
        #expect(message.setNumber(UInt32(MT_F_FLAGS), -1))
        #expect(message.number(UInt32(MT_F_FLAGS)) == -1)
        #expect(message.setText(UInt32(MT_F_NEXT_HOP), "sip:192.0.2.7"))
        #expect(text(message.nextHop) == "sip:192.0.2.7")
        #expect(message.setText(UInt32(MT_F_NEXT_HOP), .absent))
        #expect(text(message.nextHop) == nil)
        #expect(!message.setText(UInt32(MT_F_VERSION), "SIP/3.0"))
        #expect(text(message.text(424_242)) == nil)
    }

    @Test func `targets are kept in order`() {
        #expect(message.targetCount == 0)
        for i in 0..<20 {
            var target = mt_target()
            target.q = Int32(i)
            target.uri = slice("sip:t\(i)").mt
            message.addTarget(target)
        }
        #expect(message.targetCount == 20)
        #expect(message.number(UInt32(MT_F_TARGETS)) == 20)
        #expect((message.target(7)?.pointee.uri).map { Slice($0).string } == "sip:t7")
        #expect(message.target(19)?.pointee.q == 19)
        #expect(message.target(20) == nil)
        #expect(message.target(-1) == nil)
        message.clearTargets()
        #expect(message.targetCount == 0 && message.target(0) == nil)
    }
}
