// SPDX-License-Identifier: Apache-2.0

/// Expressions, by precedence.
extension Parser {
    /// Operators bind tighter the higher their level. Bits and shifts bind looser than comparisons here,
    /// unlike in C.
    static func level(_ operation: BinaryOperator) -> Int {
        switch operation {
        case .or: 2
        case .and: 3
        case .bitOr: 4
        case .bitAnd: 5
        case .bitXor: 6
        case .shiftLeft: 7
        case .shiftRight: 8
        case .equal, .unequal, .matches, .equalText, .unequalText, .equalInteger, .unequalInteger: 9
        case .greater, .less, .greaterOrEqual, .lessOrEqual: 10
        case .plus, .minus: 11
        case .times, .divided, .modulo: 12
        }
    }

    mutating func expression() throws(Unparsable) -> Expression {
        operators = 0
        return try binary(2)
    }

    mutating func binaryOperator() -> BinaryOperator? {
        switch peek().kind {
        case .word(let word): Words.operators[word]
        case .symbol(let symbol): BinaryOperator(rawValue: symbol.rawValue)
        default: nil
        }
    }

    mutating func binary(_ lowest: Int) throws(Unparsable) -> Expression {
        var left = try unary()
        while let operation = binaryOperator(), Self.level(operation) >= lowest {
            let token = take()
            operators += 1
            guard operators <= 500 else {
                throw fail(
                    "this expression has more than 500 operators", at: token.place,
                    help: "use variables for its parts")
            }
            let right = try binary(Self.level(operation) + 1)
            left = Expression(.binary(operation, left, right), at: left.place.through(right.place))
        }
        if next(is: .percent) {
            throw fail("\"%\" is no operator", at: peek().place, help: "mod gives the rest of a division")
        }
        return left
    }

    private mutating func unary() throws(Unparsable) -> Expression {
        let token = peek()
        let operation: UnaryOperator
        switch token.kind {
        case .symbol(.not), .word("not"): operation = .not
        case .symbol(.minus): operation = .minus
        case .symbol(.complement): operation = .complement
        case .symbol(.castToInteger): operation = .toInteger
        case .symbol(.castToString): operation = .toString
        case .word("defined"): operation = .defined
        default: return try primary()
        }
        take()
        try descend(at: token.place)
        defer { depth -= 1 }
        if operation == .minus, case .number(let number, _) = peek().kind, number <= 0x8000_0000 {
            let end = take()
            return Expression(
                .integer(Int32(truncatingIfNeeded: -number)), at: token.place.through(end.place))
        }
        let operand = try unary()
        return Expression(.unary(operation, operand), at: token.place.through(operand.place))
    }

    /// What has no operator around it.
    mutating func primary() throws(Unparsable) -> Expression {
        let token = peek()
        switch token.kind {
        case .number(let number, let text):
            take()
            // A hexadecimal number is a pattern of bits.
            guard number <= 0x7FFF_FFFF || number <= 0xFFFF_FFFF && text.hasPrefix("0x") else {
                throw tooLarge(token)
            }
            return Expression(.integer(Int32(truncatingIfNeeded: number)), at: token.place)
        case .string(let text):
            take()
            return Expression(.string(text), at: token.place)
        case .variable(let text):
            take()
            return Expression(.variable(text), at: token.place)
        case .select(let select):
            take()
            return Expression(.select(select), at: token.place)
        case .symbol(.openParenthesis): return try enclosed()
        case .word(let word): return try wordOperand(word)
        case .mixed(let text): throw fail("\"\(text)\" is no number", at: token.place)
        case .broken:
            take()
            throw Unparsable()
        default: throw missing("a value", "here")
        }
    }

    private mutating func enclosed() throws(Unparsable) -> Expression {
        let open = take()
        try descend(at: open.place)
        defer { depth -= 1 }
        var inner = try binary(2)
        if next(is: .assign) {
            guard case .variable = inner.kind else {
                throw fail("only a variable can be assigned to", at: inner.place, help: "== compares")
            }
            take()
            let value = try binary(2)
            inner = Expression(.assign(target: inner, value: value), at: inner.place.through(value.place))
        }
        try expect(.closeParenthesis, "behind the expression")
        inner.place = open.place.through(last)
        inner.enclosed = true
        return inner
    }

    private mutating func wordOperand(_ word: String) throws(Unparsable) -> Expression {
        let token = peek()
        if let operand = Words.operands[word] { return try comparison(operand, at: take().place) }
        if word == "myself" || word == "MYSELF" { return try myselfComparison() }
        if let builtin = Words.builtins[word] { return try self.builtin(builtin) }
        if word == "route" || CoreFunctions.spellings[word] != nil || next(is: .openParenthesis, 1) {
            guard !insideArguments else {
                throw fail(
                    "a call cannot stand in the arguments of another", at: token.place,
                    help: "put its result into a variable first")
            }
            if word == "route" { return try routeCall() }
            if let core = CoreFunctions.spellings[word] { return try coreCall(core.function, core.arguments) }
            return try moduleCall()
        }
        take()
        if Words.statements.contains(word) {
            throw fail("a value is expected here, not \"\(word)\"", at: token.place)
        }
        let names =
            Array(lexer.defines.keys) + Words.operands.keys.filter { $0 != $0.uppercased() } + ["myself"]
        throw fail(
            "\"\(word)\" is no value", at: token.place,
            help: Suggestion.help(for: word, in: names)
                ?? "a text stands in double quotes, a variable begins with $, a call has parentheses")
    }

    private mutating func builtin(_ builtin: Builtin) throws(Unparsable) -> Expression {
        let token = take()
        try expect(.openParenthesis, "behind \"\(builtin.rawValue)\"")
        try descend(at: token.place)
        defer { depth -= 1 }
        var arguments: [Expression] = []
        repeat {
            arguments.append(try binary(2))
        } while accept(.comma)
        try expect(.closeParenthesis, "behind the arguments")
        let (wanted, values) = builtin == .selval ? (3, "three values") : (1, "one value")
        guard arguments.count == wanted else {
            throw fail("\(builtin.rawValue) takes \(values), not \(arguments.count)", at: token.place)
        }
        return Expression(.builtin(builtin, arguments), at: token.place.through(last))
    }
}
