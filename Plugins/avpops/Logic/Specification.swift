// SPDX-License-Identifier: Apache-2.0

/// Reads the small language of avpops' arguments: "$avp(source)/$avp(target)/flags", "lt/i:5/g".
public enum Specification {
    /// What stands between the slashes, but for those in a variable's parentheses.
    public static func parts(_ text: String) -> [String] {
        var parts: [String] = []
        var part = ""
        var depth = 0
        for character in text {
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            if character == "/", depth <= 0 {
                parts.append(part)
                part = ""
            } else {
                part.append(character)
            }
        }
        parts.append(part)
        return parts
    }

    /// An operator, a value and flags. A value that is no variable may have slashes in it: only what is
    /// behind the last one, and consists of known flags, are flags.
    public static func operation(_ text: String, flags known: String) -> (
        word: String, value: String, flags: String
    )? {
        var parts = parts(text)
        guard parts.count >= 2 else { return nil }
        let word = parts.removeFirst().lowercased()
        var flags = ""
        if parts.count > 1, let last = parts.last, last.lowercased().allSatisfy({ known.contains($0) }) {
            flags = parts.removeLast().lowercased()
        }
        return (word, parts.joined(separator: "/"), flags)
    }

    /// The name in "$avp(name)"; nil for any other variable.
    public static func avpName(_ text: String) -> String? {
        guard text.hasPrefix("$avp("), text.hasSuffix(")") else { return nil }
        let inner = text.dropFirst(5).dropLast()
        return inner.isEmpty ? nil : String(inner)
    }

    /// A constant: "i:10", "i:0xa", "s:text" or text.
    public enum Constant: Equatable, Sendable {
        case number(Int)
        case text(String)
    }

    /// Nil when it says that it is a number and is none.
    public static func constant(_ text: String) -> Constant? {
        if text.hasPrefix("s:") || text.hasPrefix("S:") { return .text(String(text.dropFirst(2))) }
        guard text.hasPrefix("i:") || text.hasPrefix("I:") else { return .text(text) }
        let digits = text.dropFirst(2)
        let number =
            digits.hasPrefix("0x") || digits.hasPrefix("0X")
            ? Int(digits.dropFirst(2), radix: 16) : Int(digits)
        return number.map { .number($0) }
    }
}

/// Counting with whole numbers.
public enum Arithmetic: String, Sendable {
    case add, sub, mul, div, mod, and, or, xor, not

    /// Nil for a division by nothing.
    public func apply(_ a: Int, _ b: Int) -> Int? {
        switch self {
        case .add: a &+ b
        case .sub: a &- b
        case .mul: a &* b
        case .div: b == 0 ? nil : a.dividedReportingOverflow(by: b).partialValue
        case .mod: b == 0 ? nil : a.remainderReportingOverflow(dividingBy: b).partialValue
        case .and: a & b
        case .or: a | b
        case .xor: a ^ b
        case .not: ~b
        }
    }
}
