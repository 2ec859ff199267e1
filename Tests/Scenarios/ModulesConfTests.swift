// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// The configuration that comes with the server, run as its first users run it.
@Suite struct ModulesConfTests {
    static let file = Repository.path("modules.conf")

    /// With its database in a folder of its own.
    static func server(
        _ listen: String..., workers: Int = 2, in folder: Scratch? = nil, arguments: [String] = []
    ) throws -> Server {
        let folder = try folder ?? Scratch()
        return try Server(
            file: file, listen: listen.isEmpty ? ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"] : listen,
            ["-n", "\(workers)", "-A", "DBURL=\"sqlite://\(folder.file("martlet.db"))\""] + arguments,
            in: folder)
    }

    @Test func `it is in order`() throws {
        let output = try martlet("check", Self.file)
        #expect(output.status == 0)
        #expect(!output.err.contains("error:") && !output.err.contains("warning:"), "\(output.err)")
    }

    @Test func `a healthy start has nothing to complain of, and every plugin is in it`() throws {
        let server = try Self.server()
        let plugins = try #require(try server.json("plugin.list") as? [[String: Any]])
        #expect(
            plugins.compactMap { $0["name"] as? String } == [
                "kex", "corex", "pv", "xlog", "db_sqlite", "sl", "tm", "tls", "websocket", "stun", "outbound",
                "rr", "path", "maxfwd", "usrloc", "registrar", "textops", "siputils", "sanity", "nathelper",
                "avpops", "htable", "dialog", "sst", "sca", "cfg_rpc", "jsonrpcs", "ctl",
            ])
        #expect(server.stop() == 0)
        #expect(server.complaints == [], "\(server.log)")
    }

    @Test func `it listens on loopback alone`() throws {
        let text = try String(contentsOfFile: Self.file, encoding: .utf8)
        let listens = text.split(separator: "\n").filter { $0.hasPrefix("listen") }
        #expect(
            listens.map { $0.prefix { $0 != " " } } == [
                "listen=udp:127.0.0.1:5060", "listen=tcp:127.0.0.1:5060", "listen=tls:127.0.0.1:5061",
                "listen=ws:127.0.0.1:8088", "listen=wss:127.0.0.1:8089",
            ])
    }

    @Test func `it answers OPTIONS to itself over UDP, TCP and IPv6`() throws {
        let server = try Self.server("udp:127.0.0.1:0", "tcp:127.0.0.1:0", "udp:[::1]:0", "tcp:[::1]:0")
        for socket in server.sockets {
            let reply = try ask(socket)
            #expect(reply.status == 200, "\(socket.transport) \(socket.text): \(reply)")
            #expect(reply["To"]?.contains(";tag=") == true)
        }
        #expect(server.sockets.count == 4)
    }

    private func ask(_ socket: Server.Socket) throws -> Packet {
        if socket.transport == "udp" { return try Client(socket.host).ping(socket) }
        let stream = try Connection(to: socket)
        return try stream.ask(Request("OPTIONS", "sip:\(socket.text)", from: stream))
    }

    @Test func `over TLS it shows a certificate that it has made itself, and warns of it`() throws {
        let server = try Self.server("udp:127.0.0.1:0", "tls:127.0.0.1:0")
        let client = try OpenSSLClient(to: server.first("tls"))
        let reply = try client.stream.ask(
            Request("OPTIONS", "sip:\(server.first("tls").text);transport=tls", from: client.stream))
        #expect(reply.status == 200)
        #expect(server.log.contains("tls-selfsigned.pem"))
    }

    @Test func `a browser registers over WebSocket, and is called from a telephone on UDP`() throws {
        let server = try Self.server("udp:127.0.0.1:0", "ws:127.0.0.1:0")
        let browser = try WebSocket(to: server.first("ws"))
        let register = browser.request("REGISTER", "sip:\(server.udp.text)") {
            $0.to = "<sip:bob@\(server.udp.text)>"
            $0.lines = ["Contact: <sip:bob@\(browser.name);transport=ws>", "Expires: 600"]
        }
        #expect(try browser.ask(register).status == 200)
        let caller = try Client()
        let invite = Request("INVITE", "sip:bob@\(server.udp.text)", from: caller).with {
            $0.lines = ["Contact: <sip:alice@\(caller.text)>"]
        }
        caller.send(invite, to: server.udp)
        let there = try browser.message()
        #expect(there.method == "INVITE" && there.uri == "sip:bob@\(browser.name);transport=ws")
        browser.send(Request.reply(486, "Busy Here", to: there))
        #expect(try browser.message().method == "ACK")
        var reply = try caller.receive()
        while reply.status < 200 { reply = try caller.receive() }
        #expect(reply.status == 486)
    }

    @Test func `telephones share a line: who subscribes hears of what another one seizes`() throws {
        let server = try Self.server()
        let phones = try (0..<2).map { _ in try DeskPhone(server, aor: "sip:desk@\(server.udp.text)") }
        for phone in phones {
            #expect(try phone.subscribe().status / 100 == 2)
            try phone.hears("idle")
        }
        #expect(try phones[0].subscribe("line-seize", index: "1", expires: 15).status == 200)
        for phone in phones { try phone.hears("1 seized") }
    }

    @Test func `it refuses what runs in a circle`() throws {
        let server = try Self.server()
        let client = try Client()
        let reply = try client.ask(
            Request("INVITE", "sip:bob@192.0.2.9", from: client).with { $0.maxForwards = "0" }, server.udp)
        #expect(reply.startLine == "SIP/2.0 483 Too Many Hops")
    }

    @Test(arguments: [
        ("Proxy-Require: foo, bar", "420 Bad Proxy Require Extension"),
        ("Expires: never", "400 Expires value is illegal"),
        (
            #"Proxy-Authorization: Digest username="", realm="r", nonce="n", uri="sip:x", response="1""#,
            "400 Auth Empty User"
        ),
    ])
    func `it refuses what is malformed, and says why`(line: String, answer: String) throws {
        let server = try Self.server()
        let client = try Client()
        let reply = try client.ask(
            Request("INVITE", "sip:bob@192.0.2.9", from: client).with { $0.lines = [line] }, server.udp)
        #expect(reply.startLine == "SIP/2.0 \(answer)", "\(reply)")
        if answer.hasPrefix("420") { #expect(reply["Unsupported"] == "foo, bar") }
    }

    @Test func `whoever registers is found, also by the next server`() throws {
        let folder = try Scratch()
        let alice = try Client()
        let bob = try Client()
        do {
            let server = try Self.server(in: folder)
            let register = Request("REGISTER", "sip:\(server.udp.text)", from: bob).with {
                $0.to = "<sip:bob@\(server.udp.text)>"
                $0.lines = ["Contact: <sip:bob@\(bob.text)>"]
            }
            #expect(try bob.ask(register, server.udp).startLine == "SIP/2.0 200 OK")
            server.kill()
        }
        let server = try Self.server(in: folder)
        alice.send(Request("MESSAGE", "sip:bob@\(server.udp.text)", from: alice), to: server.udp)
        let message = try bob.receive()
        #expect(message.startLine == "MESSAGE sip:bob@\(bob.text) SIP/2.0")
        bob.send(Request.reply(200, "OK", to: message), to: server.udp)
        #expect(try alice.receive().status == 200)
    }

    @Test func `it passes on the rest, and answers for users that it does not have`() throws {
        let server = try Self.server()
        let alice = try Client()
        let bob = try Client()
        alice.send(Request("MESSAGE", "sip:bob@\(bob.text)", from: alice), to: server.udp)
        let message = try bob.receive()
        #expect(message.startLine == "MESSAGE sip:bob@\(bob.text) SIP/2.0")
        bob.send(Request.reply(200, "OK", to: message), to: server.udp)
        #expect(try alice.receive().status == 200)
        let reply = try alice.ask(Request("MESSAGE", "sip:bob@\(server.udp.text)", from: alice), server.udp)
        #expect(reply.startLine == "SIP/2.0 404 Not here")
    }

    @Test func `it stays on the path of a dialog`() throws {
        let server = try Self.server()
        let alice = try Client()
        let bob = try Client()
        alice.send(Request("INVITE", "sip:bob@\(bob.text)", from: alice), to: server.udp)
        let invite = try bob.receive()
        let route = try #require(invite["Record-Route"])
        #expect(route.hasPrefix("<sip:\(server.udp.text);lr"), "\(route)")
        bob.send(Request.reply(200, "OK", to: invite, "Contact: <sip:bob@\(bob.text)>"), to: server.udp)
        #expect(try alice.receive().status == 100)
        let answer = try alice.receive()
        #expect(answer.status == 200 && answer.all("Record-Route") == [route])

        let ack = Request("ACK", "sip:bob@\(bob.text)", from: alice).with {
            $0.to = answer["To"] ?? ""
            $0.lines = ["Route: \(route)"]
        }
        alice.send(ack, to: server.udp)
        let got = try bob.receive()
        #expect(got.startLine == "ACK sip:bob@\(bob.text) SIP/2.0")
        #expect(got.all("Route") == [])

        // And the other way round.
        let bye = Request("BYE", "sip:alice@\(alice.text)", from: bob).with {
            $0.from = answer["To"] ?? ""
            $0.to = answer["From"] ?? ""
            $0.lines = ["Route: \(route)"]
        }
        bob.send(bye, to: server.udp)
        #expect(try alice.receive().startLine == "BYE sip:alice@\(alice.text) SIP/2.0")
    }

    @Test func `it does not believe Route headers of requests that begin a dialog`() throws {
        let server = try Self.server()
        let alice = try Client()
        let bob = try Client()
        let mallory = try Client()
        let request = Request("INVITE", "sip:bob@\(bob.text)", from: alice).with {
            $0.lines = ["Route: <sip:\(server.udp.text);lr>, <sip:\(mallory.text);lr>"]
        }
        alice.send(request, to: server.udp)
        #expect(try bob.receive().all("Route") == [])
        #expect(mallory.pending() == nil)
    }

    @Test func `scanners get no answer any more`() throws {
        // With one, what comes later is done later.
        let server = try Self.server(workers: 1)
        let scanner = try Client("127.0.0.2")
        let client = try Client()
        let probe = Request("OPTIONS", "sip:\(server.udp.text)", from: scanner)
        scanner.send(probe.with { $0.lines = ["User-Agent: friendly-scanner"] }, to: server.udp)
        scanner.send(probe, to: server.udp)
        #expect(try client.ping(server.udp).status == 200)
        #expect(scanner.pending() == nil)
    }
}
