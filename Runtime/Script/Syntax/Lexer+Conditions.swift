// SPDX-License-Identifier: Apache-2.0

/// `#!ifdef` and its like.
extension Lexer {
    /// An open conditional. The text of the branch that does not hold is passed over at once, so what is
    /// known of an open one is only what to expect of its `#!else`.
    struct Condition {
        var place: Place
        var name: String
        var hasElse: Bool
    }

    /// Obeys one of ifdef, ifndef, ifexp, else, endif. False when what follows makes it a comment.
    mutating func condition(_ name: String, at directive: Place) -> Bool {
        switch name {
        case "ifdef", "ifndef":
            guard let id = directiveName(directive) else {
                conditions.append(Condition(place: directive, name: name, hasElse: false))
                return true
            }
            warnAboutRest(after: id.value, directive: name)
            open(name, holds: (defines[id.value] != nil) == (name == "ifdef"), at: directive)
        case "ifexp":
            open(name, holds: evaluateRestOfLine(directive)?.isTrue ?? true, at: directive)
        default:
            guard restIsBlank(name, at: directive) else { return false }
            if name == "else" {
                otherwise(at: directive)
            } else if conditions.popLast() == nil {
                diagnostics.error("this #!endif ends nothing", at: directive, help: "remove it")
            }
        }
        return true
    }

    private mutating func open(_ name: String, holds: Bool, at place: Place) {
        conditions.append(Condition(place: place, name: name, hasElse: false))
        if !holds { skipBranch() }
    }

    /// An `#!else` that is met while reading ends the branch that held.
    private mutating func otherwise(at place: Place) {
        guard let condition = conditions.last else {
            diagnostics.error("this #!else belongs to nothing", at: place, help: "remove it, and its #!endif")
            return
        }
        if condition.hasElse { complainOfSecondElse(condition, at: place) }
        conditions[conditions.count - 1].hasElse = true
        skipBranch()
    }

    private func complainOfSecondElse(_ condition: Condition, at place: Place) {
        diagnostics.error(
            "a second #!else", at: place,
            notes: ["the #!\(condition.name) it belongs to is on line \(condition.place.line)"])
    }

    /// `#!ifdef A B` looks at A alone.
    private mutating func warnAboutRest(after id: String, directive name: String) {
        let start = position
        position = endOfLine(from: start)
        var rest = slice(start, position)
        while let byte = rest.last, isBlank(byte) { rest.removeLast() }
        while let byte = rest.first, isBlank(byte) { rest.removeFirst() }
        guard let first = rest.first, first != UInt8(ascii: "#"), !rest.starts(with: "//".utf8) else {
            return
        }
        diagnostics.warning(
            "#!\(name) looks at \"\(id)\" alone", at: place(from: rest.startIndex, to: rest.endIndex),
            help: "#!ifexp takes expressions")
    }

    /// Whether nothing follows in this line. If something does, the language has it that the line is a
    /// comment.
    private mutating func restIsBlank(_ name: String, at directive: Place) -> Bool {
        let start = position
        let end = endOfLine(from: start)
        guard slice(start, end).allSatisfy(isBlank) else {
            diagnostics.warning(
                "this #!\(name) does not count, because something follows it in its line", at: directive,
                help: "put the rest on a line of its own")
            return false
        }
        position = end
        return true
    }

    /// Passes over the branch that does not hold, to behind its `#!else` or `#!endif`. As the language has
    /// it, directives count there wherever they stand, also in what would be a comment.
    private mutating func skipBranch() {
        var depth = 0
        while true {
            guard let first = byte() else {
                // A conditional may end in the file that includes this one.
                if leaveInput() { continue }
                return
            }
            guard first == UInt8(ascii: "#") || first == UInt8(ascii: "!"), byte(1) == UInt8(ascii: "!")
            else {
                position += 1
                continue
            }
            let start = position
            position += 2
            let nameStart = position
            while let byte = byte(), isWord(byte) { position += 1 }
            let name = String(decoding: slice(nameStart, position), as: UTF8.self)
            let directive = place(from: start)
            switch name {
            case "ifdef", "ifndef", "ifexp":
                if byte() == 32 || byte() == 9 { depth += 1 }
            case "else" where depth == 0 && restIsBlank(name, at: directive):
                guard let condition = conditions.last else { return }
                if condition.hasElse {
                    complainOfSecondElse(condition, at: directive)
                } else {
                    conditions[conditions.count - 1].hasElse = true
                    return
                }
            case "endif" where restIsBlank(name, at: directive):
                if depth == 0 {
                    _ = conditions.popLast()
                    return
                }
                depth -= 1
            default: position = max(nameStart - 1, start + 1)
            }
        }
    }

    /// At the end of everything: conditionals that are still open.
    mutating func finishConditions() {
        for condition in conditions where !brokeOff {
            diagnostics.error("this #!\(condition.name) has no #!endif", at: condition.place)
        }
        conditions = []
    }
}
