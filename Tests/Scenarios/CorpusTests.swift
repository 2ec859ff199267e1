// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// RFC 4475, RFC 5118 and what other servers' tests consist of, sent to a running server that passes on what
/// it finds no fault with.
@Suite struct CorpusTests {
    struct Entry: Decodable {
        let file, verdict, expect: String
        var bytes: [UInt8] = []

        enum CodingKeys: CodingKey { case file, verdict, expect }
        var isReply: Bool { bytes.starts(with: Array("SIP/2.0 ".utf8)) }
    }

    struct Index: Decodable { let files: [Entry] }

    static let corpus: [Entry] = {
        guard let folder = Repository.shared("data/corpus"),
            let json = try? Data(contentsOf: URL(filePath: folder + "/INDEX.json")),
            let index = try? JSONDecoder().decode(Index.self, from: json)
        else {
            // It is no part of the repository.
            print("corpus: not there, nothing to send from ../shared/data/corpus")
            return []
        }
        return index.files.compactMap { entry in
            var entry = entry
            let bytes = FileManager.default.contents(atPath: "\(folder)/\(entry.file)")
            entry.bytes = bytes.map { [UInt8]($0) } ?? []
            return bytes == nil ? nil : entry
        }
    }()

    /// What is not simply passed on, or answered 400: the answer, or why not.
    static let special: [String: String] = [
        "rfc4475/badvers.dat": "505 Version Not Supported",
        "rfc4475/unkscm.dat": "416 Unsupported URI Scheme in Request URI",
        "rfc4475/novelsc.dat": "416 Unsupported URI Scheme in Request URI",
        "rfc4475/zeromf.dat": "483 Too Many Hops",
        "rfc4475/badinv01.dat": "400 Bad separators in Via",
        "rfc4475/escruri.dat": "400 Headers in the Request-URI",
        "rfc4475/lwsruri.dat": "400 Blanks in the Request-URI",
        "rfc4475/mcl01.dat": "400 Two different Content-Length values",
        "rfc4475/mismatch01.dat": "400 The method in CSeq is not that of the request",
        "rfc4475/mismatch02.dat": "400 The method in CSeq is not that of the request",
        "rfc4475/multi01.dat": "400 More than one From",
        "rfc4475/ncl.dat": "400 Content-Length is not a number",
        "rfc4475/quotbal.dat": "400 Bad To",
        "rfc4475/regbadct.dat": "400 A Contact with headers needs angle brackets",
        "rfc4475/scalar02.dat": "400 CSeq is not a number below 2^31 and a method",
        // No reply could be made of these.
        "rfc4475/insuf.dat": "dropped",
        "rfc4475/test.dat": "dropped",
    ]

    /// Invalid, and let pass on purpose: it is for others to judge, or nothing hangs on it.
    static let liberal: Set = [
        "rfc4475/badaspec.dat", "rfc4475/baddate.dat", "rfc4475/baddn.dat",
        "rfc-examples/own-se-overflow.sip",
        "rfc-examples/own-star-nonzero-expires.sip",
    ]

    static func configuration(_ next: String) -> String {
        """
        loadmodule "sl.so"
        loadmodule "maxfwd.so"
        loadmodule "sanity.so"
        loadmodule "ctl.so"
        force_rport=yes
        request_route {
            if ($rU == "marker") { sl_send_reply("200", "Marker"); exit; }
            if (is_maxfwd_lt("1")) { sl_send_reply("483", "Too Many Hops"); exit; }
            sanity_check("24423", "7");
            $du = "sip:\(next)";
            forward();
        }
        """
    }

    @Test func `each message gets its verdict, and the server goes on`() throws {
        let peer = try Client()
        let server = try Server(Self.configuration(peer.text))
        let client = try Client()
        for entry in Self.corpus {
            client.send(entry.bytes, to: server.udp)
            let marker = Request("OPTIONS", "sip:marker@\(server.udp.text)", from: client)
            client.send(marker, to: server.udp)
            var answers: [Packet] = []
            while true {
                let packet = try client.receive()
                if packet["Call-ID"] == marker.callID { break }
                answers.append(packet)
            }
            let passed = peer.pending()
            #expect(peer.pending() == nil, "\(entry.file) left twice")
            judge(entry, answers, passed, server: server, client: client)
        }
        guard !Self.corpus.isEmpty else { return }
        let dropped = try #require(try server.statistic("core.drop_replies"))
        #expect(dropped >= Self.corpus.count { $0.isReply && $0.verdict != "robust" })
        #expect(try #require(try server.statistic("core.bad_msg_hdr")) > 0)
        #expect(server.stop() == 0)
    }

    private func judge(
        _ entry: Entry, _ answers: [Packet], _ passed: Packet?, server: Server, client: Client
    ) {
        let about =
            "\(entry.file): \(entry.expect); got \(answers.map(\.startLine)), passed on: \(passed != nil)"
        if entry.isReply {
            #expect(answers.isEmpty && passed == nil, "\(about)")
        } else if let special = Self.special[entry.file] {
            #expect(passed == nil, "\(about)")
            let wanted = special == "dropped" ? [] : ["SIP/2.0 " + special]
            #expect(answers.map(\.startLine) == wanted, "\(about)")
        } else if entry.verdict == "valid" || Self.liberal.contains(entry.file) {
            #expect(answers.isEmpty, "\(about)")
            guard let passed, let got = Stamped(passed.bytes, without: server) else {
                Issue.record("\(about)")
                return
            }
            let wanted = Stamped(entry.bytes)
            #expect(got.via == wanted?.via, "\(about)")
            // A datagram may have more behind the end of its message.
            #expect(wanted?.rest.starts(with: got.rest) == true, "\(entry.file) was changed:\n\(passed)")
        } else if entry.verdict == "invalid" {
            #expect(passed == nil, "\(about)")
            #expect(answers.allSatisfy { $0.status == 400 }, "\(about)")
        } else {
            #expect(answers.count <= 1, "\(about)")
        }
    }

    /// A request, but for what a proxy writes into it.
    private struct Stamped {
        /// Its sender's Via, as it was before it was told where it came from. It is written anew, so blanks
        /// and folding do not count.
        let via: String
        let rest: [UInt8]

        /// The Via of `server` has to stand above it.
        init?(_ bytes: [UInt8], without server: Server? = nil) {
            var bytes = bytes
            if let server {
                let ours = Array("\r\nVia: SIP/2.0/UDP \(server.udp.text);branch=z9hG4bK".utf8)
                guard let start = bytes.firstRange(of: ours) else { return nil }
                bytes.removeSubrange(Self.field(at: start.lowerBound, in: bytes))
            }
            guard let range = Self.firstVia(in: bytes) else { return nil }
            via = String(decoding: bytes[range], as: UTF8.self)
                .replacing(/\s/, with: "").replacing(/;received=[^;,]*|;rport(=[0-9]*)?/, with: "")
            bytes.removeSubrange(range)
            rest = bytes
        }

        private static func firstVia(in bytes: [UInt8]) -> Range<Int>? {
            for at in bytes.indices where bytes[at...].starts(with: [13, 10]) {
                let name = bytes[(at + 2)...].prefix { $0 != UInt8(ascii: ":") }
                let text = String(decoding: name, as: UTF8.self).trimmingCharacters(in: .whitespaces)
                if ["via", "v"].contains(text.lowercased()) { return field(at: at, in: bytes) }
            }
            return nil
        }

        /// From the line end before it to the one after it, folded lines included.
        private static func field(at start: Int, in bytes: [UInt8]) -> Range<Int> {
            var end = start + 2
            while end < bytes.count,
                !bytes[end...].starts(with: [13, 10]) || [9, 32].contains(bytes.dropFirst(end + 2).first)
            { end += 1 }
            return start..<end
        }
    }

    @Test func `each message may come over TCP, in pieces, and the server goes on`() throws {
        let peer = try Client()
        let server = try Server(Self.configuration(peer.text))
        let streams = try Self.corpus.map { entry in
            let stream = try Connection(to: server.tcp)
            for start in stride(from: 0, to: entry.bytes.count, by: 100) {
                stream.send(Array(entry.bytes[start..<min(start + 100, entry.bytes.count)]))
            }
            stream.finishSending()
            return stream
        }
        // The server closes each of them, when it has nothing more to say.
        for stream in streams { #expect(stream.receiveAll().allSatisfy { $0.status >= 400 }) }
        let client = try Client()
        let marker = Request("OPTIONS", "sip:marker@\(server.udp.text)", from: client)
        #expect(try client.ask(marker, server.udp).status == 200)
        #expect(server.stop() == 0)
    }

    @Test func `over a stream, what follows Content-Length is the next message`() throws {
        guard let entry = Self.corpus.first(where: { $0.file == "rfc4475/dblreq.dat" }) else { return }
        let peer = try Client()
        let server = try Server(Self.configuration(peer.text))
        let stream = try Connection(to: server.tcp)
        stream.send(entry.bytes)
        #expect(try peer.receive().method == "REGISTER")
        #expect(try peer.receive().method == "INVITE")
    }

    @Test func `an unknown option is refused with all that are unknown`() throws {
        let server = try Server(
            """
            loadmodule "sl.so"
            loadmodule "sanity.so"
            modparam("sanity", "proxy_require", "known")
            request_route { sanity_check("512"); sl_send_reply("200", "OK"); }
            """)
        let client = try Client()
        let request = Request("INVITE", "sip:x@\(server.udp.text)", from: client)
        let reply = try client.ask(
            request.with { $0.lines = ["Proxy-Require: one, known", "Proxy-Require: two"] }, server.udp)
        #expect(reply.startLine == "SIP/2.0 420 Bad Proxy Require Extension")
        #expect(reply.all("Unsupported") == ["one, two"])
        #expect(
            try client.ask(request.with { $0.lines = ["Proxy-Require: known"] }, server.udp).status == 200)
    }

    @Test func `nothing that is sent ends the server`() throws {
        let peer = try Client()
        let server = try Server(Self.configuration(peer.text))
        let client = try Client()
        var random = Numbers(state: 0x5EED)
        for entry in Self.corpus where !entry.bytes.isEmpty {
            for _ in 0..<10 {
                var bytes = entry.bytes
                for _ in 0...Int(random.next() % 6) {
                    let odd = Array("\0\t\r\n \",:;<>\\[]@%".utf8)
                    let place = Int(random.next() % UInt64(bytes.count))
                    bytes[place] = odd[Int(random.next() % UInt64(odd.count))]
                }
                client.send(Array(bytes.prefix(Int(random.next() % UInt64(bytes.count)) + 1)), to: server.udp)
                client.send(bytes, to: server.udp)
            }
            // Not faster than it reads: the next ones come when these are done.
            let marker = Request("OPTIONS", "sip:marker@\(server.udp.text)", from: client)
            client.send(marker, to: server.udp)
            while try client.receive()["Call-ID"] != marker.callID {}
            while peer.pending() != nil {}
        }
        #expect(server.stop() == 0)
        #expect(server.complaints == [], "\(server.log)")
    }

    /// A small generator with a fixed start, so that a failure can be had again.
    private struct Numbers {
        var state: UInt64

        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }
}
