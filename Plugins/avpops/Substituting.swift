// SPDX-License-Identifier: Apache-2.0
import AvpopsLogic
import CMartlet
import PluginKit

/// The substitutions themselves are those of textops.
let textops = Need("textops", 1, as: textops_api.self, .optional)

/// "$avp(source)/$avp(target)/flags": what avp_subst reads and writes.
final class SubstitutionWays: Sendable {
    let source: Name
    let target: Name?
    let all, deletes: Bool

    init?(_ text: Text) {
        let parts = Specification.parts(String(text))
        guard parts.count <= 3, let source = Name(parts[0]) else { return nil }
        self.source = source
        if parts.count > 1, !parts[1].isEmpty {
            guard let target = Name(parts[1]) else { return nil }
            self.target = target
        } else {
            target = nil
        }
        let flags = parts.count > 2 ? parts[2].lowercased() : ""
        guard flags.allSatisfy({ $0 == "g" || $0 == "d" }) else { return nil }
        all = flags.contains("g")
        deletes = flags.contains("d")
    }
}

@Declarations func substitutingFunctions() -> [any Declaration] {
    textops
    Function(
        "avp_subst", in: .any, "Substitutes in an AVP's text.", waysArgument(),
        Arg(
            "substitution", SubstitutionChoice.self, is: .verbatim, prepare: SubstitutionChoice.prepare,
            "/pattern/replacement/flags")
    ) { (call, ways: Prepared<SubstitutionWays>, substitution) in
        guard let ways = ways.object else { return notMade() }
        return substitute(call, ways, substitution)
    }
    Function(
        "avp_subst_pv", in: .any, "The same, with variables anywhere in the substitution.", waysArgument(),
        Arg(
            "substitution", SubstitutionChoice.self, prepare: SubstitutionChoice.prepare,
            "/pattern/replacement/flags")
    ) { (call, ways: Prepared<SubstitutionWays>, substitution) in
        guard let ways = ways.object else { return notMade() }
        return substitute(call, ways, substitution)
    }
}

private func waysArgument() -> Arg<Prepared<SubstitutionWays>> {
    made("names", "$avp(source)/$avp(target)/flags: g all values, d without the source.") { raw in
        Prepared<SubstitutionWays>.make(raw) { text in
            let made = SubstitutionWays(text)
            if made == nil {
                refuse(text, "write \"$avp(source)/$avp(target)/flags\"; the flags are g and d")
            }
            return made
        }
    }
}

/// A substitution: made by textops when the file is read, or for one call when it comes from a variable.
struct SubstitutionChoice: Scriptable, ~Escapable {
    private let text: Text
    private let made: OpaquePointer?

    static var type: UInt32 { Text.type }

    @_lifetime(immortal)
    static func read(_ value: UnsafePointer<mt_value>) -> SubstitutionChoice {
        SubstitutionChoice(
            text: Text(unchecked: value.pointee.str), made: value.pointee.ptr.map { OpaquePointer($0) })
    }

    @_lifetime(copy text)
    private init(text: Text, made: OpaquePointer?) {
        self.text = text
        self.made = made
    }

    static let prepare: mt_fn = { call in
        guard let call = call?.pointee, let out = call.out else { return Outcome.error.code }
        guard textops.isThere else {
            return Host.fail(
                "avp_subst needs textops, and no line loads it",
                help: "add loadmodule \"textops.so\" above avpops"
            ).code
        }
        guard let made = textops.table.pointee.substitution(call.args.pointee.str) else {
            return Outcome.error.code
        }
        out.pointee.ptr = UnsafeMutableRawPointer(made)
        return Outcome.yes.code
    }

    /// The text after it; absent when nothing matched.
    func apply(to source: mt_str, _ call: borrowing Call) -> mt_str {
        guard textops.isThere else { return mt_str() }
        guard let made else {
            return textops.table.pointee.substitute(call.raw, call.message.raw, text.raw, source)
        }
        return textops.table.pointee.apply(call.raw, call.message.raw, made, source)
    }
}

private func substitute(_ call: borrowing Call, _ ways: SubstitutionWays, _ substitution: SubstitutionChoice)
    -> Outcome
{
    let attributes = call.message.attributes(.avp)
    let raw = call.raw
    var count = 0
    _ = ways.source.with(call) { from in
        // Counted first: what is added in front must not be met again.
        let values = ways.all ? attributes.count(from) : min(attributes.count(from), 1)
        var index = 0
        for _ in 0..<values {
            guard let value = attributes.get(from, index: index) else { return }
            let call = Call(raw)
            let text = value.text.isAbsent ? mt_str() : substitution.apply(to: value.text.raw, call)
            guard text.ptr != nil else {
                index += 1
                continue
            }
            count += 1
            if let target = ways.target {
                if ways.deletes { attributes.remove(from, index: index) } else { index += 1 }
                _ = target.with(call) { attributes.add($0, text) }
            } else {
                attributes.set(from, index: index, text)
                index += 1
            }
        }
    }
    return Outcome(count > 0)
}
