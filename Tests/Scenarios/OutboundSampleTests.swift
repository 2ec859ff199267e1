// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// The two servers of the outbound manual, from its own files: an edge proxy that keeps the flows to clients, and a
/// registrar behind it. Only addresses and paths are changed in them.
struct EdgeAndRegistrar {
    let registrar: Server
    private(set) var edge: Server
    private let edgeFile: String
    let folder: Scratch
    var registrarFifo: String { folder.file("registrar_fifo") }

    /// nil: the files are not there.
    ///
    /// - Parameters:
    ///   - secret: with one, tokens outlive a restart of the edge.
    ///   - hasTLS: the edge has a socket for it as well, and makes its own certificate.
    ///   - hasWeb: the edge listens for WebSockets as well.
    init?(
        secret: String? = nil, firstLine: String? = nil, hasTLS: Bool = false, hasWeb: Bool = false
    ) throws {
        guard let edgePath = Repository.shared("data/configs/edge-proxy.cfg"),
            let registrarPath = Repository.shared("data/configs/registrar.cfg")
        else {
            print("outbound: not there, nothing to run from ../shared/data/configs")
            return nil
        }
        folder = try Scratch()
        var text = try String(contentsOfFile: registrarPath, encoding: .utf8)
            .replacing("/tmp/kamailio_fifo", with: folder.file("registrar_fifo"))
        if let firstLine { text = text.replacing("#!KAMAILIO", with: firstLine, maxReplacements: 1) }
        registrar = try Server(file: folder.file("registrar.cfg", with: text), in: Scratch())
        text = try String(contentsOfFile: edgePath, encoding: .utf8)
            .replacing("192.168.122.3", with: "127.0.0.1")
            .replacing("/REGISTRAR_PORT/5060/", with: "/REGISTRAR_PORT/\(registrar.udp.port)/")
            .replacing("/tmp/kamailio_fifo", with: folder.file("edge_fifo"))
        if let secret {
            text = text.replacing(
                "# ----- rr params",
                with: "modparam(\"outbound\", \"flow_token_secret\", \"\(secret)\")\n# -----")
        }
        if hasTLS {
            text = text.replacing("loadmodule", with: "loadmodule \"tls.so\"\nloadmodule", maxReplacements: 1)
        }
        if hasWeb {
            text = text.replacing(
                "loadmodule \"stun.so\"", with: "loadmodule \"stun.so\"\nloadmodule \"websocket.so\"")
        }
        edgeFile = try folder.file("edge.cfg", with: text)
        edge = try Server(
            file: edgeFile,
            listen: ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"] + (hasTLS ? ["tls:127.0.0.1:0"] : [])
                + (hasWeb ? ["ws:127.0.0.1:0"] : []), in: Scratch())
    }

    /// Ends the edge without a word, and starts it again where it was.
    mutating func restartEdge() throws {
        let sockets = edge.sockets.map { "\($0.transport):\($0.text)" }
        edge.kill()
        edge = try Server(file: edgeFile, listen: sockets, in: Scratch())
    }
}

extension Request {
    /// Of a client that speaks outbound (RFC 5626, 4.2.1).
    static func outbound(
        _ request: Request, contact: String, _ regID: Int, instance: String = "urn:uuid:bob-1",
        _ sequence: Int = 1
    ) -> Request {
        request.with {
            $0.to = "<sip:bob@example.com>"
            $0.from = "<sip:bob@example.com>;tag=r\(regID)"
            $0.sequence = sequence
            $0.lines = [
                "Contact: <\(contact)>;reg-id=\(regID);+sip.instance=\"<\(instance)>\"",
                "Supported: outbound, path",
            ]
        }
    }
}

@Suite struct OutboundSampleTests {
    /// Registers by both flows; answers the replies.
    private func register(
        _ stream: Connection, _ client: Client, _ servers: EdgeAndRegistrar, _ sequence: Int = 1
    )
        throws -> [Packet]
    {
        let overTCP = Request.outbound(
            Request("REGISTER", "sip:example.com", from: stream),
            contact: "sip:bob@127.0.0.1:\(stream.port);transport=tcp;ob", 1, sequence)
        let overUDP = Request.outbound(
            Request("REGISTER", "sip:example.com", from: client), contact: "sip:bob@\(client.text);ob", 2,
            sequence)
        // The flow that registers last is called first.
        return [try client.ask(overUDP, servers.edge.udp), try stream.ask(overTCP)]
    }

    private func invite(_ alice: Client) -> Request {
        Request("INVITE", "sip:bob@example.com", from: alice).with {
            $0.lines = ["Contact: <sip:alice@\(alice.text)>"]
        }
    }

    @Test
    func `a client with two flows is called over one, and over the other when that is gone (RFC 5626, 9)`()
        throws
    {
        guard let servers = try EdgeAndRegistrar() else { return }
        let bob = try Client()
        let alice = try Client()
        var stream: Connection? = try Connection(to: servers.edge.tcp)
        for reply in try register(#require(stream), bob, servers) {
            #expect(reply.status == 200, "\(reply)\(servers.registrar.log)")
            #expect(reply["Require"] == "outbound")
            // The edge put it there, as the registrar asked for it.
            #expect(reply["Flow-Timer"] == "20")
        }

        // Over the connection, on which nobody else could reach the client.
        let first = invite(alice)
        alice.send(first, to: servers.registrar.udp)
        let called = try #require(stream).receive()
        let port = try #require(stream).port
        #expect(called.method == "INVITE" && called.uri == "sip:bob@127.0.0.1:\(port);transport=tcp;ob")
        #expect(called["Record-Route"]?.contains("@127.0.0.1:\(servers.edge.tcp.port);transport=tcp") == true)
        #expect(bob.pending() == nil, "one flow of an instance at a time")
        try #require(stream).send(Request.reply(486, "Busy Here", to: called))
        #expect(try alice.receive("486").status == 486)
        alice.send(first.follower("ACK", to: "<sip:bob@example.com>;tag=b1"), to: servers.registrar.udp)
        #expect(try #require(stream).receive().method == "ACK")

        // It is lost, and the next call comes by the other flow.
        stream = nil
        try servers.edge.comes { try servers.edge.statistic("outbound.flows") == 0 }
        let second = invite(alice)
        alice.send(second, to: servers.registrar.udp)
        let overUDP = try bob.receive("INVITE")
        #expect(overUDP.uri == "sip:bob@\(bob.text);ob")
        bob.send(
            Request.reply(200, "OK", to: overUDP, "Contact: <sip:bob@\(bob.text);ob>"), to: servers.edge.udp)
        let answer = try alice.receive("200")
        #expect(answer["CSeq"] == "1 INVITE")
        #expect(try servers.edge.statistic("outbound.failed") == 1)
        #expect(try servers.edge.statistic("outbound.dead") == 1)
        // The registrar has forgotten the flow that is gone.
        let left = try servers.registrar.json("ul.lookup", "location", "bob@example.com")
        #expect("\(left)".contains("\(bob.text)") && !"\(left)".contains("transport=tcp"), "\(left)")

        // The dialog goes the same way: by the token in Record-Route.
        let routes = answer.all("Record-Route").flatMap { $0.components(separatedBy: ",") }
        let ack = second.follower("ACK", to: "<sip:bob@example.com>;tag=b1").with {
            $0.uri = "sip:bob@\(bob.text);ob"
            $0.via = ["SIP/2.0/UDP \(alice.text);branch=z9hG4bK\(UUID().uuidString)"]
            $0.lines = routes.reversed().map { "Route: \($0.trimmingCharacters(in: .whitespaces))" }
        }
        alice.send(ack, to: servers.registrar.udp)
        #expect(try bob.receive("ACK").uri == "sip:bob@\(bob.text);ob")
        #expect(servers.edge.complaints == [], "\(servers.edge.log)")
    }

    @Test func `with a secret, tokens still work when the edge was restarted and its clients came back`()
        throws
    {
        guard var servers = try EdgeAndRegistrar(secret: "not the default") else { return }
        let bob = try Client()
        let alice = try Client()
        do {
            let stream = try Connection(to: servers.edge.tcp)
            for reply in try register(stream, bob, servers) { #expect(reply.status == 200) }
        }
        try servers.restartEdge()
        // The connection is gone, and its token says so; the datagrams' token is as good as ever.
        alice.send(invite(alice), to: servers.registrar.udp)
        #expect(try bob.receive("INVITE").uri == "sip:bob@\(bob.text);ob")
        #expect(try servers.edge.statistic("outbound.verified") == 1)
        #expect(try servers.edge.statistic("outbound.dead") == 1)
        #expect(try servers.edge.statistic("outbound.forged") == 0)
    }

    @Test func `without a secret, tokens of before a restart are none`() throws {
        guard var servers = try EdgeAndRegistrar() else { return }
        let bob = try Client()
        let alice = try Client()
        let stream = try Connection(to: servers.edge.tcp)
        _ = try register(stream, bob, servers)
        try servers.restartEdge()
        alice.send(invite(alice), to: servers.registrar.udp)
        // Refused with 403 for each flow, the contacts are gone and nobody is left.
        let answer = try alice.receive("403")
        #expect(answer.status == 403)
        #expect(try servers.edge.statistic("outbound.forged") == 2)
        #expect(bob.pending() == nil)
    }

    @Test func `the first line as it was published is let pass, with a word about it`() throws {
        guard let servers = try EdgeAndRegistrar(firstLine: "MAILIO") else { return }
        #expect(
            servers.registrar.log.contains("\"MAILIO\" should be \"#!KAMAILIO\""), "\(servers.registrar.log)")
    }

    @Test func `commands come in by the fifo that the files name`() throws {
        guard let servers = try EdgeAndRegistrar() else { return }
        let bob = try Client()
        _ = try register(Connection(to: servers.edge.tcp), bob, servers)
        let reply = "martlet_test_\(UUID().uuidString)"
        let path = "/tmp/" + reply
        #expect(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        func ask(_ lines: String) throws -> String {
            let reader = open(path, O_RDONLY | O_NONBLOCK)
            defer { close(reader) }
            let writer = open(servers.registrarFifo, O_WRONLY | O_NONBLOCK)
            #expect(writer >= 0)
            let text = Array(lines.utf8)
            #expect(write(writer, text, text.count) == text.count)
            close(writer)
            var answer: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while !answer.suffix(2).elementsEqual([10, 10]) {
                var waiting = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
                guard poll(&waiting, 1, Int32(Server.patience * 1000)) > 0 else { throw Silence() }
                let count = read(reader, &buffer, buffer.count)
                if count > 0 { answer += buffer.prefix(count) }
            }
            return String(decoding: answer, as: UTF8.self)
        }
        let contacts = try ask(":ul_show_contact:\(reply)\nlocation\nbob\n\n")
        #expect(contacts.hasPrefix("200 OK\n") && contacts.contains("sip:bob@\(bob.text);ob"), "\(contacts)")
        #expect(try ask(":nonsense:\(reply)\n\n") == "500 command 'nonsense' not available\n\n")
        let missing = try ask(":ul_show_contact:\(reply)\nlocation\nnobody\n\n")
        #expect(missing.contains("AOR not found"), "\(missing)")
        // The same over RPC.
        let uptime = try servers.registrar.rpc("mi", "uptime")
        #expect(uptime.status == 0, "\(uptime)")
        #expect(try servers.registrar.rpc("mi", "nonsense").err.contains("command not found"))
    }
}
