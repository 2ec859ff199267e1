// SPDX-License-Identifier: Apache-2.0

/// Statements and the blocks they form.
extension Parser {
    /// `{ ... }`.
    mutating func block() throws(Unparsable) -> Block {
        let open = take()
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else {
            throw fail(
                "blocks are nested more than \(Self.deepest) deep", at: open.place,
                help: "use a route of its own")
        }
        var block = Block(place: open.place, end: open.place)
        block.statements = statements(in: open.place, cases: false)
        if next(is: .closeBrace) { block.end = take().place } else { block.end = last }
        return block
    }

    /// Up to the closing brace, which is left; with `cases` also up to the next label.
    private mutating func statements(in open: Place, cases: Bool) -> [Statement] {
        var statements: [Statement] = []
        while !abandoned, !next(is: .closeBrace) {
            if cases, isLabel() { return statements }
            if peek().kind == .end || beginsItem() {
                let what = "the block that begins on line \(open.line) is open"
                if peek().kind == .end {
                    fail("\"}\" is missing at the end of the file", at: last.after, notes: [what])
                } else {
                    fail("\"}\" is missing before this", at: peek().place, notes: [what])
                }
                abandoned = true
                return statements
            }
            let before = taken
            let depth = depth
            do {
                if let statement = try statement() { statements.append(statement) }
            } catch {
                self.depth = depth
                insideArguments = false
                if taken == before, !next(is: .closeBrace) { take() }
                skipToStatement()
            }
        }
        return statements
    }

    private mutating func isLabel() -> Bool {
        if case .word(let word) = peek().kind { return word == "case" || word == "default" }
        return false
    }

    /// Whether something begins that can stand only outside of routes: then a brace was forgotten.
    private mutating func beginsItem() -> Bool {
        let token = peek()
        guard token.firstOnLine, case .word(let word) = token.kind else { return false }
        if Words.routes[word] != nil { return next(is: .openBrace, 1) || next(is: .openBracket, 1) }
        if ["loadmodule", "loadmodulex"].contains(word), case .string = peek(1).kind { return true }
        return ["modparam", "modparamx"].contains(word) && next(is: .openParenthesis, 1)
    }

    /// Behind the statement that could not be read: its semicolon, its block, or the line where the next
    /// begins.
    private mutating func skipToStatement() {
        var braces = 0
        while peek().kind != .end {
            if braces == 0, beginsStatement() || beginsItem() { return }
            switch peek().kind {
            case .symbol(.closeBrace):
                if braces == 0 { return }
                take()
                braces -= 1
                guard braces == 0 else { continue }
                if case .word("else") = peek().kind { continue }
                return
            case .symbol(.openBrace):
                braces += 1
                take()
            case .symbol(.semicolon) where braces == 0:
                take()
                return
            default: take()
            }
        }
    }

    private mutating func beginsStatement() -> Bool {
        let token = peek()
        guard token.firstOnLine else { return false }
        switch token.kind {
        case .variable: return next(is: .assign, 1)
        case .word(let word):
            if word == "else" { return false }
            return Words.statements.contains(word) || next(is: .openParenthesis, 1) || next(is: .semicolon, 1)
        default: return false
        }
    }

    // MARK: Statements

    /// One statement; nil for an empty one.
    mutating func statement() throws(Unparsable) -> Statement? {
        let token = peek()
        switch token.kind {
        case .symbol(.semicolon):
            take()
            return nil
        case .variable, .select: return try assignment()
        case .word("else"):
            // What belongs to it is read as a statement of its own.
            fail("this \"else\" belongs to no \"if\"", at: take().place)
            return nil
        case .word(let word):
            if let kind = try keyword(word) { return Statement(kind: kind, place: token.place) }
            return try call()
        case .symbol(.openBrace):
            fail(
                "a block cannot stand by itself", at: token.place,
                help: "it belongs to if, else, while, case or a route")
            _ = try block()
            return nil
        default:
            let failure = fail("\(token.description) begins no statement", at: token.place)
            if token.kind == .broken { take() }
            throw failure
        }
    }

    private mutating func keyword(_ word: String) throws(Unparsable) -> Statement.Kind? {
        switch word {
        case "if": return try conditional()
        case "while":
            take()
            let condition = condition("while")
            return .loop(while: condition, try body("while"))
        case "switch": return try choice()
        case "break":
            take()
            try end("break")
            return .leave
        case "return", "exit", "drop":
            take()
            let value = try optionalValue()
            try end(word)
            return word == "return" ? .giveBack(value) : word == "exit" ? .exit(value) : .drop(value)
        case "case", "default":
            guard word == "case" || next(is: .colon, 1) else { return nil }
            throw fail("\"\(word)\" stands in a switch only", at: take().place)
        default: return nil
        }
    }

    /// The value of return, exit and drop: none, `()`, or an expression.
    private mutating func optionalValue() throws(Unparsable) -> Expression? {
        if next(is: .semicolon) || next(is: .closeBrace) || peek().kind == .end { return nil }
        if next(is: .openParenthesis), next(is: .closeParenthesis, 1) {
            take()
            take()
            return nil
        }
        // Without its semicolon, the next line is not the value.
        if peek().firstOnLine { return nil }
        return try expression()
    }

    /// The semicolon. When it is missing, that is told, and the next statement is read as if it were there.
    private mutating func end(_ what: String) throws(Unparsable) {
        if accept(.semicolon) { return }
        let token = peek()
        if token.firstOnLine || token.kind == .symbol(.closeBrace) || token.kind == .end {
            fail("\";\" is missing behind \(what)", at: last.after)
            return
        }
        if case .symbol(.assign) = token.kind {
            throw fail(
                "an assignment has one \"=\"", at: token.place,
                help: "an assignment inside of another stands in parentheses")
        }
        throw missing("\";\"", "behind \(what)")
    }

    private mutating func assignment() throws(Unparsable) -> Statement {
        let token = take()
        guard case .variable(let text) = token.kind else {
            throw fail("\(token.description) begins no statement: selects cannot be changed", at: token.place)
        }
        switch peek().kind {
        case .symbol(.assign): take()
        case .symbol(.addAssign):
            throw fail(
                "there is no \"+=\"", at: peek().place, help: "write \(text) = \(text) + ...")
        case .symbol(.equal):
            throw fail(
                "\"==\" compares, and nothing is done with the result", at: peek().place, help: "= assigns")
        case .symbol(.matches):
            throw fail(
                "\"=~\" compares, and nothing is done with the result", at: peek().place, help: "= ~x assigns"
            )
        default: throw missing("\"=\"", "behind \(text)")
        }
        let target = Expression(.variable(text), at: token.place)
        let value = try expression()
        try end("the assignment")
        return Statement(kind: .assign(target: target, value: value), place: token.place)
    }

    private mutating func call() throws(Unparsable) -> Statement {
        let token = peek()
        let word = token.label ?? ""
        guard Words.operands[word] == nil, word != "myself", Words.builtins[word] == nil, word != "not",
            word != "defined"
        else { throw fail("\"\(word)\" is a value, and nothing is done with it", at: token.place) }
        guard word == "route" || next(is: .openParenthesis, 1) || CoreFunctions.spellings[word] != nil else {
            take()
            let names = Words.statements.union(CoreFunctions.spellings.keys)
            if next(is: .semicolon) || peek().firstOnLine || next(is: .closeBrace) {
                let help = Suggestion.help(for: word, in: names) ?? "a call has parentheses: \(word)()"
                throw fail("\"\(word)\" is no statement", at: token.place, help: help)
            }
            if next(is: .assign) {
                throw fail(
                    "\"\(word)\" cannot be assigned to", at: token.place, help: "variables begin with $")
            }
            throw fail(
                "\"\(word)\" is no statement", at: token.place, help: Suggestion.help(for: word, in: names))
        }
        operators = 0
        let call = try primary()
        try end(word == "route" ? "the call" : "\(word)")
        return Statement(kind: .call(call), place: token.place)
    }

    // MARK: Branches and loops

    /// An expression in front of a body. An error in it does not keep the body from being read.
    private mutating func condition(_ what: String) -> Expression {
        let start = peek().place
        let depth = depth
        do {
            return try expression()
        } catch {
            self.depth = depth
            insideArguments = false
            while peek().kind != .end, !next(is: .openBrace), !next(is: .closeBrace), !next(is: .semicolon) {
                if beginsStatement() || beginsItem() { break }
                take()
            }
            return Expression(.integer(0), at: start)
        }
    }

    /// A block, or a single statement.
    private mutating func body(_ what: String) throws(Unparsable) -> Block {
        if next(is: .openBrace) {
            if next(is: .closeBrace, 1) { diagnostics.warning("this block is empty", at: peek().place) }
            return try block()
        }
        guard !next(is: .closeBrace), peek().kind != .end, !beginsItem() else {
            throw missing("a statement", "behind \"\(what)\"")
        }
        try descend(at: peek().place)
        defer { depth -= 1 }
        let start = peek().place
        let statement = try statement()
        return Block(statements: statement.map { [$0] } ?? [], place: start, end: last)
    }

    /// `if`, with all the `else if` that follow. They are collected, not descended into: a chain may be long.
    private mutating func conditional() throws(Unparsable) -> Statement.Kind {
        var chain: [(place: Place, condition: Expression, then: Block)] = []
        var otherwise: Block?
        repeat {
            let place = take().place
            let condition = condition("if")
            chain.append((place, condition, try body("if")))
            guard chain.count <= 500 else {
                throw fail(
                    "more than 500 \"else if\" follow each other", at: place,
                    help: "use switch, or a route of its own")
            }
            guard !abandoned, accept(word: "else") else { break }
            if case .word("if") = peek().kind { continue }
            otherwise = try body("else")
            break
        } while true
        while chain.count > 1, let inner = chain.popLast() {
            let statement = Statement(
                kind: .when(inner.condition, then: inner.then, otherwise: otherwise), place: inner.place)
            otherwise = Block(statements: [statement], place: inner.place, end: (otherwise ?? inner.then).end)
        }
        return .when(chain[0].condition, then: chain[0].then, otherwise: otherwise)
    }

    private mutating func choice() throws(Unparsable) -> Statement.Kind {
        let keyword = take()
        let subject = condition("switch")
        guard next(is: .openBrace) else { throw missing("\"{\"", "behind the value of switch") }
        let open = take()
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else {
            throw fail(
                "blocks are nested more than \(Self.deepest) deep", at: open.place,
                help: "use a route of its own")
        }
        if next(is: .closeBrace) { diagnostics.warning("this switch is empty", at: keyword.place) }
        var cases: [Case] = []
        var otherwise: Place?
        while !abandoned, !accept(.closeBrace) {
            if isLabel() {
                let entry = try oneCase(open.place)
                if case .otherwise = entry.label {
                    if let first = otherwise {
                        diagnostics.error(
                            "a second \"default\"", at: entry.place,
                            notes: ["the first is on line \(first.line)"])
                    }
                    otherwise = entry.place
                }
                cases.append(entry)
            } else {
                let token = peek()
                if token.kind != .end, !beginsItem() {
                    fail(
                        "\"case\" or \"default\" is expected here, not \(token.description)", at: token.place)
                }
                _ = statements(in: open.place, cases: true)
            }
        }
        return .choose(subject, cases)
    }

    private mutating func oneCase(_ open: Place) throws(Unparsable) -> Case {
        let keyword = take()
        var label = Case.Label.otherwise
        let depth = depth
        do {
            if keyword.label == "case" { label = try caseLabel() }
            try expect(.colon, "behind the label")
        } catch {
            // The statements of a case with a bad label are looked at all the same.
            self.depth = depth
            while !next(is: .colon), !peek().firstOnLine, !next(is: .closeBrace), peek().kind != .end {
                take()
            }
            _ = accept(.colon)
        }
        var body = Block(place: last, end: last)
        body.statements = statements(in: open, cases: true)
        body.end = last
        return Case(label: label, body: body, place: keyword.place)
    }

    private mutating func caseLabel() throws(Unparsable) -> Case.Label {
        guard accept(.divided) else { return .value(try expression()) }
        let pattern = try string("behind \"/\"")
        return .pattern(pattern)
    }
}
