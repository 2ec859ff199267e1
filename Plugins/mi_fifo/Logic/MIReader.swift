// SPDX-License-Identifier: Apache-2.0

/// What clients of the management interface write into its fifo: `:command:reply_fifo`, one line for each
/// argument, and an empty line. An argument is a value, or `name::value attribute=value`.
///
/// It decides and does not act: bytes go in as they come, commands come out.
public struct MIReader {
    public struct Request: Equatable, Sendable {
        public var command: String
        /// The name of a fifo in the folder for replies; empty: nobody wants one.
        public var reply: String
        public var arguments: [String]

        public init(command: String, reply: String, arguments: [String]) {
            self.command = command
            self.reply = reply
            self.arguments = arguments
        }
    }
    public enum Event: Equatable, Sendable {
        case run(Request)
        /// There is somebody to tell that it cannot be read.
        case bad(command: String, reply: String)
        /// It is no command at all.
        case noise
    }

    /// The longest line, and the most of them.
    public static let longest = 65_536
    public static let most = 256

    private var line: [UInt8] = []
    private var lines: [String] = []
    private var isTooMuch = false

    public init() {}

    public mutating func take(_ bytes: some Sequence<UInt8>) -> [Event] {
        var events: [Event] = []
        for byte in bytes {
            guard byte == 10 else {
                if line.count < MIReader.longest { line.append(byte) } else { isTooMuch = true }
                continue
            }
            if line.last == 13 { line.removeLast() }
            if line.isEmpty {
                if !lines.isEmpty { events.append(event()) }
                lines = []
                isTooMuch = false
            } else if lines.count < MIReader.most {
                lines.append(String(decoding: line, as: UTF8.self))
            } else {
                isTooMuch = true
            }
            line = []
        }
        return events
    }

    private func event() -> Event {
        let head = lines[0].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard head.count == 3, head[0].isEmpty, !head[1].isEmpty else { return .noise }
        // The name of a file in one folder, and of nothing else.
        guard !head[2].contains("/"), !head[2].hasPrefix("."), !head[2].utf8.contains(0) else {
            return .noise
        }
        guard !isTooMuch else { return .bad(command: head[1], reply: head[2]) }
        return .run(
            Request(command: head[1], reply: head[2], arguments: lines.dropFirst().map(MIReader.value)))
    }

    /// What an argument's line says: without its name, its attributes and its quotes.
    static func value(_ line: String) -> String {
        var text = Substring(line).drop { $0 == " " || $0 == "\t" }
        if let name = text.firstRange(of: "::"),
            text[..<name.lowerBound].allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" })
        {
            text = text[name.upperBound...].drop { $0 == " " }
            if text.first != "\"", let blank = text.firstIndex(of: " ") { text = text[..<blank] }
        }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        if text.count >= 2, text.first == "\"", text.last == "\"" { text = text.dropFirst().dropLast() }
        return String(text)
    }
}

extension Substring {
    fileprivate func firstRange(of other: String) -> Range<Index>? {
        var at = startIndex
        while at < endIndex {
            if self[at...].hasPrefix(other) { return at..<index(at, offsetBy: other.count) }
            at = index(after: at)
        }
        return nil
    }
}
