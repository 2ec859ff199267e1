// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Script

/// The configurations that the project's documents are about, where they are at hand.
enum Samples {
    /// Looks upwards from this file, so that it is found from any checkout.
    static let folders: [String] = {
        var folder = URL(fileURLWithPath: #filePath)
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let shared = folder.appendingPathComponent("shared").path
            let wanted = ["\(shared)/data/configs", "\(shared)/bench/configs"]
            if wanted.allSatisfy(FileManager.default.fileExists(atPath:)) { return wanted }
        }
        return []
    }()

    static let files: [String] = folders.flatMap { folder in
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []  // no samples
        return names.filter { $0.hasSuffix(".cfg") }.sorted().map { "\(folder)/\($0)" }
    }

    static let absent: Comment = "there is no ../shared with sample configurations beside this package"
}

@Suite struct SyntaxSampleTests {
    @Test(.enabled(if: !Samples.files.isEmpty, Samples.absent), arguments: Samples.files)
    func `every sample is read without an error or a warning`(path: String) {
        let diagnostics = Diagnostics()
        let configuration = Configuration.read(file: path, diagnostics: diagnostics)
        #expect(diagnostics.all.filter { $0.severity != .notice }.map(\.description) == [])
        #expect(configuration.items.count >= 7)
    }

    @Test(.enabled(if: !Samples.files.isEmpty, Samples.absent))
    func `the shared-line sample is what its author wrote`() throws {
        let path = try #require(Samples.files.first { $0.hasSuffix("/sca.cfg") })
        let diagnostics = Diagnostics()
        let configuration = Configuration.read(file: path, diagnostics: diagnostics)
        let modules = configuration.items.compactMap {
            if case .loadModule(let module) = $0.kind { module.name.value.string } else { nil }
        }
        #expect(modules.first == "db_mysql.so" && modules.last == "sca.so" && modules.count == 17)
        let url = configuration.items.compactMap {
            if case .moduleParameter(let parameter) = $0.kind, parameter.name.value == "db_url" {
                parameter.value.value
            } else {
                nil
            }
        }
        #expect(url == Array(repeating: .string("mysql://kamailio:kamailiorw@localhost/kamailio"), count: 2))
        #expect(configuration.settings.children == 4 && configuration.settings.listen.count == 1)
    }

    @Test(.enabled(if: !Samples.files.isEmpty, Samples.absent))
    func `the registrar sample may keep the typing error of its first line`() throws {
        let path = try #require(Samples.files.first { $0.hasSuffix("/registrar.cfg") })
        let text = try String(contentsOfFile: path, encoding: .utf8).replacing(
            "#!KAMAILIO\n", with: "MAILIO\n")
        let reading = Reading(text)
        #expect(
            reading.diagnostics.all.filter { $0.severity != .notice }.map(\.description) == [
                """
                modules.conf:1:1: warning: "MAILIO" should be "#!KAMAILIO"
                   1 | MAILIO
                     | ^~~~~~
                  help: write #!KAMAILIO here
                """
            ])
        #expect(reading.routes.count == 9)
    }

    @Test func `the edge proxy's rules reach its texts`() {
        let reading = Reading(
            """
            #!subst "/REGISTRAR_IP/192.168.122.3/"
            #!subst "/REGISTRAR_PORT/5060/"
            #!substdef "/FLOW_TIMER/20/"
            route { $du = "sip:REGISTRAR_IP:REGISTRAR_PORT";
                insert_hf("Flow-Timer: FLOW_TIMER\\r\\n", "Call-ID"); }
            tcp_connection_lifetime=FLOW_TIMER # + 10
            """)
        #expect(
            reading.script
                == "$du = \"sip:192.168.122.3:5060\"; insert_hf(\"Flow-Timer: 20\r\n\", \"Call-ID\")")
        #expect(reading.settings.tcpConnectionLifetime == 20)
    }
}
