// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// Editing the lists of $xavp or $xavi by name. Names may have variables in them.
@Declarations func attributeFunctions(_ kind: Attributes.Kind, _ word: StaticString) -> [any Declaration] {
    let names =
        kind.number == Attributes.Kind.xavp.number
        ? Names.xavp : Names.xavi
    Function(
        names.copy, in: .any, "Copies a list in front of those of another name, or in the place of one.",
        Arg("source", Text.self), Arg("index", Int.self), Arg("target", Text.self),
        Arg("target_index", Int?.self)
    ) { call, source, index, target, place in
        copy(call.message, kind, source, index, target, place)
    }
    Function(names.remove, in: .any, "Removes a list.", root()) { call, root in
        call.message.attributes(kind).remove(root, index: 0)
        return .yes
    }
    Function(names.childRemove, in: .any, "Removes a member of a list.", root(), member()) {
        call, root, member in
        call.message.attributes(kind).remove(root, member: member, index: 0)
        return .yes
    }
    Function(
        names.childInt, in: .any, "Gives a member a number.", root(), member(),
        Arg("value", Int.self)
    ) { call, root, member, value in
        call.message.attributes(kind).set(root, member: member, value).isYes ? .yes : .no
    }
    Function(
        names.childText, in: .any, "Gives a member text.", root(), member(),
        Arg("value", Text.self)
    ) { call, root, member, value in
        call.message.attributes(kind).set(root, member: member, value).isYes ? .yes : .no
    }
}

private struct Names {
    let copy, remove, childRemove, childInt, childText: StaticString

    static var xavp: Names {
        Names(
            copy: "xavp_copy", remove: "xavp_rm", childRemove: "xavp_child_rm", childInt: "xavp_child_seti",
            childText: "xavp_child_sets")
    }
    static var xavi: Names {
        Names(
            copy: "xavi_copy", remove: "xavi_rm", childRemove: "xavi_child_rm", childInt: "xavi_child_seti",
            childText: "xavi_child_sets")
    }
}

private func root() -> Arg<Text> { Arg("root", Text.self, "The list's name.") }
private func member() -> Arg<Text> { Arg("member", Text.self, "The member's name.") }

/// The index-th list of a name, as the server wants it written.
@_lifetime(copy message)
private func indexed(_ name: Text, _ index: Int, _ message: Message) -> Text {
    Line("\(name)[\(index)]").kept(by: message)
}

private func copy(
    _ message: Message, _ kind: Attributes.Kind, _ source: Text, _ index: Int, _ target: Text, _ place: Int?
) -> Outcome {
    let attributes = message.attributes(kind)
    guard index >= 0, index < attributes.count(source) else { return .no }
    let from = indexed(source, index, message)
    let to: Text
    if let place {
        guard place >= 0, place < attributes.count(target) else { return .no }
        to = indexed(target, place, message)
        // From a list into itself there is nothing to do, and clearing it first would lose it.
        if from.equals(to) { return .yes }
        while case let name = attributes.name(0, of: to), !name.isAbsent {
            attributes.remove(to, member: name)
        }
    } else {
        attributes.add(target, mt_value())
        to = indexed(target, 0, message)
    }
    // A new list in front moves the source by one when it has the same name.
    let moved = place == nil && source.equals(target) ? indexed(source, index + 1, message) : from
    var last = 0
    while !attributes.name(last, of: moved).isAbsent { last += 1 }
    // Each goes in front of those before it, so the last goes first.
    for at in stride(from: last - 1, through: 0, by: -1) {
        let name = attributes.name(at, of: moved)
        // How many of this name stand before this one says which of them it is.
        var which = 0
        for before in 0..<at where attributes.name(before, of: moved).equals(name) { which += 1 }
        if let value = attributes.get(moved, name, index: which) { attributes.add(to, member: name, value) }
    }
    return .yes
}
