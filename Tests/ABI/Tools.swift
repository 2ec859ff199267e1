// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The files of the repository, and the tools of the machine.
enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static func path(_ path: String) -> String { root.appending(path: path).path }
    static func text(_ path: String) throws -> String {
        try String(contentsOfFile: self.path(path), encoding: .utf8)
    }
    static let include = path("PluginAPI/C/include")
}

/// A folder that goes with the test that made it.
final class Scratch {
    let path: String
    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "martlet-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit {
        // A test that fails to tidy up has nobody to tell.
        try? FileManager.default.removeItem(atPath: path)
    }
    func file(_ name: String) -> String { path + "/" + name }
}

struct Output {
    let status: Int32
    let out: String
    let err: String
}

/// Runs a command that is found by its name. Its output goes through files: nothing can block on a full pipe.
func run(_ command: String...) throws -> Output { try run(command) }

func run(_ command: [String]) throws -> Output {
    let scratch = try Scratch()
    for name in ["out", "err"] { try Data().write(to: URL(filePath: scratch.file(name))) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle(forWritingAtPath: scratch.file("out"))
    process.standardError = FileHandle(forWritingAtPath: scratch.file("err"))
    try process.run()
    process.waitUntilExit()
    return Output(
        status: process.terminationStatus,
        out: try String(contentsOfFile: scratch.file("out"), encoding: .utf8),
        err: try String(contentsOfFile: scratch.file("err"), encoding: .utf8))
}
