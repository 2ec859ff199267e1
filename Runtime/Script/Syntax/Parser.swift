// SPDX-License-Identifier: Apache-2.0

/// Turns tokens into the syntax tree, by recursive descent.
///
/// Functions that find something they cannot use report it and throw; who can go on with what follows
/// catches. So one run tells all errors, and no error is told twice.
struct Parser {
    /// Thrown when the reason has been reported.
    struct Unparsable: Error {}

    /// Of expressions in each other and blocks in each other, together.
    static let deepest = 100

    var lexer: Lexer
    var result = Configuration()
    var diagnostics: Diagnostics { lexer.diagnostics }
    private var ahead: [Token] = []
    /// The last token that was taken.
    private(set) var last: Place
    private(set) var taken = 0

    var depth = 0
    var operators = 0
    /// Inside the arguments of a call, where no other call may stand.
    var insideArguments = false
    var route: RouteKind?
    /// A block turned out to be open where the next item begins: all its outer blocks end too.
    var abandoned = false
    var firstOf: [String: Place] = [:]

    init(_ lexer: Lexer) {
        self.lexer = lexer
        last = lexer.place(from: 0, to: 0)
    }

    mutating func configuration() -> Configuration {
        acceptDialect()
        while peek().kind != .end {
            let before = taken
            depth = 0
            route = nil
            abandoned = false
            insideArguments = false
            do {
                try item()
            } catch {
                if taken == before { take() }
                skipToItem()
            }
        }
        lexer.finishConditions()
        result.defines = lexer.defines
        return result
    }

    // MARK: Tokens

    mutating func peek(_ distance: Int = 0) -> Token {
        while ahead.count <= distance { ahead.append(lexer.next()) }
        return ahead[distance]
    }

    @discardableResult
    mutating func take() -> Token {
        let token = peek()
        ahead.removeFirst()
        if token.kind != .end { last = token.place }
        taken += 1
        return token
    }

    /// The text up to a closing bracket, which may be looked at only while no token behind here has been.
    mutating func takeRaw() -> Placed<String>? {
        guard ahead.isEmpty, let name = lexer.rawName() else { return nil }
        last = name.place
        return name
    }

    mutating func next(is symbol: Symbol, _ distance: Int = 0) -> Bool {
        peek(distance).kind == .symbol(symbol)
    }

    mutating func accept(_ symbol: Symbol) -> Bool {
        guard next(is: symbol) else { return false }
        take()
        return true
    }

    mutating func accept(word: String) -> Bool {
        guard case .word(word) = peek().kind else { return false }
        take()
        return true
    }

    /// What must come next. Its absence is shown behind what came last, not wherever the next token happens
    /// to be.
    mutating func expect(_ symbol: Symbol, _ context: String) throws(Unparsable) {
        guard !accept(symbol) else { return }
        throw missing("\"\(symbol.rawValue)\"", context)
    }

    mutating func missing(_ what: String, _ context: String) -> Unparsable {
        let token = peek()
        if token.place.file === last.file, token.place.line == last.line, token.kind != .end {
            return fail("\(what) is expected \(context), not \(token.description)", at: token.place)
        }
        return fail("\(what) is missing \(context)", at: last.after)
    }

    /// Reports, unless what comes next has been reported.
    @discardableResult
    func fail(_ what: String, at place: Place, notes: [String] = [], help: String? = nil) -> Unparsable {
        let next = ahead.first?.kind
        if next != .broken, !(next == .end && lexer.brokeOff) {
            var notes = notes
            if let long = lexer.longString, long.end.file === place.file, long.end.line == place.line {
                notes.append("the string that begins on line \(long.start.line) ends in this line")
            }
            diagnostics.error(what, at: place, notes: notes, help: help)
        }
        return Unparsable()
    }

    /// Goes one level deeper, unless that is too deep.
    mutating func descend(at place: Place) throws(Unparsable) {
        depth += 1
        guard depth <= Self.deepest else {
            throw fail(
                "this is nested more than \(Self.deepest) deep", at: place,
                help: "use a route of its own for it")
        }
    }

    // MARK: Finding the way back

    /// Whether an item of the top level begins at the next token.
    mutating func atItem() -> Bool {
        let token = peek()
        guard token.firstOnLine, case .word = token.kind else { return false }
        return atKnownItem() || lineAssigns(token)
    }

    /// The same, of items that begin with a word of the language.
    mutating func atKnownItem() -> Bool {
        let token = peek()
        guard token.firstOnLine, case .word(let word) = token.kind else { return false }
        return Words.topLevel.contains(word) || GlobalParameters.byName[word] != nil
    }

    /// Whether a `=` of its own stands in the line that a token begins.
    func lineAssigns(_ token: Token) -> Bool {
        guard let line = token.place.file.line(token.place.line) else { return false }
        var quoted = false
        var previous: UInt8 = 0
        let rest = line.dropFirst(token.place.column - 1)
        for (index, byte) in zip(rest.indices, rest) {
            if byte == 34 { quoted.toggle() }
            if byte == UInt8(ascii: "#"), !quoted { return false }
            if byte == UInt8(ascii: "="), !quoted, !"=!<>+".utf8.contains(previous) {
                let following = index + 1 < rest.endIndex ? rest[index + 1] : 0
                if following != UInt8(ascii: "="), following != UInt8(ascii: "~") { return true }
            }
            previous = byte
        }
        return false
    }

    /// Behind the item that could not be read.
    private mutating func skipToItem() {
        var braces = 0
        while peek().kind != .end {
            if braces == 0, peek().firstOnLine, case .word = peek().kind { return }
            switch take().kind {
            case .symbol(.openBrace): braces += 1
            case .symbol(.closeBrace):
                braces -= 1
                if braces <= 0 { return }
            case .symbol(.semicolon) where braces == 0: return
            default: break
            }
        }
    }

    /// The first line of a file may name its dialect without the mark that makes it a comment.
    private mutating func acceptDialect() {
        let token = peek()
        guard case .word(let word) = token.kind, word.utf8.count >= 4, "KAMAILIO".hasSuffix(word) else {
            return
        }
        let following = peek(1)
        guard following.firstOnLine || following.kind == .end else { return }
        take()
        diagnostics.warning(
            "\"\(word)\" should be \"#!KAMAILIO\"", at: token.place, help: "write #!KAMAILIO here")
    }
}
