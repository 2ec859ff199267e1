// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TextopsLogic

/// Comparing texts that need not come from the message.
@Declarations func stringFunctions() -> [any Declaration] {
    Function(
        "cmp_str", in: .any, "Are they the same, byte for byte?",
        Arg("a", Text.self), Arg("b", Text.self)
    ) { _, a, b in Outcome(a.equals(b)) }
    Function(
        "cmp_istr", in: .any, "Are they the same, whatever the case?",
        Arg("a", Text.self), Arg("b", Text.self)
    ) { _, a, b in Outcome(a.equalsIgnoringCase(b)) }
    Function(
        "starts_with", in: .any, "Does the first start with the second?",
        Arg("text", Text.self), Arg("start", Text.self)
    ) { _, text, start in Outcome(text.hasPrefix(start)) }
    Function(
        "ends_with", in: .any, "Does the first end with the second?",
        Arg("text", Text.self), Arg("end", Text.self)
    ) { _, text, end in Outcome(text.hasSuffix(end)) }
    Function(
        "str_find", in: .any, "Is the second in the first?",
        Arg("text", Text.self), Arg("part", Text.self)
    ) { _, text, part in Outcome(text.find(part) != nil) }
    Function(
        "str_ifind", in: .any, "Is the second in the first, whatever the case?",
        Arg("text", Text.self), Arg("part", Text.self)
    ) { _, text, part in
        guard part.count <= text.count else { return .no }
        for at in 0...(text.count - part.count) where text.dropFirst(at).hasPrefixIgnoringCase(part) {
            return .yes
        }
        return .no
    }
    Function(
        "search_str", in: .any, "Does the text match?", Arg("text", Text.self), regexArgument(isFixed: false)
    ) {
        _, text, pattern in
        pattern.use { Outcome($0.matches(UnsafeRawBufferPointer(text))) } ?? .error
    }
    Function(
        "in_list", in: .any, "Is it one of the list?",
        Arg("subject", Text.self), Arg("list", Text.self), separator()
    ) { _, subject, list, separator in
        anyItem(of: list, separator) { $0.equals(subject) }
    }
    Function(
        "in_list_prefix", in: .any, "Does it start with one of the list?",
        Arg("subject", Text.self), Arg("list", Text.self), separator()
    ) { _, subject, list, separator in
        anyItem(of: list, separator) { !$0.isEmpty && subject.hasPrefix($0) }
    }
    Function(
        "regex_substring", in: .any, "Writes what a group matched to a variable.",
        Arg("text", Text.self), Arg("pattern", RegexChoice.self, prepare: RegexChoice.prepareExact),
        Arg("group", Int.self, in: 0...9), Arg("groups", Int.self, in: 0...100),
        Arg("target", Expression.self)
    ) { call, text, pattern, group, count, target in
        regexSubstring(call, text, pattern, group, count, target)
    }
}

private func separator() -> Arg<Text> {
    let prepare: mt_fn = { call in
        guard let call = call?.pointee, call.args.pointee.str.len == 1 else {
            return Host.fail("a separator is one character", help: "write \",\", for example").code
        }
        return Outcome.yes.code
    }
    return Arg("separator", Text.self, prepare: prepare, "One character.")
}

private func anyItem(of list: Text, _ separator: Text, _ holds: (Text) -> Bool) -> Outcome {
    guard separator.count == 1 else { return .error }
    var rest = list
    while let item = rest.take(upTo: separator[0]) {
        if holds(item.trimmed) { return .yes }
    }
    return .no
}

private func regexSubstring(
    _ call: borrowing Call, _ text: Text, _ pattern: RegexChoice, _ group: Int, _ count: Int,
    _ target: Expression
) -> Outcome {
    let bytes = UnsafeRawBufferPointer(text)
    let found: mt_str?? = pattern.use(.lines) { expression in
        withMatches(10) { matches in
            guard expression.find(in: bytes, from: 0, matches), matches[group].rm_so >= 0 else { return nil }
            return mt_str(UnsafeRawBufferPointer(rebasing: bytes[Range(matches[group])]))
        }
    }
    guard let part = found.flatMap({ $0 }), group <= count else { return .no }
    return call.write(target, part).isYes ? .yes : .no
}
