// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// The same call flows with sipp at both ends, which knows nothing of these tests. Not under a sanitizer: it does not
/// wait for a server that is many times slower.
@Suite(.unsanitized) struct SstSippTests {
    /// What each sample is made for.
    static let samples: [(name: String, flows: [String])] = [
        ("sst-openser.cfg", ["small", "retry", "neither", "caller-only", "update", "inside", "malformed"]),
        ("sst-kamailio.cfg", ["small", "retry", "neither", "caller-only", "update", "inside", "malformed"]),
        ("sst-kamailio-drop.cfg", ["retry", "neither", "caller-only", "update", "inside", "malformed"]),
        ("sst-allparams.cfg", ["small", "retry", "neither", "caller-only", "update", "malformed"]),
        ("sst-opensips.cfg", ["small", "retry", "neither", "caller-only", "update", "inside", "malformed"]),
    ]

    @Test(arguments: samples) func `a sample does what RFC 4028 shows`(name: String, flows: [String]) throws {
        guard ToolTests.has("sipp", of: "sip-tester") else { return }
        guard let file = Repository.shared("data/configs/" + name) else {
            print("\(name): not there, nothing to run in ../shared/data/configs")
            return
        }
        try play(flows, Server(file: file, listen: ["udp:127.0.0.1:0"], ["-n", "2"]))
    }

    @Test func `the proxy beside the flows refuses, raises, and ends, as it should`() throws {
        guard ToolTests.has("sipp", of: "sip-tester") else { return }
        let file = Repository.path("Tests/Fixtures/sipp/sst/proxy.conf")
        let server = try Server(file: file, listen: ["udp:127.0.0.1:0"], ["-n", "2"])
        try play(["small", "raise", "update", "inside", "expiry"], server)
        #expect(try server.sst("refused") == 2)
        #expect(try server.sst("refreshed") == 1)
        #expect(try server.sst("expired_sst") == 1)
        #expect(server.log.contains("the session timer of 2 s expired: no refresh came"))
    }

    private func play(_ flows: [String], _ server: Server) throws {
        // Ports that were free a moment ago.
        let ports = try flows.map { _ in try Client() }.map(\.port)
        let output = try run(
            ["env", "VERBOSE=1", Repository.path("Tests/Fixtures/sipp/sst/run.sh"), server.udp.text, "1"]
                + zip(flows, ports).map { "\($0)=\($1)" })
        #expect(output.status == 0, "\(output.out.prefix(4000))")
        #expect(
            output.out.split(separator: "\n").filter { $0.hasSuffix(": as it should be") }.count
                == flows.count)
    }
}
