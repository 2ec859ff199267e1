// SPDX-License-Identifier: Apache-2.0

/// Calls of routes, of functions of plugins, and of functions of the language.
extension Parser {
    /// `route(NAME)`, at the word.
    mutating func routeCall() throws(Unparsable) -> Expression {
        let token = take()
        try expect(.openParenthesis, "behind \"route\"")
        try descend(at: token.place)
        defer { depth -= 1 }
        let name = peek()
        let target: Expression
        if let label = name.label, next(is: .closeParenthesis, 1) {
            take()
            target = Expression(.string(Text(label)), at: name.place)
        } else if name.label != nil, next(is: .minus, 1), case .word = name.kind {
            throw fail(
                "\"-\" cannot be part of a name without quotes", at: peek(1).place,
                help: "write route(\"...\")")
        } else {
            insideArguments = true
            target = try binary(2)
            insideArguments = false
        }
        try expect(.closeParenthesis, "behind the name of the route")
        return Expression(.route(target), at: token.place.through(last))
    }

    /// `name(arguments)` of a plugin.
    mutating func moduleCall() throws(Unparsable) -> Expression {
        let token = take()
        let open = take()
        try descend(at: token.place)
        defer { depth -= 1 }
        var arguments: [Expression] = []
        if !next(is: .closeParenthesis) {
            insideArguments = true
            repeat {
                arguments.append(try argument(of: token.label ?? ""))
            } while accept(.comma)
            insideArguments = false
        }
        guard accept(.closeParenthesis) else {
            let next = peek()
            if next.firstOnLine || next.kind == .symbol(.semicolon) || next.kind == .end {
                throw fail("this \"(\" is never closed", at: open.place)
            }
            throw missing("\",\" or \")\"", "behind the argument")
        }
        let call = Call(name: Placed(token.label ?? "", at: token.place), core: nil, arguments: arguments)
        return Expression(.call(call), at: token.place.through(last))
    }

    private mutating func argument(of function: String) throws(Unparsable) -> Expression {
        let token = peek()
        if next(is: .closeParenthesis) || next(is: .comma) {
            throw fail("an argument of \(function) is missing here", at: token.place)
        }
        if case .word(let word) = token.kind, next(is: .comma, 1) || next(is: .closeParenthesis, 1),
            CoreFunctions.spellings[word] == nil
        {
            throw fail(
                "an argument is a value, not \"\(word)\"", at: token.place,
                help: Suggestion.help(for: word, in: lexer.defines.keys) ?? "put it in double quotes")
        }
        return try binary(2)
    }

    // MARK: Functions of the language

    mutating func coreCall(
        _ function: CoreFunction, _ form: CoreFunctions.Arguments
    ) throws(Unparsable) -> Expression {
        let token = take()
        let name = token.label ?? function.rawValue
        var arguments: [Expression] = []
        if next(is: .openParenthesis) {
            take()
            if !next(is: .closeParenthesis) { arguments = try coreArguments(form, name) }
            guard next(is: .closeParenthesis) else { throw tooMuch(form, name) }
            take()
        } else {
            switch form {
            case .none(bare: true), .optionalNumber(bare: true): break
            default: throw missing("\"(\"", "behind \(name)")
            }
        }
        if arguments.isEmpty { try checkEmpty(form, name, at: token.place) }
        let call = Call(name: Placed(name, at: token.place), core: function, arguments: arguments)
        return Expression(.call(call), at: token.place.through(last))
    }

    private mutating func tooMuch(_ form: CoreFunctions.Arguments, _ name: String) -> Unparsable {
        let token = peek()
        if token.kind == .symbol(.semicolon) || token.firstOnLine || token.kind == .end {
            return fail("\")\" is missing behind the arguments of \(name)", at: last.after)
        }
        return fail("\(name) takes \(Self.wanted(form))", at: token.place)
    }

    private func checkEmpty(
        _ form: CoreFunctions.Arguments, _ name: String, at place: Place
    ) throws(Unparsable) {
        switch form {
        case .none, .optionalNumber, .destination(mayBeEmpty: true): return
        default: throw fail("\(name) takes \(Self.wanted(form))", at: place)
        }
    }

    /// What stands between the parentheses, in words.
    static func wanted(_ form: CoreFunctions.Arguments) -> String {
        switch form {
        case .none: "no argument"
        case .text: "a string in double quotes"
        case .texts: "two strings in double quotes"
        case .number: "a number"
        case .optionalNumber: "a number or nothing"
        case .flag: "the number or the name of a flag"
        case .avpFlag: "a variable and a flag"
        case .log: "a string in double quotes, and before it, if you like, a level from 0 on"
        case .destination(let mayBeEmpty): mayBeEmpty ? "a host and a port, or nothing" : "a host and a port"
        case .socket: "a socket, as in udp:192.0.2.1:5060"
        case .host: "a host"
        case .transport: "UDP, TCP, TLS or SCTP"
        case .select: "the name of a group in double quotes and a number"
        }
    }

    private mutating func coreArguments(
        _ form: CoreFunctions.Arguments, _ name: String
    ) throws(Unparsable) -> [Expression] {
        switch form {
        case .none: throw fail("\(name) takes no argument", at: peek().place)
        case .text: return [try constant(form, name)]
        case .texts:
            let first = try constant(form, name)
            try separate(form, name)
            return [first, try constant(form, name)]
        case .number, .optionalNumber:
            guard case .number = peek().kind else { throw unsuited(form, name) }
            return [try primary()]
        case .flag: return [try flag(form, name)]
        case .avpFlag:
            guard case .variable = peek().kind else { throw unsuited(form, name) }
            let variable = try primary()
            try separate(form, name)
            return [variable, try flag(form, name)]
        case .log:
            guard case .number = peek().kind else { return [try constant(form, name)] }
            let level = try primary()
            try separate(form, name)
            return [level, try constant(form, name)]
        case .destination: return try destination(form, name)
        case .socket: return [try socket()]
        case .host:
            let host = try host()
            return [Expression(.string(host.value), at: host.place)]
        case .transport:
            guard case .word(let word) = peek().kind,
                ["udp", "tcp", "tls", "sctp"].contains(word.lowercased())
            else {
                throw unsuited(form, name)
            }
            return [Expression(.word(word.lowercased()), at: take().place)]
        case .select:
            let group = try constant(form, name)
            try separate(form, name)
            insideArguments = true
            defer { insideArguments = false }
            return [group, try binary(2)]
        }
    }

    private mutating func unsuited(_ form: CoreFunctions.Arguments, _ name: String) -> Unparsable {
        fail("\(name) takes \(Self.wanted(form))", at: peek().place)
    }

    private mutating func separate(_ form: CoreFunctions.Arguments, _ name: String) throws(Unparsable) {
        guard accept(.comma) else { throw unsuited(form, name) }
    }

    private mutating func constant(_ form: CoreFunctions.Arguments, _ name: String) throws(Unparsable)
        -> Expression
    {
        guard case .string = peek().kind else { throw unsuited(form, name) }
        return try primary()
    }

    private mutating func flag(_ form: CoreFunctions.Arguments, _ name: String) throws(Unparsable)
        -> Expression
    {
        let token = peek()
        switch token.kind {
        case .number(let number, _):
            take()
            guard number <= 31 else { throw fail("a flag is 0 to 31, not \(number)", at: token.place) }
            return Expression(.integer(Int32(number)), at: token.place)
        case .word(let word):
            take()
            return Expression(.word(word), at: token.place)
        case .string(let text):
            take()
            return Expression(.word(text.string), at: token.place)
        default: throw unsuited(form, name)
        }
    }

    private mutating func destination(
        _ form: CoreFunctions.Arguments, _ name: String
    ) throws(Unparsable) -> [Expression] {
        var arguments: [Expression] = []
        if case .word("uri:host") = peek().kind {
            arguments.append(Expression(.word("uri:host"), at: take().place))
        } else {
            guard peek().label != nil || !next(is: .comma) else { throw unsuited(form, name) }
            if case .variable = peek().kind { throw unsuited(form, name) }
            let host = try host()
            arguments.append(
                Expression(.socket(Socket(transport: nil, host: host.value, port: nil)), at: host.place))
        }
        guard accept(.comma) else { return arguments }
        if case .word("uri:port") = peek().kind {
            arguments.append(Expression(.word("uri:port"), at: take().place))
        } else {
            let place = peek().place
            arguments.append(Expression(.integer(Int32(try port())), at: place))
        }
        return arguments
    }

    private mutating func socket() throws(Unparsable) -> Expression {
        let start = peek().place
        if case .variable = peek().kind { throw unsuited(.socket, "force_send_socket") }
        let transport = transportIfAny()
        let quoted = if case .string = peek().kind { true } else { false }
        let host = try host()
        var socket = quoted ? Self.socket(in: host.value) : Socket(host: host.value)
        socket.transport = transport ?? socket.transport
        socket.port = try portIfAny() ?? socket.port
        return Expression(.socket(socket), at: start.through(last))
    }
}
