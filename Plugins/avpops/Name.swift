// SPDX-License-Identifier: Apache-2.0
import AvpopsLogic
import CMartlet
import PluginKit

/// The name of an AVP, which may itself have variables in it.
struct Name: Sendable {
    private let fixed: String
    private let format: Expression?

    /// Nil when it is no AVP. When it cannot be read, that has been said.
    init?(_ text: String) {
        guard let name = Specification.avpName(text) else { return nil }
        fixed = name
        if name.contains("$") {
            guard let format = Expression.compile(name) else { return nil }
            self.format = format
        } else {
            format = nil
        }
    }

    /// Calls the closure with the name as it is now.
    func with<Result>(_ call: borrowing Call, _ body: (mt_str) -> Result) -> Result? {
        guard let format else { return fixed.withRaw { body($0) } }
        guard let value = call.read(format), !value.text.isEmpty else { return nil }
        return body(value.text.raw)
    }
}

/// A value that a function works with: a constant, or a variable of any kind.
enum Operand: Sendable {
    case constant(Specification.Constant)
    case variable(Expression)

    init?(_ text: String) {
        if text.hasPrefix("$") {
            guard let expression = Expression.compile(text) else { return nil }
            self = .variable(expression)
        } else {
            guard let constant = Specification.constant(text) else { return nil }
            self = .constant(constant)
        }
    }

    func with<Result>(_ call: borrowing Call, _ body: (mt_value) -> Result) -> Result? {
        switch self {
        case .constant(.number(let number)): return body(mt_value(number))
        case .constant(.text(let text)): return text.withRaw { body(mt_value($0)) }
        case .variable(let expression):
            guard let value = call.read(expression) else { return nil }
            return body(value.raw)
        }
    }
}

/// Where values come from: an AVP, which may have several, or any other variable, which has one.
enum Source: Sendable {
    case avp(Name)
    case variable(Expression)

    init?(_ text: String) {
        if Specification.avpName(text) != nil {
            guard let name = Name(text) else { return nil }
            self = .avp(name)
        } else {
            guard text.hasPrefix("$"), let expression = Expression.compile(text) else { return nil }
            self = .variable(expression)
        }
    }

    /// Calls the closure with the first value, or with all, until it answers false.
    func each(_ call: borrowing Call, all: Bool, _ body: (mt_value) -> Bool) {
        switch self {
        case .variable(let expression):
            guard let value = call.read(expression), !value.isNull else { return }
            _ = body(value.raw)
        case .avp(let name):
            let attributes = call.message.attributes(.avp)
            _ = name.with(call) { name in
                var index = 0
                while let value = attributes.get(name, index: index), body(value.raw), all { index += 1 }
            }
        }
    }
}

/// An argument that is made into something when the file is read. It may not come from a variable.
func made<Object: AnyObject>(_ name: StaticString, _ help: StaticString, _ prepare: @escaping mt_fn) -> Arg<
    Prepared<Object>
> {
    Arg(name, Prepared<Object>.self, is: .verbatim, prepare: prepare, help)
}

/// Says what is wrong with an argument.
func refuse(_ text: Text, _ help: String) {
    _ = Host.fail("avpops cannot read \"\(String(text))\"", help: help)
}

/// The text of a variable's value came too late: nothing was made of it.
func notMade() -> Outcome {
    Host.log(.error, "this argument has to be written in the configuration, and cannot come from a variable")
    return .error
}
