// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// A telephone that implements SIP Outbound itself, with the two servers of the manual.
@Suite struct OutboundSoftphoneTests {
    @Test(arguments: ["tcp", "tls"])
    func `it registers through the edge over a stream, and is called over that flow (RFC 5626)`(transport: String)
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
}
