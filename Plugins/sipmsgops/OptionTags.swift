// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// Headers that are lists of option tags: Supported, Require, Allow ...
@Declarations func optionTagFunctions() -> [any Declaration] {
    Function(
        "list_hdr_has_option", in: .any, "Is the option in a header that is a list?", name(), option()
    ) { call, name, option in
        Outcome(has(call.message, token(name), option))
    }
    Function(
        "list_hdr_add_option", in: .any, "Adds an option to the first header of that name.", name(), option()
    ) { call, name, option in
        let message = call.message
        let header = token(name)
        guard let field = message.first(header) else { return .no }
        if has(message, header, option) { return .yes }
        let body = field.body.trimmed
        return message.replace(field, body.isEmpty ? Line(option) : Line("\(body), \(option)"))
    }
    Function(
        "list_hdr_remove_option", in: .any, "Takes an option out of the headers of that name.", name(),
        option()
    ) { call, name, option in
        let message = call.message
        let header = token(name)
        guard message.first(header) != nil else { return .no }
        while let field = first(with: option, in: message, header) {
            let rest = without(option, field.body)
            let outcome = isEmpty(rest) ? message.remove(field) : message.replace(field, rest)
            guard outcome.isYes else { return .error }
        }
        return .yes
    }
}

private func name() -> Arg<HeaderChoice> {
    Arg("name", HeaderChoice.self, prepare: HeaderChoice.prepare, "A header's name, compact or not.")
}
private func option() -> Arg<Text> { Arg("option", Text.self, "One option.") }

private func token(_ choice: HeaderChoice) -> HeaderName { choice.name }

private func has(_ message: Message, _ header: HeaderName, _ option: Text) -> Bool {
    first(with: option, in: message, header) != nil
}

@_lifetime(copy message)
private func first(with option: Text, in message: Message, _ header: HeaderName) -> HeaderField? {
    var fields = message.headers(header)
    while let field = fields.next() {
        var rest = field.body
        while let one = rest.take(upTo: UInt8(ascii: ",")) {
            if one.trimmed.equalsIgnoringCase(option) { return field }
        }
    }
    return nil
}

private func without(_ option: Text, _ body: Text) -> Line {
    var line: Line = ""
    var rest = body
    while let one = rest.take(upTo: UInt8(ascii: ",")) {
        let one = one.trimmed
        if one.isEmpty || one.equalsIgnoringCase(option) { continue }
        if !isEmpty(line) { line.append(", ") }
        line.append(one)
    }
    return line
}

private func isEmpty(_ line: Line) -> Bool { line.withRaw { $0.len == 0 } }

/// A header by its name, which has to be written in the file: it is looked up once.
struct HeaderChoice: Scriptable {
    let name: HeaderName

    static var type: UInt32 { Text.type }

    static func read(_ value: UnsafePointer<mt_value>) -> HeaderChoice {
        HeaderChoice(name: HeaderName(token: UInt32(truncatingIfNeeded: UInt(bitPattern: value.pointee.ptr))))
    }

    static let prepare: mt_fn = { call in
        guard let call = call?.pointee, let out = call.out else { return Outcome.error.code }
        let text = Text(unchecked: call.args.pointee.str).trimmed
        guard !text.isEmpty, !text.contains(UInt8(ascii: ":")), !text.contains(UInt8(ascii: " ")) else {
            return Host.fail(
                "\"\(String(text))\" is no header name", help: "write the name alone, as in \"Supported\""
            ).code
        }
        out.pointee.ptr = UnsafeMutableRawPointer(
            bitPattern: UInt(String(text).withCString { Server.sip.pointee.token($0) }))
        return Outcome.yes.code
    }
}
