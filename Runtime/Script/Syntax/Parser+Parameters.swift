// SPDX-License-Identifier: Apache-2.0

/// Global parameters and those that the author of a script made up.
extension Parser {
    mutating func parameter(_ parameter: GlobalParameter, name: Token) throws(Unparsable) {
        let written = name.label ?? parameter.name
        guard accept(.assign) else {
            throw fail(
                "\"\(written)\" is a global parameter, and \"=\" is missing behind it", at: name.place,
                help: parameter.meaning.map { "\(written) is \($0)" })
        }
        let value: Placed<ParameterValue>
        if parameter.kind == .host {
            value = try hostValue()
        } else {
            value = try self.value("behind \"\(written) =\"")
        }
        try check(value, parameter, written)
        if let notice = parameter.notice {
            diagnostics.notice("\(written) has no effect: \(notice)", at: name.place)
        }
        parameter.apply?(&result.settings, value)
        let item = Parameter(name: Placed(parameter.name, at: name.place), value: value)
        result.items.append(Item(kind: .parameter(item), place: name.place))
    }

    /// A number, a string or a word.
    mutating func value(_ context: String = "here") throws(Unparsable) -> Placed<ParameterValue> {
        if atItem(), !Words.numbers.keys.contains(peek().label ?? "") { throw missing("a value", context) }
        switch peek().kind {
        case .number, .string, .word, .mixed, .symbol(.minus): break
        default: throw missing("a value", context)
        }
        let token = take()
        switch token.kind {
        case .number(let number, _):
            guard number <= 0xFFFF_FFFF else { throw tooLarge(token) }
            return Placed(.integer(number), at: token.place)
        case .symbol(.minus):
            guard case .number(let number, _) = peek().kind else { throw missing("a number", "behind \"-\"") }
            let end = take()
            guard number <= 0x8000_0000 else { throw tooLarge(end) }
            return Placed(.integer(-number), at: token.place.through(end.place))
        case .string(let text): return Placed(.string(text), at: token.place)
        case .word(let word): return Placed(.word(word), at: token.place)
        case .mixed(let word): return Placed(.word(word), at: token.place)
        default: throw missing("a value", context)
        }
    }

    func tooLarge(_ token: Token) -> Unparsable {
        fail("a number has 32 bits, and this needs more", at: token.place)
    }

    private mutating func hostValue() throws(Unparsable) -> Placed<ParameterValue> {
        let host = try host()
        return Placed(.string(host.value), at: host.place)
    }

    private func check(
        _ value: Placed<ParameterValue>, _ parameter: GlobalParameter, _ written: String
    ) throws(Unparsable) {
        var help = parameter.meaning.map { "\(written) is \($0)" }
        if let meaning = help, !parameter.fallback.isEmpty {
            help = "\(meaning); the default is \(parameter.fallback)"
        }
        func refuse(_ wanted: String) -> Unparsable {
            let got =
                switch value.value {
                case .integer(let number): "\(number)"
                case .string: "a string"
                case .word(let word), .variable(let word): "\"\(word)\""
                }
            return fail("\(written) must be \(wanted), not \(got)", at: value.place, help: help)
        }
        switch (parameter.kind, value.value) {
        case (.number(let range), .integer(let number)):
            guard !range.contains(number) else { return }
            let limits =
                range.upperBound == Int(Int32.max)
                ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
            throw refuse(limits)
        case (.number, _): throw refuse("a number")
        case (.boolean, .integer): return
        case (.boolean, _): throw refuse("yes or no")
        case (.string, .string): return
        case (.string, _): throw refuse("a string in double quotes")
        case (.name, .string), (.name, .word), (.host, .string): return
        case (.name, _): throw refuse("a word or a string")
        case (.host, _): throw refuse("a host")
        case (.word(let words), .word), (.word(let words), .string):
            let word = value.text.string
            guard !words.contains(where: { $0.lowercased() == word.lowercased() }) else { return }
            help = Suggestion.help(for: word, in: words) ?? help
            guard words.count < 10 else {
                throw fail("\(written) cannot be \"\(word)\"", at: value.place, help: help)
            }
            throw refuse("one of \(words.joined(separator: ", "))")
        case (.word(let words), _):
            throw refuse(words.count < 10 ? "one of \(words.joined(separator: ", "))" : "a word")
        case (.numberOrWord, .integer): return
        case (.numberOrWord(let words), .word(let word)) where words[word] != nil: return
        case (.numberOrWord(let words), _):
            throw refuse("a number or one of \(words.keys.sorted().joined(separator: ", "))")
        }
    }

    // MARK: Parameters of the script

    /// `group.name = value`, `group[1].name = value`, and the few parameters that have a dot in their names.
    mutating func dotted() throws(Unparsable) {
        let group = take()
        let groupName = group.label ?? ""
        var instance: Int?
        if accept(.openBracket) {
            guard case .number(let number, _) = peek().kind else { throw missing("a number", "behind \"[\"") }
            take()
            instance = number
            try expect(.closeBracket, "behind the number of the group")
        }
        try expect(.dot, "behind the name of the group")
        guard let name = peek().label else { throw missing("the name of a parameter", "behind \".\"") }
        let nameToken = take()
        if instance == nil, let parameter = GlobalParameters.byName["\(groupName).\(name)"] {
            return try self.parameter(parameter, name: nameToken)
        }
        try expect(.assign, "behind the name of the parameter")
        let value = try self.value("behind \"\(groupName).\(name) =\"")
        if case .word(let word) = value.value {
            throw fail(
                "\(groupName).\(name) must be a number or a string, not \"\(word)\"", at: value.place,
                help: Suggestion.help(for: word, in: lexer.defines.keys) ?? "put it in double quotes")
        }
        var description: Text?
        if case .word(let word) = peek().kind, ["desc", "descr", "description"].contains(word) {
            take()
            description = try string("behind \"\(word)\"").value
        }
        let parameter = CustomParameter(
            group: Placed(groupName, at: group.place), instance: instance,
            name: Placed(name, at: nameToken.place),
            value: value, description: description)
        result.items.append(Item(kind: .custom(parameter), place: group.place))
    }
}
