// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// The configurations that people have, read as they are.
@Suite struct SampleTests {
    /// What each loads besides what there is already.
    static let samples: [(name: String, modules: [String])] = [
        (
            "sca.cfg",
            ["db_mysql", "tm", "usrloc", "registrar", "cfg_rpc", "auth", "auth_db", "sca"]
        ),
        ("edge-proxy.cfg", ["tm", "mi_rpc", "mi_fifo", "stun", "outbound", "path"]),
        ("registrar.cfg", ["tm", "tmx", "mi_rpc", "mi_fifo", "usrloc", "registrar"]),
        ("sst-kamailio.cfg", ["tm", "dialog", "sst"]),
        ("sst-kamailio-drop.cfg", ["tm", "dialog", "sst"]),
        ("sst-allparams.cfg", ["tm", "dialog", "sst"]),
        ("sst-openser.cfg", ["tm", "dialog", "sst"]),
        ("sst-opensips.cfg", ["proto_udp", "signaling", "tm", "sipmsgops", "dialog", "sst"]),
    ]

    @Test(arguments: samples)
    func `it is in order but for the modules that do not exist yet, each of which is named`(
        name: String, modules: [String]
    ) throws {
        guard let file = Repository.shared("data/configs/" + name) else {
            print("\(name): not there, nothing to check in ../shared/data/configs")
            return
        }
        let missing = modules.filter { !FileManager.default.fileExists(atPath: Repository.plugin($0)) }
        let output = try martlet("check", file)
        let hasDatabase = !missing.contains { $0.hasPrefix("db_") }
        let errors = output.err.components(separatedBy: "\n").filter {
            // What needs a database follows from the module of it that is missing.
            $0.contains(": error: ")
                && (hasDatabase || !$0.contains("nothing that an earlier line loads stores under"))
        }
        #expect(output.status == (missing.isEmpty ? 0 : 1))
        #expect(
            errors.map { $0.components(separatedBy: ": error: ")[1] }.sorted()
                == missing.map { "\($0).so is not in the plugin folders" }.sorted(), "\(output.err)")
        // Each with its line.
        for module in missing { #expect(output.err.contains(" | loadmodule \"\(module).so\"\n")) }
    }
}
