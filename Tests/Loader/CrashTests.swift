// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// A plugin that crashes takes the server along, and the last words name it. Sanitizers have words of their
/// own.
@Suite(.unsanitized) struct CrashTests {
    @Test func `a crash names the plugin, its function, the line and the call`() throws {
        let desk = try Desk(
            lines([
                1: "listen=udp:127.0.0.1:0", 2: #"loadmodule "sst.so""#, 3: #"loadmodule "vendor.so""#,
                87: "request_route {", 88: "    vendor_lookup();", 89: "}",
            ]), plugins: ["vendor=crashes", "sst"])
        let server = try desk.serve()
        let client = try Client()
        client.send(
            Request("INVITE", "sip:bob@127.0.0.1", from: client).with { $0.callID = "7f3a@192.0.2.7" },
            to: server.udp)
        #expect(server.end() == -SIGSEGV)
        let (name, file) = (try name(), desk.scratch.file("modules.conf"))
        #expect(
            server.log.hasSuffix(
                """
                \(name): signal 11 in plugin vendor 2.1.0, function vendor_lookup, \(file):88
                  worker 0, INVITE, Call-ID 7f3a@192.0.2.7
                  loaded: sst 1.0.0, vendor 2.1.0 (ABI 1.0)

                """), "\(server.log)")
    }

    @Test func `a crash while a plugin starts names it and its line`() throws {
        let desk = try Desk(
            "loadmodule \"sst.so\"\n\nloadmodule \"clumsy.so\"", plugins: ["clumsy=init_crashes", "sst"])
        let (name, output) = (try name(), try desk.check())
        #expect(
            output.err == """
                \(name): signal 11 in plugin clumsy 1.0.0, function init, modules.conf:3
                  loaded: sst 1.0.0, clumsy 1.0.0 (ABI 1.0)

                """)
        #expect(output.status != 0)
    }

    /// "martlet 1.0.3", the first two words of what `martlet version` prints.
    private func name() throws -> String {
        let output = try martlet("version")
        return output.out.split(whereSeparator: \.isWhitespace).prefix(2).joined(separator: " ")
    }
}
