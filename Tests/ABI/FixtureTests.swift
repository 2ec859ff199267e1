// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite struct FixtureTests {
    @Test func `each wrong plugin can be built`() throws {
        let scratch = try Scratch()
        let output = try run("sh", Repository.path("Tests/Fixtures/Plugins/build.sh"), scratch.path)
        #expect(output.status == 0, "\(output.err)")
    }

    /// Takes as long as building a Swift package does.
    @Test func `strangers build their plugins with PluginAPI alone, and each exports one symbol`() throws {
        let scratch = try Scratch()
        let output = try run("sh", Repository.path("Tests/Fixtures/ThirdParty/build.sh"), scratch.path, "c", "cpp", "swift")
        #expect(output.status == 0, "\(output.err)")
        for name in ["seguard", "slowly", "seguard_cpp", "seguard_swift"] {
            let symbols = try run("nm", "-D", "--defined-only", "--extern-only", scratch.file("\(name).so"))
            #expect(symbols.out.split(separator: "\n").map { $0.split(separator: " ").last } == ["martlet_plugin"])
        }
        // Its own Swift runtime is inside, so it works whatever Swift the server was built with.
        let needed = try run("readelf", "-d", scratch.file("seguard_swift.so"))
        #expect(needed.status == 0 && !needed.out.contains("libswift"))
    }
}
