// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@Suite struct FixtureTests {
    @Test func `each wrong plugin can be built`() throws {
        let scratch = try Scratch()
        let output = try run("sh", Repository.path("Tests/Fixtures/Plugins/build.sh"), scratch.path)
        #expect(output.status == 0, "\(output.err)")
    }

    @Test(arguments: ["seguard", "slowly", "seguard_cpp", "seguard_swift"])
    func `a plugin of a stranger is built with PluginAPI alone, and exports one symbol`(name: String) throws {
        let symbols = try run("nm", "-D", "--defined-only", "--extern-only", ThirdParty.file("\(name).so"))
        #expect(
            symbols.out.split(separator: "\n").map { $0.split(separator: " ").last } == ["martlet_plugin"])
    }

    @Test func `a Swift plugin with its own runtime needs no Swift on the machine`() throws {
        let needed = try run("readelf", "-d", ThirdParty.file("seguard_swift.so"))
        #expect(needed.status == 0 && !needed.out.contains("libswift"))
    }

    @Test(arguments: ["seguard", "seguard_cpp", "seguard_swift"])
    func `a call of a plugin never calls malloc`(name: String) throws {
        let scratch = try Scratch()
        let built = try run(
            "cc", "-O2", "-rdynamic", "-I", Repository.include,
            Repository.path("Tests/Fixtures/Budgets/plugin.c"),
            "-o", scratch.file("budget"), "-ldl")
        #expect(built.status == 0, "\(built.err)")
        let measured = try run(scratch.file("budget"), ThirdParty.file("\(name).so"), "100000")
        #expect(
            measured.status == 0 && measured.out.split(separator: " ").first == "0",
            "\(measured.out)\(measured.err)")
    }
}

/// What the compiler refuses, so that no plugin can do it.
@Suite struct BorrowTests {
    static let refused = [
        ("let message = call.message\nTask { _ = message.callID }", "'message' escapes its scope"),
        ("Task { _ = text.count }", "'text' escapes its scope"),
        ("final class Later { var text: Text? = nil }", "cannot return a ~Escapable result"),
        ("let other = call\n_ = other.worker\n_ = call.worker", "'call' is borrowed and cannot be consumed"),
        ("let all = [text]\n_ = all.count", "requires that 'Text' conform to 'Escapable'"),
        ("let id = call.message.keep()!.message.callID\n_ = id.count", "escapes its scope"),
    ]

    @Test(arguments: refused) func `the compiler refuses`(body: String, why: String) throws {
        let errors = try errors(in: body)
        #expect(errors.contains(why), "\(errors)")
    }

    @Test func `the compiler accepts what is borrowed properly`() throws {
        #expect(
            try errors(in: "let id = String(call.message.callID)\nTask { print(id, String(id.count)) }") == ""
        )
        #expect(try errors(in: "let length = text.trimmed.dropFirst(2).count\n_ = length") == "")
    }

    private func errors(in body: String) throws -> String {
        let scratch = try Scratch()
        let source = scratch.file("plugin.swift")
        try """
        import PluginKit
        let tried = Function("tried", in: .any, "Is tried.", Arg("text", Text.self)) { call, text in
            \(body)
            return .yes
        }
        """.write(toFile: source, atomically: true, encoding: .utf8)
        let output = try run(
            "swiftc", "-swift-version", "6", "-parse-as-library", "-suppress-warnings",
            "-I", ThirdParty.file("swift-build/release/Modules"), "-I", Repository.include,
            "-emit-sil", source, "-o", "/dev/null")
        return output.err
    }
}
