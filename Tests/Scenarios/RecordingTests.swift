// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Sessions of tools that everybody has, and what a protocol analyser says of the packets.
@Suite struct RecordingTests {
    @Test func `no packet of openssl, sipsak and Python's websockets with the server is malformed`() throws {
        let folder = try Scratch()
        let server = try Server(
            "loadmodule \"tls.so\"\n"
                + WebsocketCallTests.aliases.replacing(
                    "if (nat_uac_test(64)) {",
                    with:
                        "if (is_method(\"OPTIONS\")) { sl_send_reply(\"200\", \"OK\"); exit; }\nif (nat_uac_test(64)) {",
                    maxReplacements: 1),
            listen: ["udp", "tcp", "tls", "ws", "wss"].map { "\($0):127.0.0.1:0" })
        guard let recording = try Recording(of: server.sockets) else { return }

        for version in ["-tls1_2", "-tls1_3"] {
            let client = try OpenSSLClient(
                to: server.first("tls"), version, "-keylogfile", recording.keys)
            client.stream.send(TlsTests.options(server))
            #expect(try client.stream.receive().status == 200)
            client.stream.send("\r\n\r\n")
            #expect(try client.stream.receive(bytes: 2) == [13, 10])
        }
        if ToolTests.has("sipsak", of: "sipsak") {
            for transport in ["udp", "tcp"] {
                let file = try folder.file("options.sip", with: ToolTests.options(server.first(transport)))
                let output = try run(
                    "timeout", "30", "sipsak", "-vv", "-E", transport, "-H", "127.0.0.1", "-f", file, "-s",
                    "sip:\(server.first(transport).text)")
                #expect(output.status == 0, "\(output.out)\(output.err)")
            }
        }
        if WebsocketCallTests.hasLibrary {
            for (scheme, certificate) in [("ws", []), ("wss", [server.runFolder + "/tls-selfsigned.pem"])] {
                let output = try run(
                    [
                        "SSLKEYLOGFILE=\(recording.keys)", "timeout", "-k", "1", "60",
                        WebsocketCallTests.python,
                        Repository.path("Tests/Fixtures/websockets/phones.py"),
                        "\(scheme)://\(server.first(scheme).text)/", server.udp.text,
                    ] + certificate)
                #expect(output.out.hasSuffix("closed with 1000\n"), "\(output.err)")
            }
            try recording.finish()
            #expect(try recording.packets("websocket && sip", "frame.number").count > 20)
            #expect(try recording.packets("websocket && tls && sip", "frame.number").count > 10)
        } else {
            try recording.finish()
        }
        try check(recording)
        #expect(
            try recording.packets("tls && sip && !websocket", "sip.Status-Line").contains {
                $0.contains("200")
            })
    }

    @Test(arguments: ["tcp", "tls"])
    func `no packet between baresip and the edge and the registrar of the outbound manual is malformed`(
        transport: String
    ) throws {
        guard ToolTests.has("baresip", of: "baresip-core"),
            let servers = try EdgeAndRegistrar(hasTLS: transport == "tls"),
            let recording = try Recording(of: servers.edge.sockets + servers.registrar.sockets)
        else { return }
        let folder = try Scratch()
        let call = try run(
            "timeout", "60", Repository.path("Tests/Fixtures/baresip/outbound.sh"), folder.path,
            servers.edge.first(transport).text, servers.registrar.udp.text, transport)
        #expect(call.status == 0, "\(call.err)\(servers.edge.log.suffix(2000))")
        try recording.finish()
        try check(recording)
        #expect(try recording.packets("sip.Path", "sip.Path").contains { $0.contains(";lr;ob>") })
    }

    private func check(_ recording: Recording) throws {
        let bad = try recording.packets(
            "_ws.malformed || _ws.expert.severity == error", "frame.number", "_ws.col.Protocol",
            "_ws.expert.message", "_ws.col.Info")
        #expect(bad == [])
        #expect(try recording.packets("sip", "frame.number").count > 5)
    }
}
