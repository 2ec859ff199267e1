// SPDX-License-Identifier: Apache-2.0

/// A substitution as sed writes it: `/pattern/replacement/flags`, where any character may be the separator.
///
/// The replacement is cut into pieces here, once; what has variables in it is left to the script's own
/// reader.
public struct Substitution: Equatable, Sendable {
    public enum Piece: Equatable, Sendable {
        case text([UInt8])
        /// What the group matched; 0 is the whole match.
        case group(Int)
        /// The Request-URI of the message.
        case requestURI
        /// Text with $variables in it.
        case format([UInt8])
    }

    public var pattern: [UInt8]
    public var replacement: [Piece]
    /// `g`: every match, not only the first.
    public var everywhere = false
    /// `i`
    public var ignoresCase = false
    /// `s`: a line's end is a character like others.
    public var spansLines = false

    public struct Malformed: Error, Equatable, Sendable {
        public let what: String
        public let help: String

        public init(what: String, help: String) {
            self.what = what
            self.help = help
        }
    }

    public static func parse(_ source: [UInt8]) throws(Malformed) -> Substitution {
        let help = "write \"/pattern/replacement/flags\""
        guard let separator = source.first else {
            throw Malformed(what: "the substitution is empty", help: help)
        }
        guard separator != UInt8(ascii: "\\") else {
            throw Malformed(what: "a backslash cannot separate the parts of a substitution", help: help)
        }
        guard let middle = end(of: source, from: 1, separator) else {
            throw Malformed(what: "the pattern of the substitution has no end", help: help)
        }
        guard let last = end(of: source, from: middle + 1, separator) else {
            throw Malformed(what: "the replacement of the substitution has no end", help: help)
        }
        guard middle > 1 else {
            throw Malformed(what: "the pattern of the substitution is empty", help: help)
        }
        var parsed = Substitution(
            pattern: Array(source[1..<middle]),
            replacement: pieces(Array(source[middle + 1..<last]), separator))
        for flag in source[(last + 1)...] {
            switch flag {
            case UInt8(ascii: "g"), UInt8(ascii: "G"): parsed.everywhere = true
            case UInt8(ascii: "i"), UInt8(ascii: "I"): parsed.ignoresCase = true
            case UInt8(ascii: "s"), UInt8(ascii: "S"): parsed.spansLines = true
            default:
                let flag = Character(Unicode.Scalar(flag))
                throw Malformed(
                    what: "a substitution has no flag \"\(flag)\"", help: "the flags are g, i and s")
            }
        }
        return parsed
    }

    /// The most groups that a replacement asks for, and so how many matches are needed.
    public var groups: Int {
        replacement.reduce(1) { most, piece in
            if case .group(let number) = piece { max(most, number + 1) } else { most }
        }
    }

    /// Where the separator stands next, unless a backslash is before it.
    private static func end(of source: [UInt8], from start: Int, _ separator: UInt8) -> Int? {
        var at = start
        while at < source.count {
            if source[at] == UInt8(ascii: "\\") { at += 1 } else if source[at] == separator { return at }
            at += 1
        }
        return nil
    }

    private static func pieces(_ source: [UInt8], _ separator: UInt8) -> [Piece] {
        var pieces: [Piece] = []
        var text: [UInt8] = []
        var hasVariables = false
        func flush() {
            if !text.isEmpty { pieces.append(hasVariables ? .format(text) : .text(text)) }
            text = []
            hasVariables = false
        }
        var at = 0
        while at < source.count {
            let byte = source[at]
            if byte == UInt8(ascii: "$") {
                let end = variableEnd(source, from: at)
                text += source[at..<end]
                hasVariables = true
                at = end
                continue
            }
            at += 1
            guard byte == UInt8(ascii: "\\"), at < source.count else {
                text.append(byte)
                continue
            }
            let escaped = source[at]
            at += 1
            switch escaped {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                flush()
                pieces.append(.group(Int(escaped - UInt8(ascii: "0"))))
            case UInt8(ascii: "u"):
                flush()
                pieces.append(.requestURI)
            case UInt8(ascii: "n"): text.append(10)
            case UInt8(ascii: "r"): text.append(13)
            case UInt8(ascii: "t"): text.append(9)
            case UInt8(ascii: "\\"), separator: text.append(escaped)
            case UInt8(ascii: "$"):
                // A dollar of its own must not become a variable should others stand beside it.
                flush()
                pieces.append(.text([escaped]))
            default: text += [byte, escaped]
            }
        }
        flush()
        return pieces
    }

    /// Where the variable ends that starts here: behind its name and its parentheses, whatever is in them.
    static func variableEnd(_ source: [UInt8], from start: Int) -> Int {
        var at = start + 1
        if at < source.count, source[at] == UInt8(ascii: "$") { return at + 1 }
        while at < source.count, isNameByte(source[at]) { at += 1 }
        guard at < source.count, source[at] == UInt8(ascii: "(") else { return at }
        var depth = 0
        for place in at..<source.count {
            if source[place] == UInt8(ascii: "(") { depth += 1 }
            if source[place] == UInt8(ascii: ")") { depth -= 1 }
            if depth == 0 { return place + 1 }
        }
        return source.count
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "?"):
            true
        default: false
        }
    }
}
