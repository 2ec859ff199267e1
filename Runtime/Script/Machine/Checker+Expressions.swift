// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

extension Checker {
    /// Resolves an expression. nil when there is something wrong in it, which has been said.
    func term(_ expression: Expression) -> Term? {
        let place = expression.place
        switch expression.kind {
        case .integer(let number): return Term(.integer(number), .integer, at: place)
        case .string(let text): return Term(.text(storage.text(text.bytes)), .text, at: place)
        case .variable(let text): return variable(text, at: place)
        case .select(let select): return self.select(select, at: place)
        case .operand, .myself:
            error(
                "this stands only to the left of a comparison", at: place,
                help: "write what it is compared with, as in uri == myself")
            return nil
        case .word(let word):
            error(
                "\"\(word)\" means nothing here", at: place,
                help: "put a text in quotes, or $ in front of a variable")
            return nil
        case .network, .socket:
            error("an address stands only to the right of src_ip, dst_ip and the like", at: place)
            return nil
        case .unary(let operation, let operand): return unary(operation, operand, at: place)
        case .binary(let operation, let left, let right): return binary(operation, left, right, at: place)
        case .builtin(let builtin, let arguments): return self.builtin(builtin, arguments, at: place)
        case .call(let call): return self.call(call, at: place).map { Term(.call($0), .integer, at: place) }
        case .route(let name): return route(name, at: place)
        case .assign(let target, let value):
            let reference = self.target(target)
            guard let value = term(value), let reference else { return nil }
            return Term(.assign(reference, value), .integer, at: place)
        }
    }

    // MARK: - Names

    func variable(_ text: Text, at place: Place) -> Term? {
        switch parser.parse(text.string) {
        case .success(let reference):
            tellOddities(in: text, at: place)
            return Term(reference.isNull ? .null : .variable(reference), .any, at: place)
        case .failure(let fault):
            error(fault, in: text, at: place)
            return nil
        }
    }

    private func select(_ select: Select, at place: Place) -> Term? {
        switch parser.select(select.text) {
        case .success(let reference):
            tellOddities(in: Text(select.text), at: place)
            return Term(.variable(reference), .text, at: place)
        case .failure(let fault):
            error(fault, in: Text(select.text), at: place)
            return nil
        }
    }

    /// The left side of an assignment.
    func target(_ expression: Expression) -> VariableReference? {
        guard case .variable(let text) = expression.kind else {
            error(
                "this cannot be assigned to", at: expression.place, help: "the left side of = is a variable")
            return nil
        }
        switch parser.parse(text.string) {
        case .failure(let fault): error(fault, in: text, at: expression.place)
        case .success(let reference):
            if reference.hasTransformations {
                error(
                    "\(text) has a transformation, and cannot be assigned to", at: expression.place,
                    help: "assign to the variable, and transform what is assigned")
            } else if !reference.isWritable {
                error("\(text) is read-only", at: expression.place)
            } else {
                return reference
            }
        }
        return nil
    }

    private func route(_ name: Expression, at place: Place) -> Term? {
        if case .string(let text) = name.kind {
            let number = table.number(UInt32(MT_IN_REQUEST), named: text.string == "0" ? "" : text.string)
            guard number == 0 else { return Term(.route(.number(number)), .integer, at: place) }
            let names = table.names(UInt32(MT_IN_REQUEST))
            error(
                "there is no route[\(text)]", at: name.place,
                help: Suggestion.help(for: text.string, in: names) ?? "add route[\(text)] { ... } to the file"
            )
            return nil
        }
        callsAnyRoute = true
        return term(name).map { Term(.route(.named($0)), .integer, at: place) }
    }

    // MARK: - Operators

    private func unary(_ operation: UnaryOperator, _ operand: Expression, at place: Place) -> Term? {
        guard let term = term(operand) else { return nil }
        switch operation {
        case .not, .minus, .complement:
            guard isNumber(term, for: operation.rawValue) else { return nil }
            if let number = term.constant {
                return Term(.integer(operation.fold(number)), .integer, at: place)
            }
            return Term(.unary(operation, term), .integer, at: place)
        case .toInteger:
            switch term.kind {
            case .integer: return term
            case .text(let text):
                let number = Int32(truncatingIfNeeded: ScriptValue.number(of: text))
                return Term(.integer(number), .integer, at: place)
            default: return Term(.unary(operation, term), .integer, at: place)
            }
        case .toString:
            if let number = term.constant {
                return Term(.text(storage.text(Array("\(number)".utf8))), .text, at: place)
            }
            if case .text = term.kind { return term }
            return Term(.unary(operation, term), .text, at: place)
        case .defined:
            switch term.kind {
            case .null: return Term(.integer(0), .integer, at: place)
            case .variable: return Term(.unary(.defined, term), .integer, at: place)
            default: return Term(.integer(1), .integer, at: place)
            }
        }
    }

    private func binary(
        _ operation: BinaryOperator, _ left: Expression, _ right: Expression, at place: Place
    ) -> Term? {
        if Self.isSpecial(left) || Self.isSpecial(right) { return special(operation, left, right, at: place) }
        let first = term(left)
        let second = term(right)
        guard let first, let second else { return nil }
        switch operation {
        case .equal, .unequal:
            warnOfVariables(in: left)
            warnOfVariables(in: right)
            return comparison(operation, first, second, at: place)
        case .matches:
            guard agrees(operation, first, second) else { return nil }
            warnOfVariables(in: left)
            if case .string(let text) = right.kind {
                return pattern(text, at: right.place).map { Term(.matches(first, $0), .integer, at: place) }
            }
            return Term(.binary(operation, first, second), .integer, at: place)
        case .equalText, .unequalText:
            guard agrees(operation, first, second) else { return nil }
            return Term(.binary(operation, first, second), .integer, at: place)
        case .plus:
            guard agrees(operation, first, second) else { return nil }
            if let a = first.constant, let b = second.constant {
                return Term(.integer(a &+ b), .integer, at: place)
            }
            warnOfVariables(in: left)
            warnOfVariables(in: right)
            return Term(.binary(operation, first, second), first.type, at: place)
        case .and, .or:
            guard isNumber(first, for: operation.rawValue), isNumber(second, for: operation.rawValue) else {
                return nil
            }
            return logical(operation, first, second, at: place)
        case .divided, .modulo, .minus, .times, .bitAnd, .bitOr, .bitXor, .shiftLeft, .shiftRight, .greater,
            .less,
            .greaterOrEqual, .lessOrEqual, .equalInteger, .unequalInteger:
            guard isNumber(first, for: operation.rawValue), isNumber(second, for: operation.rawValue) else {
                return nil
            }
            if second.constant == 0, operation == .divided || operation == .modulo {
                diagnostics.warning("this divides by 0, and fails whenever it runs", at: place)
            } else if let a = first.constant, let b = second.constant, let value = operation.fold(a, b) {
                return Term(.integer(value), .integer, at: place)
            }
            return Term(.binary(operation, first, second), .integer, at: place)
        }
    }

    private func comparison(_ operation: BinaryOperator, _ left: Term, _ right: Term, at place: Place)
        -> Term?
    {
        // With $null it asks whether there is a value.
        if case .null = right.kind {
            guard case .variable = left.kind else {
                diagnostics.warning("only a variable can be $null", at: left.place)
                return Term(.integer(operation == .equal ? 0 : 1), .integer, at: place)
            }
            let defined = Term(.unary(.defined, left), .integer, at: place)
            return operation == .unequal ? defined : Term(.unary(.not, defined), .integer, at: place)
        }
        guard agrees(operation, left, right) else { return nil }
        if let a = left.constant, let b = right.constant {
            return Term(.integer((a == b) == (operation == .equal) ? 1 : 0), .integer, at: place)
        }
        if case .text(let a) = left.kind, case .text(let b) = right.kind {
            return Term(.integer((a == b) == (operation == .equal) ? 1 : 0), .integer, at: place)
        }
        return Term(.binary(operation, left, right), .integer, at: place)
    }

    private func logical(_ operation: BinaryOperator, _ left: Term, _ right: Term, at place: Place) -> Term {
        if let number = left.constant {
            if (number != 0) == (operation == .or) {
                return Term(.integer(operation == .or ? 1 : 0), .integer, at: place)
            }
            if let other = right.constant { return Term(.integer(other != 0 ? 1 : 0), .integer, at: place) }
        }
        return Term(.binary(operation, left, right), .integer, at: place)
    }

    /// A number on the left decides that the right is one too; a text there is a slip.
    private func agrees(_ operation: BinaryOperator, _ left: Term, _ right: Term) -> Bool {
        guard left.type == .integer, right.type == .text else { return true }
        error(
            "\"\(operation.rawValue)\" has a number on its left and a text on its right", at: right.place,
            help: "write both as numbers, or put (str) in front of the left one")
        return false
    }

    private func isNumber(_ term: Term, for operation: String) -> Bool {
        guard term.type == .text else { return true }
        error(
            "\"\(operation)\" needs numbers, and this is a text", at: term.place,
            help: "(int) in front turns a text into a number")
        return false
    }

    /// Only arguments of functions are searched for variables; somebody may not know.
    func warnOfVariables(in expression: Expression) {
        guard case .string(let text) = expression.kind, text.bytes.contains(UInt8(ascii: "$")) else { return }
        guard case .success(let format) = parser.format(bytes: text.bytes), !format.isConstant else { return }
        diagnostics.warning(
            "variables in this text are not replaced", at: expression.place,
            help: "join it from pieces with +, as in \"sip:\" + $rU")
    }

    private func builtin(_ builtin: Builtin, _ arguments: [Expression], at place: Place) -> Term? {
        let terms = arguments.compactMap(term)
        guard terms.count == arguments.count else { return nil }
        let wanted = builtin == .selval ? 3 : 1
        guard terms.count == wanted else {
            error(
                "\(builtin.rawValue) takes \(wanted) argument\(wanted == 1 ? "" : "s"), not \(terms.count)",
                at: place)
            return nil
        }
        switch builtin {
        case .strlen, .strempty:
            if terms[0].type == .integer {
                error("\(builtin.rawValue) needs a text, and this is a number", at: terms[0].place)
                return nil
            }
            return Term(builtin == .strlen ? .length(terms[0]) : .isEmpty(terms[0]), .integer, at: place)
        case .selval:
            let type = terms[1].type == terms[2].type ? terms[1].type : .any
            return Term(.choice(terms[0], yes: terms[1], no: terms[2]), type, at: place)
        }
    }
}

extension UnaryOperator {
    func fold(_ number: Int32) -> Int32 {
        switch self {
        case .not: number == 0 ? 1 : 0
        case .minus: 0 &- number
        case .complement: ~number
        case .defined, .toInteger, .toString: number
        }
    }
}

extension BinaryOperator {
    /// What two constants come to; nil for an operator that is not for numbers alone.
    func fold(_ a: Int32, _ b: Int32) -> Int32? {
        switch self {
        case .minus: a &- b
        case .times: a &* b
        case .divided: b == 0 ? nil : a.wrappingDivided(by: b)
        case .modulo: b == 0 ? nil : b == -1 ? 0 : a % b
        case .bitAnd: a & b
        case .bitOr: a | b
        case .bitXor: a ^ b
        case .shiftLeft: a &<< b
        case .shiftRight: a &>> b
        case .greater: a > b ? 1 : 0
        case .less: a < b ? 1 : 0
        case .greaterOrEqual: a >= b ? 1 : 0
        case .lessOrEqual: a <= b ? 1 : 0
        case .equalInteger: a == b ? 1 : 0
        case .unequalInteger: a != b ? 1 : 0
        case .or, .and, .equal, .unequal, .matches, .equalText, .unequalText, .plus: nil
        }
    }
}

extension Int32 {
    /// Toward zero; the one quotient that does not fit wraps around.
    @inline(__always)
    func wrappingDivided(by divisor: Int32) -> Int32 { divisor == -1 ? 0 &- self : self / divisor }
}
