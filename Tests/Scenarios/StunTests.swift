// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Keep-alives on the sockets that SIP uses (RFC 5626, 4.4).
@Suite struct StunTests {
    static let configuration = """
        loadmodule "sl.so"
        loadmodule "ctl.so"
        loadmodule "stun.so"
        request_route { sl_send_reply("200", "OK"); }
        """
    private let binding: [UInt8] = [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42] + [UInt8](10..<22)

    /// The port in XOR-MAPPED-ADDRESS.
    private func port(_ answer: [UInt8]) -> UInt16 {
        (UInt16(answer[26]) << 8 | UInt16(answer[27])) ^ 0x2112
    }

    @Test(arguments: ["1", "3"])
    func `a binding request among datagrams is told where it came from (RFC 5389, 7.3)`(workers: String) throws {
        let server = try Server(Self.configuration, "-n", workers, "--strict")
        let client = try Client()
        client.send(binding, to: server.udp)
        let answer = try client.receive().bytes
        #expect(Array(answer[0..<2]) == [1, 1] && Array(answer[4..<20]) == Array(binding[4...]))
        #expect(port(answer) == client.port)
        // An indication and a keep-alive of four bytes: nothing, and the next request is answered.
        client.send([0, 0x11] + binding[2...], to: server.udp)
        client.send([0, 0, 0, 0], to: server.udp)
        #expect(try client.ping(server.udp).status == 200)
        #expect(try server.statistic("stun.answered") == 1)
        #expect(try server.statistic("stun.ignored") == 1)
    }

    @Test func `on a stream it stands between SIP messages, in pieces or not`() throws {
        let server = try Server(Self.configuration, "--strict")
        let stream = try Connection(to: server.tcp)
        let request = Request("OPTIONS", "sip:\(server.tcp.text)", from: stream)
        stream.send(binding + request.bytes + binding)
        func answer() throws -> [UInt8] {
            let head = try stream.receive(bytes: 20)
            return try head + stream.receive(bytes: Int(head[2]) << 8 | Int(head[3]))
        }
        #expect(try port(answer()) == stream.port)
        #expect(try stream.receive().status == 200)
        #expect(try port(answer()) == stream.port)
        for byte in binding { stream.send([byte]) }
        #expect(try port(answer()) == stream.port)
        stream.send("\r\n\r\n")
        #expect(try stream.receive(bytes: 2) == Array("\r\n".utf8), "RFC 5626, 4.4.1")
        #expect(try stream.ask(request.with { $0.callID += "2" }).status == 200)
    }

    @Test func `without the plugin nobody answers, and the stream goes on`() throws {
        let server = try Server(
            """
            loadmodule "sl.so"
            request_route { sl_send_reply("200", "OK"); }
            """)
        let client = try Client()
        client.send(binding, to: server.udp)
        #expect(try client.ping(server.udp).status == 200)
        let stream = try Connection(to: server.tcp)
        stream.send(binding)
        #expect(try stream.ask(Request("OPTIONS", "sip:\(server.tcp.text)", from: stream)).status == 200)
    }
}
