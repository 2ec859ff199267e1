// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Foundation
import Testing

@testable import Message

/// RFC 4475, RFC 5118 and what other servers' tests consist of, from the folder `shared` beside the repository.
@Suite struct CorpusTests {
    struct Entry: Decodable {
        let file: String
        let verdict: String
        let expect: String
        var bytes: [UInt8] = []

        enum CodingKeys: CodingKey { case file, verdict, expect }
    }

    struct Index: Decodable { let files: [Entry] }

    /// Invalid, but not for this floor to say; or let pass on purpose.
    static let judgedElsewhere = [
        "rfc4475/badaspec.dat": "liberal: blanks inside the angle brackets",
        "rfc4475/baddate.dat": "liberal: a Date is not read",
        "rfc4475/baddn.dat": "liberal: a display name without quotes",
        "rfc4475/bcast.dat": "where a reply may be sent to is for the worker to say",
        "rfc-examples/own-se-overflow.sip": "Session-Expires is for sst",
        "rfc-examples/own-star-nonzero-expires.sip": "Contact: * is for the registrar",
    ]

    /// Their Content-Length is smaller than what follows: in a datagram, the rest is no part of the message.
    static let withMoreBehind: Set = [
        "rfc4475/dblreq.dat", "rfc5118/ipv6-in-sdp.sip", "rfc5118/mult-ip-in-sdp.sip",
    ]

    static let corpus: [Entry] = {
        let root = fixtures.deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = root.deletingLastPathComponent().appendingPathComponent("shared/data/corpus")
        guard let json = try? Data(contentsOf: folder.appendingPathComponent("INDEX.json")),
            let index = try? JSONDecoder().decode(Index.self, from: json)
        else {
            // The corpus is not part of the repository.
            print("corpus: not there, nothing to test in \(folder.path)")
            return []
        }
        return index.files.compactMap { entry in
            guard let bytes = try? Data(contentsOf: folder.appendingPathComponent(entry.file)) else {
                return nil
            }
            var entry = entry
            entry.bytes = [UInt8](bytes)
            return entry
        }
    }()

    @Test func `what is valid has no fault and is written as it came`() {
        for entry in Self.corpus where entry.verdict == "valid" {
            let got = Received(entry.bytes)
            #expect(got.fault == nil, "\(entry.file): \(entry.expect)")
            let out = written { got.message.write(into: $0, room: $1) }
            #expect(out == Array(got.message.bytes.bytes), "\(entry.file)")
            #expect(entry.bytes.starts(with: out), "\(entry.file)")
            #expect(
                (out.count < entry.bytes.count) == Self.withMoreBehind.contains(entry.file), "\(entry.file)")
        }
    }

    @Test func `what is invalid has a fault or a reason not to`() {
        for entry in Self.corpus where entry.verdict == "invalid" {
            let fault = Received(entry.bytes).fault
            #expect(
                (fault == nil) == (Self.judgedElsewhere[entry.file] != nil),
                "\(entry.file): \(entry.expect), and not \(String(describing: fault))")
        }
    }

    @Test(arguments: [
        ("badinv01", 400, "Bad separators in Via"), ("badvers", 505, "Version Not Supported"),
        ("escruri", 400, "Headers in the Request-URI"), ("insuf", 0, "From is missing"),
        ("lwsruri", 400, "Blanks in the Request-URI"), ("mcl01", 400, "Two different Content-Length values"),
        ("mismatch01", 400, "The method in CSeq is not that of the request"),
        ("mismatch02", 400, "The method in CSeq is not that of the request"),
        ("multi01", 400, "More than one From"), ("ncl", 400, "Content-Length is not a number"),
        ("quotbal", 400, "Bad To"), ("regbadct", 400, "A Contact with headers needs angle brackets"),
        ("scalar02", 400, "CSeq is not a number below 2^31 and a method"),
    ])
    func `the reason says what is wrong`(name: String, status: Int, reason: String) throws {
        guard !Self.corpus.isEmpty else { return }
        let entry = try #require(Self.corpus.first { $0.file == "rfc4475/\(name).dat" })
        let got = Received(entry.bytes)
        #expect(got.fault?.status == status)
        #expect(got.fault.map { "\($0.reason)" } == reason)
        guard status != 0 else { return }
        let reply = Message.reply(got.pool, to: got.message, status: status, reason: slice(reason))
        let again = Received(written { reply.write(into: $0, room: $1) })
        #expect(again.message.status == status)
        #expect(text(again.message.callID) == text(got.message.callID))
        reply.release()
    }

    @Test func `nothing of it crashes, nor does what is left of it`() {
        for entry in Self.corpus {
            exercise(entry.bytes)
            for count in 0..<min(entry.bytes.count, 700) { exercise(Array(entry.bytes[..<count])) }
        }
    }

    @Test func `nothing of it crashes with bytes turned over`() {
        var random = Numbers(state: 0x5EED)
        for entry in Self.corpus {
            for _ in 0..<40 {
                var bytes = entry.bytes
                for _ in 0...Int(random.next() % 6) {
                    let odd: [UInt8] = [0, 9, 10, 13, 32, 34, 44, 58, 59, 60, 62, 92, 255]
                    let place = Int(random.next() % UInt64(bytes.count))
                    bytes[place] =
                        random.next() % 2 == 0
                        ? odd[Int(random.next() % UInt64(odd.count))]
                        : UInt8(truncatingIfNeeded: random.next())
                }
                exercise(bytes)
            }
        }
    }

    @Test func `the glance finds the Call-ID that the index finds`() {
        for entry in Self.corpus where entry.verdict == "valid" {
            let got = Received(entry.bytes)
            let glance = entry.bytes.withUnsafeBytes { Message.glance(Slice($0)) }
            #expect(glance == got.message.callID.hash, "\(entry.file)")
        }
    }
}

/// A small generator with a fixed start, so that a failure can be had again.
struct Numbers {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

/// Everything that a server does with a message, whatever it says.
func exercise(_ bytes: [UInt8]) {
    let got = Received(bytes)
    _ = bytes.withUnsafeBytes { Message.glance(Slice($0)) }
    let message = got.message
    message.came(from: "192.0.2.9", port: 5099)
    for field in 1...30 {
        _ = message.text(UInt32(field))
        _ = message.number(UInt32(field + 999))
    }
    let reply = Message.reply(got.pool, to: message, status: 400, reason: "Bad")
    _ = reply.asItStands
    reply.setToTag("abc")
    let copy = message.copy(in: got.pool)
    _ = copy.sentOn()
    _ = message.sentOn()
    _ = message.sentBack
    message.insert(line: "X-A: b", at: .first)
    message.insert(line: "Via: SIP/2.0/UDP x", at: .after(message.header(.via)))
    message.setFromTag("t")
    message.setToURI("sip:x@y")
    message.setURI("sip:z")
    message.setBody("body", type: "text/plain")
    message.remove(message.header(.callID))
    _ = message.sentOn()
    var uri = message.header(.contact)
    while uri.exists {
        var list = message.body(of: uri)
        while let address = Address(taking: &list) {
            if let a = URI(parsing: address.uri) { _ = a.same(as: a) }
        }
        uri = message.header(.contact, after: uri)
    }
    reply.release()
    copy.release()
}
