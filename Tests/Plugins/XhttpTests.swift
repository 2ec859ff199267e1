// SPDX-License-Identifier: Apache-2.0
import Testing
import XhttpLogic

@Suite struct HTTPReplyTests {
    @Test func `an answer has its lines, a length and its body (RFC 9112, 4)`() {
        var reply = HTTPReply(200, "OK")
        reply.type = "text/plain"
        reply.lines = "X: 1\r\n"
        reply.server = "martlet 1"
        #expect(
            String(decoding: reply.bytes(Array("hé".utf8)), as: UTF8.self)
                == "HTTP/1.1 200 OK\r\nServer: martlet 1\r\nX: 1\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nhé"
        )
        reply.hasBody = false
        reply.closes = true
        #expect(
            String(decoding: reply.bytes(Array("hé".utf8)), as: UTF8.self).hasSuffix(
                "Content-Length: 3\r\nConnection: close\r\n\r\n"), "to a HEAD")
    }

    @Test func `204 has no length (RFC 9110, 8.6)`() {
        #expect(
            String(decoding: HTTPReply(204, "No Content").bytes([]), as: UTF8.self)
                == "HTTP/1.1 204 No Content\r\n\r\n")
    }

    @Test(arguments: [
        ("HTTP/1.1", "", false), ("HTTP/1.1", "close", true), ("HTTP/1.1", "Upgrade, CLOSE", true),
        ("HTTP/1.1", "closed", false), ("HTTP/1.0", "", true), ("HTTP/1.0", "Keep-Alive", false),
    ])
    func `who goes on (RFC 9112, 9.3)`(version: String, connection: String, closes: Bool) {
        #expect(HTTPReply.closes(version: version, connection: connection) == closes)
    }

    @Test func `nobody adds lines by a reason`() {
        #expect(HTTPReply.isLine("Not Found") && !HTTPReply.isLine("a\r\nb") && !HTTPReply.isLine("a\u{0}"))
    }
}
