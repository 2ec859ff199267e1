// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

extension Compiler {
    /// Leaves the value of a term on the stack.
    func value(_ term: Term) {
        switch term.kind {
        case .integer(let number): emit(.pushInteger, operand: Int(number), effect: 1)
        case .text(let text): emit(.pushConstant, pointer: pointer(ScriptValue(text)), effect: 1)
        case .null: emit(.pushNull, effect: 1)
        case .variable(let reference): emit(.load, pointer: reference.opaque, effect: 1)
        case .unary(let operation, let operand):
            value(operand)
            emit(Self.code(operation))
        case .binary(.and, _, _), .binary(.or, _, _): truth(term)
        case .binary(let operation, let left, let right):
            value(left)
            value(right)
            emit(Self.code(operation), effect: -1)
        case .matches(let text, let pattern):
            value(text)
            emit(.matchesConstant, pointer: pattern.opaque)
        case .length(let text):
            value(text)
            emit(.length)
        case .isEmpty(let text):
            value(text)
            emit(.isEmpty)
        case .choice(let condition, let yes, let no):
            let other = Label()
            let end = Label()
            jump(condition, to: other, when: false, positive: true)
            value(yes)
            emit(.jump, to: end)
            joining(-1)
            put(other)
            value(no)
            put(end)
        case .call, .route:
            invoke(term, isStatement: false)
            emit(.pushTruth, effect: 1)
        case .assign(let reference, let value):
            raw(value)
            emit(.store, pointer: reference.opaque, effect: -1)
            emit(.pushInteger, operand: 1, effect: 1)
        case .uri: emit(.loadURI, effect: 1)
        case .number(let number): emit(.loadNumber, small: number.rawValue, effect: 1)
        case .method(.known(let method), let isNegated):
            emit(.methodIs, small: method.rawValue, mark: isNegated, effect: 1)
        case .method(.named(let name), let isNegated):
            emit(.methodIsNamed, mark: isNegated, pointer: pointer(name), effect: 1)
        case .sameText(let left, let right, let isNegated):
            value(left)
            value(right)
            emit(.sameText, mark: isNegated, effect: -1)
        case .isMine(let place, let isNegated):
            emit(.isMine, small: place.rawValue, mark: isNegated, effect: 1)
        case .within(let place, let range, let isNegated):
            emit(.within, small: place.rawValue, mark: isNegated, pointer: range, effect: 1)
        case .sameAddress(let place, let other, let isNegated):
            value(other)
            emit(.sameAddress, small: place.rawValue, mark: isNegated)
        }
    }

    /// For assignments: a call gives the code it returned, not just whether it was positive.
    func raw(_ term: Term) {
        switch term.kind {
        case .call, .route:
            invoke(term, isStatement: false)
            emit(.pushAnswer, effect: 1)
        default: value(term)
        }
    }

    /// A call for its own sake.
    func action(_ term: Term) {
        switch term.kind {
        case .call, .route: invoke(term, isStatement: true)
        default:
            value(term)
            emit(.pop, effect: -1)
        }
    }

    private func truth(_ term: Term) {
        let no = Label()
        let end = Label()
        jump(term, to: no, when: false, positive: false)
        emit(.pushInteger, operand: 1, effect: 1)
        emit(.jump, to: end)
        joining(-1)
        put(no)
        emit(.pushInteger, operand: 0, effect: 1)
        put(end)
    }

    /// Goes to `label` when the term is true or false as asked; otherwise goes on. `positive`: true is more
    /// than 0, as at the top of an `if`; elsewhere it is anything but 0.
    func jump(_ term: Term, to label: Label, when wanted: Bool, positive: Bool) {
        switch term.kind {
        case .integer(let number):
            if (positive ? number > 0 : number != 0) == wanted { emit(.jump, to: label) }
        case .unary(.not, let operand): jump(operand, to: label, when: !wanted, positive: false)
        case .unary(.defined, let operand):
            value(operand)
            emit(wanted ? .jumpIfDefined : .jumpUnlessDefined, to: label, effect: -1)
        case .binary(.and, let left, let right): both(left, right, to: label, when: wanted)
        case .binary(.or, let left, let right): either(left, right, to: label, when: wanted)
        case .call, .route:
            invoke(term, isStatement: false)
            emit(wanted ? .jumpIfTrue : .jumpUnlessTrue, to: label)
        default:
            value(term)
            let code: Instruction.Code =
                switch (positive, wanted) {
                case (true, true): .jumpIfPositive
                case (true, false): .jumpUnlessPositive
                case (false, true): .jumpUnlessZero
                case (false, false): .jumpIfZero
                }
            emit(code, to: label, effect: -1)
        }
    }

    private func both(_ left: Term, _ right: Term, to label: Label, when wanted: Bool) {
        let no = wanted ? Label() : label
        jump(left, to: no, when: false, positive: false)
        jump(right, to: label, when: wanted, positive: false)
        if wanted { put(no) }
    }

    private func either(_ left: Term, _ right: Term, to label: Label, when wanted: Bool) {
        let yes = wanted ? label : Label()
        jump(left, to: yes, when: true, positive: false)
        jump(right, to: label, when: wanted, positive: false)
        if !wanted { put(yes) }
    }

    private static func code(_ operation: UnaryOperator) -> Instruction.Code {
        switch operation {
        case .not: .not
        case .minus: .negate
        case .complement: .complement
        case .defined: .isDefined
        case .toInteger: .toInteger
        case .toString: .toText
        }
    }

    private static func code(_ operation: BinaryOperator) -> Instruction.Code {
        switch operation {
        case .bitOr: .bitOr
        case .bitAnd: .bitAnd
        case .bitXor: .bitXor
        case .shiftLeft: .shiftLeft
        case .shiftRight: .shiftRight
        case .equal: .equal
        case .unequal: .unequal
        case .matches: .matches
        case .equalText: .equalTexts
        case .unequalText: .unequalTexts
        case .equalInteger: .equalIntegers
        case .unequalInteger: .unequalIntegers
        case .greater: .greater
        case .less: .less
        case .greaterOrEqual: .greaterOrEqual
        case .lessOrEqual: .lessOrEqual
        case .plus: .add
        case .minus: .subtract
        case .times: .multiply
        case .divided: .divide
        case .modulo: .modulo
        // Compiled to jumps.
        case .or, .and: .not
        }
    }
}
