// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport

/// The server as it is delivered, which lies beside the build that the tests belong to. Budgets are its own: what the
/// compiler does without optimizing says nothing.
struct ReleaseBuild {
    /// What has to be done before there is something to measure.
    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    let folder: String

    init() throws {
        let build = URL(filePath: Repository.build)
        folder = build.deletingLastPathComponent().appending(path: "release").path
        guard let made = try Self.newest(in: folder, where: { $0 == "martlet" || $0.hasPrefix("libmod_") })
        else {
            throw Missing(description: "no release build in \(folder): run `swift build -c release` first")
        }
        for part in ["Runtime", "Plugins", "PluginAPI"] {
            let sources = try Self.newest(in: Repository.path(part), deep: true) { name in
                [".swift", ".c", ".h"].contains { name.hasSuffix($0) }
            }
            guard let sources, sources.date > made.date else { continue }
            throw Missing(
                description: """
                    the release build in \(folder) is older than \(sources.path): run `swift build -c release` \
                    first
                    """)
        }
    }

    /// A copy that valgrind can read: it stumbles over the compiler's debug information.
    func stripped(into scratch: Scratch) throws -> String {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        for name in files where name == "martlet" || name.hasPrefix("libmod_") && name.hasSuffix(".so") {
            let output = try run("strip", "-g", "-o", scratch.file(name), "\(folder)/\(name)")
            guard output.status == 0 else { throw Missing(description: "strip, of binutils: \(output.err)") }
        }
        return scratch.file("martlet")
    }

    private static func newest(in folder: String, deep: Bool = false, where fits: (String) -> Bool) throws
        -> (path: String, date: Date)?
    {
        let manager = FileManager.default
        guard manager.fileExists(atPath: folder) else { return nil }
        let names =
            try deep
            ? manager.subpathsOfDirectory(atPath: folder) : manager.contentsOfDirectory(atPath: folder)
        return try names.filter(fits).compactMap { name in
            let path = "\(folder)/\(name)"
            return (try manager.attributesOfItem(atPath: path)[.modificationDate] as? Date).map { (path, $0) }
        }.max { $0.1 < $1.1 }
    }
}
