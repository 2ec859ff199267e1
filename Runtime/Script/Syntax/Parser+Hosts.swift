// SPDX-License-Identifier: Apache-2.0

/// Hosts, ports and what is made of them: `listen`, `socket`, `alias`.
extension Parser {
    /// An address, a name or an interface; IPv6 with or without brackets.
    mutating func host() throws(Unparsable) -> Placed<Text> {
        let token = peek()
        switch token.kind {
        case .string(let text):
            take()
            return Placed(text, at: token.place)
        case .address(let text):
            take()
            return Placed(Text(text), at: token.place)
        case .symbol(.openBracket):
            take()
            guard case .address(let text) = peek().kind else {
                throw fail("an IPv6 address should stand in these brackets", at: token.place)
            }
            take()
            try expect(.closeBracket, "behind the address")
            return Placed(Text(text), at: token.place.through(last))
        case .word where atItem(): throw missing("a host", "here")
        case .word, .number, .mixed: return try hostName()
        default: throw missing("a host", "here")
        }
    }

    /// Labels with dots and dashes between them. Four numbers are an IPv4 address.
    private mutating func hostName() throws(Unparsable) -> Placed<Text> {
        let first = take()
        var labels = [first.label ?? ""]
        var text = labels[0]
        while next(is: .dot) || next(is: .minus) {
            guard let label = peek(1).label else { break }
            text += next(is: .dot) ? "." : "-"
            take()
            take()
            labels.append(label)
            text += label
        }
        let place = first.place.through(last)
        if labels.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }) {
            guard Subnet(parsing: text) != nil else {
                throw fail(
                    "\"\(text)\" is no IPv4 address", at: place, help: "it is four numbers from 0 to 255")
            }
        }
        return Placed(Text(text), at: place)
    }

    /// `:5060`, where it follows; `:*` is no port.
    mutating func portIfAny() throws(Unparsable) -> Int? {
        guard accept(.colon), !accept(.times) else { return nil }
        return try port()
    }

    mutating func port() throws(Unparsable) -> Int {
        guard case .number(let number, _) = peek().kind else { throw missing("a port", "here") }
        let token = take()
        guard number <= 65535 else {
            throw fail("a port is 0 to 65535, not \(number)", at: token.place)
        }
        return number
    }

    /// `udp:`, where it stands before a host; `*:` is any transport.
    mutating func transportIfAny() -> String? {
        guard next(is: .colon, 1) else { return nil }
        if case .word(let word) = peek().kind, Words.transports.contains(word.lowercased()) {
            take()
            take()
            return word.lowercased()
        }
        if accept(.times) { take() }
        return nil
    }

    /// What a string in the place of a host says: `"udp:192.0.2.1:5060"`, `"[2001:db8::1]:5060"`,
    /// `"example.com"`.
    static func socket(in text: Text) -> Socket {
        var rest = text.string[...]
        var transport: String?
        if let colon = rest.firstIndex(of: ":"), Words.transports.contains(rest[..<colon].lowercased()) {
            transport = rest[..<colon].lowercased()
            rest = rest[rest.index(after: colon)...]
        }
        var port: Int?
        if let colon = rest.lastIndex(of: ":"), rest.hasPrefix("[") || rest.firstIndex(of: ":") == colon,
            let number = Int(rest[rest.index(after: colon)...]), (0...65535).contains(number)
        {
            port = number
            rest = rest[..<colon]
        }
        if rest.hasPrefix("["), rest.hasSuffix("]") { rest = rest.dropFirst().dropLast() }
        return Socket(transport: transport, host: Text(String(rest)), port: port)
    }

    // MARK: Lists

    /// Whether a further entry of a list of hosts begins here, and not the next item.
    private mutating func atHost() -> Bool {
        let token = peek()
        switch token.kind {
        case .string, .address, .symbol(.openBracket), .symbol(.openParenthesis), .number, .mixed: return true
        case .symbol(.times): return next(is: .colon, 1)
        case .word(let word):
            if Words.transports.contains(word.lowercased()), next(is: .colon, 1) { return true }
            if Words.topLevel.contains(word) || GlobalParameters.byName[word] != nil {
                return !token.firstOnLine && next(is: .dot, 1) && !lineAssigns(token)
            }
            return !(token.firstOnLine && lineAssigns(token)) && !next(is: .assign, 1)
        default: return false
        }
    }

    private mutating func anotherHost(_ keyword: Token) throws(Unparsable) -> Bool {
        guard !next(is: .comma) else {
            throw fail(
                "the entries of \(keyword.label ?? "") have blanks between them, not commas", at: peek().place
            )
        }
        return atHost()
    }

    mutating func alias() throws(Unparsable) {
        let keyword = take()
        try expect(.assign, "behind \"\(keyword.label ?? "")\"")
        var aliases: [AliasName] = []
        repeat {
            let start = peek().place
            let transport = transportIfAny()
            if transport == nil, next(is: .times) {
                throw fail("an alias is a host", at: peek().place)
            }
            let quoted = if case .string = peek().kind { true } else { false }
            let host = try host()
            let inner = quoted ? Self.socket(in: host.value) : Socket(host: host.value)
            let port = try portIfAny() ?? inner.port
            aliases.append(
                AliasName(
                    transport: transport ?? inner.transport, host: inner.host, port: port == 0 ? nil : port,
                    place: start.through(last)))
        } while try anotherHost(keyword)
        result.items.append(Item(kind: .alias(aliases), place: keyword.place))
        result.settings.aliases += aliases
    }

    mutating func listen() throws(Unparsable) {
        let keyword = take()
        try expect(.assign, "behind \"\(keyword.label ?? "")\"")
        var sockets: [Listen] = []
        if next(is: .openBrace) {
            sockets.append(try listenBlock())
        } else {
            repeat {
                sockets.append(try listenEntry(opensips: keyword.label == "socket"))
            } while try anotherHost(keyword)
        }
        result.items.append(Item(kind: .listen(sockets), place: keyword.place))
        result.settings.listen += sockets
    }

    /// `udp:192.0.2.1:5060`, or with several hosts in parentheses.
    private mutating func listenAddress() throws(Unparsable) -> Listen {
        let start = peek().place
        var listen = Listen(transport: transportIfAny(), hosts: [], place: start)
        if accept(.openParenthesis) {
            repeat {
                listen.hosts.append(try host().value)
            } while accept(.comma)
            try expect(.closeParenthesis, "behind the hosts")
        } else if listen.transport != nil, accept(.times) {
            listen.hosts = ["*"]
        } else {
            let quoted = if case .string = peek().kind { true } else { false }
            let host = try host()
            let inner = quoted ? Self.socket(in: host.value) : Socket(host: host.value)
            listen.hosts = [inner.host]
            listen.transport = listen.transport ?? inner.transport
            listen.port = inner.port
        }
        listen.port = try portIfAny() ?? listen.port
        listen.place = start.through(last)
        return listen
    }

    private mutating func endpoint() throws(Unparsable) -> HostPort {
        let quoted = if case .string = peek().kind { true } else { false }
        let host = try host()
        let inner = quoted ? Self.socket(in: host.value) : Socket(host: host.value)
        return HostPort(host: inner.host, port: try portIfAny() ?? inner.port)
    }

    private mutating func listenEntry(opensips: Bool) throws(Unparsable) -> Listen {
        var listen = try listenAddress()
        while case .word(let word) = peek().kind {
            switch word {
            case "advertise", "ADVERTISE":
                take()
                listen.advertise = try endpoint()
            case "as" where opensips, "AS" where opensips:
                take()
                listen.advertise = try endpoint()
            case "name", "NAME":
                take()
                listen.name = try string("behind \"name\"")
            case "virtual":
                take()
                listen.virtual = true
            case "use_workers" where opensips:
                take()
                guard case .number(let count, _) = peek().kind else {
                    throw missing("a number", "behind \"use_workers\"")
                }
                take()
                listen.workers = count
            case "tag" where opensips, "use_auto_scaling_profile" where opensips:
                take()
                guard peek().label != nil else { throw missing("a name", "behind \"\(word)\"") }
                take()
            case "anycast" where opensips, "frag" where opensips, "reuse_port" where opensips,
                "allow_proxy_protocol" where opensips:
                take()
            default: return listen
            }
        }
        return listen
    }

    /// `socket = { bind = udp:192.0.2.1:5060; name = "outside"; }`.
    private mutating func listenBlock() throws(Unparsable) -> Listen {
        let open = take()
        do {
            return try listenSettings(open)
        } catch {
            while !accept(.closeBrace), peek().kind != .end, !atKnownItem() { take() }
            throw error
        }
    }

    private mutating func listenSettings(_ open: Token) throws(Unparsable) -> Listen {
        var listen: Listen?
        var advertise: HostPort?
        var name: Placed<Text>?
        var group: Text?
        var virtual = false
        var workers: Int?
        while !accept(.closeBrace) {
            if accept(.semicolon) { continue }
            let token = peek()
            guard let key = token.label, !atKnownItem() else {
                throw missing("a setting of the socket", "here")
            }
            take()
            try expect(.assign, "behind \"\(key)\"")
            switch key {
            case "bind": listen = try listenAddress()
            case "advertise": advertise = try endpoint()
            case "name": name = try string("behind \"name =\"")
            case "agname": group = try string("behind \"agname =\"").value
            case "virtual": virtual = try value().truth
            case "workers": workers = try value().number
            default:
                throw fail(
                    "a socket has no setting \"\(key)\"", at: token.place,
                    help: Suggestion.help(
                        for: key, in: ["bind", "advertise", "name", "agname", "virtual", "workers"]))
            }
        }
        guard var listen else { throw fail("this socket has no \"bind\"", at: open.place) }
        (listen.advertise, listen.name, listen.group) = (advertise, name, group)
        (listen.virtual, listen.workers) = (virtual, workers)
        return listen
    }
}
