// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import PvLogic

/// Text to attributes and back, and attributes to the log.
@Declarations func textFunctions() -> [any Declaration] {
    for (name, kind): (StaticString, Attributes.Kind) in [
        ("xavp_params_explode", .xavp), ("xavu_params_explode", .xavu), ("xavi_params_explode", .xavi),
    ] {
        Function(
            name, in: .any, "Makes a list of parameters: a=b;c=d.", Arg("params", Text.self),
            Arg("name", Text.self)
        ) { call, params, name in
            explode(params, into: call.message, kind, name)
        }
    }
    for (name, kind): (StaticString, Attributes.Kind) in [
        ("xavp_params_implode", .xavp), ("xavu_params_implode", .xavu), ("xavi_params_implode", .xavi),
    ] {
        Function(
            name, in: .any, "Writes a list as parameters to a variable.", Arg("name", Text.self),
            Arg("target", Expression.self)
        ) { call, name, target in
            guard let text = implode(call.message, kind, name) else { return .no }
            return call.write(target, text).isYes ? .yes : .no
        }
    }
    Function(
        "xavp_slist_explode", in: .any, "Makes a list of the parts of a text: members v[0], v[1] ...",
        Arg("text", Text.self), Arg("separators", Text.self),
        Arg("mode", Text.self, "t: without spaces around."),
        Arg("name", Text.self)
    ) { call, text, separators, mode, name in
        split(text, separators, trim: mode.contains(UInt8(ascii: "t")), into: call.message, name)
    }
    Function(
        "pv_var_to_xavp", in: .any, "Copies $var(name) into a new list.",
        Arg("variable", NamedVariable.self, prepare: NamedVariable.prepare, "Its name alone."),
        Arg("name", Text.self)
    ) { call, variable, name in
        guard let expression = variable.expression else {
            Host.log(
                .error, "pv_var_to_xavp: the name of the variable has to be written in the configuration")
            return .error
        }
        return copy(expression, variable.name, call, to: name)
    }
    Function(
        "pv_xavp_to_var", in: .any, "Gives each $var that is named as a member of a list its value.",
        Arg("name", Text.self)
    ) { call, name in
        spread(call, name)
    }
    Function(
        "pv_evalx", in: .any, "Evaluates a text, and what comes of it once more.",
        Arg("target", Expression.self),
        Arg("text", Text.self, "Text with variables, which may give variables.")
    ) { call, target, text in
        guard let expression = Evaluated.expression(text), let value = call.read(expression) else {
            return .no
        }
        return call.write(target, value).isYes ? .yes : .no
    }
    for (name, kind): (StaticString, Attributes.Kind) in [
        ("pv_xavp_print", .xavp), ("pv_xavu_print", .xavu), ("pv_xavi_print", .xavi),
    ] {
        Function(name, in: .any, "Writes all of them to the log.") { call in
            show(call.message, kind)
            return .yes
        }
    }
}

/// A $var by its name, which is known when the file is read.
struct NamedVariable: Scriptable, ~Escapable {
    let name: Text
    private let pointer: UnsafeMutableRawPointer?

    static var type: UInt32 { Text.type }

    @_lifetime(immortal)
    static func read(_ value: UnsafePointer<mt_value>) -> NamedVariable {
        NamedVariable(name: Text(unchecked: value.pointee.str), pointer: value.pointee.ptr)
    }

    @_lifetime(copy name)
    private init(name: Text, pointer: UnsafeMutableRawPointer?) {
        self.name = name
        self.pointer = pointer
    }

    /// Nil when the name comes from a variable itself.
    var expression: Expression? { pointer.map { Expression(OpaquePointer($0)) } }

    static let prepare: mt_fn = { call in
        guard let call = call?.pointee, let out = call.out else { return Outcome.error.code }
        let name = String(Text(unchecked: call.args.pointee.str))
        guard name != "*" else {
            return Host.fail("pv_var_to_xavp cannot copy all variables", help: "name each of them").code
        }
        guard let expression = Expression.compile("$var(\(name))") else { return Outcome.error.code }
        out.pointee.ptr = UnsafeMutableRawPointer(expression.raw)
        return Outcome.yes.code
    }
}

private func copy(_ expression: Expression, _ variable: Text, _ call: borrowing Call, to name: Text)
    -> Outcome
{
    guard let value = call.read(expression) else { return .no }
    let attributes = call.message.attributes(.xavp)
    attributes.remove(name, index: 0)
    attributes.add(name, mt_value())
    return attributes.set(name, member: variable, value).isYes ? .yes : .no
}

private func spread(_ call: borrowing Call, _ name: Text) -> Outcome {
    let attributes = call.message.attributes(.xavp)
    guard attributes.get(name) != nil else { return .no }
    var index = 0
    while true {
        let member = attributes.name(index, of: name)
        if member.isAbsent { return .yes }
        index += 1
        guard let value = attributes.get(name, member),
            let variable = Evaluated.expression("$var(\(String(member)))")
        else { continue }
        call.write(variable, value)
    }
}

private func explode(_ params: Text, into message: Message, _ kind: Attributes.Kind, _ root: Text) -> Outcome
{
    var pairs: [(name: mt_str, value: mt_str)] = []
    let isWhole = Parameters.each(in: params) { name, value in
        pairs.append((name.raw, value.isAbsent ? mt_str("") : value.raw))
    }
    guard isWhole, !pairs.isEmpty else { return .no }
    let attributes = message.attributes(kind)
    // A $xavu has one value, so a new list takes the place of the old one.
    if kind.number == Attributes.Kind.xavu.number { attributes.remove(root) }
    attributes.add(root, mt_value())
    // Each goes in front of those before it, so the last goes first.
    for pair in pairs.reversed() { attributes.add(root, member: Text(unchecked: pair.name), pair.value) }
    return .yes
}

@_lifetime(copy message)
private func implode(_ message: Message, _ kind: Attributes.Kind, _ root: Text) -> Text? {
    let attributes = message.attributes(kind)
    var text = Text("")
    var index = 0
    while case let name = attributes.name(index, of: root), !name.isAbsent {
        defer { index += 1 }
        guard let value = attributes.get(root, name) else { continue }
        if let number = value.int {
            text = Line("\(text)\(name)=\(number);").kept(by: message)
        } else if value.text.isEmpty {
            text = Line("\(text)\(name);").kept(by: message)
        } else {
            text = Line("\(text)\(name)=\(value.text);").kept(by: message)
        }
    }
    return index == 0 ? nil : text
}

private func split(_ text: Text, _ separators: Text, trim: Bool, into message: Message, _ root: Text)
    -> Outcome
{
    var parts: [mt_str] = []
    Parameters.parts(of: text, separators, trim: trim) { parts.append($0.raw) }
    let attributes = message.attributes(.xavp)
    attributes.add(root, mt_value())
    for part in parts.reversed() { attributes.add(root, member: Text("v"), part) }
    return .yes
}

private func show(_ message: Message, _ kind: Attributes.Kind) {
    guard Host.logs(.info) else { return }
    let attributes = message.attributes(kind)
    var index = 0
    while case let root = attributes.name(index), !root.isAbsent {
        // The same name again is the next of that name.
        var which = 0
        for before in 0..<index where attributes.name(before).equals(root) { which += 1 }
        let list = Line("\(root)[\(which)]").kept(by: message)
        var member = 0
        while case let name = attributes.name(member, of: list), !name.isAbsent {
            var place = 0
            for before in 0..<member where attributes.name(before, of: list).equals(name) { place += 1 }
            show(
                Line("\(list)=>\(name)[\(place)]").kept(by: message), attributes.get(list, name, index: place)
            )
            member += 1
        }
        if member == 0 { show(list, attributes.get(root, index: which)) }
        index += 1
    }
}

private func show(_ name: Text, _ value: Value?) {
    guard let value else { return }
    if let number = value.int {
        Host.log(.info, text: Line("\(name) = \(number)"))
    } else {
        Host.log(.info, text: Line("\(name) = \"\(value.text)\""))
    }
}
