// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import Message

/// Compiles variables and formats. Used at start-up; and while running for the few texts that are evaluated
/// twice.
public struct VariableParser {
    let storage: CodeStorage
    /// What the loaded plugins call their variables, without the dollar.
    let plugin: (String) -> VariableCallout?
    /// `#!define`s, for `$def(ID)`.
    let definition: (String) -> String?
    /// Whether constant names of headers get numbers, so that looking for one compares numbers. At start-up,
    /// before the first message: a message indexed before that does not know them.
    let numbersHeaders: Bool
    /// Told of what is odd but no error: an unknown select.
    let warn: (VariableError) -> Void
    /// What a plugin said when it refused something.
    let takeFailure: () -> (what: String, help: String)?

    public init(
        storage: CodeStorage, plugin: @escaping (String) -> VariableCallout? = { _ in nil },
        definition: @escaping (String) -> String? = { _ in nil }, numbersHeaders: Bool = true,
        warn: @escaping (VariableError) -> Void = { _ in },
        takeFailure: @escaping () -> (what: String, help: String)? = { nil }
    ) {
        self.storage = storage
        self.plugin = plugin
        self.definition = definition
        self.numbersHeaders = numbersHeaders
        self.warn = warn
        self.takeFailure = takeFailure
    }

    /// A whole variable: "$ru", "$(hdr(Via)[1]{s.len})".
    public func parse(_ text: String) -> Result<VariableReference, VariableError> {
        Result {
            () throws(VariableError) in
            var reader = VariableReader(Array(text.utf8), self)
            let code = try reader.variable()
            guard reader.isAtEnd else {
                throw VariableError(
                    "unexpected text after \"\(reader.text(0..<reader.index))\"", at: reader.index)
            }
            return VariableReference(code: code)
        }
    }

    /// Text with variables in it.
    public func format(_ text: String) -> Result<Format, VariableError> { format(bytes: Array(text.utf8)) }

    public func format(bytes: [UInt8]) -> Result<Format, VariableError> {
        Result {
            () throws(VariableError) in
            var reader = VariableReader(bytes, self)
            return try reader.format()
        }
    }

    /// A select, "@via[2].host" with or without its "@". An unknown one is undefined, and warned of.
    public func select(_ text: String) -> Result<VariableReference, VariableError> {
        Result {
            () throws(VariableError) in
            var code = VariableCode(.select)
            code.written = storage.text(Array(text.utf8))
            try SelectParser(parser: self).compile(Array(text.utf8), into: &code)
            return VariableReference(code: UnsafePointer(storage.place(code)))
        }
    }
}

/// Reads along the bytes of one variable or format.
struct VariableReader {
    let bytes: [UInt8]
    let parser: VariableParser
    var index = 0

    init(_ bytes: [UInt8], _ parser: VariableParser, at index: Int = 0) {
        self.bytes = bytes
        self.parser = parser
        self.index = index
    }

    var isAtEnd: Bool { index >= bytes.count }
    var here: UInt8 { index < bytes.count ? bytes[index] : 0 }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    static func isNameByte(_ byte: UInt8) -> Bool {
        byte.isDigit || byte.isAlpha || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "?")
    }

    // MARK: formats

    mutating func format() throws(VariableError) -> Format {
        var parts: [FormatPart] = []
        var literal: [UInt8] = []
        func flush() {
            guard !literal.isEmpty else { return }
            parts.append(FormatPart(literal: parser.storage.text(literal), variable: nil))
            literal = []
        }
        while !isAtEnd {
            if here != UInt8(ascii: "$") {
                literal.append(here)
                index += 1
            } else if index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "$") {
                literal.append(UInt8(ascii: "$"))
                index += 2
            } else {
                flush()
                parts.append(FormatPart(literal: .absent, variable: try variable()))
            }
        }
        flush()
        let constant: Slice =
            parts.isEmpty ? parser.storage.text([]) : parts.count == 1 ? parts[0].literal : .absent
        return Format(
            code: UnsafePointer(
                parser.storage.place(
                    FormatCode(parts: parser.storage.place(parts), constant: constant))))
    }

    // MARK: variables

    /// One variable, from its dollar to its end.
    mutating func variable() throws(VariableError) -> UnsafePointer<VariableCode> {
        let start = index
        guard here == UInt8(ascii: "$") else { throw VariableError("a variable starts with $", at: index) }
        index += 1
        let enclosed = here == UInt8(ascii: "(")
        if enclosed { index += 1 }
        let nameStart = index
        while !isAtEnd, Self.isNameByte(here) {
            // "$ru." ends a sentence, "$ruri.user" goes on.
            if here == UInt8(ascii: "."), !continuesName() { break }
            index += 1
        }
        let name = text(nameStart..<index)
        guard !name.isEmpty else {
            throw VariableError(
                "$ is not followed by the name of a variable", help: "a dollar sign itself is written $$",
                at: start)
        }
        var key: Range<Int>?
        if here == UInt8(ascii: "(") {
            let end = try closing(from: index, UInt8(ascii: "("), UInt8(ascii: ")"))
            key = index + 1..<end
            index = end + 1
        }
        var code = try operation(name, key: key, at: nameStart)
        if enclosed {
            if here == UInt8(ascii: "[") { try subscription(&code, name: name) }
            var transformations: [Transformation] = []
            while here == UInt8(ascii: "{") {
                let end = try closing(from: index, UInt8(ascii: "{"), UInt8(ascii: "}"))
                var reader = TransformationReader(bytes, index + 1..<end, parser)
                transformations.append(try reader.transformation())
                index = end + 1
            }
            code.transformations = parser.storage.place(transformations)
            guard here == UInt8(ascii: ")") else {
                throw VariableError(
                    "\")\" is missing at the end of $(\(name)", at: min(index, max(0, bytes.count - 1)))
            }
            index += 1
        }
        code.written = parser.storage.text(bytes[start..<index])
        return UnsafePointer(parser.storage.place(code))
    }

    /// A dot belongs to a name only in the few names that have one.
    private func continuesName() -> Bool {
        for tail in [".user", ".domain", ".class", ".level", ".info", ".rcode", ".rreason"]
        where bytes[index...].starts(with: tail.utf8) {
            return true
        }
        return false
    }

    /// Where what opens here closes.
    func closing(from start: Int, _ open: UInt8, _ close: UInt8) throws(VariableError) -> Int {
        var depth = 0
        var at = start
        while at < bytes.count {
            if bytes[at] == open { depth += 1 }
            if bytes[at] == close {
                depth -= 1
                if depth == 0 { return at }
            }
            at += 1
        }
        throw VariableError(
            "\"\(Character(Unicode.Scalar(close)))\" is missing for this \"\(Character(Unicode.Scalar(open)))\"",
            at: start)
    }

    private mutating func subscription(_ code: inout VariableCode, name: String) throws(VariableError) {
        let start = index
        let end = try closing(from: index, UInt8(ascii: "["), UInt8(ascii: "]"))
        let takes = VariableTable.names[name]?.takesIndex ?? (code.operation == .plugin)
        guard takes else {
            throw VariableError("$\(name) takes no index", at: start, length: end + 1 - start)
        }
        let inner = text(start + 1..<end)
        index = end + 1
        switch try Self.indexing(inner, at: start + 1, parser) {
        case .constant(let number):
            code.indexing = .constant
            code.index = number
        case .all: code.indexing = .all
        case .computed(let variable):
            code.indexing = .computed
            code.indexCode = variable
        }
    }

    enum Indexing {
        case constant(Int32)
        case all
        case computed(UnsafePointer<VariableCode>)
    }

    /// What stands between brackets: a number, `*`, a variable.
    static func indexing(
        _ text: String, at offset: Int, _ parser: VariableParser
    ) throws(VariableError) -> Indexing {
        if text == "*" { return .all }
        if let number = Int32(text) { return .constant(number) }
        if text.hasPrefix("$") {
            switch parser.parse(text) {
            case .success(let reference): return .computed(reference.code)
            case .failure(let error): throw error.moved(by: offset)
            }
        }
        throw VariableError(
            "\"\(text)\" is no index", help: "an index is a number, a variable, or * for all", at: offset,
            length: max(1, text.utf8.count))
    }
}

/// The names of the language, looked up when a configuration is read.
enum VariableTable {
    static let names = VariableName.names()
}
