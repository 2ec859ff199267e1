// SPDX-License-Identifier: Apache-2.0

/// Comparisons that the grammar itself knows: `method == INVITE`, `src_ip == 192.0.2.0/24`, `uri == myself`.
///
/// They bind with their operator, so `!uri == myself` denies the whole comparison.
extension Parser {
    mutating func comparison(_ operand: Operand, at place: Place) throws(Unparsable) -> Expression {
        try check(operand, at: place)
        let left = Expression(.operand(operand), at: place)
        let allowed: [BinaryOperator] =
            switch operand.kind {
            case .method, .uri: [.equal, .unequal, .matches, .equalText, .unequalText]
            case .address: [.equal, .unequal, .matches]
            case .transport: [.equal, .unequal]
            case .number:
                [
                    .equal, .unequal, .equalInteger, .unequalInteger, .greater, .less, .greaterOrEqual,
                    .lessOrEqual,
                ]
            }
        guard let operation = binaryOperator(), allowed.contains(operation) else {
            let operators = allowed.map(\.rawValue).joined(separator: " ")
            throw fail(
                "\"\(operand.rawValue)\" can only be compared", at: place,
                help: "it stands on the left of one of \(operators)")
        }
        take()
        let level = Self.level(operation) + 1
        if case .word("myself") = peek().kind, operand.kind == .uri || operand.kind == .address {
            let end = take()
            return Expression(
                .binary(operation, left, Expression(.myself, at: end.place)), at: place.through(end.place))
        }
        let right: Expression =
            switch operand.kind {
            case .method: try wordOrValue(level)
            case .uri, .number: try binary(level)
            case .transport: try transportOrValue(level)
            case .address: try addressOrValue(level)
            }
        return Expression(.binary(operation, left, right), at: place.through(right.place))
    }

    /// Where a message goes is known when it is sent, and no earlier.
    private func check(_ operand: Operand, at place: Place) throws(Unparsable) {
        switch operand {
        case .sentAddress, .sentPort, .sentTransport, .sentFamily, .targetAddress, .targetPort,
            .targetTransport,
            .targetFamily:
            guard route != .onsend else { return }
            throw fail(
                "\"\(operand.rawValue)\" may not be used in \(route?.rawValue ?? "a parameter")", at: place,
                help: "it may be used in onsend_route")
        case .method, .uri, .status, .fromURI, .toURI, .sourceAddress, .destinationAddress, .sourcePort,
            .destinationPort,
            .transport, .family, .length:
            return
        }
    }

    /// `myself == uri`; told as `uri == myself`.
    mutating func myselfComparison() throws(Unparsable) -> Expression {
        let token = take()
        guard let operation = binaryOperator(), operation == .equal || operation == .unequal,
            case .word(let word) = peek(1).kind, let operand = Words.operands[word],
            operand.kind == .uri || operand.kind == .address
        else {
            throw fail(
                "\"myself\" can only be compared with a URI or an address", at: token.place,
                help: "as in uri == myself, from_uri == myself, src_ip == myself")
        }
        take()
        let end = take()
        try check(operand, at: end.place)
        let left = Expression(.operand(operand), at: end.place)
        let right = Expression(.myself, at: token.place)
        return Expression(.binary(operation, left, right), at: token.place.through(end.place))
    }

    /// A word that is not the name of a call counts as a text.
    private mutating func wordOrValue(_ level: Int) throws(Unparsable) -> Expression {
        let token = peek()
        guard case .word(let word) = token.kind, !next(is: .openParenthesis, 1), Words.operands[word] == nil,
            Words.builtins[word] == nil, word != "not", word != "defined"
        else { return try binary(level) }
        take()
        return Expression(.word(word), at: token.place)
    }

    private mutating func transportOrValue(_ level: Int) throws(Unparsable) -> Expression {
        let token = peek()
        guard case .word(let word) = token.kind else { return try binary(level) }
        guard Words.transports.contains(word.lowercased()) else {
            guard !next(is: .openParenthesis, 1), Words.builtins[word] == nil else {
                return try binary(level)
            }
            throw fail(
                "\"\(word)\" is no transport", at: token.place,
                help: "there are UDP, TCP, TLS, SCTP, WS and WSS")
        }
        take()
        return Expression(.word(word.lowercased()), at: token.place)
    }

    /// An address, a range of them, a host, or a value.
    private mutating func addressOrValue(_ level: Int) throws(Unparsable) -> Expression {
        let token = peek()
        switch token.kind {
        case .address, .symbol(.openBracket), .number, .mixed: break
        case .word(let word):
            if let operand = Words.operands[word] {
                throw fail(
                    "\"\(operand.rawValue)\" cannot stand on the right", at: token.place,
                    help: "$si, $Ri are variables for it")
            }
            if next(is: .openParenthesis, 1) { return try binary(level) }
        default: return try binary(level)
        }
        let host = try host()
        guard var network = Subnet(parsing: host.value.string) else {
            return Expression(.word(host.value.string), at: host.place)
        }
        if accept(.divided) {
            let mask = try mask()
            guard let range = Subnet(parsing: "\(host.value)/\(mask.value)") else {
                throw fail(
                    "\"\(mask.value)\" is no mask for \(host.value)", at: mask.place,
                    help: "a mask is a number of bits, 0 to \(network.bits), or an address of leading ones")
            }
            network = range
        }
        return Expression(.network(network), at: host.place.through(last))
    }

    private mutating func mask() throws(Unparsable) -> Placed<Text> {
        let token = peek()
        guard case .number(_, let text) = token.kind, !next(is: .dot, 1) else { return try host() }
        take()
        return Placed(Text(text), at: token.place)
    }
}
