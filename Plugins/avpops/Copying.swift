// SPDX-License-Identifier: Apache-2.0
import AvpopsLogic
import CMartlet
import PluginKit

/// "$avp(name)/flags": an AVP and what is to be done with it.
final class FlaggedName: Sendable {
    let name: Name
    let flags: String

    init?(_ text: Text, flags known: String) {
        let parts = Specification.parts(String(text))
        guard parts.count <= 2, let name = Name(parts[0]) else { return nil }
        self.name = name
        flags = parts.count > 1 ? parts[1].lowercased() : ""
        guard flags.allSatisfy({ known.contains($0) }) else { return nil }
    }

    func has(_ flag: Character) -> Bool { flags.contains(flag) }
}

/// What avp_delete is to delete: one AVP, or all whose names are numbers, text, or either.
final class Deletion: Sendable {
    enum Which {
        case one(Name)
        case numbers, texts, all
    }

    let which: Which
    let everyValue: Bool

    init?(_ text: Text) {
        var parts = Specification.parts(String(text))
        everyValue = parts.count == 2 && parts[1].lowercased() == "g"
        guard parts.count == 1 || everyValue else { return nil }
        // A number behind the letter asks for flags, which attributes do not have here.
        if !parts[0].hasPrefix("$") { parts[0] = String(parts[0].prefix { !$0.isNumber }) }
        switch parts[0] {
        case "a", "A", "": which = .all
        case "i", "I": which = .numbers
        case "s", "S": which = .texts
        default:
            guard let name = Name(parts[0]) else { return nil }
            which = .one(name)
        }
    }
}

@Declarations func copyingFunctions() -> [any Declaration] {
    Function(
        "avp_copy", in: .any, "Copies or moves an AVP to another name.",
        made("source", "$avp(name)") { raw in
            Prepared<FlaggedName>.make(raw) { text in
                let made = FlaggedName(text, flags: "")
                if made == nil { refuse(text, "write \"$avp(name)\"") }
                return made
            }
        },
        made("target", "$avp(name)/flags: g all values, d move, n as number, s as text.") { raw in
            Prepared<FlaggedName>.make(raw) { text in
                let made = FlaggedName(text, flags: "gdns")
                if made == nil { refuse(text, "write \"$avp(name)/flags\"; the flags are g, d, n and s") }
                return made
            }
        }
    ) { (call, source: Prepared<FlaggedName>, target: Prepared<FlaggedName>) in
        guard let source = source.object, let target = target.object else { return notMade() }
        return copy(call, source.name, target)
    }
    Function(
        "avp_delete", in: .any, "Deletes the newest value of an AVP, or all.",
        made("name", "$avp(name), $avp(name)/g; i, s or a for all of a kind.") { raw in
            Prepared<Deletion>.make(raw) { text in
                let made = Deletion(text)
                if made == nil { refuse(text, "write \"$avp(name)\" or \"$avp(name)/g\"") }
                return made
            }
        }
    ) { (call, deletion: Prepared<Deletion>) in
        guard let deletion = deletion.object else { return notMade() }
        return delete(call, deletion)
    }
    Function(
        "is_avp_set", in: .any, "Has the AVP a value, of that kind if one is given?",
        made("name", "$avp(name)/flags: e empty, s text, n number.") { raw in
            Prepared<FlaggedName>.make(raw) { text in
                let made = FlaggedName(text, flags: "esn")
                if made == nil { refuse(text, "write \"$avp(name)/flags\"; the flags are e, s and n") }
                return made
            }
        }
    ) { (call, name: Prepared<FlaggedName>) in
        guard let name = name.object else { return notMade() }
        let attributes = call.message.attributes(.avp)
        return name.name.with(call) { root in
            guard let value = attributes.get(root) else { return .no }
            if name.has("n"), value.int == nil { return .no }
            if name.has("s"), value.text.isAbsent { return .no }
            if name.has("e"), value.text.isAbsent || !value.text.isEmpty { return .no }
            return .yes
        } ?? .no
    }
    Function(
        "avp_printf", in: .any, "Writes text with variables in it to an AVP.", Arg("target", Expression.self),
        Arg("text", Text.self)
    ) { call, target, text in
        call.write(target, text).isYes ? .yes : .no
    }
    Function("avp_print", in: .any, "Writes all AVPs to the log.") { call in
        show(call.message)
        return .yes
    }
}

private func copy(_ call: borrowing Call, _ source: Name, _ target: FlaggedName) -> Outcome {
    let message = call.message
    let attributes = message.attributes(.avp)
    let raw = call.raw
    return source.with(call) { from in
        target.name.with(Call(raw)) { to in
            let count = target.has("g") ? attributes.count(from) : min(attributes.count(from), 1)
            guard count > 0 else { return .no }
            let isSame = Text(unchecked: from).equals(to)
            for index in 0..<count {
                // Each copy goes in front, and moves what is behind it when both names are one.
                guard let value = attributes.get(from, index: isSame ? index * 2 : index) else { break }
                add(value, to, target, message)
            }
            if target.has("d") {
                for _ in 0..<count { attributes.remove(from, index: isSame ? count : 0) }
            }
            return .yes
        } ?? .no
    } ?? .no
}

private func add(_ value: Value, _ name: mt_str, _ target: FlaggedName, _ message: Message) {
    let attributes = message.attributes(.avp)
    if target.has("s"), let number = value.int {
        attributes.add(name, Line("\(number)").kept(by: message))
    } else if target.has("n"), !value.text.isAbsent {
        attributes.add(name, value.text.integer ?? 0)
    } else {
        attributes.add(name, value)
    }
}

private func delete(_ call: borrowing Call, _ deletion: Deletion) -> Outcome {
    let attributes = call.message.attributes(.avp)
    switch deletion.which {
    case .one(let name):
        return name.with(call) { name in
            let gone = deletion.everyValue ? attributes.remove(name) : attributes.remove(name, index: 0)
            return gone.isYes ? .yes : .no
        } ?? .no
    case .all: return deleteAll(attributes) { _ in true }
    case .numbers: return deleteAll(attributes) { $0.hasPrefix("i:") }
    case .texts: return deleteAll(attributes) { !$0.hasPrefix("i:") }
    }
}

private func deleteAll(_ attributes: Attributes, _ wanted: (Text) -> Bool) -> Outcome {
    var index = 0
    var count = 0
    while case let name = attributes.name(index), !name.isAbsent {
        if wanted(name), attributes.remove(name).isYes { count += 1 } else { index += 1 }
    }
    return Outcome(count > 0)
}

private func show(_ message: Message) {
    guard Host.logs(.info) else { return }
    let attributes = message.attributes(.avp)
    var index = 0
    while case let name = attributes.name(index), !name.isAbsent {
        var which = 0
        for before in 0..<index where attributes.name(before).equals(name) { which += 1 }
        if let value = attributes.get(name, index: which) {
            if let number = value.int {
                Host.log(.info, text: Line("$avp(\(name))[\(which)] = \(number)"))
            } else {
                Host.log(.info, text: Line("$avp(\(name))[\(which)] = \"\(value.text)\""))
            }
        }
        index += 1
    }
}
