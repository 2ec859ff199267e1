// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// A folder with a configuration and some plugins in it, and the real server to ask about them.
///
/// Plugins are those of Tests/Fixtures/Plugins, under their own names or, as in "dialog=needs_tm", under
/// others. They lie in the folder `plugins`, which is where the server is told to look.
final class Desk {
    let scratch: Scratch
    var plugins: String { scratch.file("plugins") }

    init(_ configuration: String = "", plugins: [String] = []) throws {
        scratch = try Scratch()
        try write(configuration)
        try FileManager.default.createDirectory(atPath: self.plugins, withIntermediateDirectories: true)
        for plugin in plugins { try place(plugin) }
    }

    func write(_ configuration: String) throws {
        _ = try scratch.file("modules.conf", with: configuration + "\n")
    }

    /// Puts one more plugin there, or into another folder of the desk.
    func place(_ plugin: String, in folder: String = "plugins") throws {
        let names = plugin.split(separator: "=").map(String.init)
        try FileManager.default.createDirectory(
            atPath: scratch.file(folder), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: scratch.file("\(folder)/\(names[0]).so"),
            withDestinationPath: try Fixtures.plugin(names[names.count - 1]))
    }

    /// What a plugin wrote, nil when there is no such file.
    func text(_ name: String) -> String? {
        FileManager.default.contents(atPath: scratch.file(name)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Runs a command in this folder.
    func run(_ command: [String]) throws -> Output {
        try TestSupport.run(
            ["sh", "-c", "cd \"$0\" && exec timeout -k 1 60 \"$@\"", scratch.path] + command)
    }

    /// Has the server look at the configuration.
    func check(_ options: [String] = ["-L", "plugins"]) throws -> Output {
        try run([Fixtures.martlet(), "check"] + options + ["modules.conf"])
    }

    /// Has the server run it, with the plugins of the desk and those of the repository.
    func serve(_ options: [String] = []) throws -> Server {
        try Server(
            file: scratch.file("modules.conf"), listen: [],
            ["-n", "1", "-L", "\(plugins):\(Repository.build)"] + options, in: scratch)
    }
}

/// A configuration in which these lines have these numbers, and all others are empty.
func lines(_ lines: [Int: String]) -> String {
    (1...(lines.keys.max() ?? 1)).map { lines[$0] ?? "" }.joined(separator: "\n")
}

/// What `martlet check` prints about a configuration has to be this, word for word; and it has to end with
/// status 1.
func expect(
    _ configuration: String, plugins: [String] = [], says expected: String,
    at location: SourceLocation = #_sourceLocation
) throws {
    try expect(Desk(configuration, plugins: plugins), says: expected, at: location)
}

func expect(
    _ desk: Desk, options: [String] = ["-L", "plugins"], says expected: String,
    at location: SourceLocation = #_sourceLocation
) throws {
    let output = try desk.check(options)
    #expect(output.err == expected + "\n", sourceLocation: location)
    #expect(output.out == "", sourceLocation: location)
    #expect(output.status == 1, sourceLocation: location)
}

/// A configuration with which nothing is wrong.
func expectFine(
    _ configuration: String, plugins: [String] = [], at location: SourceLocation = #_sourceLocation
) throws {
    try expectFine(Desk(configuration, plugins: plugins), at: location)
}

func expectFine(
    _ desk: Desk, options: [String] = ["-L", "plugins"], at location: SourceLocation = #_sourceLocation
) throws {
    let output = try desk.check(options)
    #expect(output.err == "", sourceLocation: location)
    #expect(output.out.hasSuffix(", no errors\n"), sourceLocation: location)
    #expect(output.status == 0, sourceLocation: location)
}

extension Server {
    /// The final reply to an OPTIONS for this user, as "200 OK". What is sent on the way to it is passed
    /// over.
    func answer(to user: String, method: String = "OPTIONS", callID: String = UUID().uuidString) throws
        -> String
    {
        let client = try Client()
        client.send(
            Request(method, "sip:\(user)@127.0.0.1", from: client).with { $0.callID = callID }, to: udp)
        while true {
            let packet = try client.receive()
            if packet.status >= 200 { return "\(packet.status) \(packet.reason)" }
        }
    }

    /// What it has logged as an error or a warning, without the time and without where.
    var offences: [String] {
        warnings.map { line in
            let text = line.split(separator: " ", maxSplits: 2).last ?? ""
            return text.range(of: " [").map { String(text[..<$0.lowerBound]) } ?? String(text)
        }
    }
}
