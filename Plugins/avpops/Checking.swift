// SPDX-License-Identifier: Apache-2.0
import AvpopsLogic
import CMartlet
import Glibc
import PluginKit

/// "operator/value/flags": what avp_check compares with.
final class Check: @unchecked Sendable {
    enum Comparison: String { case eq, ne, lt, le, gt, ge, re, fm, and, or, xor }

    let comparison: Comparison
    let operand: Operand
    let all: Bool
    let ignoresCase: Bool
    /// Of a constant pattern. Never freed: it lives as long as the process.
    private let regex: UnsafeMutablePointer<regex_t>?

    init?(_ text: Text) {
        guard let (word, value, flags) = Specification.operation(String(text), flags: "gi"),
            let comparison = Comparison(rawValue: word), let operand = Operand(value)
        else { return nil }
        self.comparison = comparison
        self.operand = operand
        all = flags.contains("g")
        ignoresCase = flags.contains("i")
        guard comparison == .re, case .constant(.text(let pattern)) = operand else {
            regex = nil
            return
        }
        guard let compiled = Check.compile(pattern, ignoresCase) else { return nil }
        regex = compiled
    }

    func holds(_ value: mt_value, _ other: mt_value) -> Bool {
        let a = Value(unchecked: value)
        let b = Value(unchecked: other)
        if let a = a.int, let b = b.int { return compare(a, b) }
        guard !a.text.isAbsent, !b.text.isAbsent else { return false }
        switch comparison {
        case .re: return matches(a.text, b.text)
        case .fm:
            return String(b.text).withCString { pattern in
                String(a.text).withCString { fnmatch(pattern, $0, ignoresCase ? 1 << 4 : 0) == 0 }
            }
        case .eq: return ignoresCase ? a.text.equalsIgnoringCase(b.text) : a.text.equals(b.text)
        case .ne: return ignoresCase ? !a.text.equalsIgnoringCase(b.text) : !a.text.equals(b.text)
        case .lt: return order(a.text, b.text) < 0
        case .le: return order(a.text, b.text) <= 0
        case .gt: return order(a.text, b.text) > 0
        case .ge: return order(a.text, b.text) >= 0
        case .and, .or, .xor: return false
        }
    }

    private func compare(_ a: Int, _ b: Int) -> Bool {
        switch comparison {
        case .eq: a == b
        case .ne: a != b
        case .lt: a < b
        case .le: a <= b
        case .gt: a > b
        case .ge: a >= b
        case .and: a & b != 0
        case .or: a | b != 0
        case .xor: a ^ b != 0
        case .re, .fm: false
        }
    }

    private func order(_ a: Text, _ b: Text) -> Int {
        for index in 0..<min(a.count, b.count) where a[index] != b[index] {
            let (x, y) = ignoresCase ? (Check.lower(a[index]), Check.lower(b[index])) : (a[index], b[index])
            if x != y { return Int(x) - Int(y) }
        }
        return a.count - b.count
    }

    private func matches(_ text: Text, _ pattern: Text) -> Bool {
        guard let compiled = regex ?? Check.compile(String(pattern), ignoresCase) else { return false }
        defer {
            if regex == nil {
                regfree(compiled)
                compiled.deallocate()
            }
        }
        var bounds = regmatch_t(rm_so: 0, rm_eo: regoff_t(text.count))
        return regexec(compiled, text.raw.ptr, 1, &bounds, REG_STARTEND) == 0
    }

    private static func compile(_ pattern: String, _ ignoresCase: Bool) -> UnsafeMutablePointer<regex_t>? {
        let compiled = UnsafeMutablePointer<regex_t>.allocate(capacity: 1)
        if regcomp(compiled, pattern, REG_EXTENDED | (ignoresCase ? REG_ICASE : 0)) == 0 { return compiled }
        compiled.deallocate()
        Host.log(.error, "\"\(pattern)\" is no regular expression")
        return nil
    }

    private static func lower(_ byte: UInt8) -> UInt8 { byte >= 65 && byte <= 90 ? byte | 32 : byte }
}

/// "$avp(name)", or any other variable.
final class Subject: Sendable {
    let source: Source

    init?(_ text: Text) {
        guard let source = Source(String(text)) else { return nil }
        self.source = source
    }
}

/// "$avp(source)/$avp(target)": where avp_op reads and writes.
final class Ways: Sendable {
    let source, target: Name

    init?(_ text: Text) {
        let parts = Specification.parts(String(text))
        guard parts.count <= 2, let source = Name(parts[0]), let target = Name(parts.last ?? "") else {
            return nil
        }
        self.source = source
        self.target = target
    }
}

/// "operator/value/flags": what avp_op does.
final class Operation: Sendable {
    let arithmetic: Arithmetic
    let operand: Operand
    let all, deletes: Bool

    init?(_ text: Text) {
        guard let (word, value, flags) = Specification.operation(String(text), flags: "gd"),
            let arithmetic = Arithmetic(rawValue: word), let operand = Operand(value)
        else { return nil }
        if case .constant(.text) = operand { return nil }
        self.arithmetic = arithmetic
        self.operand = operand
        all = flags.contains("g")
        deletes = flags.contains("d")
    }
}

@Declarations func checkingFunctions() -> [any Declaration] {
    Function(
        "avp_check", in: .any, "Compares a value, or any of an AVP's.",
        made("name", "A variable.") { raw in
            Prepared<Subject>.make(raw) { text in
                let made = Subject(text)
                if made == nil { refuse(text, "write a variable, as in \"$avp(name)\"") }
                return made
            }
        },
        made("check", "operator/value/flags.") { raw in
            Prepared<Check>.make(raw) { text in
                let made = Check(text)
                if made == nil {
                    refuse(
                        text,
                        "write operator/value/flags; operators: eq ne lt le gt ge re fm and or xor"
                    )
                }
                return made
            }
        }
    ) { (call, subject: Prepared<Subject>, check: Prepared<Check>) in
        guard let subject = subject.object, let check = check.object else { return notMade() }
        let raw = call.raw
        var holds = false
        _ = check.operand.with(call) { other in
            subject.source.each(Call(raw), all: check.all) { value in
                holds = check.holds(value, other)
                return !holds
            }
        }
        return Outcome(holds)
    }
    Function(
        "avp_op", in: .any, "Counts with an AVP's number.",
        made("names", "$avp(source)/$avp(target).") { raw in
            Prepared<Ways>.make(raw) { text in
                let made = Ways(text)
                if made == nil { refuse(text, "write \"$avp(source)\" or \"$avp(source)/$avp(target)\"") }
                return made
            }
        },
        made("operation", "operator/value/flags.") { raw in
            Prepared<Operation>.make(raw) { text in
                let made = Operation(text)
                if made == nil {
                    refuse(
                        text,
                        "write operator/value/flags; operators: add sub mul div mod and or xor not"
                    )
                }
                return made
            }
        }
    ) { (call, ways: Prepared<Ways>, operation: Prepared<Operation>) in
        guard let ways = ways.object, let operation = operation.object else { return notMade() }
        let raw = call.raw
        return operation.operand.with(call) { operate(Call(raw), ways, operation, $0) } ?? .no
    }
}

private func operate(_ call: borrowing Call, _ ways: Ways, _ operation: Operation, _ operand: mt_value)
    -> Outcome
{
    guard let second = Value(unchecked: operand).int else { return .no }
    let attributes = call.message.attributes(.avp)
    let raw = call.raw
    return ways.source.with(call) { from in
        ways.target.with(Call(raw)) { to in
            var results: [Int] = []
            var count = 0
            while let value = attributes.get(from, index: count), operation.all || count == 0 {
                count += 1
                guard let first = value.int else { continue }
                guard let result = operation.arithmetic.apply(first, second) else {
                    Host.log(.error, "avp_op: a division by 0")
                    return .no
                }
                results.append(result)
            }
            guard !results.isEmpty else { return .no }
            if operation.deletes { for _ in 0..<count { attributes.remove(from, index: 0) } }
            for result in results { attributes.add(to, result) }
            return .yes
        } ?? .no
    } ?? .no
}
