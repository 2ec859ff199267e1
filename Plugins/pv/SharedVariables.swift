// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// A value that a variable starts with, as `shvset` and `varset` write it: name=i:1, name=s:text.
struct InitialValue: Sendable {
    let name: String
    private let target: Expression
    private let number: Int?
    private let text: String

    /// Nil, and the reason logged, when it is malformed.
    init?(_ line: Text, of kind: StaticString) {
        guard let equals = line.firstIndex(of: UInt8(ascii: "=")), equals > 0, line.count >= equals + 3,
            line[equals + 2] == UInt8(ascii: ":")
        else {
            InitialValue.refuse(line)
            return nil
        }
        let value = line.dropFirst(equals + 3)
        name = String(line.prefix(equals).trimmed)
        text = String(value)
        switch line[equals + 1] {
        case UInt8(ascii: "i"), UInt8(ascii: "I"):
            guard let integer = value.trimmed.integer else {
                InitialValue.refuse(line)
                return nil
            }
            number = integer
        case UInt8(ascii: "s"), UInt8(ascii: "S"): number = nil
        default:
            InitialValue.refuse(line)
            return nil
        }
        guard let target = Expression.compile("\(String(Text(kind)))(\(name))") else { return nil }
        self.target = target
    }

    func assign(_ call: borrowing Call) -> Bool {
        if let number { return call.write(target, number).isYes }
        return call.write(target, text).isYes
    }

    private static func refuse(_ line: Text) {
        _ = Host.fail(
            "\"\(String(line))\" gives no variable a value",
            help: "write \"name=i:1\" for a number, \"name=s:text\" for text")
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
