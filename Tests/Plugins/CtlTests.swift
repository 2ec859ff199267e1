// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import CtlLogic

/// Bytes written as in the notes of a network trace: hex pairs and "text" with its zero.
private func wire(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for (index, part) in text.split(separator: "\"", omittingEmptySubsequences: false).enumerated() {
        if index % 2 == 1 {
            bytes += Array(part.utf8) + [0]
        } else {
            bytes += part.split(separator: " ").compactMap { UInt8($0, radix: 16) }
        }
    }
    return bytes
}

private func text(_ text: String) -> [UInt8] { Array(text.utf8) }

private func request(_ bytes: [UInt8]) -> Request? {
    if case .run(let request, taken: bytes.count) = Intake.of(bytes) { request } else { nil }
}

/// The text of a fault, when that is what the answer is.
private func refusal(_ bytes: [UInt8]) -> (code: Record, text: Record, close: Bool)? {
    guard case .refuse(let packet, _, let close) = Intake.of(bytes) else { return nil }
    guard let head = try? PacketHead.parse(packet), head.kind == PacketKind.fault.rawValue else { return nil }
    var reader = RecordReader(packet, in: head.size..<packet.count)
    guard let code = try? reader.next(), let text = try? reader.next() else { return nil }
    return (code, text, close)
}

@Suite struct CtlRequestTests {
    @Test func `a command without arguments is read as kamcmd sends it`() {
        let uptime = request(wire("a1 03 0e 79 90 6e 22 91 0c \"core.uptime\""))
        #expect(uptime?.name == text("core.uptime"))
        #expect(uptime?.arguments == [])
        #expect(uptime?.cookie == [0x79, 0x90, 0x6e, 0x22])
    }

    @Test func `text and numbers are told apart`() {
        let get = request(wire("a1 03 17 03 f3 ed d1 91 08 \"cfg.get\" 51 \"core\" 61 \"debug\""))
        #expect(get?.arguments == [.text(text("core")), .text(text("debug"))])

        let set = request(
            wire("a1 03 24 1a 7e 01 5d 91 10 \"cfg.set_now_int\" 51 \"core\" 61 \"debug\" 40 ff ff ff ff"))
        #expect(set?.arguments.last == .int(-1))
    }

    @Test func `a cookie of one byte is kept at one byte`() {
        #expect(request(wire("a1 00 11 07 91 0c \"core.prints\" 21 \"x\""))?.cookie == [7])
    }

    @Test func `a number with decimals arrives as text`() {
        let echo = request(packet(.request, cookie: [1], body: wire("41 \"abc\" 22 05 dc")))
        #expect(echo?.arguments == [.text(text("1.5"))])
    }

    @Test func `every part of a packet asks for the rest of it`() {
        let whole = wire("a1 03 17 03 f3 ed d1 91 08 \"cfg.get\" 51 \"core\" 61 \"debug\"")
        for count in 0..<whole.count { #expect(Intake.of(Array(whole.prefix(count))) == .more) }
    }

    @Test func `a second packet behind the first is left alone`() {
        let one = wire("a1 03 11 01 02 03 04 91 0c \"core.prints\" 21 \"a\"")
        guard case .run(let request, let taken) = Intake.of(one + one) else {
            Issue.record("not a request")
            return
        }
        #expect(taken == one.count)
        #expect(request.arguments == [.text(text("a"))])
    }
}

@Suite struct CtlRefusalTests {
    @Test func `another magic number is a corrupted packet, and the stream ends`() {
        let bytes = wire("b1 03 0e 01 02 03 04 91 0c \"core.uptime\"")
        #expect(
            Intake.of(bytes)
                == .refuse(
                    wire("a1 30 23 00 20 01 90 91 1e \"bad request: corrupted packet\""),
                    taken: bytes.count, close: true))
    }

    @Test func `a reply is no request`() {
        let bytes = wire("a1 13 0e 01 02 03 04 91 0c \"core.uptime\"")
        #expect(
            Intake.of(bytes)
                == .refuse(
                    wire("a1 33 23 01 02 03 04 20 01 90 91 1e \"bad request: corrupted packet\""),
                    taken: bytes.count, close: true))
    }

    @Test(arguments: [
        ("a1 03 00 01 02 03 04", "bad request method: end of packet encountered"),
        ("a1 03 02 01 02 03 04 10 07", "bad request method: record doesn't match type"),
        ("a1 03 06 01 02 03 04 91 0c 63 6f 72 65", "bad request method: more data needed"),
        ("a1 0f ff ff ff ff 01 02 03 04", "bad request: packet too long"),
    ])
    func `what is wrong is said, and the stream ends`(bytes: String, says: String) throws {
        let said = try #require(refusal(wire(bytes)))
        #expect(said.code == .int(400))
        #expect(said.text == .text(text(says)))
        #expect(said.close)
    }

    @Test(arguments: [
        ("0f", "record doesn't match type"), ("60 61 62 63 64 65 66", "bad record"),
        ("91 0c 63 6f", "more data needed"), ("83", "bad record"), ("f1 01 02 03", "bad record"),
        ("03 25 \"a\" 10 07 83", "a number or text is expected"),
    ])
    func `a bad argument is named by its place, and the stream goes on`(bytes: String, says: String) throws {
        let body = wire("91 0c \"core.prints\"") + wire(bytes)
        let said = try #require(refusal(packet(.request, cookie: [1, 2, 3, 4], body: body)))
        #expect(said.text == .text(text("error at parameter 0: \(says)")))
        #expect(!said.close)
    }

    @Test func `structures nested without end are refused`() throws {
        let deep = [UInt8](repeating: 0x04, count: 5000)
        let said = try #require(refusal(packet(.request, cookie: [1], body: wire("21 \"a\"") + deep)))
        #expect(said.text == .text(text("error at parameter 0: structures nested too deep")))
    }

    @Test func `a changed byte anywhere never traps`() {
        let whole = packet(
            .request, cookie: [1, 2],
            body: wire("51 \"core\" 22 05 dc 03 25 \"a\" 04 10 07 84 83 91 08 \"seven77\""))
        for place in whole.indices {
            for value in UInt8.min...UInt8.max {
                var bytes = whole
                bytes[place] = value
                _ = Intake.of(bytes)
            }
        }
    }
}

@Suite struct CtlReplyTests {
    private func reply(_ build: (inout Reply) -> Void) -> [UInt8] {
        var reply = Reply(largest: 1 << 20, largestStructure: 0)
        build(&reply)
        return reply.finished(cookie: [0x79, 0x90, 0x6e, 0x22])
    }
    private let none = [UInt8]()

    @Test func `a structure is sent as kamcmd expects it`() {
        let bytes = reply {
            $0.open(none, list: false)
            $0.put(text("now"), text: text("Fri Nov 20 23:34:41 2026"))
            $0.put(text("uptime"), int: 2)
            $0.close()
        }
        #expect(
            bytes
                == wire(
                    "a1 13 2c 79 90 6e 22 03 45 \"now\" 91 19 \"Fri Nov 20 23:34:41 2026\""
                        + " 75 \"uptime\" 10 02 83"
                ))
    }

    @Test func `an answer with nothing in it is an empty packet`() {
        #expect(reply { _ in } == wire("a1 13 00 79 90 6e 22"))
    }

    @Test func `a list in a structure becomes a structure without names`() {
        let bytes = reply {
            $0.open(none, list: false)
            $0.open(text("slot"), list: true)
            $0.open(none, list: false)
            $0.put(text("name"), text: text("n"))
            $0.close()
            $0.put(none, int: 1)
            $0.close()
            $0.close()
        }
        #expect(
            bytes == wire("a1 13 17 79 90 6e 22 03 55 \"slot\" 03 03 55 \"name\" 21 \"n\" 83 10 01 83 83"))
    }

    @Test func `a list of its own is a list`() {
        let bytes = reply {
            $0.open(none, list: true)
            $0.put(none, int: 1)
            $0.open(none, list: false)
            $0.put(text("a"), int: 0)
            $0.close()
            $0.close()
        }
        #expect(bytes == wire("a1 13 0a 79 90 6e 22 04 10 01 03 25 \"a\" 00 83 84"))
    }

    @Test(arguments: [
        (0, "00"), (7, "10 07"), (500, "20 01 f4"), (-1, "40 ff ff ff ff"),
        (1 << 40, "91 0e \"1099511627776\""),
    ])
    func `numbers take as few bytes as they can`(value: Int64, bytes: String) {
        var writer = RecordWriter()
        writer.integer(value)
        #expect(writer.bytes == wire(bytes))
    }

    @Test(arguments: [(1500, "22 05 dc"), (0, "02"), (-2500, "51 \"-2.5\"")])
    func `decimals are thousandths, and negative ones text`(thousandths: Int64, bytes: String) {
        var writer = RecordWriter()
        writer.double(thousandths: thousandths)
        #expect(writer.bytes == wire(bytes))
    }

    @Test func `two length bytes are used when one is not enough`() {
        let bytes = reply { $0.put(none, text: [UInt8](repeating: 0x78, count: 300)) }
        #expect(Array(bytes.prefix(11)) == wire("a1 17 01 30 79 90 6e 22 a1 01 2d"))
    }

    @Test func `an answer over the limit becomes a fault`() {
        var reply = Reply(largest: 100, largestStructure: 0)
        for _ in 0..<50 { reply.put(none, text: text("more and more")) }
        #expect(Array(reply.finished(cookie: [1]).prefix(2)) == [0xa1, 0x30])

        var structure = Reply(largest: 0, largestStructure: 20)
        structure.open(none, list: false)
        structure.put(text("long"), text: text("longer than twenty bytes"))
        structure.close()
        #expect(structure.finished(cookie: [1])[1] == 0x30)
    }

    @Test func `what is written can be read again`() throws {
        let bytes = reply {
            $0.open(none, list: false)
            $0.open(text("inner"), list: false)
            $0.put(text("n"), int: -5)
            $0.close()
            $0.close()
        }
        var reader = RecordReader(bytes, in: 7..<bytes.count)
        let inner = Record.structure([.init(name: text("n"), value: .int(-5))])
        #expect(try reader.next() == .structure([.init(name: text("inner"), value: inner)]))
        #expect(reader.atEnd)
    }
}

@Suite struct CtlListenTests {
    private func parse(_ text: String, fifo: Bool = false) -> ListenAddress? {
        ListenAddress.parse(text, fifo: fifo, runFolder: "/run/martlet")
    }

    @Test(arguments: [
        ("unixs:/tmp/x", ListenAddress(kind: .unixStream, place: "/tmp/x")),
        ("unix:kamailio_ctl", ListenAddress(kind: .unixStream, place: "/run/martlet/kamailio_ctl")),
        ("unixd:/tmp/x", ListenAddress(kind: .unixDatagram, place: "/tmp/x")),
        ("/tmp/x:y", ListenAddress(kind: .unixStream, place: "/tmp/x:y")),
        ("ctl.sock", ListenAddress(kind: .unixStream, place: "/run/martlet/ctl.sock")),
        ("tcp:127.0.0.1", ListenAddress(kind: .tcp, place: "127.0.0.1", port: 2049)),
        ("udp:localhost:2046", ListenAddress(kind: .udp, place: "localhost", port: 2046)),
        ("tcp:[::1]:2046", ListenAddress(kind: .tcp, place: "::1", port: 2046)),
        ("tcp:*:2046", ListenAddress(kind: .tcp, place: "0.0.0.0", port: 2046)),
    ])
    func `an address is what its first word says`(text: String, address: ListenAddress) {
        #expect(parse(text) == address)
    }

    @Test(arguments: ["sctp:127.0.0.1", "tcp:", "tcp:host:0", "tcp:host:99999", "tcp:host:x", "unix:", ""])
    func `what is no address is none`(text: String) {
        #expect(parse(text) == nil)
    }

    @Test func `a fifo is a path`() {
        #expect(parse("/tmp/f", fifo: true) == ListenAddress(kind: .fifo, place: "/tmp/f"))
        #expect(parse("fifo:f") == ListenAddress(kind: .fifo, place: "/run/martlet/f"))
    }
}

@Suite struct FifoReaderTests {
    private func commands(_ texts: String...) -> [FifoReader.Command] {
        var reader = FifoReader()
        return texts.flatMap { reader.take(Array($0.utf8)) }
    }

    @Test func `a command ends with an empty line, and each line before it is an argument`() {
        let request = Request(name: text("pv.shvSet"), arguments: [.text(text("x")), .int(5)], cookie: [])
        #expect(commands(":pv.shvSet:reply\nx\n5\n\n") == [.run(request, reply: "reply")])
        #expect(commands(":pv.shvSet:re", "ply\nx\n5\n", "\n") == [.run(request, reply: "reply")])
    }

    @Test func `several commands may come at once`() {
        #expect(commands(":a:\n\n\n:b:\n\n").count == 2)
    }

    @Test(arguments: [
        "no colon\n\n", ":a\n\n", "::reply\n\n", ":a:../etc/passwd\n\n", ":a:.hidden\n\n", ":a:b:c\n\n",
    ])
    func `what is no command is bad, and the next one is read again`(bytes: String) {
        let request = Request(name: text("a"), arguments: [], cookie: [])
        #expect(commands(bytes, ":a:r\n\n") == [.bad, .run(request, reply: "r")])
    }

    @Test func `a line without end takes no memory without end`() {
        var reader = FifoReader()
        for _ in 0..<100 { #expect(reader.take([UInt8](repeating: 0x61, count: 65536)) == []) }
    }
}
