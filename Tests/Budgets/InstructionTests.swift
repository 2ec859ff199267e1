// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// What a call costs, in instructions of the server's own (the kernel's are not counted): the same on a busy machine
/// and an idle one.
@Suite(.serialized, .unsanitized) struct InstructionTests {
    @Test(arguments: Calls.Kind.allCases)
    fileprivate func `a call costs what is recorded, or less`(_ kind: Calls.Kind) throws {
        let scratch = try Scratch()
        let server = try ReleaseBuild().stripped(into: scratch)
        // A stray event, as a late timer, only ever adds. So the smaller of two counts.
        let few = try (0..<2).map { _ in try count(kind, calls: 200, server) }.min() ?? 0
        let many = try (0..<2).map { _ in try count(kind, calls: 1_000, server) }.min() ?? 0
        let perCall = (many - few) / 800

        if ProcessInfo.processInfo.environment["MARTLET_RECORD"] != nil {
            return try Record.change(kind.rawValue, to: perCall)
        }
        let recorded = try #require(try Record.value(of: kind.rawValue), "nothing is recorded for \(kind)")
        #expect(
            perCall * 100 <= recorded * 105,
            """
            \(kind): \(perCall) instructions a call, and \(recorded) are recorded in \(Record.path). If it has to be \
            so, renew the record: \(Record.command)
            """)
    }

    /// All that the process does from its start to its end.
    private func count(_ kind: Calls.Kind, calls: Int, _ program: String) throws -> Int {
        let scratch = try Scratch()
        let server = try Server(
            kind.configuration,
            command: [
                "/usr/bin/env", "valgrind", "-q", "--tool=callgrind",
                "--callgrind-out-file=" + scratch.file("counts"), program,
            ],
            listen: ["udp:127.0.0.1:0"], in: scratch)
        try Calls(kind, to: server.udp).make(calls, atOnce: 8)
        try #require(server.stop() == 0)
        let counts = try String(contentsOfFile: scratch.file("counts"), encoding: .utf8)
        let line = counts.split(separator: "\n").last {
            $0.hasPrefix("totals: ") || $0.hasPrefix("summary: ")
        }
        return try #require(
            line.flatMap { Int($0.drop { $0 != " " }.dropFirst()) }, "callgrind counted nothing")
    }
}

/// Tests/Budgets/instructions.txt: a comment that begins with #, or a name and a number.
enum Record {
    static let path = "Tests/Budgets/instructions.txt"
    static let command = "MARTLET_RECORD=1 swift test --filter InstructionTests"

    static func value(of name: String) throws -> Int? {
        try lines.first { $0.first == Substring(name) }.flatMap { $0.count == 2 ? Int($0[1]) : nil }
    }

    static func change(_ name: String, to value: Int) throws {
        let text = try Repository.text(path).split(separator: "\n", omittingEmptySubsequences: false).map {
            $0.hasPrefix(name + " ") ? "\(name) \(value)" : String($0)
        }
        try text.joined(separator: "\n").write(
            toFile: Repository.path(path), atomically: true, encoding: .utf8)
    }

    private static var lines: [[Substring]] {
        get throws {
            try Repository.text(path).split(separator: "\n").filter { !$0.hasPrefix("#") }
                .map { $0.split(separator: " ") }
        }
    }
}
