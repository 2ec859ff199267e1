// SPDX-License-Identifier: Apache-2.0

/// One token. Words that the language reserves are plain words here; the parser knows where each means
/// something.
struct Token {
    enum Kind: Equatable {
        case end
        /// What has been reported already: nothing more is to be said about it.
        case broken
        case word(String)
        /// Decimal, hexadecimal, octal, binary, or a boolean word. The text is kept, for it may be part of a
        /// host.
        case number(Int, String)
        /// Letters and digits that begin with a digit, as in the host `3com.com`.
        case mixed(String)
        case string(Text)
        case variable(Text)
        case select(Select)
        /// An IPv6 address without brackets.
        case address(String)
        case symbol(Symbol)
    }

    var kind: Kind
    var place: Place
    /// Nothing but blanks stands before it on its line.
    var firstOnLine: Bool

    /// The letters of a word, a number or a mixture of both.
    var label: String? {
        switch kind {
        case .word(let text), .number(_, let text), .mixed(let text): text
        case .end, .broken, .string, .variable, .select, .address, .symbol: nil
        }
    }

    /// As it is called in an error message.
    var description: String {
        switch kind {
        case .end: "the end of the file"
        case .broken: "this"
        case .word(let text), .mixed(let text), .address(let text): "\"\(text)\""
        case .number(_, let text): "\"\(text)\""
        case .string: "a string"
        case .variable(let text): "the variable \(text)"
        case .select(let select): "the select \(select.text)"
        case .symbol(let symbol): "\"\(symbol.rawValue)\""
        }
    }
}

enum Symbol: String, CaseIterable {
    case openBrace = "{"
    case closeBrace = "}"
    case openParenthesis = "("
    case closeParenthesis = ")"
    case openBracket = "["
    case closeBracket = "]"
    case semicolon = ";"
    case comma = ","
    case colon = ":"
    case dot = "."
    case castToInteger = "(int)"
    case castToString = "(str)"
    case assign = "="
    case addAssign = "+="
    case equal = "=="
    case unequal = "!="
    case matches = "=~"
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case shiftLeft = "<<"
    case shiftRight = ">>"
    case plus = "+"
    case minus = "-"
    case times = "*"
    case divided = "/"
    case percent = "%"
    case bitAnd = "&"
    case and = "&&"
    case bitOr = "|"
    case or = "||"
    case bitXor = "^"
    case complement = "~"
    case not = "!"
}
