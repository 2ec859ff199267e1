// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// A telephone that implements SIP Outbound itself, with the two servers of the manual.
@Suite struct OutboundSoftphoneTests {
    @Test(arguments: ["tcp", "tls"])
    func `it registers through the edge over a stream, and is called over that flow (RFC 5626)`(
        transport: String
    )
        throws
    {
        guard ToolTests.has("baresip", of: "baresip-core"),
            let servers = try EdgeAndRegistrar(hasTLS: transport == "tls")
        else { return }
        let folder = try Scratch()
        let call = try run(
            "timeout", "60", Repository.path("Tests/Fixtures/baresip/outbound.sh"), folder.path,
            servers.edge.first(transport).text, servers.registrar.udp.text, transport)
        let said = try run("cat", folder.file("alice/log"), folder.file("bob/log")).out
        #expect(call.status == 0, "\(call.err)\(said.suffix(6000))\(servers.edge.log.suffix(2000))")
        // By the flow, and not by what its Contact says.
        #expect(try #require(try servers.edge.statistic("outbound.verified")) > 0)
        #expect(try servers.edge.statistic("outbound.issued") != 0)
    }

    @Test
    func
        `it registers two flows, loses one of them, and is called over the other (RFC 5626, 4.2.1 and 5.3.1)`()
        throws
    {
        guard ToolTests.has("baresip", of: "baresip-core"), let servers = try EdgeAndRegistrar(hasTLS: true)
        else { return }
        let folder = try Scratch()
        // The server ends the connection that came by that socket, as a firewall would; the telephone asks for another one only later.
        let rpc = "\(Repository.server) rpc -Y \(servers.edge.runFolder)"
        let cut = """
            set -eu
            \(rpc) tls.kill $(\(rpc) --json tls.list | tr ',' '\\n' | tr -dc '[:alnum:]_:\\n' | sed -n 's/^id://p')
            """
        let call = try run(
            "timeout", "60", Repository.path("Tests/Fixtures/baresip/outbound.sh"), folder.path,
            servers.edge.tcp.text, servers.registrar.udp.text, "tcp", servers.edge.first("tls").text, "tls",
            cut)
        let said = try run("cat", folder.file("alice/log"), folder.file("bob/log")).out
        #expect(call.status == 0, "\(call.err)\(said.suffix(6000))\(servers.edge.log.suffix(2000))")
        #expect(try #require(try servers.edge.statistic("outbound.failed")) >= 1)
        #expect(try #require(try servers.edge.statistic("outbound.verified")) > 0)
    }
}
