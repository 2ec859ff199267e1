// SPDX-License-Identifier: Apache-2.0

/// The blocks of the script.
extension Parser {
    mutating func routeBlock(_ kind: RouteKind, keyword: Token) throws(Unparsable) {
        route = kind
        let written = keyword.label ?? kind.rawValue
        var name: Placed<Text>?
        var interval: Int?
        do {
            if next(is: .openBracket) { (name, interval) = try routeName(kind, written) }
            try checkName(kind, written, name, at: keyword.place)
            if kind != .event, name?.value == "0" { name = nil }
            remember(kind, written, name, at: keyword.place)
        } catch {
            // What is in the block may be wrong too.
            while !next(is: .openBrace), !peek().firstOnLine, peek().kind != .end { take() }
            guard next(is: .openBrace) else { throw error }
        }
        guard next(is: .openBrace) else { throw missing("\"{\"", "behind \"\(written)\"") }
        let body = try block()
        result.items.append(
            Item(
                kind: .route(RouteBlock(kind: kind, name: name, interval: interval, body: body)),
                place: keyword.place))
    }

    private mutating func routeName(
        _ kind: RouteKind, _ written: String
    ) throws(Unparsable) -> (Placed<Text>?, Int?) {
        let bracket = take()
        if kind == .event { return (try eventName(bracket), nil) }
        let token = peek()
        let text: Text
        switch token.kind {
        case .word(let word), .mixed(let word): text = Text(word)
        case .number(_, let number): text = Text(number)
        case .string(let string): text = string
        default: throw missing("the name of the route", "behind \"[\"")
        }
        take()
        if next(is: .minus) || next(is: .dot) || next(is: .colon) {
            throw fail(
                "\(peek().description) cannot be part of a name without quotes", at: peek().place,
                help: "write \(written)[\"...\"]")
        }
        var interval: Int?
        if kind == .timer, accept(.comma) {
            guard case .number(let seconds, _) = peek().kind else {
                throw missing("a number of seconds", "behind \",\"")
            }
            take()
            interval = seconds
        }
        try expect(.closeBracket, "behind the name of the route")
        return (Placed(text, at: token.place), interval)
    }

    /// `tm:branch-failure:NAME`: letters, digits, `_` and `-`, with colons between them.
    private mutating func eventName(_ bracket: Token) throws(Unparsable) -> Placed<Text> {
        guard let raw = takeRaw() else { throw missing("the name of the event", "behind \"[\"") }
        try expect(.closeBracket, "behind the name of the event")
        var name = raw.value
        if name.count >= 2, let quote = name.first, quote == name.last, quote == "\"" || quote == "'" {
            name = String(name.dropFirst().dropLast())
        }
        let parts = name.split(separator: ":", omittingEmptySubsequences: false)
        let proper = parts.count >= 2 && !parts[0].isEmpty && !parts[1].isEmpty
        guard proper, name.utf8.allSatisfy({ isWord($0) || "-:.".utf8.contains($0) }) else {
            throw fail(
                "\"\(name)\" is no name of an event", at: raw.place,
                help: "it looks like event_route[plugin:event]")
        }
        return Placed(Text(name), at: raw.place)
    }

    private func checkName(
        _ kind: RouteKind, _ written: String, _ name: Placed<Text>?, at place: Place
    ) throws(Unparsable) {
        switch kind {
        case .event where name == nil:
            throw fail(
                "event_route needs the name of an event", at: place, help: "write event_route[plugin:event]")
        case .request where written == "request_route", .reply where written == "reply_route", .startup,
            .error, .local:
            guard let name else { return }
            let help: String? =
                switch written {
                case "request_route": "write route[\(name.value)]"
                case "reply_route": "write onreply_route[\(name.value)]"
                default: nil
                }
            throw fail("\(written) has no name", at: name.place, help: help)
        default: break
        }
    }

    /// The same block a second time: an error when it has a name, otherwise one continues the other.
    private mutating func remember(
        _ kind: RouteKind, _ written: String, _ name: Placed<Text>?, at place: Place
    ) {
        let key = "\(kind.rawValue)[\(name?.value.string ?? "")]"
        guard let first = firstOf[key] else {
            firstOf[key] = name?.place ?? place
            return
        }
        let line = first.file === place.file ? "line \(first.line)" : "\(first.file.name):\(first.line)"
        if let name {
            diagnostics.error(
                "there is a \(written)[\(name.value)] already", at: name.place,
                notes: ["the first is on \(line)"])
        } else {
            diagnostics.warning(
                "a second \(written) continues the first", at: place, notes: ["the first is on \(line)"])
        }
    }
}
