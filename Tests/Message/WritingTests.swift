// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Testing

@testable import Message

@Suite struct WritingTests {
    static let ours = "Via: SIP/2.0/UDP proxy.example;branch=z9hG4bKp\r\n"

    @Test func `a request is sent on with our Via above the first one and nothing else changed`() throws {
        let got = try Received(fixture: "invite.sip")
        let before = got.message.bytes.string
        #expect(
            got.message.sentOn() == before.replacing("Via: ", with: Self.ours + "Via: ", maxReplacements: 1))
    }

    @Test func `a line that was put above everything stays above our Via`() {
        let got = Received(request())
        got.message.insert(line: "P-Hint: x", at: .first)
        #expect(
            got.message.sentOn().hasPrefix(
                "INVITE sip:bob@biloxi.example SIP/2.0\r\nP-Hint: x\r\n" + Self.ours + "Via: "))
    }

    func sent(via: String, from address: String, port: UInt16 = 5060, options: Int = 0) -> String {
        let got = Received(request(via: via))
        got.message.came(from: address, port: port)
        got.message.options = UInt32(options)
        let lines = got.message.sentOn().split(separator: "\r\n")
        return String(lines[2])
    }

    @Test func `received is put in when the sender is not who it says`() {
        #expect(
            sent(via: "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=a", from: "192.0.2.1")
                == "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=a")
        #expect(
            sent(via: "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=a", from: "192.0.2.9")
                == "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=a;received=192.0.2.9")
        #expect(
            sent(via: "v: SIP/2.0/UDP pc.example;branch=a", from: "192.0.2.9")
                == "v: SIP/2.0/UDP pc.example;branch=a;received=192.0.2.9")
        #expect(
            sent(via: "Via: SIP/2.0/UDP pc.example", from: "192.0.2.9")
                == "Via: SIP/2.0/UDP pc.example;received=192.0.2.9")
    }

    @Test func `rport is filled in where it stands, and received comes with it`() {
        #expect(
            sent(via: "Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=a", from: "192.0.2.1", port: 9988)
                == "Via: SIP/2.0/UDP 192.0.2.1:5060;rport=9988;branch=a;received=192.0.2.1")
        #expect(
            sent(
                via: "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=a", from: "192.0.2.1", port: 9988,
                options: MT_O_FORCE_RPORT)
                == "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=a;received=192.0.2.1;rport=9988")
        #expect(
            sent(via: "Via: SIP/2.0/UDP [2001:db8::1];branch=a;rport", from: "2001:db8:0::1", port: 7)
                == "Via: SIP/2.0/UDP [2001:db8::1];branch=a;rport=7;received=2001:db8::1")
    }

    @Test func `what the sender itself wrote as received is not believed`() {
        #expect(
            sent(via: "Via: SIP/2.0/UDP 192.0.2.1;received=203.0.113.5;branch=a", from: "192.0.2.1")
                == "Via: SIP/2.0/UDP 192.0.2.1;received=192.0.2.1;branch=a")
    }

    @Test func `only the first of several Via values in a line is stamped`() {
        #expect(
            sent(via: "Via: SIP/2.0/UDP a.example;branch=1 , SIP/2.0/UDP b.example;rport", from: "192.0.2.9")
                == "Via: SIP/2.0/UDP a.example;branch=1;received=192.0.2.9 , SIP/2.0/UDP b.example;rport")
    }

    @Test func `our own requests are not stamped`() {
        let got = Received(request(via: "Via: SIP/2.0/UDP pc.example;rport"))
        #expect(got.message.sentOn().contains("\r\nVia: SIP/2.0/UDP pc.example;rport\r\n"))
    }

    @Test func `the path becomes a Route above the others`() {
        let got = Received(request(more: "Route: <sip:b;lr>"))
        got.message.path = "<sip:a;lr>"
        #expect(got.message.sentOn().contains("\r\nRoute: <sip:a;lr>\r\nRoute: <sip:b;lr>\r\n"))
        let other = Received(request())
        other.message.path = "<sip:a;lr>"
        #expect(other.message.sentOn().contains("\r\nRoute: <sip:a;lr>\r\n\r\n"))
    }

    @Test func `a reply is sent back without our Via`() throws {
        let got = try Received(fixture: "two-vias.sip")
        #expect(
            got.message.sentBack.hasPrefix(
                "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa;received=192.0.2.1\r\nVia: SIP/2.0/UDP 192.0.2.200"
            ))
        let lone = Received(
            "SIP/2.0 200 OK\nVia: SIP/2.0/UDP p\nVia: SIP/2.0/UDP q\nFrom: <sip:a@b>\nTo: <sip:a@b>\nCall-ID: 1\nCSeq: 1 BYE\n\n"
        )
        #expect(lone.message.sentBack.hasPrefix("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP q\r\nFrom: "))
        #expect(lone.message.sentBack.hasSuffix("CSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n"))
    }

    @Test func `a wrong Content-Length is corrected on the way out`() {
        let got = Received(request(body: "abc"))
        got.message.replace(got.message.header(.contentLength), body: "77")
        #expect(got.message.sentOn().contains("\r\nContent-Length: 3\r\n\r\nabc"))
        #expect(got.message.asItStands.contains("\r\nContent-Length: 77\r\n"))
    }

    @Test func `too little room is not written beyond, and the size is told`() {
        let got = Received(request(body: "abc"))
        let size = got.message.asItStands.utf8.count
        for room in 0...size {
            var bytes = [UInt8](repeating: 0xEE, count: size + 1)
            let needed = bytes.withUnsafeMutableBytes {
                got.message.write(into: $0.baseAddress.unsafelyUnwrapped, room: room)
            }
            #expect(needed == size)
            #expect(bytes[room...].allSatisfy { $0 == 0xEE })
        }
    }
}
