// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

extension Checker {
    func check(_ block: Block) -> [Step] {
        var steps: [Step] = []
        var ended: Statement?
        for statement in block.statements {
            if let end = ended {
                diagnostics.warning(
                    "this is never reached", at: statement.place,
                    notes: ["\(Self.word(end)) on line \(end.place.line) comes first"])
                ended = nil
                // Told once; what follows is checked all the same.
                steps.append(contentsOf: check(statement))
                continue
            }
            steps.append(contentsOf: check(statement))
            if Self.ends(statement) { ended = statement }
        }
        return steps
    }

    /// Nothing behind it is ever run.
    static func ends(_ statement: Statement) -> Bool {
        switch statement.kind {
        case .leave, .giveBack, .exit, .drop: true
        case .when(_, let then, .some(let otherwise)): ends(then) && ends(otherwise)
        case .when, .call, .assign, .loop, .choose: false
        }
    }

    static func ends(_ block: Block) -> Bool { block.statements.contains(where: ends) }

    private static func word(_ statement: Statement) -> String {
        switch statement.kind {
        case .leave: "break"
        case .giveBack: "return"
        case .exit: "exit"
        case .drop: "drop"
        case .when, .call, .assign, .loop, .choose: "the statement"
        }
    }

    private func check(_ statement: Statement) -> [Step] {
        kindOf(statement).map { [Step(kind: $0, place: statement.place)] } ?? []
    }

    private func kindOf(_ statement: Statement) -> Step.Kind? {
        switch statement.kind {
        case .call(let call):
            return term(call).map { .action($0) }
        case .assign(let target, let value):
            let reference = self.target(target)
            warnOfVariables(in: value)
            guard let value = term(value), let reference else { return nil }
            return .assign(reference, value)
        case .when(let condition, let then, let otherwise):
            let test = self.condition(condition, "if")
            let yes = check(then)
            let no = otherwise.map(check)
            return test.map { .when($0, then: yes, otherwise: no) }
        case .loop(let condition, let body):
            let test = self.condition(condition, "while")
            nesting += 1
            let steps = check(body)
            nesting -= 1
            if let number = test?.constant, number != 0, !Self.leaves(body) {
                diagnostics.warning(
                    "this loop never ends by itself: its condition is always true, and nothing in it leaves it",
                    at: condition.place, help: "max_while_loops ends it; a break would")
            }
            return test.map { .loop($0, steps) }
        case .choose(let subject, let cases):
            return choose(subject, cases)
        case .leave: return .leave
        case .giveBack(let value): return value.map(number).map { $0.map { .giveBack($0) } } ?? .giveBack(nil)
        case .exit(let value): return value.map(number).map { $0.map { .exit($0) } } ?? .exit(nil)
        case .drop(let value): return value.map(number).map { $0.map { .drop($0) } } ?? .drop(nil)
        }
    }

    /// Can the body end the loop around it?
    private static func leaves(_ block: Block) -> Bool {
        block.statements.contains { statement in
            switch statement.kind {
            case .leave, .giveBack, .exit, .drop: true
            case .when(_, let then, let otherwise): leaves(then) || otherwise.map(leaves) ?? false
            case .choose(_, let cases): cases.contains { leaves($0.body) }
            case .loop(_, let body): leaves(body)
            // A route or a function may stop the script.
            case .call, .assign: false
            }
        }
    }

    /// The value of `return`, `exit` and `drop`.
    private func number(_ expression: Expression) -> Term? {
        guard let term = term(expression) else { return nil }
        if term.type == .text {
            error(
                "this needs a number, not a text", at: expression.place,
                help: "(int) in front turns a text into a number")
            return nil
        }
        return term
    }

    /// The condition of `if` and `while`.
    private func condition(_ expression: Expression, _ keyword: String) -> Term? {
        guard let term = term(expression) else { return nil }
        // What the parser could not read is a 0 by now, and has been told.
        if isTold(expression.place) { return term }
        if keyword == "if", let number = term.constant {
            diagnostics.warning(
                "this condition is always \(number > 0 ? "true" : "false")", at: expression.place)
        } else if term.type == .text {
            diagnostics.warning(
                "this condition is a text, and counts as the number in it", at: expression.place,
                help: "compare it with something: (text) != \"\", or put (int) in front")
        }
        return term
    }

    private func isTold(_ place: Place) -> Bool {
        diagnostics.all.contains {
            $0.severity == .error && $0.place?.file === place.file && $0.place?.line == place.line
        }
    }

    // MARK: - switch

    private func choose(_ subject: Expression, _ cases: [Case]) -> Step.Kind? {
        let value = term(subject)
        var checked: [CheckedCase] = []
        var first: (isText: Bool, place: Place)?
        var seen: [String: Place] = [:]
        nesting += 1
        defer { nesting -= 1 }
        for item in cases {
            let body = check(item.body)
            guard let label = label(item, &first) else { continue }
            let key: String? =
                switch label {
                case .integer(let number): "\(number)"
                case .text(let text): "\"\(text.string)"
                case .pattern, .otherwise: nil
                }
            if let key {
                if let earlier = seen[key] {
                    diagnostics.warning(
                        "this case is never reached: the same one is on line \(earlier.line)", at: item.place)
                }
                seen[key] = seen[key] ?? item.place
            }
            checked.append(CheckedCase(label: label, body: body, place: item.place))
        }
        return value.map { .choose($0, checked) }
    }

    private func label(_ item: Case, _ first: inout (isText: Bool, place: Place)?) -> CheckedCase.Label? {
        func agrees(_ isText: Bool, _ place: Place) -> Bool {
            guard let known = first else {
                first = (isText, place)
                return true
            }
            if known.isText == isText { return true }
            error(
                "a switch cannot have both numbers and texts as cases", at: place,
                notes: ["the case on line \(known.place.line) is a \(known.isText ? "text" : "number")"],
                help: isText
                    ? "write this one as a number, or all of them in quotes" : "put this number in quotes")
            return false
        }
        switch item.label {
        case .otherwise: return .otherwise
        case .pattern(let text):
            guard agrees(true, text.place) else { return nil }
            return pattern(text.value, at: text.place).map { .pattern($0) }
        case .value(let expression):
            guard let term = term(expression) else { return nil }
            switch term.kind {
            case .integer(let number): return agrees(false, expression.place) ? .integer(number) : nil
            case .text(let text): return agrees(true, expression.place) ? .text(text) : nil
            default:
                error(
                    "a case has to be a constant", at: expression.place,
                    help: "use if and else to compare with something that changes")
                return nil
            }
        }
    }

    func pattern(_ text: Text, at place: Place) -> Pattern? {
        switch Pattern.compile(text.bytes, ignoringCase: true, in: storage) {
        case .success(let pattern): return pattern
        case .failure(let fault):
            error(fault, in: text, at: place)
            return nil
        }
    }
}
