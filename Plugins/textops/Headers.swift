// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TextopsLogic

/// Adding, finding and removing header fields.
@Declarations func headerFunctions() -> [any Declaration] {
    Function(
        "append_hf", in: .any, "Adds header lines after the last header, or after the first one of a name.",
        Arg("text", Text.self, "Whole lines."), headerArgument("after")
    ) { call, text, name in
        insert(call.message, text, name, first: false)
    }
    Function(
        "insert_hf", in: .any,
        "Adds header lines before the first header, or before the first one of a name.",
        Arg("text", Text.self, "Whole lines."), headerArgument("before")
    ) { call, text, name in
        insert(call.message, text, name, first: true)
    }
    Function(
        "append_urihf", in: [.request, .failure, .branch],
        "Adds a header line with the Request-URI as it arrived between two texts.",
        Arg("prefix", Text.self), Arg("suffix", Text.self)
    ) { call, prefix, suffix in
        let line = Line("\(prefix)\(call.message.receivedURI)\(suffix)").kept(by: call.message)
        return insert(call.message, line, nil, first: false)
    }
    Function(
        "append_to_reply", in: [.request, .failure, .branch, .error, .reply],
        "Adds header lines to the replies that this server makes to this request.",
        Arg("text", Text.self, "Whole lines.")
    ) { call, text in
        guard !text.isEmpty else { return .no }
        if text.hasSuffix("\r\n") { return call.message.set(.replyLines, text) }
        return call.message.set(.replyLines, Line("\(text)\r\n"))
    }
    for name: StaticString in ["is_present_hf", "is_present_hf_pv"] {
        Function(name, in: .any, "Is there a header of that name?", requiredHeader()) { call, name in
            var at = mt_header()
            return Outcome(name.next(in: call.message, &at))
        }
    }
    for (name, isFixed): (StaticString, Bool) in [("is_present_hf_re", true), ("is_present_hf_re_pv", false)]
    {
        Function(name, in: .any, "Is there a header whose name matches?", regexArgument(isFixed: isFixed)) {
            call, expression in
            let message = call.message
            return expression.use { expression in
                var at = mt_header()
                while Server.message.pointee.header(message.raw, 0, &at) {
                    if expression.matches(UnsafeRawBufferPointer(at.text)) { return .yes }
                }
                return .no
            } ?? .error
        }
    }
    for name: StaticString in ["remove_hf", "remove_hf_pv"] {
        Function(name, in: .any, "Removes all headers of that name.", requiredHeader()) { call, name in
            Outcome(remove(call.message, name) { _ in true } > 0)
        }
    }
    for (name, isFixed): (StaticString, Bool) in [("remove_hf_re", true), ("remove_hf_re_pv", false)] {
        Function(name, in: .any, "Removes all headers whose name matches.", regexArgument(isFixed: isFixed)) {
            call, expression in
            let message = call.message
            return expression.use { expression in
                Outcome(remove(message, nil) { expression.matches(UnsafeRawBufferPointer($0.text)) } > 0)
            } ?? .error
        }
    }
    for (name, isFixed): (StaticString, Bool) in [("remove_hf_exp", true), ("remove_hf_exp_pv", false)] {
        Function(
            name, in: .any, "Removes all headers whose name matches the first but not the second.",
            regexArgument("match", isFixed: isFixed), regexArgument("skip", isFixed: isFixed)
        ) { call, match, skip in
            let message = call.message
            return match.use { match in
                skip.use { skip in
                    Outcome(
                        remove(message, nil) {
                            let name = UnsafeRawBufferPointer($0.text)
                            return match.matches(name) && !skip.matches(name)
                        } > 0)
                }
            }.flatMap { $0 } ?? .error
        }
    }
    Function(
        "remove_hf_idx", in: .any, "Removes one header of that name: 0 is the first, -1 the last.",
        requiredHeader(), Arg("index", Int.self)
    ) { call, name, index in
        removeOne(call.message, name, index)
    }
    Function(
        "remove_hf_match", in: .any, "Removes the headers of that name whose body compares as told.",
        requiredHeader(), Arg("operator", Text.self, prepare: prepareOperator, "eq, ne, in or re."),
        Arg("value", Text.self)
    ) { call, name, operation, value in
        removeMatching(call.message, name, operation, value)
    }
}

/// An optional name of a header that must be the place for something.
private func headerArgument(_ name: StaticString) -> Arg<HeaderChoice?> {
    Arg(name, HeaderChoice?.self, prepare: HeaderChoice.prepare, "A header's name.")
}

func requiredHeader() -> Arg<HeaderChoice> {
    Arg("name", HeaderChoice.self, prepare: HeaderChoice.prepare, "A header's name, compact or not.")
}

/// - Parameter isFixed: a dollar in it is the end of a line, and starts no variable.
func regexArgument(_ name: StaticString = "pattern", isFixed: Bool = true) -> Arg<RegexChoice> {
    Arg(
        name, RegexChoice.self, is: isFixed ? .verbatim : [], prepare: RegexChoice.prepare,
        "A POSIX extended regular expression.")
}

/// Adds whole lines beside the first header of a name. Without a name, or where there is no such header, at
/// the very start or end.
private func insert(_ message: Message, _ lines: Text, _ name: HeaderChoice?, first: Bool) -> Outcome {
    var at = mt_header()
    var found = false
    if let name { found = name.next(in: message, &at) }
    let place = UInt32(found ? (first ? MT_BEFORE : MT_AFTER) : (first ? MT_FIRST : MT_LAST))
    let backwards = place == UInt32(MT_AFTER) || place == UInt32(MT_FIRST)
    var rest = lines
    while rest.hasSuffix("\n") || rest.hasSuffix("\r") { rest = rest.dropLast() }
    guard !rest.isEmpty else { return .no }
    // Several lines keep their order: where each new one goes in front of those before it, the last goes in
    // first.
    while !rest.isEmpty {
        let line: Text
        if backwards {
            let cut = rest.lastIndex(of: 10).map { $0 + 1 } ?? 0
            line = rest.dropFirst(cut)
            rest = rest.prefix(cut)
        } else {
            let cut = rest.firstIndex(of: 10).map { $0 + 1 } ?? rest.count
            line = rest.prefix(cut)
            rest = rest.dropFirst(cut)
        }
        let whole = line.trimmed
        if whole.isEmpty {
            if backwards { rest = rest.dropLast() }
            continue
        }
        let outcome = withUnsafePointer(to: &at) {
            Server.message.pointee.insert(message.raw, place, found ? $0 : nil, whole.raw)
        }
        guard outcome > 0 else { return .no }
        if backwards { rest = rest.dropLast() }
    }
    return .yes
}

/// Removes the headers that the closure wants gone; how many there were. Without a name any header is asked
/// about.
func remove(_ message: Message, _ name: HeaderChoice?, _ unwanted: (mt_header) -> Bool) -> Int {
    var count = 0
    var kept = mt_header()
    while true {
        var at = kept
        let found =
            if let name { name.next(in: message, &at) } else {
                Server.message.pointee.header(message.raw, 0, &at)
            }
        guard found else { return count }
        if unwanted(at), Server.message.pointee.remove(message.raw, &at) > 0 {
            count += 1
        } else {
            kept = at
        }
    }
}

private func removeOne(_ message: Message, _ name: HeaderChoice, _ index: Int) -> Outcome {
    var wanted = index
    if index < 0 {
        var at = mt_header()
        while name.next(in: message, &at) { wanted += 1 }
        guard wanted >= 0 else { return .no }
    }
    var place = 0
    return Outcome(
        remove(message, name) { _ in
            place += 1
            return place - 1 == wanted
        } > 0)
}

private let prepareOperator: mt_fn = { call in
    guard let call = call?.pointee else { return Outcome.error.code }
    let text = Text(unchecked: call.args.pointee.str)
    if text == "eq" || text == "ne" || text == "in" || text == "re" { return Outcome.yes.code }
    return Host.fail(
        "remove_hf_match has no operator \"\(String(text))\"", help: "there are eq, ne, in and re"
    ).code
}

private func removeMatching(
    _ message: Message, _ name: HeaderChoice, _ operation: Text, _ value: Text
) -> Outcome {
    if operation == "re" {
        do throws(RegularExpression.Malformed) {
            let expression = try RegularExpression(UnsafeRawBufferPointer(value), .lines)
            defer { expression.free() }
            return Outcome(remove(message, name) { expression.matches(UnsafeRawBufferPointer($0.body)) } > 0)
        } catch {
            Host.log(.error, "remove_hf_match: \"\(String(value))\" is no regular expression: \(error.what)")
            return .error
        }
    }
    let value = value.raw
    let wanted: (Text) -> Bool
    if operation == "eq" {
        wanted = { $0.equals(value) }
    } else if operation == "ne" {
        wanted = { !$0.equals(value) }
    } else if operation == "in" {
        wanted = { $0.find(value) != nil }
    } else {
        Host.log(.error, "remove_hf_match: there are eq, ne, in and re, and no \"\(String(operation))\"")
        return .error
    }
    return Outcome(remove(message, name) { wanted(Text(unchecked: $0.body).trimmed) } > 0)
}
