// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TextopsLogic

/// Searching, replacing and substituting in the whole message, its headers or its body.
@Declarations func replacingFunctions() -> [any Declaration] {
    Function("search", in: .any, "Does the message match, its first line included?", regexArgument()) {
        call, pattern in
        let text = wholeText(call.message)
        return pattern.use { Outcome($0.matches(text)) } ?? .error
    }
    Function("search_body", in: .any, "Does the body match?", regexArgument()) { call, pattern in
        let body = call.message.body
        guard !body.isEmpty else { return .no }
        return pattern.use { Outcome($0.matches(UnsafeRawBufferPointer(body))) } ?? .error
    }
    Function(
        "search_hf", in: .any, "Does the body of such a header match?", requiredHeader(),
        regexArgument(), whichArgument()
    ) { call, name, pattern, which in
        let message = call.message
        return pattern.use { pattern in
            Outcome(each(of: message, name, which) { pattern.matches(UnsafeRawBufferPointer($0.body)) })
        } ?? .error
    }
    for (name, scope): (StaticString, Edit.Scope) in [
        ("search_append", [.headers, .body]), ("search_append_body", .body),
    ] {
        Function(
            name, in: .any, "Puts text behind the first match.", regexArgument(),
            Arg("text", Text.self)
        ) { call, pattern, text in
            replace(call, scope, pattern, text, everywhere: false, keeping: true)
        }
    }
    for (name, scope, everywhere): (StaticString, Edit.Scope, Bool) in [
        ("replace", [.headers, .body], false), ("replace_all", [.headers, .body], true),
        ("replace_hdrs", .headers, false), ("replace_hdrs_all", .headers, true),
        ("replace_body", .body, false),
        ("replace_body_all", .body, true),
    ] {
        Function(
            name, in: .any, "Puts text in the place of what matches.", regexArgument(),
            Arg("text", Text.self)
        ) { call, pattern, text in
            replace(call, scope, pattern, text, everywhere: everywhere, keeping: false)
        }
    }
    Function(
        "replace_body_atonce", in: .any, "The same for all matches in the body, which counts as one line.",
        Arg(
            "pattern", RegexChoice.self, is: .verbatim, prepare: RegexChoice.prepareAtOnce,
            "A POSIX extended regular expression."),
        Arg("text", Text.self)
    ) { call, pattern, text in
        replace(call, .body, pattern, text, everywhere: true, keeping: false, .ignoresCase)
    }
    for (name, scope): (StaticString, Edit.Scope) in [
        ("replace_str", [.headers, .body]), ("replace_hdrs_str", .headers), ("replace_body_str", .body),
    ] {
        Function(
            name, in: .any, "Puts text in the place of other text.", Arg("match", Text.self),
            Arg("text", Text.self), Arg("mode", Text.self, "f: the first, a: all.")
        ) { call, match, text, mode in
            replaceText(call.message, scope, match, text, everywhere: mode.hasPrefix("a"))
        }
    }
    Function("subst", in: .any, "Substitutes in headers and body.", planArgument()) { call, plan in
        plan.use { substitute(call, [.headers, .body], $0) }
    }
    Function("subst_body", in: .any, "Substitutes in the body.", planArgument()) { call, plan in
        plan.use { substitute(call, .body, $0) }
    }
    Function(
        "subst_hf", in: .any, "Substitutes in the body of such headers.", requiredHeader(), planArgument(),
        whichArgument()
    ) { call, name, plan, which in
        let message = call.message
        return plan.use { plan in
            var count = 0
            _ = each(of: message, name, which) { field in
                guard let text = plan.apply(to: field.body, call, message) else { return false }
                var field = field
                if Server.message.pointee.replace(message.raw, &field, text.raw) > 0 { count += 1 }
                return false
            }
            return Outcome(count > 0)
        }
    }
    Function(
        "subst_uri", in: [.request, .reply, .failure, .branch, .local, .event],
        "Substitutes in the Request-URI.",
        planArgument()
    ) { call, plan in
        let message = call.message
        return plan.use { plan in
            guard let text = plan.apply(to: message.uri.raw, call, message) else { return .no }
            return message.set(.uri, text).isYes ? .yes : .no
        }
    }
    Function(
        "subst_user", in: [.request, .reply, .failure, .branch, .local, .event],
        "Substitutes in the user part of the Request-URI.", planArgument()
    ) { call, plan in
        plan.use { substituteUser(call, $0) }
    }
}

private func whichArgument() -> Arg<Text> {
    let prepare: mt_fn = { call in
        guard let call = call?.pointee else { return Outcome.error.code }
        let text = Text(unchecked: call.args.pointee.str)
        if text == "a" || text == "f" || text == "l" { return Outcome.yes.code }
        return Host.fail(
            "\"\(String(text))\" says no headers", help: "a is all of that name, f the first and l the last"
        ).code
    }
    return Arg(
        "which", Text.self, default: "a", prepare: prepare, "a: all of that name, f: the first, l: the last.")
}

/// The message as it is now, edits included.
private func wholeText(_ message: Message) -> UnsafeRawBufferPointer {
    let size = message.write(into: UnsafeMutableRawBufferPointer(start: nil, count: 0))
    let memory = message.allocate(size)
    _ = message.write(into: memory)
    return UnsafeRawBufferPointer(memory)
}

/// Calls the closure for the headers that are meant, until one answers true.
private func each(
    of message: Message, _ name: HeaderChoice, _ which: Text, _ body: (mt_header) -> Bool
) -> Bool {
    var at = mt_header()
    var last: mt_header?
    while name.next(in: message, &at) {
        if which == "l" {
            last = at
        } else if body(at) {
            return true
        } else if which == "f" {
            return false
        }
    }
    return last.map(body) ?? false
}

/// Puts text in the place of matches, or behind them.
private func replace(
    _ call: borrowing Call, _ scope: Edit.Scope, _ pattern: RegexChoice, _ text: Text, everywhere: Bool,
    keeping: Bool, _ options: RegularExpression.Options = RegexChoice.usual
) -> Outcome {
    let message = call.message
    let text = text.raw
    return pattern.use(options) { pattern in
        let count = Edit(scope: scope, everywhere: everywhere).run(message) { source in
            let bytes = UnsafeRawBufferPointer(source)
            return withMatches(1) { matches in
                rewrite(message, bytes, everywhere: everywhere) { at in
                    guard pattern.find(in: bytes, from: at, matches) else { return nil }
                    let match = Range<Int>(matches[0])
                    return (keeping ? match.upperBound..<match.upperBound : match, text)
                }
            }
        }
        return Outcome(count > 0)
    } ?? .error
}

private func replaceText(
    _ message: Message, _ scope: Edit.Scope, _ match: Text, _ text: Text, everywhere: Bool
) -> Outcome {
    guard !match.isEmpty else { return .no }
    let match = match.raw
    let text = text.raw
    let count = Edit(scope: scope, everywhere: everywhere).run(message) { source in
        rewrite(message, UnsafeRawBufferPointer(source), everywhere: everywhere) { at in
            guard let found = Text(unchecked: source).dropFirst(at).find(match) else { return nil }
            return (at + found..<at + found + match.len, text)
        }
    }
    return Outcome(count > 0)
}

/// Puts texts together from what lies between places and what belongs there. Nil when there is no place.
private func rewrite(
    _ message: Message, _ bytes: UnsafeRawBufferPointer, everywhere: Bool,
    _ next: (_ from: Int) -> (place: Range<Int>, text: mt_str)?
) -> mt_str? {
    var builder = Builder(message)
    var copied = 0
    var at = 0
    while let (place, text) = next(at) {
        builder.append(UnsafeRawBufferPointer(rebasing: bytes[copied..<place.lowerBound]))
        builder.append(text)
        copied = place.upperBound
        at = place.isEmpty ? place.upperBound + 1 : place.upperBound
        if !everywhere { break }
    }
    guard at > 0 else { return nil }
    builder.append(UnsafeRawBufferPointer(rebasing: bytes[copied...]))
    return builder.text.raw
}

private func substitute(_ call: borrowing Call, _ scope: Edit.Scope, _ plan: Plan) -> Outcome {
    let message = call.message
    let raw = call.raw
    let count = Edit(scope: scope, everywhere: plan.everywhere).run(message) { source in
        plan.apply(to: source, Call(raw), message)?.raw
    }
    return Outcome(count > 0)
}

private func substituteUser(_ call: borrowing Call, _ plan: Plan) -> Outcome {
    let message = call.message
    let whole = message.uri
    guard let uri = URI(whole), let start = uri.raw.user.ptr ?? uri.raw.host.ptr, let base = whole.raw.ptr
    else {
        return .no
    }
    guard let user = plan.apply(to: uri.user.isAbsent ? mt_str("") : uri.raw.user, call, message) else {
        return .no
    }
    let before = whole.prefix(start - base)
    var after = whole.dropFirst(start - base + uri.user.count)
    // Without a user there is no @ either, and the other way round.
    let at: StaticString = uri.user.isAbsent && !user.isEmpty ? "@" : ""
    if user.isEmpty, after.hasPrefix("@") { after = after.dropFirst() }
    return message.set(.uri, Line("\(before)\(user)\(at)\(after)")).isYes ? .yes : .no
}
