// SPDX-License-Identifier: Apache-2.0

/// What stands at the top level of a file.
extension Parser {
    mutating func item() throws(Unparsable) {
        let token = peek()
        guard case .word(let word) = token.kind else {
            if accept(.semicolon) { return }
            if accept(.closeBrace) {
                fail("this \"}\" closes nothing", at: token.place)
                return
            }
            throw fail("\(token.description) cannot stand outside of a route", at: token.place)
        }
        if next(is: .dot, 1) || next(is: .openBracket, 1) && Words.routes[word] == nil {
            return try dotted()
        }
        if let kind = Words.routes[word] {
            return try routeBlock(kind, keyword: take())
        }
        switch word {
        case "loadmodule", "loadmodulex": try loadModule(evaluated: word == "loadmodulex")
        case "modparam", "modparamx": try moduleParameter(evaluated: word == "modparamx")
        case "loadpath", "mpath": try modulePath()
        case "flags", "bool", "avpflags": try flags(word)
        case "cfgengine": try engine()
        case "listen", "socket": try listen()
        case "alias", "domain": try alias()
        default:
            if let parameter = GlobalParameters.byName[word] {
                try self.parameter(parameter, name: take())
            } else {
                throw unknown(token, word)
            }
        }
    }

    private mutating func unknown(_ token: Token, _ word: String) -> Unparsable {
        take()
        if next(is: .assign) {
            return fail(
                "there is no global parameter \"\(word)\"", at: token.place,
                help: Suggestion.help(for: word, in: parameterNames))
        }
        let candidates = Words.topLevel.union(GlobalParameters.byName.keys).union(lexer.defines.keys)
        let statement =
            Words.statements.contains(word) || CoreFunctions.spellings[word] != nil
            || next(is: .openParenthesis)
        return fail(
            statement ? "\"\(word)\" cannot stand outside of a route" : "\"\(word)\" means nothing here",
            at: token.place,
            help: statement ? nil : Suggestion.help(for: word, in: candidates))
    }

    private var parameterNames: [String] {
        GlobalParameters.byName.keys + ["listen", "socket", "alias", "mpath", "loadpath"]
    }

    // MARK: Modules

    private mutating func loadModule(evaluated: Bool) throws(Unparsable) {
        let keyword = take()
        let enclosed = accept(.openParenthesis)
        let name = try string("behind \(keyword.label ?? "")")
        var options: Placed<Text>?
        if enclosed {
            if accept(.comma) { options = try string("behind \",\"") }
            try expect(.closeParenthesis, "behind the name of the module")
        }
        result.items.append(
            Item(
                kind: .loadModule(LoadModule(name: name, options: options, evaluated: evaluated)),
                place: keyword.place))
        var base = name.value.string.split(separator: "/").last.map(String.init) ?? ""
        if base.hasSuffix(".so") { base.removeLast(3) }
        lexer.defines["MOD_\(base)"] = lexer.defines["MOD_\(base)"] ?? ""
    }

    private mutating func moduleParameter(evaluated: Bool) throws(Unparsable) {
        let keyword = take()
        let context = "in \(keyword.label ?? "")(\"module\", \"name\", value)"
        try expect(.openParenthesis, context)
        let modules = try string(context)
        try expect(.comma, context)
        let name = try string(context)
        try expect(.comma, context)
        let token = peek()
        let value: Placed<ParameterValue>
        switch token.kind {
        case .string, .number: value = try self.value()
        case .symbol(.minus): value = try self.value()
        case .variable(let text) where evaluated:
            take()
            value = Placed(.variable(text.string), at: token.place)
        case .word(let word):
            throw fail(
                "the value of a module parameter is a number or a string, not \"\(word)\"", at: token.place,
                help: Suggestion.help(for: word, in: lexer.defines.keys) ?? "put it in double quotes")
        case .variable:
            throw fail(
                "the value of a module parameter is a number or a string, not a variable", at: token.place,
                help: "modparamx takes variables; with modparam they stand in double quotes")
        default: throw missing("a number or a string", context)
        }
        try expect(.closeParenthesis, context)
        let parameter = ModuleParameter(modules: modules, name: name, value: value, evaluated: evaluated)
        result.items.append(Item(kind: .moduleParameter(parameter), place: keyword.place))
    }

    private mutating func modulePath() throws(Unparsable) {
        let keyword = take()
        _ = accept(.assign)
        let path = try string("behind \(keyword.label ?? "")")
        result.items.append(Item(kind: .modulePath(path), place: keyword.place))
        result.settings.modulePath.append(path)
    }

    private mutating func engine() throws(Unparsable) {
        take()
        _ = accept(.assign)
        let name = try string("behind cfgengine")
        guard ["native", "default"].contains(name.value.string) else {
            throw fail(
                "there is no script engine \"\(name.value)\"", at: name.place,
                help: "\"native\" is the one there is")
        }
    }

    mutating func string(_ context: String) throws(Unparsable) -> Placed<Text> {
        guard case .string(let text) = peek().kind else {
            throw missing("a string in double quotes", context)
        }
        return Placed(text, at: take().place)
    }

    // MARK: Flags

    private mutating func flags(_ word: String) throws(Unparsable) {
        let keyword = take()
        var declared: [FlagDeclaration] = []
        repeat {
            let token = peek()
            let name: String
            switch token.kind {
            case .word(let word): name = word
            case .string(let text): name = text.string
            default: throw missing("the name of a flag", "behind \"\(word)\"")
            }
            take()
            var position: Placed<Int>?
            if word != "avpflags", accept(.colon) {
                guard case .number(let number, _) = peek().kind else {
                    throw missing("a number", "behind \":\"")
                }
                let place = take().place
                if number > 31 {
                    diagnostics.error("a flag is 0 to 31, not \(number)", at: place)
                } else {
                    position = Placed(number, at: place)
                }
            }
            declared.append(FlagDeclaration(name: Placed(name, at: token.place), position: position))
        } while accept(.comma)
        result.items.append(
            Item(kind: word == "avpflags" ? .avpFlags(declared) : .flags(declared), place: keyword.place))
    }
}
