// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import PvLogic

/// A value that a variable starts with, and the variable.
struct InitialValue: Sendable {
    let name: String
    private let target: Expression
    private let value: Assignment.Value

    /// Nil, and the reason said, when it is malformed.
    init?(_ line: Text, of kind: StaticString) {
        guard let assignment = Assignment(line) else {
            _ = Host.fail(
                "\"\(String(line))\" gives no variable a value",
                help: "write \"name=i:1\" for a number, \"name=s:text\" for text")
            return nil
        }
        guard let target = Expression.compile("\(String(Text(kind)))(\(assignment.name))") else { return nil }
        name = assignment.name
        value = assignment.value
        self.target = target
    }

    func assign(_ call: borrowing Call) -> Bool {
        switch value {
        case .number(let number): call.write(target, number).isYes
        case .text(let text): call.write(target, text).isYes
        }
    }
}

/// The variables that the configuration gives a value to. Written once, before any traffic.
enum SharedVariables {
    nonisolated(unsafe) private(set) static var shared: [InitialValue] = []
    nonisolated(unsafe) private(set) static var perWorker: [InitialValue] = []

    static func read(_ shvset: Params<Text>, _ varset: Params<Text>) -> Bool {
        for line in 0..<shvset.count {
            guard let value = InitialValue(shvset[line], of: "$shv") else { return false }
            shared.append(value)
        }
        for line in 0..<varset.count {
            guard let value = InitialValue(varset[line], of: "$var") else { return false }
            perWorker.append(value)
        }
        return true
    }
}
