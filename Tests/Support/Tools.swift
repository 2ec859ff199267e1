// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The files of the repository, and what was built of it.
package enum Repository {
    package static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    package static func path(_ path: String) -> String { root.appending(path: path).path }
    package static func text(_ path: String) throws -> String {
        try String(contentsOfFile: self.path(path), encoding: .utf8)
    }
    package static let include = path("PluginAPI/C/include")

    /// Where the tests lie, and beside them the server and its plugins.
    package static let build = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().path
    package static let server = build + "/martlet"
    package static func plugin(_ name: String) -> String { "\(build)/libmod_\(name).so" }

    /// What lies beside the repository and is no part of it; nil when it is not there.
    package static func shared(_ path: String) -> String? {
        let path = root.deletingLastPathComponent().appending(path: "shared/" + path).path
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }
}

/// A folder that goes with the test that made it.
package final class Scratch: Sendable {
    package let path: String
    package init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "martlet-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit {
        // A test that fails to tidy up has nobody to tell.
        try? FileManager.default.removeItem(atPath: path)
    }
    package func file(_ name: String) -> String { path + "/" + name }

    /// Writes a file there and answers its path.
    package func file(_ name: String, with text: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: file(name)))
        return file(name)
    }
}

package struct Output: Sendable {
    package let status: Int32
    package let out: String
    package let err: String
}

/// Runs a command that is found by its name. Its output goes through files: nothing can block on a full pipe,
/// and a daemon that keeps them open is not waited for.
package func run(_ command: String...) throws -> Output { try run(command) }

package func run(_ command: [String]) throws -> Output {
    let scratch = try Scratch()
    let process = try Spawned(
        ["/usr/bin/env"] + command, environment: ProcessInfo.processInfo.environment,
        output: scratch.file("out"), errors: scratch.file("err"))
    return Output(
        status: process.wait(), out: try text(scratch.file("out")), err: try text(scratch.file("err")))
}

/// What is no UTF-8 in it is replaced, not refused: tools may print what they got.
private func text(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
}
