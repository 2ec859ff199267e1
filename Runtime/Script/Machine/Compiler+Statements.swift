// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

extension Compiler {
    /// `isLast`: the value of the block's last action is what the route comes to when it simply ends.
    func compile(_ steps: [Step], isLast: Bool) {
        if steps.isEmpty, isLast { emit(.setResult, operand: 1) }
        for (index, step) in steps.enumerated() {
            at(step.place)
            compile(step, isLast: isLast && index == steps.count - 1)
        }
    }

    private func compile(_ step: Step, isLast: Bool) {
        switch step.kind {
        case .action(let term):
            let (failed, next) = failure(-1)
            recovering(at: failed) { action(term) }
            put(next)
        case .assign(let reference, let term):
            let (failed, next) = failure(-1)
            recovering(at: failed) {
                raw(term)
                emit(.store, pointer: reference.opaque, effect: -1)
            }
            put(next)
        case .when(let condition, let then, let otherwise):
            when(condition, then, otherwise, isLast)
        case .loop(let condition, let body):
            loop(condition, body, isLast)
        case .choose(let subject, let cases):
            choose(subject, cases, isLast)
        case .leave:
            emit(.setResult, operand: 0)
            if let exit = exits.last { emit(.jump, to: exit) } else { emit(.giveBackResult) }
        case .giveBack(let value):
            guard let value else { return emit(.giveBackConstant, operand: 1) }
            if let number = value.constant {
                return number == 0 ? emit(.exit) : emit(.giveBackConstant, operand: Int(number))
            }
            let (failed, next) = failure(Self.noValue)
            recovering(at: failed) {
                self.value(value)
                emit(.giveBack, effect: -1)
            }
            put(next)
            emit(.giveBackResult)
        case .exit(let value):
            guard let value, value.constant != 0 else { return emit(.exit) }
            let (failed, next) = failure(Self.noValue)
            recovering(at: failed) {
                self.value(value)
                emit(.exitWith, effect: -1)
            }
            put(next)
            emit(.exit)
        case .drop(let value):
            if let value, value.constant == nil {
                let failed = Label()
                recovering(at: failed) {
                    self.value(value)
                    emit(.pop, effect: -1)
                }
                put(failed)
            }
            emit(.drop)
        }
    }

    /// What the peers answer for a statement that has no value: a switch without a match, a failed return.
    private static var noValue: Int { -5 }

    private func when(_ condition: Term, _ then: [Step], _ otherwise: [Step]?, _ isLast: Bool) {
        let no = Label()
        let end = Label()
        recovering(at: no) { jump(condition, to: no, when: false, positive: true) }
        compile(then, isLast: isLast)
        let isOpen = isLast || otherwise != nil
        if isOpen { emit(.jump, to: end) }
        put(no)
        if let otherwise {
            compile(otherwise, isLast: isLast)
        } else if isLast {
            emit(.setResult, operand: 1)
        }
        put(end)
    }

    private func loop(_ condition: Term, _ body: [Step], _ isLast: Bool) {
        let again = Label()
        let end = Label()
        emit(.setResult, operand: 1)
        emit(.pushInteger, operand: 0, effect: 1)
        put(again)
        recovering(at: end) { jump(condition, to: end, when: false, positive: false) }
        emit(.turn, to: end)
        exits.append(end)
        compile(body, isLast: isLast)
        exits.removeLast()
        emit(.jump, to: again)
        put(end)
        emit(.pop, effect: -1)
    }

    private func choose(_ subject: Term, _ cases: [CheckedCase], _ isLast: Bool) {
        let end = Label()
        let none = Label()
        var otherwise: Label?
        var labels: [Label] = []
        recovering(at: none) {
            value(subject)
            for item in cases {
                let label = Label()
                labels.append(label)
                switch item.label {
                case .integer(let number): emit(.jumpIfInteger, to: label, operand: Int(number))
                case .text(let text): emit(.jumpIfText, to: label, operand: Int(bitPattern: pointer(text)))
                case .pattern(let pattern):
                    emit(.jumpIfMatch, to: label, operand: Int(bitPattern: pattern.opaque))
                case .otherwise: otherwise = label
                }
            }
            emit(.pop, effect: -1)
        }
        put(none)
        if let otherwise {
            emit(.jump, to: otherwise)
        } else {
            emit(.setResult, operand: Self.noValue)
            emit(.jump, to: end)
        }
        exits.append(end)
        for (item, label) in zip(cases, labels) {
            at(item.place)
            put(label)
            // A label without statements goes on to the next.
            if !item.body.isEmpty { compile(item.body, isLast: isLast) }
        }
        exits.removeLast()
        put(end)
    }
}
