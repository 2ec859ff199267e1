// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

/// The header is for every compiler, and nobody's warnings.
@Suite struct HeaderTests {
    static let dialects = [
        "cc -std=c11", "cc -std=c17", "clang -std=c11", "c++ -x c++ -std=c++17", "c++ -x c++ -std=c++11",
    ]

    @Test(arguments: ["PluginAPI/C/include"] + LayoutTests.released.map { "Tests/ABI/\($0)" }, dialects)
    func `a plugin that uses everything compiles without a warning`(header: String, dialect: String) throws {
        let scratch = try Scratch()
        let words = dialect.split(separator: " ").map(String.init)
        let output = try run(
            words + [
                "-Wall", "-Wextra", "-pedantic", "-Werror", "-shared", "-fPIC", "-fvisibility=hidden",
                "-I", Repository.path(header), Repository.path("Tests/Fixtures/Everything/everything.c"),
                "-o", scratch.file("everything.so"),
            ])
        #expect(output.status == 0, "\(output.err)")
    }

    @Test(arguments: ["sl", "rr", "outbound", "tm"], dialects)
    func `a shared interface's header stands on its own`(name: String, dialect: String) throws {
        let scratch = try Scratch()
        let source = scratch.file("alone.c")
        try "#include <\(name).h>\nint unused;\n".write(toFile: source, atomically: true, encoding: .utf8)
        let words = dialect.split(separator: " ").map(String.init)
        let output = try run(
            words + [
                "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", "-I", Repository.include, source,
            ])
        #expect(output.status == 0, "\(output.err)")
    }
}
