// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// SIP over TCP: where messages begin and end, and what a connection may do to others.
@Suite struct ConnectionTests {
    static let echo = """
        loadmodule "sl.so"
        loadmodule "textops.so"
        tcp_rd_buf_size=131072
        request_route {
            if (uri!=myself) { forward(); exit; }
            if (has_body()) set_reply_body("$rb", "application/octet-stream");
            sl_send_reply("200", "OK");
        }
        """

    private func options(_ stream: Connection, _ server: Server, body: Int = 0) -> Request {
        Request("OPTIONS", "sip:\(server.tcp.text);transport=tcp", from: stream).with {
            $0.body = (0..<body).map { UInt8(truncatingIfNeeded: 32 + $0 % 90) }
        }
    }

    @Test func `a message may come byte by byte`() throws {
        let server = try Server(Self.echo)
        let stream = try Connection(to: server.tcp)
        let request = options(stream, server, body: 20)
        for byte in request.bytes { stream.send([byte]) }
        let reply = try stream.receive()
        #expect(reply.status == 200 && reply["Call-ID"] == request.callID && reply.body == request.body)
    }

    @Test func `many messages may come at once, and the last may be half a one`() throws {
        let server = try Server(Self.echo)
        let stream = try Connection(to: server.tcp)
        let all = (0..<50).map { options(stream, server, body: $0 * 7) }
        let bytes = all.flatMap(\.bytes)
        stream.send(Array(bytes.dropLast(30)))
        for request in all.dropLast() {
            let reply = try stream.receive()
            #expect(reply.status == 200 && reply["Call-ID"] == request.callID && reply.body == request.body)
        }
        stream.send(Array(bytes.suffix(30)))
        #expect(try stream.receive()["Call-ID"] == all.last?.callID)
    }

    @Test func `a ping is answered with a pong, also between messages`() throws {
        let server = try Server(Self.echo)
        let stream = try Connection(to: server.tcp)
        stream.send("\r\n\r\n")
        #expect(try stream.receive(bytes: 2) == Array("\r\n".utf8))
        #expect(try stream.ask(options(stream, server)).status == 200)
        stream.send("\r\n")
        stream.send("\r\n")
        #expect(try stream.receive(bytes: 2) == Array("\r\n".utf8))
        // One CRLF alone, before a message, is nothing.
        stream.send("\r\n")
        #expect(try stream.ask(options(stream, server)).status == 200)
    }

    @Test func `a body of 64 kB passes through, byte by byte the same`() throws {
        let server = try Server(Self.echo)
        let listener = try Listener()
        let alice = try Connection(to: server.tcp)
        let request = Request("MESSAGE", "sip:bob@\(listener.text);transport=tcp", from: alice).with {
            $0.body = (0..<65_536).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        }
        alice.send(request)
        let bob = try listener.accept()
        let got = try bob.receive()
        #expect(got.body == request.body)
        bob.send(Request.reply(202, "Accepted", to: got))
        #expect(try alice.receive().status == 202)
    }

    @Test func `what is larger than allowed is refused, and the connection closed`() throws {
        let server = try Server(Self.echo)
        let stream = try Connection(to: server.tcp)
        let request = options(stream, server, body: 140_000)
        stream.send(Array(request.bytes.prefix(1000)))
        let replies = stream.receiveAll()
        #expect(replies.map(\.status) == [413] || replies.map(\.status) == [513] || replies.isEmpty)
        #expect(try Connection(to: server.tcp).ask(options(stream, server)).status == 200)
    }

    @Test(arguments: [
        ("Content-Length: -5", 400), ("Content-Length: 99999999999999999999", 400), ("X: y", 400),
    ])
    func `where a message ends cannot be told, so the connection is closed`(line: String, status: Int) throws
    {
        let server = try Server(Self.echo)
        let stream = try Connection(to: server.tcp)
        let text = String(decoding: options(stream, server).bytes, as: UTF8.self)
            .replacingOccurrences(of: "Content-Length: 0", with: line)
        stream.send(text)
        #expect(stream.receiveAll().map(\.status) == [status])
    }

    @Test(arguments: ["force_tcp_alias();", "force_tcp_alias(PORT);", "", "tcp_accept_aliases"])
    func `a connection is used again for the port that its peer listens on (RFC 5923, 9)`(means: String)
        throws
    {
        let bob = try Listener()
        let server = try Server(
            """
            loadmodule "sl.so"
            loadmodule "ctl.so"
            \(means == "tcp_accept_aliases" ? "tcp_accept_aliases=yes" : "")
            request_route {
                if (uri!=myself) { forward(); exit; }
                \(means.hasPrefix("force") ? means.replacingOccurrences(of: "PORT", with: "\(bob.port)") : "")
                sl_send_reply("200", "OK");
            }
            """)
        let called = try Connection(to: server.tcp)
        let hello = options(called, server).with {
            $0.via = ["SIP/2.0/TCP \(bob.text);alias;branch=z9hG4bK\(UUID().uuidString)"]
        }
        #expect(try called.ask(hello).status == 200)
        let alice = try Client()
        let message = Request("MESSAGE", "sip:bob@\(bob.text);transport=tcp", from: alice)
        alice.send(message, to: server.udp)
        let way = means.isEmpty ? try bob.accept() : called
        #expect(try way.receive()["Call-ID"] == message.callID)
        #expect(try server.statistic("tcp.connect_success") == (means.isEmpty ? 1 : 0))
        // It is gone with its connection.
        called.finishSending()
        #expect(called.isClosed())
        alice.send(message.with { $0.callID = "later" }, to: server.udp)
        #expect(try (means.isEmpty ? way : try bob.accept()).receive()["Call-ID"] == "later")
    }

    @Test func `who does not read is waited for, and nobody else has to`() throws {
        let server = try Server(Self.echo + "\ntcp_conn_wq_max=20000000")
        let slow = try Connection(to: server.tcp, window: 4096)
        let requests = (0..<120).map { _ in options(slow, server, body: 60_000) }
        for request in requests { #expect(slow.send(request)) }
        // Everything has been read by the only worker, and cannot have been written: 7 MB are more than the
        // kernel takes. Others are served nevertheless.
        let other = try Client()
        let stream = try Connection(to: server.tcp)
        for _ in 0..<20 {
            let request = Request("OPTIONS", "sip:\(server.udp.text)", from: other)
            #expect(try other.ask(request, server.udp).status == 200)
            #expect(try stream.ask(options(stream, server)).status == 200)
        }
        for request in requests {
            let reply = try slow.receive()
            #expect(reply["Call-ID"] == request.callID && reply.body == request.body)
        }
    }

    @Test func `who never reads is cut off, and counted`() throws {
        let server = try Server(Self.echo + "\nloadmodule \"ctl.so\"\ntcp_conn_wq_max=65536")
        let slow = try Connection(to: server.tcp, window: 4096)
        var sent = 0
        while sent < 2000, slow.send(options(slow, server, body: 60_000)) { sent += 1 }
        #expect(sent < 2000)
        let stream = try Connection(to: server.tcp)
        #expect(try stream.ask(options(stream, server)).status == 200)
        #expect(try server.statistic("tcp.sendq_full") == 1)
    }

    @Test func `a connection that is idle for too long is closed`() throws {
        let server = try Server(Self.echo + "\ntcp_connection_lifetime=1")
        let stream = try Connection(to: server.tcp)
        #expect(try stream.ask(options(stream, server)).status == 200)
        #expect(stream.isClosed())
    }

    @Test func `there are no more connections than allowed`() throws {
        let server = try Server(Self.echo + "\ntcp_max_connections=3")
        let streams = try (0..<3).map { _ in try Connection(to: server.tcp) }
        for stream in streams { #expect(try stream.ask(options(stream, server)).status == 200) }
        #expect(try Connection(to: server.tcp).isClosed())
        for stream in streams { #expect(try stream.ask(options(stream, server)).status == 200) }
    }

    @Test func `a reply comes back on the connection of its request, whatever the Via says`() throws {
        let server = try Server(Self.echo)
        let bob = try Client()
        let alice = try Connection(to: server.tcp)
        let request = Request("MESSAGE", "sip:bob@\(bob.text)", from: alice).with {
            $0.via = ["SIP/2.0/TCP 192.0.2.77:5060;branch=z9hG4bK5"]
        }
        alice.send(request)
        let got = try bob.receive()
        #expect(got.all("Via")[1].contains(";received=127.0.0.1"))
        bob.send(Request.reply(200, "OK", to: got), to: server.udp)
        #expect(try alice.receive().status == 200)
    }

    @Test func `when the caller has gone, the reply goes nowhere and nothing else happens`() throws {
        let server = try Server(Self.echo)
        let bob = try Client()
        var got: Packet
        do {
            let alice = try Connection(to: server.tcp)
            // A sender that cannot be connected to either: nobody listens on the port that it had.
            alice.send(Request("MESSAGE", "sip:bob@\(bob.text)", from: alice))
            got = try bob.receive()
        }
        bob.send(Request.reply(200, "OK", to: got), to: server.udp)
        #expect(try bob.ping(server.udp).status == 200)
    }
}
