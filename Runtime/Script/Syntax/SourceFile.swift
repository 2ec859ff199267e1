// SPDX-License-Identifier: Apache-2.0

/// A text that was read: the configuration file, a file it includes, or the command line.
///
/// A file that is included twice is two of these, for each knows where it was included; that is what puts
/// messages into the order in which a reader meets the lines.
public final class SourceFile: Sendable {
    public let name: String
    public let bytes: [UInt8]
    public let includedAt: Place?
    /// Where each line starts in `bytes`.
    private let lines: [Int]

    public init(name: String, bytes: [UInt8], includedAt: Place? = nil) {
        self.name = name
        self.bytes = bytes
        self.includedAt = includedAt
        var lines = [0]
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") { lines.append(index + 1) }
        self.lines = lines
    }

    public convenience init(name: String, text: String) { self.init(name: name, bytes: Array(text.utf8)) }

    /// The bytes of a line (1-based) without its end; nil for a line that does not exist.
    public func line(_ number: Int) -> ArraySlice<UInt8>? {
        guard number >= 1, number <= lines.count else { return nil }
        let start = lines[number - 1]
        var end = number < lines.count ? lines[number] - 1 : bytes.count
        if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        return bytes[start..<end]
    }

    /// The place of a stretch of bytes.
    public func place(from start: Int, to end: Int) -> Place {
        var low = 0
        var high = lines.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lines[middle] <= start { low = middle } else { high = middle }
        }
        return Place(file: self, line: low + 1, column: start - lines[low] + 1, length: max(end - start, 1))
    }
}

/// Where something stands: file, line and column (both from 1, columns in bytes), and how long it is.
public struct Place: Sendable {
    public let file: SourceFile
    public let line: Int
    public let column: Int
    public let length: Int

    public init(file: SourceFile, line: Int, column: Int, length: Int) {
        self.file = file
        self.line = line
        self.column = column
        self.length = length
    }

    /// From the start of this place to the end of the other, when they share a line; otherwise this one.
    public func through(_ end: Place) -> Place {
        guard end.file === file, end.line == line, end.column >= column else { return self }
        return Place(file: file, line: line, column: column, length: end.column + end.length - column)
    }

    /// The place of a stretch of a text in quotes that stands here, counted in its bytes: this place itself,
    /// where the source differs from the text, because of escapes, joined strings or defines.
    public func part(of text: Text, from start: Int, to end: Int) -> Place {
        guard start >= 0, start < end, end <= text.bytes.count, let source = file.line(line) else {
            return self
        }
        let rest = source.dropFirst(column - 1)
        let quoted = rest.first == UInt8(ascii: "\"") || rest.first == UInt8(ascii: "'")
        guard rest.dropFirst(quoted ? 1 : 0).starts(with: text.bytes) else { return self }
        return Place(file: file, line: line, column: column + (quoted ? 1 : 0) + start, length: end - start)
    }

    /// One byte behind this place: where something is missing.
    public var after: Place { Place(file: file, line: line, column: column + length, length: 1) }

    /// The lines and columns one passes from the outermost file to get here; earlier is less.
    var path: [(line: Int, column: Int)] { (file.includedAt?.path ?? []) + [(line, column)] }
}

extension Place: CustomStringConvertible {
    public var description: String { "\(file.name):\(line):\(column)" }
}

extension Place: Equatable {
    public static func == (a: Place, b: Place) -> Bool {
        a.file === b.file && a.line == b.line && a.column == b.column && a.length == b.length
    }
}
