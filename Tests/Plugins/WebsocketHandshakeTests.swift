// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing
import WebsocketLogic

/// The example of RFC 7118, 4.1, with a line replaced, added or left out.
private func request(
    _ line: String = "GET / HTTP/1.1", without left: String? = nil, _ changes: String...
) -> String {
    var lines = [
        "Host: sip-ws.example.com", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Origin: http://www.example.com",
        "Sec-WebSocket-Protocol: sip", "Sec-WebSocket-Version: 13",
    ]
    for gone in changes.map({ $0.split(separator: ":")[0] }) + (left.map { [$0[...]] } ?? []) {
        lines.removeAll { $0.hasPrefix("\(gone):") }
    }
    return ([line] + lines + changes).map { $0 + "\r\n" }.joined() + "\r\n"
}

private func answer(_ text: String, _ settings: Handshake.Settings = .init()) -> String {
    do {
        return String(
            decoding: try Handshake.answer(HTTPRequest(head: text.utf8), settings), as: UTF8.self)
    } catch let refusal as Handshake.Refusal {
        return String(decoding: Handshake.answer(refusal, settings), as: UTF8.self)
    } catch let problem as HTTPRequest.Problem {
        return String(decoding: Handshake.answer(.malformed(problem), settings), as: UTF8.self)
    } catch {
        return "\(error)"
    }
}

private func status(_ text: String, _ settings: Handshake.Settings = .init()) -> Int? {
    Int(answer(text, settings).dropFirst(9).prefix(3))
}

@Suite struct WebSocketHandshakeTests {
    private static let refused: [(String, Int)] = [
        (request("POST / HTTP/1.1"), 405),
        (request("GET / HTTP/1.0"), 505),
        (request("GET / HTTP/2.0"), 505),
        (request("GET /"), 400),
        (request("GET  / HTTP/1.1"), 400),
        (request("G T / HTTP/1.1"), 400),
        (request(without: "Host"), 400),
        (request("GET / HTTP/1.1", "Host: a", "Host: b"), 400),
        (request(without: "Upgrade"), 426),
        (request("GET / HTTP/1.1", "Upgrade: h2c"), 426),
        (request(without: "Connection"), 400),
        (request("GET / HTTP/1.1", "Connection: close"), 400),
        (request(without: "Sec-WebSocket-Key"), 400),
        (request("GET / HTTP/1.1", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ"), 400),
        (request("GET / HTTP/1.1", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j"), 400),
        (request("GET / HTTP/1.1", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j?Q=="), 400),
        (request("GET / HTTP/1.1", "Sec-WebSocket-Version: 8"), 426),
        (request(without: "Sec-WebSocket-Version"), 400),
        (request(without: "Sec-WebSocket-Protocol"), 400),
        (request("GET / HTTP/1.1", "Sec-WebSocket-Protocol: xmpp, siphon"), 400),
        (request("GET / HTTP/1.1", "Content-Length: 5"), 400),
        (request("GET / HTTP/1.1", "Transfer-Encoding: chunked"), 400),
        (request("GET / HTTP/1.1", "Bad Name: x"), 400),
        (request("GET / HTTP/1.1", "X: a\u{1}b"), 400),
        (request("GET / HTTP/1.1", "X: a", " folded"), 400),
        ("", 400),
        ("\r\n\r\n", 400),
    ]

    @Test func `the example is accepted, with the answer to its key (RFC 6455, 1.3; RFC 7118, 4.1)`() {
        #expect(
            answer(request()) == """
                HTTP/1.1 101 Switching Protocols\r
                Upgrade: websocket\r
                Connection: Upgrade\r
                Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r
                Sec-WebSocket-Protocol: sip\r
                \r

                """)
    }

    @Test(arguments: [
        "upgrade: h2c, WebSocket", "Connection: keep-alive, UPGRADE",
        "Sec-WebSocket-Protocol: xmpp , SIP, msrp",
        "HOST: other", "Content-Length: 0", "sec-websocket-version:\t13 ",
    ])
    func `case, lists and blanks are those of HTTP`(line: String) {
        #expect(status(request(without: line.split(separator: ":")[0].capitalizedHeader, line)) == 101)
    }

    @Test func `a browser gets the protocol as it wrote it`() {
        #expect(
            answer(request("GET / HTTP/1.1", "Sec-WebSocket-Protocol: SIP")).contains("Protocol: SIP\r\n"))
    }

    @Test func `lists may be spread over several lines (RFC 9110, 5.3)`() {
        let text = request(
            "GET / HTTP/1.1", "Connection: keep-alive", "Connection: Upgrade", "Sec-WebSocket-Protocol: xmpp",
            "Sec-WebSocket-Protocol: sip")
        #expect(status(text) == 101)
    }

    @Test(arguments: WebSocketHandshakeTests.refused)
    func `what is missing or wrong is refused (RFC 6455, 4.2.1)`(text: String, expected: Int) {
        #expect(status(text) == expected)
    }

    @Test func `a refusal says what would do, and ends the connection (RFC 6455, 4.4)`() {
        let text = answer(request("GET / HTTP/1.1", "Sec-WebSocket-Version: 25"))
        #expect(
            text.hasPrefix(
                "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"))
        #expect(text.contains("\r\nConnection: close\r\n"))
        let body = text.components(separatedBy: "\r\n\r\n")[1]
        #expect(text.contains("Content-Length: \(body.utf8.count)\r\n"))
        #expect(
            answer(request(without: "Sec-WebSocket-Protocol")).contains("Sec-WebSocket-Protocol: sip\r\n"))
    }

    @Test func `switched off, it answers 503`() {
        var settings = Handshake.Settings()
        settings.isEnabled = false
        #expect(status(request(), settings) == 503)
    }

    @Test func `cors_mode 1 allows any origin, 2 the one that asks, if any (manual, 4.7)`() {
        var settings = Handshake.Settings()
        settings.cors = .any
        #expect(answer(request(), settings).contains("\r\nAccess-Control-Allow-Origin: *\r\n"))
        settings.cors = .origin
        #expect(
            answer(request(), settings).contains(
                "\r\nAccess-Control-Allow-Origin: http://www.example.com\r\nVary: Origin\r\n"))
        #expect(!answer(request(without: "Origin"), settings).contains("Access-Control"))
        #expect(!answer(request()).contains("Access-Control"))
    }

    @Test func `Server and lines of the script's go along`() {
        var settings = Handshake.Settings()
        settings.server = "martlet 1.0"
        settings.lines = "Set-Cookie: a=b\r\n"
        #expect(answer(request(), settings).hasSuffix("Server: martlet 1.0\r\nSet-Cookie: a=b\r\n\r\n"))
    }

    @Test func `more header lines than any browser sends are too many`() throws {
        let many = (0...HTTPRequest.mostFields).map { "X-\($0): 1\r\n" }.joined()
        #expect(throws: HTTPRequest.Problem.tooManyFields) {
            try HTTPRequest(head: ("GET / HTTP/1.1\r\n" + many + "\r\n").utf8)
        }
    }

    @Test func `cookies are there by their name (RFC 6265, 4.2)`() throws {
        let text = request("GET / HTTP/1.1", "Cookie: id=7; token=\"a b\"; x = y", "Cookie: z=")
        let read = try HTTPRequest(head: text.utf8)
        #expect(read.cookie("id") == "7" && read.cookie("token") == "a b" && read.cookie("x") == "y")
        #expect(read.cookie("z")?.isEmpty == true && read.cookie("none") == nil)
    }

    @Test func `the head's end is found however it is cut`() {
        let text = Array(("\r\n" + request()).utf8) + [0x81, 0x80]
        for cut in 0..<text.count {
            var finder = HeadFinder()
            let first = text[..<cut].withUnsafeBytes { finder.end(in: $0) }
            let second = text[cut...].withUnsafeBytes { finder.end(in: $0) }
            #expect(first ?? second.map { $0 + cut } == text.count - 2)
        }
        var bare = HeadFinder()
        let end = Array("GET / HTTP/1.1\n\nx".utf8).withUnsafeBytes { bare.end(in: $0) }
        #expect(end == 16)
    }
}

extension Substring {
    /// As the example writes it.
    fileprivate var capitalizedHeader: String {
        switch lowercased() {
        case "upgrade": "Upgrade"
        case "host": "Host"
        case "sec-websocket-version": "Sec-WebSocket-Version"
        default: String(self)
        }
    }
}
