// SPDX-License-Identifier: Apache-2.0

/// Something to tell the operator about the configuration: where, what, why, and what to do.
public struct Diagnostic: Sendable, Equatable {
    public enum Severity: String, Sendable { case error, warning, notice }

    public var severity: Severity
    public var place: Place?
    public var what: String
    /// Why: further lines, each indented by two blanks.
    public var notes: [String]
    public var help: String?
    /// Whether the line it is about is shown; it is not when the line says nothing that the text does not.
    public var quotes: Bool

    public init(
        _ severity: Severity, at place: Place?, _ what: String, notes: [String] = [], help: String? = nil,
        quotes: Bool = true
    ) {
        self.severity = severity
        self.place = place
        self.what = what
        self.notes = notes
        self.help = help
        self.quotes = quotes
    }
}

extension Diagnostic: CustomStringConvertible {
    /// As it is printed, without a final newline.
    public var description: String {
        var text = place.map { "\($0): " } ?? ""
        text += "\(severity.rawValue): \(what)"
        if quotes, let place, let line = place.file.line(place.line) {
            text += quotation(of: line, at: place)
        }
        for note in notes { text += "\n  \(note)" }
        if let help, !help.isEmpty { text += "\n  help: \(help)" }
        return text
    }

    /// More of a line than this is not shown.
    private static let widest = 240

    /// The line and, below it, the caret. Tabs stay tabs in both, so that the caret stands where it should.
    private func quotation(of whole: ArraySlice<UInt8>, at place: Place) -> String {
        let number = String(place.line)
        let gutter = String(repeating: " ", count: max(0, 4 - number.count)) + number
        var line = whole
        var before = whole.prefix(place.column - 1)
        var caret = ""
        if whole.count > Self.widest {
            let skipped = max(0, before.count - Self.widest / 2)
            line = whole.dropFirst(skipped).prefix(Self.widest)
            before = before.dropFirst(skipped)
        }
        let marked = line.dropFirst(before.count).prefix(place.length)
        for byte in before where byte & 0xC0 != 0x80 { caret += byte == 9 ? "\t" : " " }
        let width = max(1, marked.count { $0 & 0xC0 != 0x80 })
        caret += "^" + String(repeating: "~", count: width - 1)
        let shown = String(decoding: line.map { $0 < 32 && $0 != 9 || $0 == 127 ? 63 : $0 }, as: UTF8.self)
        let margin = String(repeating: " ", count: gutter.count)
        return "\n\(gutter) | \(shown)\n\(margin) | \(caret)"
    }
}

/// Everything that was found wrong, from all stages of reading a configuration. Nothing is capped: one run
/// tells it all, in the order in which a reader of the file meets it.
public final class Diagnostics {
    public private(set) var all: [Diagnostic] = []

    public init() {}

    public func add(_ diagnostic: Diagnostic) { all.append(diagnostic) }

    public func error(_ what: String, at place: Place?, notes: [String] = [], help: String? = nil) {
        add(Diagnostic(.error, at: place, what, notes: notes, help: help))
    }

    public func warning(_ what: String, at place: Place?, notes: [String] = [], help: String? = nil) {
        add(Diagnostic(.warning, at: place, what, notes: notes, help: help))
    }

    public func notice(_ what: String, at place: Place?, notes: [String] = [], help: String? = nil) {
        add(Diagnostic(.notice, at: place, what, notes: notes, help: help))
    }

    public func count(_ severity: Diagnostic.Severity) -> Int { all.count { $0.severity == severity } }
    public var hasErrors: Bool { all.contains { $0.severity == .error } }

    /// In file order; what has no place comes first. Equal places keep the order in which they were added.
    public var sorted: [Diagnostic] {
        let keyed = all.enumerated().map { (path: $1.place?.path ?? [], index: $0, diagnostic: $1) }
        return keyed.sorted { a, b in
            for (x, y) in zip(a.path, b.path) where x != y { return x < y }
            return (a.path.count, a.index) < (b.path.count, b.index)
        }.map(\.diagnostic)
    }

    /// All of them as they are printed, each with its final newline.
    public var text: String { sorted.map { "\($0)\n" }.joined() }
}
