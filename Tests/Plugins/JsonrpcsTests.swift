// SPDX-License-Identifier: Apache-2.0
import JsonrpcsLogic
import Testing

private func read(_ text: String) -> JSON? { try? JSONReader.read(Array(text.utf8)) }
private func text(_ json: JSON, pretty: Bool = false) -> String {
    String(decoding: json.written(pretty: pretty), as: UTF8.self)
}
private func asked(_ text: String) -> Asked { Asked(Array(text.utf8)) }
private func question(_ text: String) -> Question? {
    guard case .one(.success(let question)) = asked(text) else { return nil }
    return question
}
private func code(_ asked: Asked) -> Int? {
    switch asked {
    case .refused(let refusal), .one(.failure(let refusal)): refusal.code
    default: nil
    }
}

@Suite struct JSONTests {
    @Test func `a value is read as RFC 8259 has it`() {
        #expect(
            read(#" {"a":[1, -2.5e3, true, false, null], "b" : {"c":"d"}} "#)
                == .object([
                    .init("a", .array([.number("1"), .number("-2.5e3"), .bool(true), .bool(false), .null])),
                    .init("b", .object([.init("c", .text("d"))])),
                ]))
        #expect(read("7") == .number("7"))
        #expect(read("[]") == .array([]))
        #expect(read("{}") == .object([]))
    }

    @Test func `escapes are characters, also beyond the first plane (RFC 8259, 7)`() {
        #expect(read(#""\u00e9\n\t\"\\\/\ud83d\ude00""#) == .text("é\n\t\"\\/😀"))
        for wrong in [#""\ud83d""#, #""\ud83dx""#, #""\ude00""#, #""\x""#, #""\u12"#, #""\u12g4""#] {
            #expect(read(wrong) == nil, "\(wrong)")
        }
    }

    @Test(
        arguments: [
            "", " ", "hello", "{", "[1", "[1,]", "{,}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, "{a:1}", "01",
            "-",
            "1.", ".5", "1e", "+1", "nul", "truex", "[1] 2", "\"\u{1}\"", "\"abc", "'a'", "[1 2]", "NaN",
            "\u{feff}1",
        ])
    func `what is no JSON is refused`(_ wrong: String) {
        #expect(read(wrong) == nil)
        #expect(code(asked(wrong)) == -32700)
    }

    @Test func `bytes that are no UTF-8 are refused`() {
        #expect((try? JSONReader.read([0x22, 0xff, 0x22])) == nil)
    }

    @Test func `nesting has an end`() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(read(deep) == nil)
        #expect(code(asked(deep)) == -32700)
        let fits = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(read(fits) != nil)
    }

    @Test func `what is written reads the same, and a number loses no digit`() {
        for text in [
            #"{"a":[1,-2.5e3,true,false,null],"b":{"c":"d\n\"\\\u0001é😀"},"n":123456789012345678901234567890}"#
        ] {
            let value = read(text)
            #expect(value != nil)
            #expect(value.map { JsonrpcsTests.text($0) } == text)
            #expect(value.flatMap { read(JsonrpcsTests.text($0, pretty: true)) } == value)
        }
    }

    @Test func `for people it has lines and tabs`() {
        let value: JSON = .object([
            .init("result", .array([.text("a"), .object([.init("b", .int(2))])])), .init("id", .int(1)),
        ])
        #expect(
            text(value, pretty: true)
                == "{\n\t\"result\":\t[\"a\", {\n\t\t\t\"b\":\t2\n\t\t}],\n\t\"id\":\t1\n}")
        #expect(text(.object([]), pretty: true) == "{}")
    }
}

@Suite struct JsonrpcsTests {
    fileprivate static func text(_ json: JSON, pretty: Bool = false) -> String {
        String(decoding: json.written(pretty: pretty), as: UTF8.self)
    }

    @Test func `a request names a command, its parameters and an id (manual of jsonrpcs)`() {
        let one = question(#"{"jsonrpc":"2.0","method":"core.echo","params":["a",2,null,true,1.5],"id":"x"}"#)
        #expect(one?.method == "core.echo")
        #expect(one?.arguments == [.text("a"), .int(2), .nothing, .int(1), .text("1.5")])
        #expect(one?.id == .text("x"))
        #expect(one?.isNotification == false)
    }

    @Test func `of an object as params the values count, in their order (manual of jsonrpcs)`() {
        #expect(
            question(#"{"method":"m","params":{"b":"z","a":1},"id":2}"#)?.arguments == [.text("z"), .int(1)])
        #expect(question(#"{"method":"m","id":2}"#)?.arguments == [])
    }

    @Test func `a number that is too large for the server is passed on as text`() {
        #expect(
            question(#"{"method":"m","params":[9223372036854775807, 9223372036854775808]}"#)?.arguments
                == [.int(.max), .text("9223372036854775808")])
    }

    @Test func `without an id it is a notification (JSON-RPC 2.0, 4.1), but not for older clients`() {
        #expect(question(#"{"jsonrpc":"2.0","method":"m"}"#)?.isNotification == true)
        #expect(question(#"{"jsonrpc":"2.0","method":"m","id":null}"#)?.isNotification == false)
        #expect(question(#"{"method":"m"}"#)?.isNotification == false)
    }

    @Test(
        arguments: [
            "1", #""x""#, "null", #"{"id":1}"#, #"{"method":5,"id":3}"#, #"{"method":"","id":3}"#,
            #"{"method":"m","params":"x"}"#, #"{"method":"m","id":[1]}"#, #"{"method":"m","id":{}}"#, "[]",
        ])
    func `what is no request is told so (JSON-RPC 2.0, 5.1)`(_ wrong: String) {
        #expect(code(asked(wrong)) == -32600)
    }

    @Test func `a parameter that is no single value is told so`() {
        #expect(code(asked(#"{"method":"m","params":[[1]],"id":1}"#)) == -32602)
        #expect(code(asked(#"{"method":"m","params":[{"a":1}],"id":1}"#)) == -32602)
    }

    @Test func `a batch is its requests in order (JSON-RPC 2.0, 6), and has an end`() {
        guard case .batch(let all) = asked(#"[{"method":"a","id":1},5,{"method":"b","id":2}]"#) else {
            Issue.record("no batch")
            return
        }
        #expect(all.map { (try? $0.get())?.method } == ["a", nil, "b"])
        let many = "[" + Array(repeating: "1", count: 1025).joined(separator: ",") + "]"
        #expect(code(asked(many)) == -32600)
    }

    private func answer(_ method: String, _ fill: (inout Answering) -> Void) -> String {
        var answering = Answering(method, id: .int(1))
        fill(&answering)
        return Self.text(answering.finished())
    }

    @Test func `one value stands alone, several are a list (manual of jsonrpcs)`() {
        #expect(answer("m") { $0.put("", .text("a")) } == #"{"jsonrpc":"2.0","result":"a","id":1}"#)
        #expect(
            answer("m") {
                $0.put("", .text("a"))
                $0.put("", .int(2))
            } == #"{"jsonrpc":"2.0","result":["a",2],"id":1}"#)
        #expect(answer("m") { _ in } == #"{"jsonrpc":"2.0","result":{},"id":1}"#)
    }

    @Test func `a command that lists has a list, also of none and of one (measured)`() {
        #expect(
            answer("core.echo") { $0.put("", .text("a")) } == #"{"jsonrpc":"2.0","result":["a"],"id":1}"#)
        #expect(answer("tm.list") { _ in } == #"{"jsonrpc":"2.0","result":[],"id":1}"#)
    }

    @Test func `named structures in a list are objects of one member (measured: ul.dump)`() {
        let written = answer("ul.dump") {
            $0.open("", list: false)
            $0.open("Domains", list: true)
            $0.open("Domain", list: false)
            $0.put("Domain", .text("location"))
            $0.open("AoRs", list: true)
            $0.close()
            $0.close()
            $0.close()
            $0.close()
        }
        #expect(
            written
                == #"{"jsonrpc":"2.0","result":{"Domains":[{"Domain":{"Domain":"location","AoRs":[]}}]},"id":1}"#
        )
    }

    @Test func `a member that is repeated is one list`() {
        let written = answer("m") {
            $0.open("", list: false)
            $0.put("a", .int(1))
            $0.put("b", .int(2))
            $0.put("a", .int(3))
            $0.close()
        }
        #expect(written == #"{"jsonrpc":"2.0","result":{"a":[1,3],"b":2},"id":1}"#)
    }

    @Test func `a fault has its code and text`() {
        #expect(
            Self.text(Answering.fault(code: 500, message: "Method Not Found", id: .text("x")))
                == #"{"jsonrpc":"2.0","error":{"code":500,"message":"Method Not Found"},"id":"x"}"#)
    }
}

@Suite struct HTTPAnswerTests {
    private func line(_ json: JSON?) -> String {
        let answer = HTTPAnswer(json, pretty: false)
        return "\(answer.status) \(answer.reason)"
    }

    @Test func `a result is 200 with the answer as it is, and nothing is 204 (RFC 9110, 15)`() {
        let one = Answering("core.version", id: .number("1")).finished()
        #expect(HTTPAnswer(one, pretty: false).body == one.written(pretty: false))
        #expect(line(one) == "200 OK" && line(.array([one])) == "200 OK")
        #expect(line(nil) == "204 No Content" && HTTPAnswer(nil, pretty: true).body == [])
    }

    @Test(
        arguments: [
            (500, "No such htable", "500 No such htable"), (404, "Unknown", "404 Unknown"),
            (-32700, "Parse error: x", "400 Bad Request"), (-32602, "Invalid params", "400 Bad Request"),
            // What is no status of an HTTP error is 500.
            (200, "Odd", "500 Odd"), (-1, "Odd", "500 Odd"), (600, "Odd", "500 Odd"),
        ])
    func `a fault has its code as status, where it is one (Kamailio does so)`(
        _ code: Int, _ text: String, _ wanted: String
    ) {
        #expect(line(Answering.fault(code: code, message: text, id: nil)) == wanted)
    }

    @Test(arguments: ["", "a\r\nX: y", "\u{7f}"])
    func `no text of a fault becomes a line of its own`(_ text: String) {
        #expect(line(Answering.fault(code: 500, message: text, id: nil)) == "500 Error")
    }
}

@Suite struct FramesTests {
    private func frames(_ text: String) -> [Frames.Frame] {
        var frames = Frames()
        return frames.take(Array(text.utf8))
    }
    private func whole(_ text: String) -> Frames.Frame { .whole(Array(text.utf8)) }

    @Test func `requests follow each other, with any number of lines (manual of jsonrpcs)`() {
        #expect(frames("{\"a\":\n1}\n[{}]{}\n") == [whole("{\"a\":\n1}"), whole("[{}]"), whole("{}")])
    }

    @Test func `brackets in texts count for nothing`() {
        #expect(frames(#"{"a":"}\"{["}{}"#) == [whole(#"{"a":"}\"{["}"#), whole("{}")])
    }

    @Test func `it comes in pieces`() {
        var frames = Frames()
        var all: [Frames.Frame] = []
        for byte in #"{"a":[1]}{"#.utf8 { all += frames.take([byte]) }
        #expect(all == [whole(#"{"a":[1]}"#)])
        #expect(frames.isWaiting)
        #expect(frames.drop() == Array("{".utf8))
        #expect(!frames.isWaiting)
    }

    @Test func `what begins with no bracket goes up to the end of its line`() {
        #expect(frames("hello\n{}") == [.noise(Array("hello".utf8)), whole("{}")])
    }

    @Test func `what has no end is told once`() {
        var frames = Frames()
        #expect(frames.take([UInt8(ascii: "{")]) == [])
        let all = frames.take(repeatElement(UInt8(ascii: "x"), count: 3 * Frames.longest))
        #expect(all.count == 1)
        _ = frames.drop()
        #expect(frames.take(Array("{}".utf8)) == [whole("{}")])
    }

    @Test func `the name for the reply is found in what cannot be read`() {
        #expect(Frames.replyName(in: Array(#"{"method": , "reply_name" : "r1" }"#.utf8)) == "r1")
        #expect(Frames.replyName(in: Array(#"{"method": "x"#.utf8)) == nil)
        #expect(Frames.replyName(in: Array(#"{"reply_name":"#.utf8)) == nil)
        #expect(Frames.replyName(in: Array(#"{"reply_name":"abc"#.utf8)) == nil)
    }
}

@Suite struct DatagramAddressTests {
    @Test func `a path, below the run folder, or UDP (manual of jsonrpcs)`() {
        func parse(_ text: String) -> DatagramAddress? { .parse(text, runFolder: "/run/x") }
        #expect(parse("a.sock") == .path("/run/x/a.sock"))
        #expect(parse("/tmp/a.sock") == .path("/tmp/a.sock"))
        #expect(parse("udp:127.0.0.1:8090") == .internet(host: "127.0.0.1", port: 8090))
        #expect(parse("udp:[::1]:8090") == .internet(host: "::1", port: 8090))
        for wrong in ["", "udp:127.0.0.1", "udp:127.0.0.1:x", "udp:::1:5", "udp::5", "udp:a:0"] {
            #expect(parse(wrong) == nil, "\(wrong)")
        }
    }
}

@Suite struct TurnsTests {
    @Test func `who is ready first waits for those before him on his connection (RFC 9112, 9.3.2)`() {
        var turns = Turns<String>()
        let numbers = (0..<3).map { _ in turns.take(on: 7) }
        let other = turns.take(on: 8)
        #expect(turns.ready(numbers[1], on: 7, "second") == [])
        #expect(turns.ready(other, on: 8, "elsewhere") == ["elsewhere"])
        #expect(turns.ready(numbers[0], on: 7, "first") == ["first", "second"])
        #expect(turns.ready(numbers[2], on: 7, "third") == ["third"])
        #expect(turns.isEmpty)
    }

    @Test func `who gives up lets the others pass`() {
        var turns = Turns<String>()
        let numbers = (0..<3).map { _ in turns.take(on: 7) }
        #expect(turns.ready(numbers[2], on: 7, "third") == [])
        #expect(turns.ready(numbers[1], on: 7, nil) == [])
        #expect(turns.ready(numbers[0], on: 7, nil) == ["third"])
        // What comes too late finds nobody.
        #expect(turns.ready(numbers[0], on: 7, "first") == [])
        #expect(turns.isEmpty)
    }
}
