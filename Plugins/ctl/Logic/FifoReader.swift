// SPDX-License-Identifier: Apache-2.0

/// The old text protocol of fifos: `:command:reply_fifo`, one argument a line, and an empty line.
///
/// It decides and does not act: bytes go in as they come, commands come out.
public struct FifoReader {
    public enum Command: Equatable, Sendable {
        /// The reply goes to a fifo of that name, in the folder for replies; without a name nobody wants it.
        case run(Request, reply: String)
        case bad
    }

    private var rest: [UInt8] = []
    private var lines: [[UInt8]] = []

    public init() {}

    public mutating func take(_ bytes: some Sequence<UInt8>) -> [Command] {
        var commands: [Command] = []
        for byte in bytes {
            guard byte == 10 else {
                // Longer than any command: whoever sends this does not know the protocol.
                if rest.count < Intake.largest { rest.append(byte) }
                continue
            }
            if rest.last == 13 { rest.removeLast() }
            if rest.isEmpty {
                if !lines.isEmpty { commands.append(command()) }
                lines = []
            } else if lines.count < 256 {
                lines.append(rest)
            }
            rest = []
        }
        return commands
    }

    private func command() -> Command {
        let parts = lines[0].split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].isEmpty, !parts[1].isEmpty else { return .bad }
        let reply = String(decoding: parts[2], as: UTF8.self)
        // The name of a file in one folder, and of nothing else.
        guard !reply.contains("/"), !reply.hasPrefix("."), !reply.utf8.contains(0) else { return .bad }
        let arguments = lines.dropFirst().map { line -> Request.Argument in
            if let number = Int32(String(decoding: line, as: UTF8.self)) { return .int(number) }
            return .text(line)
        }
        return .run(Request(name: Array(parts[1]), arguments: arguments, cookie: []), reply: reply)
    }
}
