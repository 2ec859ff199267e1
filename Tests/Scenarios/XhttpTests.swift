// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// HTTP requests among SIP's on streams.
@Suite struct XhttpTests {
    private static func configuration(_ route: String, _ parameters: String = "") -> String {
        """
        loadmodule "sl.so"
        loadmodule "pv.so"
        loadmodule "xlog.so"
        loadmodule "textops.so"
        loadmodule "siputils.so"
        loadmodule "ctl.so"
        loadmodule "xhttp.so"
        \(parameters)
        request_route { sl_send_reply("200", "OK"); }
        \(route)
        """
    }
    private static let echo = """
        event_route[xhttp:request] {
            append_to_reply("X-Method: $rm\\r\\n");
            xhttp_reply("200", "OK", "text/plain", "$hu $hdr(X-Asked) $rb");
        }
        """

    @Test func `a request is answered by the script, and the connection goes on`() throws {
        let server = try Server(Self.configuration(Self.echo), "--strict")
        let stream = try Connection(to: server.tcp)
        stream.send("GET /a?b=1 HTTP/1.1\r\nHost: x\r\nX-Asked: yes\r\n\r\n")
        let answer = try stream.receive()
        #expect(answer.startLine == "HTTP/1.1 200 OK")
        #expect(answer["X-Method"] == "GET" && answer["Content-Type"] == "text/plain")
        #expect(String(decoding: answer.body, as: UTF8.self) == "/a?b=1 yes ")
        #expect(answer["Connection"] == nil)
        // Behind it SIP, and HTTP with a body, cut in the middle.
        #expect(try stream.ask(Request("OPTIONS", "sip:\(server.tcp.text)", from: stream)).status == 200)
        stream.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Le")
        stream.send("ngth: 5\r\n\r\nhel")
        stream.send("lo")
        #expect(try String(decoding: stream.receive().body, as: UTF8.self) == "/p <null> hello")
        #expect(try server.statistic("xhttp.requests") == 2)
    }

    @Test(arguments: [
        "GET / HTTP/1.0\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Close\r\n\r\n",
    ])
    func `the connection ends where HTTP says so (RFC 9112, 9.3)`(request: String) throws {
        let server = try Server(Self.configuration(Self.echo), "--strict")
        let stream = try Connection(to: server.tcp)
        stream.send(request)
        #expect(try stream.receive()["Connection"] == "close")
        #expect(stream.isClosed())
    }

    @Test func `set_reply_close() ends it too, and a HEAD gets no body`() throws {
        let route = """
            event_route[xhttp:request] { set_reply_close(); xhttp_reply("204", "No Content", "", ""); }
            """
        let server = try Server(Self.configuration(route), "--strict")
        let stream = try Connection(to: server.tcp)
        stream.send("GET / HTTP/1.1\r\n\r\n")
        #expect(try stream.receive(bytes: 27) == Array("HTTP/1.1 204 No Content\r\nSe".utf8))

        let other = try Server(Self.configuration(Self.echo), "--strict")
        let head = try Connection(to: other.tcp)
        head.send("HEAD /12 HTTP/1.0\r\n\r\n")
        let text = try String(decoding: head.receive(bytes: 17), as: UTF8.self)
        #expect(text == "HTTP/1.1 200 OK\r\n")
    }

    @Test func `url_match and url_skip choose what the script sees`() throws {
        let server = try Server(
            Self.configuration(
                Self.echo,
                """
                modparam("xhttp", "url_match", "^/sip")
                modparam("xhttp", "url_skip", "^/sip/private")
                """), "--strict")
        for (url, status) in [("/sip", "200"), ("/else", "404"), ("/sip/private/x", "404")] {
            let stream = try Connection(to: server.tcp)
            stream.send("GET \(url) HTTP/1.1\r\n\r\n")
            #expect(try stream.receive().startLine.contains(status), "\(url)")
        }
        #expect(try server.statistic("xhttp.refused") == 2)
    }

    @Test func `without an event route everything is 404, and without the plugin nothing is answered`() throws
    {
        let server = try Server(Self.configuration(""), "--strict")
        let stream = try Connection(to: server.tcp)
        stream.send("GET / HTTP/1.1\r\n\r\n")
        #expect(try stream.receive().startLine == "HTTP/1.1 404 Not Found")

        let bare = try Server(
            """
            loadmodule "sl.so"
            request_route { sl_send_reply("200", "OK"); }
            """)
        let other = try Connection(to: bare.tcp)
        other.send("GET / HTTP/1.1\r\n\r\n")
        #expect(try other.ask(Request("OPTIONS", "sip:\(bare.tcp.text)", from: other)).status == 200)
    }

    @Test func `a request that is too long is 413, and the connection ends`() throws {
        let server = try Server(Self.configuration(Self.echo), "--strict")
        let stream = try Connection(to: server.tcp)
        let long = String(repeating: "x", count: 60_000)
        stream.send("POST /p HTTP/1.1\r\nContent-Length: 60000\r\n\r\n\(long)")
        #expect(try stream.receive().body.count == 60_000 + 10)
        stream.send("POST /p HTTP/1.1\r\nContent-Length: 200000\r\n\r\n\(long)")
        let answer = try stream.receive()
        #expect(answer.startLine == "HTTP/1.1 413 Content Too Large" && answer["Connection"] == "close")
        #expect(stream.isClosed())
        #expect(try server.statistic("xhttp.refused") == 1)
    }

    @Test func `a reply cannot be made to have lines that nobody wrote`() throws {
        let route = """
            event_route[xhttp:request] {
                if (!xhttp_reply("200", "$(hu{s.unescape.param})", "", "")) xhttp_reply("400", "Bad", "", "");
            }
            """
        let server = try Server(Self.configuration(route), "--strict")
        let stream = try Connection(to: server.tcp)
        stream.send("GET /a%0d%0aX:1 HTTP/1.1\r\n\r\n")
        #expect(try stream.receive().startLine == "HTTP/1.1 400 Bad")
    }

    @Test func `SIP does not call it`() throws {
        let server = try Server(
            """
            loadmodule "sl.so"
            loadmodule "pv.so"
            loadmodule "xhttp.so"
            request_route {
                if ($hu == $null && !xhttp_reply("200", "OK", "", "")) sl_send_reply("480", "No");
            }
            """, "--strict")
        let client = try Client()
        #expect(try client.ping(server.udp).status == 480)
    }
}
