// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Worker

@Suite struct FramerTests {
    private func steps(_ text: String, limit: Int = 1000, lengthOptional: Bool = false) -> [Framer.Step] {
        var framer = Framer()
        return steps(&framer, Array(text.utf8), limit, lengthOptional)
    }

    /// Until it wants more, or gives up.
    private func steps(
        _ framer: inout Framer, _ bytes: [UInt8], _ limit: Int = 1000, _ lengthOptional: Bool = false
    ) -> [Framer.Step] {
        var all: [Framer.Step] = []
        var at = 0
        while true {
            let step = bytes.withUnsafeBufferPointer { bytes in
                bytes.baseAddress.map {
                    framer.step($0 + at, bytes.count - at, limit: limit, lengthOptional: lengthOptional)
                }
            }
            guard let step else { return all }
            all.append(step)
            switch step {
            case .message(let skip, let count), .stun(let skip, let count): at += skip + count
            case .ping(let skip): at += skip
            case .more, .fault: return all
            }
        }
    }

    private let head = "A b SIP/2.0\r\nCall-ID: x\r\n"

    @Test(arguments: [
        "Content-Length: 4\r\n\r\nbody", "l:4\r\n\r\nbody", "L : 4\r\n\r\nbody",
        "content-length:\t4 \r\n\r\nbody",
        "CONTENT-LENGTH:\r\n 4\r\n\r\nbody", "Content-Length: 4\r\n \r\n\r\nbody",
        "Content-Length: 0004\r\n\r\nbody",
        "Content-Length: 4\r\nl: 4\r\n\r\nbody", "Content-Length: 4\n\nbody",
    ]) func `Content-Length is found however it is written`(_ rest: String) {
        let whole = head + rest
        #expect(steps(whole) == [.message(skip: 0, count: whole.utf8.count), .more(skip: 0, expected: 0)])
    }

    @Test func `messages that come together are taken apart`() {
        let one = head + "l: 0\r\n\r\n"
        let two = head + "l: 2\r\n\r\nab"
        #expect(
            steps(one + two + "\r\n" + one) == [
                .message(skip: 0, count: one.utf8.count), .message(skip: 0, count: two.utf8.count),
                .message(skip: 2, count: one.utf8.count), .more(skip: 0, expected: 0),
            ])
    }

    @Test(arguments: ["GET / HTTP/1.1\r\n", "GET /a?b HTTP/1.0\r\nHost: x\r\n", "A b HTTP/1.1\n"])
    func `a request of HTTP needs no Content-Length, and has a body if there is one (RFC 9112, 6.3)`(
        head: String
    ) {
        let bare = head + "\r\n"
        let whole = head + "Content-Length: 2\r\n\r\nab"
        #expect(
            steps(bare + whole) == [
                .message(skip: 0, count: bare.utf8.count), .message(skip: 0, count: whole.utf8.count),
                .more(skip: 0, expected: 0),
            ])
    }

    @Test(arguments: [
        " HTTP/1.1\r\n", "HTTP/1.1\r\n", "GET / HTTP/1.1 \r\n", "GET / HTTP/2.0\r\n",
        "A b SIP/2.0\r\nX: HTTP/1.1\r\n",
    ])
    func `what only looks like it does`(head: String) {
        guard case .fault(_, _, .noContentLength)? = steps(head + "\r\n").last else {
            Issue.record("\(steps(head + "\r\n"))")
            return
        }
    }

    @Test func `STUN may stand between messages (RFC 5626, 4.4.2)`() {
        let stun: [UInt8] = [0, 1, 0, 4, 0x21, 0x12, 0xa4, 0x42] + [UInt8](repeating: 10, count: 16)
        let one = Array((head + "l: 0\r\n\r\n").utf8)
        var framer = Framer()
        #expect(
            steps(&framer, [13, 10] + stun + one + stun) == [
                .stun(skip: 2, count: 24), .message(skip: 0, count: one.count), .stun(skip: 0, count: 24),
                .more(skip: 0, expected: 0),
            ])
        for count in 1..<stun.count {
            let expected = count < 8 ? 20 : 24
            #expect(steps(&framer, Array(stun[..<count])) == [.more(skip: 0, expected: expected)])
        }
        // Without the cookie it is nothing that anybody knows.
        #expect(steps(&framer, [0, 1, 0, 0, 9, 9, 9, 9]) == [.more(skip: 0, expected: 0)])
    }

    @Test func `a message that comes byte by byte is one message`() {
        let whole = Array((head + "X: Content-Length: 9\r\nl: 3\r\n\r\nabc").utf8)
        var framer = Framer()
        for count in 1..<whole.count {
            guard case .more(skip: 0, _)? = steps(&framer, Array(whole.prefix(count))).first else {
                Issue.record("after \(count) bytes")
                return
            }
        }
        #expect(steps(&framer, whole).first == .message(skip: 0, count: whole.count))
    }

    @Test func `the size is known as soon as the head is there`() {
        #expect(steps(head + "l: 500\r\n\r\n") == [.more(skip: 0, expected: head.utf8.count + 10 + 500)])
    }

    @Test func `two blank lines are a ping, also in parts, and one is nothing`() {
        var framer = Framer()
        #expect(steps(&framer, [13, 10, 13, 10]).first == .ping(skip: 4))
        #expect(steps(&framer, [13]) == [.more(skip: 1, expected: 0)])
        #expect(steps(&framer, [10, 13]) == [.more(skip: 2, expected: 0)])
        #expect(steps(&framer, [10]).first == .ping(skip: 1))
        #expect(steps(&framer, [13, 10]) == [.more(skip: 2, expected: 0)])
        framer.pause()
        #expect(steps(&framer, [13, 10]) == [.more(skip: 2, expected: 0)])
        #expect(steps(&framer, [13, 10] + Array((head + "l: 0\r\n\r\n").utf8)).first == .ping(skip: 2))
    }

    @Test func `without Content-Length the stream cannot be followed, unless that is allowed`() {
        let whole = head + "\r\n"
        #expect(steps(whole) == [.fault(skip: 0, head: whole.utf8.count, .noContentLength)])
        #expect(steps(whole, lengthOptional: true).first == .message(skip: 0, count: whole.utf8.count))
    }

    @Test(arguments: [
        "x", "", "-1", "4 4", "4x", "99999999999", "4\r\nContent-Length: 5", "4\r\nX: y\r\nl: 40",
    ])
    func `a Content-Length that is no number, or two different ones, is a fault`(_ value: String) {
        let whole = head + "Content-Length: " + value + "\r\n\r\n"
        #expect(steps(whole) == [.fault(skip: 0, head: whole.utf8.count, .badContentLength)])
    }

    @Test func `too large is known from the number, or from a head that does not end`() {
        let whole = head + "l: 990\r\n\r\n"
        #expect(steps(whole) == [.fault(skip: 0, head: whole.utf8.count, .tooLarge)])
        let endless = String(repeating: "a", count: 1000)
        #expect(steps(endless) == [.fault(skip: 0, head: 1000, .tooLarge)])
    }
}
