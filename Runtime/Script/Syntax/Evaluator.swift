// SPDX-License-Identifier: Apache-2.0

/// The expressions of `#!ifexp` and `#!defexp`: numbers, strings, defined names, and C's operators.
///
/// A name that is not defined is 0, one that is defined without a value is 1.
struct Evaluator {
    enum Value: Equatable {
        case number(Int)
        case text(String)

        var isTrue: Bool {
            switch self {
            case .number(let number): number != 0
            case .text(let text): !text.isEmpty
            }
        }

        var text: String {
            switch self {
            case .number(let number): String(number)
            case .text(let text): text
            }
        }

        var number: Int? {
            switch self {
            case .number(let number): number
            case .text(let text): Int(text)
            }
        }
    }

    struct Fault: Error {
        let what: String
        let offset: Int
    }

    private let text: [UInt8]
    private let defines: [String: Text]
    private var position = 0
    private var depth = 0
    private static let levels = [
        ["||"], ["&&"], ["==", "!="], ["<=", ">=", "<", ">"], ["+", "-"], ["*", "/", "%"],
    ]

    init(_ text: [UInt8], defines: [String: Text]) {
        self.text = text
        self.defines = defines
    }

    mutating func value() throws(Fault) -> Value {
        let value = try binary(0)
        skipBlanks()
        if position < text.count, text[position] != UInt8(ascii: "#") {
            throw Fault(what: "the expression should end here", offset: position)
        }
        return value
    }

    private mutating func skipBlanks() {
        while position < text.count, isBlank(text[position]) { position += 1 }
    }

    private mutating func take(_ symbol: String) -> Bool {
        skipBlanks()
        guard text[position...].starts(with: symbol.utf8) else { return false }
        position += symbol.utf8.count
        return true
    }

    private mutating func binary(_ level: Int) throws(Fault) -> Value {
        guard level < Self.levels.count else { return try unary() }
        var left = try binary(level + 1)
        outer: while true {
            for symbol in Self.levels[level] where take(symbol) {
                let offset = position
                let right = try binary(level + 1)
                left = try Self.apply(symbol, left, right, offset)
                continue outer
            }
            return left
        }
    }

    private static func apply(_ symbol: String, _ a: Value, _ b: Value, _ offset: Int) throws(Fault) -> Value
    {
        func truth(_ value: Bool) -> Value { .number(value ? 1 : 0) }
        switch symbol {
        case "||": return truth(a.isTrue || b.isTrue)
        case "&&": return truth(a.isTrue && b.isTrue)
        case "==", "!=":
            let same = if let x = a.number, let y = b.number { x == y } else { a.text == b.text }
            return truth(same == (symbol == "=="))
        case "+" where a.number == nil || b.number == nil: return .text(a.text + b.text)
        default: break
        }
        guard let x = a.number, let y = b.number else {
            if symbol.hasPrefix("<") || symbol.hasPrefix(">") {
                let order = a.text < b.text ? -1 : a.text == b.text ? 0 : 1
                return try apply(symbol, .number(order), .number(0), offset)
            }
            throw Fault(what: "\"\(symbol)\" needs numbers", offset: offset)
        }
        switch symbol {
        case "<=": return truth(x <= y)
        case ">=": return truth(x >= y)
        case "<": return truth(x < y)
        case ">": return truth(x > y)
        case "+": return .number(x &+ y)
        case "-": return .number(x &- y)
        case "*": return .number(x &* y)
        default:
            guard y != 0, !(x == .min && y == -1) else {
                throw Fault(what: "this divides by zero", offset: offset)
            }
            return .number(symbol == "/" ? x / y : x % y)
        }
    }

    private mutating func unary() throws(Fault) -> Value {
        depth += 1
        defer { depth -= 1 }
        skipBlanks()
        guard depth < 100 else { throw Fault(what: "the expression is nested too deeply", offset: position) }
        guard position < text.count else { throw Fault(what: "a value is missing here", offset: position) }
        let offset = position
        if take("!") { return .number(try unary().isTrue ? 0 : 1) }
        if take("-") {
            guard let number = try unary().number else {
                throw Fault(what: "\"-\" needs a number", offset: offset)
            }
            return .number(0 &- number)
        }
        if take("(") {
            let value = try binary(0)
            guard take(")") else { throw Fault(what: "\")\" is missing here", offset: position) }
            return value
        }
        return try operand()
    }

    private mutating func operand() throws(Fault) -> Value {
        let start = position
        if text[start] == 34 || text[start] == 39 {
            guard let end = text[(start + 1)...].firstIndex(of: text[start]) else {
                throw Fault(what: "this string is never closed", offset: start)
            }
            position = end + 1
            return .text(String(decoding: text[(start + 1)..<end], as: UTF8.self))
        }
        while position < text.count, isWord(text[position]) { position += 1 }
        let word = String(decoding: text[start..<position], as: UTF8.self)
        guard !word.isEmpty else { throw Fault(what: "a value is missing here", offset: start) }
        if let number = Words.numbers[word] ?? Number.value(word) { return .number(number) }
        switch word {
        case "defined" where take("("):
            skipBlanks()
            let name = position
            while position < text.count, isWord(text[position]) { position += 1 }
            let id = String(decoding: text[name..<position], as: UTF8.self)
            guard take(")") else { throw Fault(what: "\")\" is missing here", offset: position) }
            return .number(defines[id] == nil ? 0 : 1)
        case "strlen", "strempty":
            guard take("(") else { throw Fault(what: "\"(\" is missing here", offset: position) }
            let argument = try binary(0)
            guard take(")") else { throw Fault(what: "\")\" is missing here", offset: position) }
            return .number(word == "strlen" ? argument.text.utf8.count : argument.text.isEmpty ? 1 : 0)
        default:
            guard isWordStart(text[start]) else {
                throw Fault(what: "\"\(word)\" is no number", offset: start)
            }
            return defines[word].map(Self.value) ?? .number(0)
        }
    }

    /// What a define is worth: its number, its string without the quotes, or 1 when it has no value.
    private static func value(of define: Text) -> Value {
        var bytes = define.bytes[...]
        while let byte = bytes.last, isBlank(byte) { bytes.removeLast() }
        guard let first = bytes.first else { return .number(1) }
        let text = String(decoding: bytes, as: UTF8.self)
        if let number = Words.numbers[text] ?? Number.value(text) { return .number(number) }
        if first == 34 || first == 39, bytes.count > 1, bytes.last == first {
            return .text(String(decoding: bytes.dropFirst().dropLast(), as: UTF8.self))
        }
        return .text(text)
    }
}
