// SPDX-License-Identifier: Apache-2.0
import Testing
import WebsocketLogic

/// A frame as a client writes it: masked.
private func frame(
    _ first: UInt8, _ payload: [UInt8], mask: [UInt8] = [0x37, 0xfa, 0x21, 0x3d], length: [UInt8]? = nil
) -> [UInt8] {
    let size: [UInt8] =
        switch payload.count {
        case ..<126: [UInt8(payload.count)]
        case ..<65_536: [126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        default: [127] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: payload.count >> ($0 * 8)) }
        }
    var wire = [first] + (length ?? size)
    wire[1] |= 0x80
    return wire + mask + payload.enumerated().map { $1 ^ mask[$0 & 3] }
}
private func frame(_ first: UInt8, _ payload: String) -> [UInt8] { frame(first, Array(payload.utf8)) }

private let text: UInt8 = 0x81
private let binary: UInt8 = 0x82
private let close: UInt8 = 0x88
private let ping: UInt8 = 0x89
private let pong: UInt8 = 0x8a
private let begin: UInt8 = 0x01
private let more: UInt8 = 0x00
private let last: UInt8 = 0x80

private enum Seen: Equatable {
    case message(String, isText: Bool)
    case ping(String)
    case pong(String)
    case close(UInt16?, String)
    case failure(UInt16)
}

private func string(_ bytes: UnsafeRawBufferPointer) -> String { String(decoding: bytes, as: UTF8.self) }

/// What a reader makes of bytes that come in pieces of `size`.
private func read(_ wire: [UInt8], pieces size: Int = .max, limit: Int = 1000, scratch: Int = 1000) -> [Seen]
{
    var reader = FrameReader(limit: limit)
    var seen: [Seen] = []
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: scratch, alignment: 1)
    defer { room.deallocate() }
    var at = 0
    while at < wire.count {
        let end = size == .max ? wire.count : min(at + size, wire.count)
        let isOver = wire[at..<end].withUnsafeBytes { piece in
            var input = piece
            while true {
                switch reader.next(&input, scratch: room) {
                case .more: return false
                case .message(let bytes, let isText): seen.append(.message(string(bytes), isText: isText))
                case .ping(let data): seen.append(.ping(string(data)))
                case .pong(let data): seen.append(.pong(string(data)))
                case .close(let code, let reason): seen.append(.close(code?.number, string(reason)))
                case .failure(let code, _):
                    seen.append(.failure(code.number))
                    return true
                }
            }
        }
        if isOver { break }
        at = end
    }
    return seen
}

@Suite struct FrameReaderTests {
    private static let faults: [(String, [UInt8])] = [
        ("an unmasked frame (5.1)", [0x81, 0x05]),
        ("reserved bits", [0xc1, 0x85]),
        ("reserved bits", [0x91, 0x85]),
        ("an unknown opcode", [0x83, 0x80]),
        ("an unknown control opcode", [0x8b, 0x80]),
        ("a control frame in pieces (5.4)", [0x09, 0x80]),
        ("a long control frame (5.5)", [0x89, 0xfe]),
        ("a continuation of nothing", [0x80, 0x80]),
        ("a length that is longer than it must be", frame(text, [], length: [126, 0, 125])),
        (
            "a length that is longer than it must be",
            frame(text, [], length: [127, 0, 0, 0, 0, 0, 0, 0xff, 0xff])
        ),
        ("a length of 64 bits", frame(text, [], length: [127, 0x80, 0, 0, 0, 0, 1, 0, 0])),
        ("a message within a message", frame(begin, "a") + frame(text, "b")),
        ("half a close code", frame(close, [3])),
        ("a code that is never sent", frame(close, [0x03, 0xed])),
        ("a code below 1000", frame(close, [0, 1])),
        ("a code of nobody's", frame(close, [0x0b, 0xb7])),
    ]

    @Test func `the masked text of the RFC is read (RFC 6455, 5.7)`() {
        let wire: [UInt8] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
        #expect(read(wire) == [.message("Hello", isText: true)])
    }

    @Test(arguments: [1, 2, 3, 5, 7, 64, Int.max])
    func `frames come in pieces of any size, and several at once (5.4)`(size: Int) {
        let long = String(repeating: "0123456789", count: 20)
        let wire =
            frame(text, "one") + frame(begin, "tw") + frame(ping, "p") + frame(more, "o ") + frame(pong, "")
            + frame(last, "three") + frame(binary, long) + frame(text, "") + frame(begin, "")
            + frame(last, "x")
            + frame(close, [0x03, 0xe8] + Array("bye".utf8))
        #expect(
            read(wire, pieces: size) == [
                .message("one", isText: true), .ping("p"), .pong(""), .message("two three", isText: true),
                .message(long, isText: false), .message("", isText: true), .message("x", isText: true),
                .close(1000, "bye"),
            ])
        #expect(read(wire, pieces: size, scratch: 0) == read(wire), "with no memory lent")
    }

    @Test(arguments: [0, 125, 126, 127, 65_535, 65_536, 70_001])
    func `lengths of 7, 16 and 64 bits (5.2)`(count: Int) {
        let payload = String(repeating: "x", count: count)
        #expect(read(frame(binary, payload), limit: 100_000) == [.message(payload, isText: false)])
        #expect(
            read(frame(binary, payload), pieces: 1000, limit: 100_000) == [.message(payload, isText: false)])
    }

    @Test(arguments: FrameReaderTests.faults)
    func `what breaks the protocol is 1002`(name: String, wire: [UInt8]) {
        #expect(read(wire).last == .failure(1002), "\(name)")
        #expect(read(wire, pieces: 1).last == .failure(1002), "\(name), byte by byte")
    }

    @Test func `text that is not UTF-8 is 1007, in a reason too; binary may be anything (8.1)`() {
        let bad: [[UInt8]] = [
            [0xff], [0xc0, 0x80], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x80],
            Array("12345678é".utf8.dropLast()), [0xe0, 0x80, 0x80], [0xf0, 0x80, 0x80, 0x80],
        ]
        for bytes in bad {
            #expect(read(frame(text, bytes)) == [.failure(1007)], "\(bytes)")
            #expect(read(frame(binary, bytes)).count == 1)
            #expect(read(frame(close, [0x03, 0xe8] + bytes)) == [.failure(1007)])
        }
        for good in ["é", "€uro", "𝄞", "\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}", "Grüße aus Köln, ありがとう"] {
            #expect(read(frame(text, good)) == [.message(good, isText: true)])
        }
        // A character may be cut between frames.
        #expect(read(frame(begin, [0xc3]) + frame(last, [0xa9])) == [.message("é", isText: true)])
    }

    @Test func `a message that is too large is 1009 as soon as its header says so, in pieces as well`() {
        #expect(read(frame(text, [UInt8](repeating: 65, count: 1000))).count == 1)
        #expect(read(frame(text, [], length: [126, 0x03, 0xe9])) == [.failure(1009)])
        let half = frame(begin, [UInt8](repeating: 65, count: 600))
        #expect(read(half + frame(last, [UInt8](repeating: 65, count: 401)), pieces: 100) == [.failure(1009)])
        #expect(read(frame(text, [], length: [127, 0x7f, 0, 0, 0, 0, 0, 0, 0])) == [.failure(1009)])
    }

    @Test func `a Close may be empty, and its code one of the registered or of anybody's (7.4)`() {
        #expect(read(frame(close, [])) == [.close(nil, "")])
        for code in [1000, 1001, 1002, 1003, 1007, 1011, 1013, 3000, 3999, 4000, 4999] as [UInt16] {
            #expect(read(frame(close, [UInt8(code >> 8), UInt8(code & 255)])) == [.close(code, "")])
        }
        for code in [999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535] as [UInt16] {
            #expect(read(frame(close, [UInt8(code >> 8), UInt8(code & 255)])) == [.failure(1002)])
        }
    }
}

@Suite struct FrameTests {
    @Test func `a server's header has the shortest length and no mask (5.2)`() {
        func header(_ count: Int) -> [UInt8] {
            withUnsafeTemporaryAllocation(byteCount: Frame.headerRoom, alignment: 1) {
                Array($0[..<Frame.writeHeader(.text, count: count, into: $0)])
            }
        }
        #expect(header(0) == [0x81, 0] && header(125) == [0x81, 125])
        #expect(header(126) == [0x81, 126, 0, 126] && header(65_535) == [0x81, 126, 255, 255])
        #expect(header(65_536) == [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0])
    }

    @Test func `a Close has its code, and as much of the reason as fits and is whole characters (5.5.1)`() {
        #expect(Frame.close(nil) == [0x88, 0])
        #expect(Frame.close(.goingAway, "bye".utf8) == [0x88, 5, 0x03, 0xe9] + Array("bye".utf8))
        let long = Frame.close(.normal, String(repeating: "é", count: 100).utf8)
        #expect(long.count == 2 + 2 + 122 && long[1] == 124)
        #expect(Frame.control(.ping, "a".utf8) == [0x89, 1, 97])
        #expect(Frame.control(.pong, [UInt8](repeating: 1, count: 200)).count == 127)
    }
}

/// A conversation that tests can hand around.
private final class Peer {
    private var it = Conversation(limit: 100, at: 0)
    var phase: Conversation.Phase { it.phase }
    var frames: UInt64 { it.frames }
    var isAwaitingPong: Bool { it.keepAlive.isAwaitingPong }
    var lastUsed: UInt64 { it.keepAlive.lastUsed }

    func close() -> Bool { it.close() }
    func look(at now: UInt64) -> KeepAlive.Action { it.keepAlive.look(at: now, .ping, timeout: 100) }
    func tell(_ wire: [UInt8], at now: UInt64 = 0) -> [String] { answers(&it, wire, at: now) }
}

/// What a conversation answers, in words.
private func answers(_ conversation: inout Conversation, _ wire: [UInt8], at now: UInt64 = 0) -> [String] {
    var told: [String] = []
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1000, alignment: 1)
    defer { room.deallocate() }
    wire.withUnsafeBytes { wire in
        var input = wire
        while true {
            switch conversation.next(&input, scratch: room, at: now) {
            case .nothing: return
            case .deliver(let bytes): told.append("deliver \(string(bytes))")
            case .pong(let data): told.append("pong \(string(data))")
            case .closedByPeer(let code, let reason):
                told.append("closed \(code?.number ?? 0) \(string(reason))")
            case .fail(let code, _): told.append("fail \(code.number)")
            case .finished: told.append("finished")
            }
        }
    }
    return told
}

@Suite struct ConversationTests {
    @Test func `messages are delivered, pings answered with their data, pongs heard (5.5.2)`() {
        let it = Peer()
        #expect(
            it.tell(frame(text, "a") + frame(ping, "x") + frame(pong, "y") + frame(binary, "b")) == [
                "deliver a", "pong x", "deliver b",
            ])
        #expect(it.frames == 4)
    }

    @Test func `the peer closes: nothing behind it counts (5.5.1)`() {
        let it = Peer()
        #expect(it.tell(frame(close, [0x0f, 0xa0, 104, 105]) + frame(text, "late")) == ["closed 4000 hi"])
        #expect(it.phase == .closed && it.tell(frame(text, "late")).isEmpty)
        #expect(!it.close())
    }

    @Test func `we close: once, what still comes is not worked on, the answer ends it (7.1.1)`() {
        let it = Peer()
        #expect(it.close() && !it.close())
        #expect(it.tell(frame(text, "a") + frame(ping, "x")).isEmpty)
        #expect(it.tell(frame(close, [0x03, 0xe8])) == ["finished"])
        #expect(it.phase == .closed)
    }

    @Test func `a fault ends it, with its code; while closing it just ends`() {
        let it = Peer()
        #expect(it.tell([0x81, 0x01, 0x41] + frame(text, "a")) == ["fail 1002"])
        #expect(it.phase == .closed)
        let other = Peer()
        _ = other.close()
        #expect(other.tell([0x81, 0x01, 0x41]) == ["finished"])
    }

    @Test func `whatever is heard is a sign of life`() {
        for wire in [frame(text, "a"), frame(ping, ""), frame(pong, "")] {
            let it = Peer()
            #expect(it.look(at: 100) == .send(.ping))
            _ = it.tell(wire, at: 150)
            #expect(!it.isAwaitingPong && it.lastUsed == 150)
        }
    }
}

/// The same, so that it may stand in #expect.
private final class Watch {
    private var it: KeepAlive
    init(at now: UInt64) { it = KeepAlive(at: now) }
    func look(at now: UInt64, _ mechanism: KeepAlive.Mechanism, timeout: UInt64) -> KeepAlive.Action {
        it.look(at: now, mechanism, timeout: timeout)
    }
    func heard(at now: UInt64) { it.heard(at: now) }
}

@Suite struct KeepAliveTests {
    @Test func `after the time-out a ping, and after another one without a word the end`() {
        let it = Watch(at: 1000)
        #expect(it.look(at: 1099, .ping, timeout: 100) == .nothing)
        #expect(it.look(at: 1100, .ping, timeout: 100) == .send(.ping))
        #expect(it.look(at: 1199, .ping, timeout: 100) == .nothing)
        #expect(it.look(at: 1200, .ping, timeout: 100) == .giveUp)
    }

    @Test func `who answers is asked again, one time-out later`() {
        let it = Watch(at: 0)
        #expect(it.look(at: 100, .ping, timeout: 100) == .send(.ping))
        it.heard(at: 110)
        #expect(it.look(at: 209, .ping, timeout: 100) == .nothing)
        #expect(it.look(at: 210, .ping, timeout: 100) == .send(.ping))
    }

    @Test func `pongs and blank messages ask nothing, so nobody is given up`() {
        for mechanism in [KeepAlive.Mechanism.pong, .blank] {
            let it = Watch(at: 0)
            for time in stride(from: UInt64(100), to: 1000, by: 100) {
                #expect(it.look(at: time, mechanism, timeout: 100) == .send(mechanism))
            }
        }
    }

    @Test func `nothing is done when it is switched off`() {
        let it = Watch(at: 0)
        #expect(it.look(at: 1000, .none, timeout: 100) == .nothing)
        #expect(it.look(at: 1000, .ping, timeout: 0) == .nothing)
    }

    @Test func `another mechanism, set while running, does not give up whom the old one asked`() {
        let it = Watch(at: 0)
        #expect(it.look(at: 100, .ping, timeout: 100) == .send(.ping))
        #expect(it.look(at: 200, .pong, timeout: 100) == .send(.pong))
        #expect(it.look(at: 300, .ping, timeout: 100) == .send(.ping))
    }
}
