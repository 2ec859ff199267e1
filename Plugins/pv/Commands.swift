// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// Reading and writing $shv from outside.
@Declarations func commands() -> [any Declaration] {
    Command("shvGet", "The shared variable of that name, or all that are known.", Arg("name", Text?.self)) {
        answer, name in
        guard let name else {
            answer.structure { answer in
                answer.structure("items") { answer in
                    for name in SharedNames.all {
                        guard let target = SharedNames.expression(name) else { continue }
                        answer.structure("shv") { put(target, name, $0) }
                    }
                }
            }
            return .yes
        }
        guard let target = SharedNames.expression(String(name)), isSet(target, answer) else {
            return answer.fault(404, "Variable not found")
        }
        answer.structure { put(target, String(name), $0) }
        return .yes
    }
    Command(
        "shvSet", "Gives a shared variable a value.", Arg("name", Text.self),
        Arg("type", Text.self, "int or str."),
        Arg("value", Text.self)
    ) { answer, name, type, value in
        guard let target = SharedNames.expression(String(name)) else {
            return answer.fault(404, "Variable not found")
        }
        let outcome: Outcome
        if type == "int" {
            guard let number = value.integer else { return answer.fault(500, "The value is no number") }
            outcome = answer.call.write(target, number)
        } else if type == "str" {
            outcome = answer.call.write(target, value)
        } else {
            return answer.fault(500, "Unknown parameter type (Types: int or str)")
        }
        guard outcome.isYes else { return answer.fault(500, "Cannot set shared variable value") }
        SharedNames.wasWritten(String(name))
        answer.put("Ok. Variable set to new value.")
        return .yes
    }
}

private func isSet(_ target: Expression, _ answer: borrowing Answer) -> Bool {
    let call = answer.call
    guard let value = call.read(target) else { return false }
    return !value.isNull
}

private func put(_ target: Expression, _ name: String, _ answer: borrowing Answer) {
    let call = answer.call
    guard let value = call.read(target) else { return }
    answer.put("name", name)
    if let number = value.int {
        answer.put("type", "int")
        answer.put("value", number)
    } else {
        answer.put("type", "string")
        answer.put("value", value.text)
    }
}

/// The shared variables that commands have written, and those that the configuration gives a value to. Only
/// touched on the commands' thread.
private enum SharedNames {
    nonisolated(unsafe) private static var compiled: [String: Expression] = [:]
    nonisolated(unsafe) private static var written: Set<String> = []

    static var all: [String] { written.union(SharedVariables.shared.map(\.name)).sorted() }

    static func wasWritten(_ name: String) { written.insert(name) }

    static func expression(_ name: String) -> Expression? {
        if let target = compiled[name] { return target }
        guard !name.isEmpty, name.utf8.allSatisfy(isNameByte),
            let target = Expression.compile("$shv(\(name))")
        else {
            return nil
        }
        compiled[name] = target
        return target
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
