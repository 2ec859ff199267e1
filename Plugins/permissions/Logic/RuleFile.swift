// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// Who may reach whom: `from : to` on each line, both lists of patterns, each of them `ALL` or quoted
/// expressions, and `EXCEPT` some others.
///
///     ALL : "^sip:361[0-9]*@" EXCEPT "^sip:3611@", "^sip:3612@"
public struct RuleFile: Sendable {
    public struct List: Sendable {
        /// Nil: all.
        let patterns: [URIPattern]?
        /// Nil: none.
        let exceptions: [URIPattern]?
        let exceptsAll: Bool

        func matches(_ text: Text) -> Bool {
            if let patterns, !patterns.contains(where: { $0.matches(text) }) { return false }
            if exceptsAll { return false }
            guard let exceptions else { return true }
            return !exceptions.contains { $0.matches(text) }
        }
    }

    private var rules: [(from: List, to: List)] = []
    public var count: Int { rules.count }

    public init() {}

    /// Numbers of the lines that cannot be read come along; they are as good as not there.
    public static func read(_ text: String) -> (file: RuleFile, wrong: [Int]) {
        var file = RuleFile()
        var wrong: [Int] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            var reader = Reader(line)
            guard !reader.isAtEnd else { continue }
            guard let from = reader.list(), reader.take(":"), let to = reader.list(), reader.isAtEnd else {
                wrong.append(index + 1)
                continue
            }
            file.rules.append((from, to))
        }
        return (file, wrong)
    }

    public func matches(from: Text, to: Text) -> Bool {
        for rule in rules where rule.from.matches(from) && rule.to.matches(to) { return true }
        return false
    }

    /// A match among those that allow decides, then one among those that deny; who is in neither may.
    public static func allows(_ allow: RuleFile, _ deny: RuleFile, from: Text, to: Text) -> Bool {
        allow.matches(from: from, to: to) || !deny.matches(from: from, to: to)
    }

    /// Over one line.
    private struct Reader {
        private var rest: Substring
        init(_ line: Substring) { rest = line }

        private mutating func skipSpace() {
            while let first = rest.first, first == " " || first == "\t" || first == "\r" {
                rest.removeFirst()
            }
            if rest.first == "#" { rest = "" }
        }

        var isAtEnd: Bool {
            mutating get {
                skipSpace()
                return rest.isEmpty
            }
        }

        mutating func take(_ mark: Character) -> Bool {
            skipSpace()
            guard rest.first == mark else { return false }
            rest.removeFirst()
            return true
        }

        private mutating func take(word: String) -> Bool {
            skipSpace()
            guard rest.prefix(word.count).uppercased() == word else { return false }
            let after = rest.dropFirst(word.count)
            if let next = after.first, next.isLetter { return false }
            rest = after
            return true
        }

        mutating func list() -> List? {
            guard let patterns = patterns() else { return nil }
            guard take(word: "EXCEPT") else {
                return List(patterns: patterns.list, exceptions: nil, exceptsAll: false)
            }
            guard let exceptions = self.patterns() else { return nil }
            return List(
                patterns: patterns.list, exceptions: exceptions.list, exceptsAll: exceptions.list == nil)
        }

        /// A nil list is all.
        private mutating func patterns() -> (list: [URIPattern]?, Bool)? {
            if take(word: "ALL") { return (nil, true) }
            var list: [URIPattern] = []
            repeat {
                guard take("\""), let end = rest.firstIndex(of: "\"") else { return nil }
                guard let pattern = URIPattern(String(rest[..<end])) else { return nil }
                list.append(pattern)
                rest = rest[rest.index(after: end)...]
            } while take(",")
            return (list, true)
        }
    }
}
