// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport

/// The plugins of Tests/Fixtures/Plugins, and a server that stands alone: with no plugins beside it, so that
/// what it says does not depend on which ones the repository has.
enum Fixtures {
    private static let folder = Repository.path(".build/loader-tests")
    /// The folder of that server, which it looks into last.
    static let home = folder + "/alone"

    private static let plugins = Result {
        let output = try run("sh", Repository.path("Tests/Fixtures/Plugins/build.sh"), folder + "/plugins")
        guard output.status == 0 else { throw Wrong(output.err) }
        return folder + "/plugins"
    }

    private static let server = Result {
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        let copied = try run("cp", "-f", Repository.server, home + "/martlet")
        guard copied.status == 0 else { throw Wrong(copied.err) }
        return home + "/martlet"
    }

    /// The file of the plugin that NAME.c there makes.
    static func plugin(_ name: String) throws -> String { try plugins.get() + "/\(name).so" }

    static func martlet() throws -> String { try server.get() }

    /// Builds a plugin from C source, for what is too small for a file.
    static func compile(_ source: String, to file: String, include: String = Repository.include) throws {
        let scratch = try Scratch()
        let made = try run(
            "cc", "-std=gnu11", "-O1", "-w", "-shared", "-fPIC", "-fvisibility=hidden", "-I", include,
            scratch.file("plugin.c", with: source), "-o", file)
        guard made.status == 0 else { throw Wrong(made.err) }
    }
}

/// What went wrong in the tests' own doing.
struct Wrong: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
