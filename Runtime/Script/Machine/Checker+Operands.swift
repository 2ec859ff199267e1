// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import Message

/// Comparisons of `method`, `uri`, `src_ip` and the like, which have rules of their own.
extension Checker {
    static func isSpecial(_ expression: Expression) -> Bool {
        switch expression.kind {
        case .operand, .myself: true
        default: false
        }
    }

    func special(_ written: BinaryOperator, _ left: Expression, _ right: Expression, at place: Place) -> Term?
    {
        // The operand's own kind decides, so these say the same.
        let operation: BinaryOperator =
            switch written {
            case .equalText, .equalInteger: .equal
            case .unequalText, .unequalInteger: .unequal
            default: written
            }
        if case .myself = left.kind { return mine(operation, right, at: place) }
        if case .myself = right.kind { return mine(operation, left, at: place) }
        guard case .operand(let operand) = left.kind else {
            error(
                "this stands only to the left of a comparison", at: right.place, help: "swap the two sides")
            return nil
        }
        switch operand.kind {
        case .number, .transport: return numeric(operation, operand, left, right, at: place)
        case .method, .uri, .address: break
        }
        guard operation == .equal || operation == .unequal || operation == .matches else {
            error("\(operand.rawValue) is compared with ==, != or =~", at: place)
            return nil
        }
        switch operand.kind {
        case .method: return method(operation, right, at: place)
        case .uri: return textual(operation, subject(operand, at: left.place), right, at: place)
        case .address: return address(operation, operand, right, at: place)
        case .number, .transport: return nil
        }
    }

    private func mine(_ operation: BinaryOperator, _ other: Expression, at place: Place) -> Term? {
        guard operation == .equal || operation == .unequal else {
            error("myself is compared with == or !=", at: place)
            return nil
        }
        let subject: SpecialPlace? =
            if case .operand(let operand) = other.kind { Self.place(of: operand) } else { nil }
        guard let subject else {
            error(
                "myself cannot be compared with this", at: other.place,
                help: "it is compared with uri, from_uri, to_uri, src_ip and dst_ip")
            return nil
        }
        return Term(.isMine(subject, isNegated: operation == .unequal), .integer, at: place)
    }

    private static func place(of operand: Operand) -> SpecialPlace? {
        switch operand {
        case .uri, .status: .uri
        case .fromURI: .from
        case .toURI: .to
        case .sourceAddress: .source
        case .destinationAddress: .destination
        case .sentAddress: .sent
        case .targetAddress: .target
        case .method, .sourcePort, .destinationPort, .transport, .family, .length, .sentPort, .sentTransport,
            .sentFamily, .targetPort, .targetTransport, .targetFamily:
            nil
        }
    }

    /// The text of an operand as a term of its own.
    private func subject(_ operand: Operand, at place: Place) -> Term {
        let name: String
        switch operand {
        case .fromURI: name = "$fu"
        case .toURI: name = "$tu"
        case .method: name = "$rm"
        case .sourceAddress: name = "$si"
        case .destinationAddress: name = "$Ri"
        case .sentAddress: name = "$sndfrom(ip)"
        case .targetAddress: name = "$sndto(ip)"
        default: return Term(.uri, .text, at: place)
        }
        guard case .success(let reference) = parser.parse(name) else { return Term(.null, .text, at: place) }
        return Term(.variable(reference), .text, at: place)
    }

    private func text(_ expression: Expression) -> Term? {
        if case .word(let word) = expression.kind {
            return Term(.text(storage.text(Array(word.utf8))), .text, at: expression.place)
        }
        return term(expression)
    }

    private func textual(
        _ operation: BinaryOperator, _ subject: Term, _ right: Expression, at place: Place
    ) -> Term? {
        if operation == .matches, case .string(let text) = right.kind {
            return pattern(text, at: right.place).map { Term(.matches(subject, $0), .integer, at: place) }
        }
        guard let other = text(right) else { return nil }
        if operation == .matches { return Term(.binary(.matches, subject, other), .integer, at: place) }
        if other.type == .integer, case .uri = subject.kind {
            // `status == 200`: the status as text.
            let words = Term(.unary(.toString, other), .text, at: other.place)
            return Term(.sameText(subject, words, isNegated: operation == .unequal), .integer, at: place)
        }
        return Term(.sameText(subject, other, isNegated: operation == .unequal), .integer, at: place)
    }

    private func method(_ operation: BinaryOperator, _ right: Expression, at place: Place) -> Term? {
        let constant: Text? =
            switch right.kind {
            case .word(let word): Text(word)
            case .string(let text): text
            default: nil
            }
        guard operation != .matches, let constant else {
            return textual(operation, subject(.method, at: place), right, at: place)
        }
        let name = storage.text(constant.string.uppercased().utf8)
        let known = Method(name)
        let test: MethodTest = known == .other ? .named(name) : .known(known)
        return Term(.method(test, isNegated: operation == .unequal), .integer, at: place)
    }

    // MARK: - Numbers

    private static func number(of operand: Operand) -> SpecialNumber? {
        switch operand {
        case .sourcePort: .sourcePort
        case .destinationPort: .destinationPort
        case .family: .family
        case .length: .length
        case .transport: .transport
        case .sentPort: .sentPort
        case .sentFamily: .sentFamily
        case .sentTransport: .sentTransport
        case .targetPort: .targetPort
        case .targetFamily: .targetFamily
        case .targetTransport: .targetTransport
        case .method, .uri, .status, .fromURI, .toURI, .sourceAddress, .destinationAddress, .sentAddress,
            .targetAddress:
            nil
        }
    }

    private func numeric(
        _ operation: BinaryOperator, _ operand: Operand, _ left: Expression, _ right: Expression,
        at place: Place
    ) -> Term? {
        guard let number = Self.number(of: operand) else { return nil }
        let subject = Term(.number(number), .integer, at: left.place)
        let isOrder = [.greater, .less, .greaterOrEqual, .lessOrEqual].contains(operation)
        let allowed = operation == .equal || operation == .unequal || (isOrder && operand.kind == .number)
        guard allowed else {
            let operators = operand.kind == .number ? "==, !=, <, >, <= or >=" : "== or !="
            error("\(operand.rawValue) is compared with \(operators)", at: place)
            return nil
        }
        let other: Term?
        switch right.kind {
        case .word(let word) where operand.kind == .transport:
            guard let id = Self.transports[word.uppercased()] else {
                error(
                    "\"\(word)\" is no transport", at: right.place,
                    help: "the transports are UDP, TCP, TLS, SCTP, WS and WSS")
                return nil
            }
            other = Term(.integer(id), .integer, at: right.place)
        case .word(let word) where operand.rawValue.hasSuffix("af"):
            guard
                let id = ["INET": AF_INET, "IPV4": AF_INET, "INET6": AF_INET6, "IPV6": AF_INET6][
                    word.uppercased()]
            else {
                error("\"\(word)\" is no address family", at: right.place, help: "they are INET and INET6")
                return nil
            }
            other = Term(.integer(id), .integer, at: right.place)
        default: other = term(right)
        }
        guard let other else { return nil }
        if other.type == .text {
            error("\(operand.rawValue) is a number, and this is a text", at: other.place)
            return nil
        }
        return Term(.binary(operation, subject, other), .integer, at: place)
    }

    /// The numbers that scripts know them by, which are not those of the plugin interface.
    static let transports: [String: Int32] = ["UDP": 1, "TCP": 2, "TLS": 3, "SCTP": 4, "WS": 5, "WSS": 6]

    // MARK: - Addresses

    private func address(
        _ operation: BinaryOperator, _ operand: Operand, _ right: Expression, at place: Place
    ) -> Term? {
        guard let subject = Self.place(of: operand) else { return nil }
        if operation == .matches {
            return textual(operation, self.subject(operand, at: place), right, at: place)
        }
        let isNegated = operation == .unequal
        func within(_ ranges: [AddressRange]) -> Term {
            let terms = ranges.map {
                Term(.within(subject, storage.place($0), isNegated: isNegated), .integer, at: place)
            }
            let joined: BinaryOperator = isNegated ? .and : .or
            return terms.dropFirst().reduce(terms[0]) { Term(.binary(joined, $0, $1), .integer, at: place) }
        }
        switch right.kind {
        case .network(let network): return within([AddressRange(network)])
        case .string(let text): return named(text.string, right.place).map(within)
        case .word(let word): return named(word, right.place).map(within)
        default:
            guard let other = term(right) else { return nil }
            if other.type == .integer {
                error("\(operand.rawValue) is an address, and this is a number", at: right.place)
                return nil
            }
            return Term(.sameAddress(subject, other, isNegated: isNegated), .integer, at: place)
        }
    }

    /// An address, a network or the name of a host as text; names are looked up now.
    private func named(_ text: String, _ place: Place) -> [AddressRange]? {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        if let address = NumericAddress(parts[0]) {
            guard parts.count == 2 else { return [AddressRange(address, bits: address.width)] }
            if let bits = Int(parts[1]), (0...address.width).contains(bits) {
                return [AddressRange(address, bits: bits)]
            }
            if let mask = NumericAddress(parts[1]), mask.width == address.width {
                return [AddressRange(address, mask: mask)]
            }
            error(
                "\"/\(parts[1])\" is no mask", at: place,
                help: "a mask is a number of bits, or written as an address")
            return nil
        }
        let found = parts.count == 1 ? NumericAddress.lookup(text) : []
        if found.isEmpty {
            error("\"\(text)\" is no address, and no host of this name was found", at: place)
            return nil
        }
        return found.map { AddressRange($0, bits: $0.width) }
    }
}
