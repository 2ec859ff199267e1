// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Worker

/// The bytes of name servers' answers, good and bad.
@Suite struct ReplyTests {
    /// An answer as RFC 1035 has it on the wire.
    private struct Wire {
        var bytes: [UInt8] = [0, 1, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0]
        private var section = 7

        init(_ name: String, _ type: UInt16, code: UInt8 = 0) {
            bytes[3] |= code
            bytes += Wire.name(name) + Wire.number(type) + Wire.number(1)
        }

        static func number(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }
        static func long(_ value: UInt32) -> [UInt8] {
            number(UInt16(value >> 16)) + number(UInt16(value & 0xffff))
        }
        static func name(_ text: String) -> [UInt8] {
            text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
        }
        static func text(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + Array(text.utf8) }

        mutating func add(
            _ owner: [UInt8], _ type: UInt16, ttl: UInt32 = 60, _ data: [UInt8], length: Int? = nil,
            authority: Bool = false
        ) {
            bytes[authority ? 9 : 7] += 1
            bytes += owner + Wire.number(type) + Wire.number(1) + Wire.long(ttl)
            bytes += Wire.number(UInt16(length ?? data.count)) + data
        }

        mutating func add(
            _ owner: String, _ type: UInt16, ttl: UInt32 = 60, _ data: [UInt8], length: Int? = nil,
            authority: Bool = false
        ) { add(Wire.name(owner), type, ttl: ttl, data, length: length, authority: authority) }

        func reply(_ name: String, _ type: RecordType) -> Reply {
            // An exact copy on the heap, so that reading behind its end is noticed under a sanitizer.
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 1)
            defer { copy.deallocate() }
            copy.copyBytes(from: bytes)
            return Reply(UnsafeRawBufferPointer(rebasing: copy.prefix(bytes.count)), to: Question(name, type))
        }
    }

    private static let soa: [UInt8] =
        Wire.name("ns.example") + Wire.name("root.example") + Wire.long(1) + Wire.long(2) + Wire.long(3)
        + Wire.long(4) + Wire.long(30)

    @Test func `addresses of both families`() {
        var four = Wire("a.example", 1)
        four.add([0xc0, 12], 1, ttl: 300, [192, 0, 2, 1])
        four.add("A.Example", 1, ttl: 200, [192, 0, 2, 2])
        four.add("b.example", 1, ttl: 1, [192, 0, 2, 3])  // Nobody asked for that one.
        guard case .answer(let answer) = four.reply("a.example", .a) else { return #expect(Bool(false)) }
        #expect(answer.endpoints == ["192.0.2.1", "192.0.2.2"].compactMap { Endpoint($0) })
        #expect(answer.seconds == 200)
        var six = Wire("a.example", 28)
        six.add([0xc0, 12], 28, [0x20, 1, 0xd, 0xb8] + [UInt8](repeating: 0, count: 11) + [1])
        guard case .answer(let other) = six.reply("a.example", .aaaa) else { return #expect(Bool(false)) }
        #expect(other.endpoints.map(\.address) == ["2001:db8::1"])
    }

    @Test func `services and rules`() {
        var srv = Wire("_sip._udp.example", 33)
        srv.add([0xc0, 12], 33, Wire.number(1) + Wire.number(2) + Wire.number(5070) + Wire.name("A.example"))
        #expect(
            srv.reply("_sip._udp.example", .srv)
                == .answer(
                    Answer([
                        Record(
                            .service(Service(priority: 1, weight: 2, port: 5070, target: "a.example")),
                            ttl: 60)
                    ])))
        var naptr = Wire("example", 35)
        naptr.add(
            [0xc0, 12], 35,
            Wire.number(10) + Wire.number(20) + Wire.text("s") + Wire.text("SIP+D2U") + Wire.text("")
                + Wire.name("_sip._udp.example"))
        let rule = Rule(
            order: 10, preference: 20, flags: "s", service: "SIP+D2U", replacement: "_sip._udp.example")
        #expect(naptr.reply("example", .naptr) == .answer(Answer([Record(.rule(rule), ttl: 60)])))
    }

    @Test func `along aliases, as long as the shortest of them holds`() {
        var wire = Wire("a.example", 1)
        wire.add("a.example", 5, ttl: 20, Wire.name("b.example"))
        wire.add("b.example", 5, ttl: 90, Wire.name("c.example"))
        wire.add("c.example", 1, ttl: 50, [192, 0, 2, 1])
        let endpoint = Endpoint("192.0.2.1") ?? .anyV4
        #expect(wire.reply("a.example", .a) == .answer(Answer([Record(.address(endpoint), ttl: 20)])))
        // The server knows no more than the other name: that one is asked for.
        var half = Wire("a.example", 1)
        half.add("a.example", 5, Wire.name("b.example"))
        #expect(half.reply("a.example", .a) == .alias("b.example"))
        #expect(
            half.reply("a.example", .cname) == .answer(Answer([Record(.name("b.example"), ttl: 60)])))
    }

    @Test func `aliases that lead to each other lead nowhere`() {
        var wire = Wire("a.example", 1)
        wire.add("a.example", 5, Wire.name("b.example"))
        wire.add("b.example", 5, Wire.name("a.example"))
        switch wire.reply("a.example", .a) {
        case .answer(let answer): #expect(answer.outcome == .nothing)
        case .alias: break  // The resolver asks a few times, and gives up.
        case .useless: #expect(Bool(false))
        }
    }

    @Test func `no such name, for as long as the zone says`() {
        var wire = Wire("a.example", 1, code: 3)
        wire.add("example", 6, ttl: 3600, Self.soa, authority: true)
        #expect(wire.reply("a.example", .a) == .answer(.nothing(seconds: 30)))
        var empty = Wire("a.example", 28)
        empty.add("example", 6, ttl: 10, Self.soa, authority: true)
        #expect(empty.reply("a.example", .aaaa) == .answer(.nothing(seconds: 10)))
        #expect(Wire("a.example", 1).reply("a.example", .a) == .answer(.nothing()))
    }

    @Test func `a server that cannot tell is no answer`() {
        for code: UInt8 in [1, 2, 4, 5] { #expect(Wire("a", 1, code: code).reply("a", .a) == .useless) }
        var question = Wire("a", 1)
        question.bytes[2] = 0  // It is no answer at all.
        #expect(question.reply("a", .a) == .useless)
    }

    // MARK: - hostile

    @Test func `names that point to themselves or out of the message are refused`() {
        for owner: [UInt8] in [[0xc0, 27], [0xc0, 0xff], [0xff, 0xff], [0xc0], [0x40, 0], [63, 65]] {
            var wire = Wire("a.example", 1)
            wire.add(owner, 1, [192, 0, 2, 1])
            #expect(wire.reply("a.example", .a) == .useless, "\(owner)")
        }
        // One pointer to the next and back.
        var loop = Wire("a.example", 33)
        let start = UInt8(loop.bytes.count)
        loop.add(
            [0xc0, 12], 33,
            Wire.number(1) + Wire.number(1) + Wire.number(1) + [0xc0, start + 20, 0xc0, start + 18])
        #expect(loop.reply("a.example", .srv) == .useless)
    }

    @Test func `data that is shorter or longer than its type is refused`() {
        for data: [UInt8] in [[], [1], [1, 2, 3], [1, 2, 3, 4, 5]] {
            var wire = Wire("a", 1)
            wire.add("a", 1, data)
            #expect(wire.reply("a", .a) == .useless, "\(data)")
        }
        for data: [UInt8] in [
            [0, 1, 0, 1], [0, 1, 0, 1, 0, 1], [0, 1, 0, 1, 0, 1, 1, 97], [0, 1, 0, 1, 0, 1, 0, 9],
        ] {
            var wire = Wire("a", 33)
            wire.add("a", 33, data)
            #expect(wire.reply("a", .srv) == .useless, "\(data)")
        }
        for data: [UInt8] in [[0, 1, 0, 1, 200, 65], [0, 1, 0, 1, 1, 65, 1, 65], [0, 1, 0, 1, 0, 0, 0]] {
            var wire = Wire("a", 35)
            wire.add("a", 35, data)
            #expect(wire.reply("a", .naptr) == .useless, "\(data)")
        }
    }

    @Test func `lengths and counts that reach beyond the end are refused`() {
        var wire = Wire("a", 1)
        wire.add("a", 1, [192, 0, 2, 1], length: 4000)
        #expect(wire.reply("a", .a) == .useless)
        var counted = Wire("a", 1)
        counted.add("a", 1, [192, 0, 2, 1])
        counted.bytes[6] = 0xff
        #expect(counted.reply("a", .a) == .useless)
        var whole = Wire("a.example", 33)
        whole.add([0xc0, 12], 33, Wire.number(1) + Wire.number(2) + Wire.number(3) + Wire.name("b.example"))
        whole.add("example", 6, Self.soa, authority: true)
        for count in 0..<whole.bytes.count {
            var part = whole
            part.bytes.removeLast(whole.bytes.count - count)
            #expect(part.reply("a.example", .srv) == .useless, "the first \(count)")
        }
    }

    @Test func `whatever is changed in an answer, it is read or refused`() {
        var whole = Wire("example", 35)
        whole.add(
            [0xc0, 12], 35,
            Wire.number(10) + Wire.number(20) + Wire.text("s") + Wire.text("SIP+D2U") + Wire.text("")
                + Wire.name("_sip._udp.example"))
        whole.add("example", 5, Wire.name("other.example"))
        whole.add("example", 6, Self.soa, authority: true)
        for at in whole.bytes.indices {
            for value: UInt8 in [0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xff] {
                var changed = whole
                changed.bytes[at] = value
                _ = changed.reply("example", .naptr)
            }
        }
    }

    @Test func `nothing but names of hosts and services is asked for`() {
        for good in ["a", "_sip._udp.example.com", "xn--bcher-kva.example", "a.b.c.", "A-1.example"] {
            #expect(Question(good, .a).isSensible, "\(good)")
        }
        let long = String(repeating: "a", count: 64)
        for bad in [
            "", ".", "a..b", ".a", "a b", "a\0b", "\(long).example", "bücher.example", "a\\.b", "[::1]",
            "*.a",
        ] {
            #expect(!Question(bad, .a).isSensible, "\(bad)")
        }
        #expect(!Question(String(repeating: "abcdefg.", count: 40), .a).isSensible)
    }

    @Test func `the file of hosts`() {
        let file = HostsFile(
            """
            # comment
            127.0.0.1\tlocalhost  loop
            192.0.2.1   pbx.example PBX # the telephone
            192.0.2.2 pbx
            2001:db8::1 pbx
            nonsense pbx
            192.0.2.9
            """)
        #expect(file.answer(to: Question("PBX", .a))?.endpoints.map(\.address) == ["192.0.2.1", "192.0.2.2"])
        #expect(file.answer(to: Question("pbx", .aaaa))?.endpoints.map(\.address) == ["2001:db8::1"])
        // A name that the machine knows is nobody else's business.
        #expect(file.answer(to: Question("pbx.example", .aaaa))?.outcome == .nothing)
        #expect(file.answer(to: Question("pbx", .srv))?.outcome == .nothing)
        #expect(file.answer(to: Question("other.example", .a)) == nil)
        #expect(HostsFile("").answer(to: Question("a.localhost", .a))?.endpoints.first?.isLoopback == true)
    }
}
