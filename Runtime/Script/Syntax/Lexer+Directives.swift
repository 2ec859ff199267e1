// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Lines that begin with `#!` or `!!`.
extension Lexer {
    static let directives: Set<String> = [
        "define", "def", "trydef", "trydefine", "redef", "redefine", "undef", "undefine", "tryundef", "ifdef",
        "ifndef",
        "ifexp", "else", "endif", "defexp", "defexps", "subst", "substdef", "substdefs", "defenv", "defenvs",
        "trydefenv", "trydefenvs", "include_file", "import_file",
    ]
    /// Lines that say which dialect a file is written in.
    private static let dialects: Set<String> = ["KAMAILIO", "OPENSER", "SER", "MAXCOMPAT", "ALL"]

    /// Obeys the directive at `#!` or `!!`. False when it is none: a comment, or two negations.
    mutating func directive() -> Bool {
        let start = position
        var end = start + 2
        while let byte = byte(end - start), isWord(byte) { end += 1 }
        let name = String(decoding: slice(start + 2, end), as: UTF8.self)
        let comment = byte() == UInt8(ascii: "#")
        guard Self.directives.contains(name) else {
            if comment { remark(on: name, at: place(from: start, to: end)) }
            return false
        }
        let whole = place(from: start, to: end)
        position = end
        switch name {
        case "define", "def": define(.once, at: whole)
        case "trydef", "trydefine": define(.ifMissing, at: whole)
        case "redef", "redefine": define(.always, at: whole)
        case "undef", "undefine", "tryundef": undefine(mayBeMissing: name == "tryundef", at: whole)
        case "defexp", "defexps": defineExpression(quoted: name == "defexps", at: whole)
        case "defenv", "defenvs", "trydefenv", "trydefenvs":
            defineEnvironment(quoted: name.hasSuffix("s"), mayBeMissing: name.hasPrefix("try"), at: whole)
        case "subst": substitute(.none, at: whole)
        case "substdef": substitute(.plain, at: whole)
        case "substdefs": substitute(.quoted, at: whole)
        case "include_file", "import_file":
            if !include(optional: name == "import_file", from: start) {
                diagnostics.error("\(name) is followed by a file name in double quotes", at: whole)
                position = endOfLine(from: position)
            }
        default:
            guard condition(name, at: whole) else {
                position = start
                return false
            }
        }
        return true
    }

    /// What looks like a directive and is a comment.
    private func remark(on name: String, at place: Place) {
        if name == "SER" {
            diagnostics.warning(
                "SER's dialect is not spoken here: $x is a variable, never an attribute", at: place)
        } else if !name.isEmpty, !Self.dialects.contains(name),
            let meant = Suggestion.nearest(to: name, in: Self.directives)
        {
            diagnostics.warning(
                "\"#!\(name)\" is no directive, so this line is a comment", at: place,
                help: "did you mean #!\(meant)?")
        }
    }

    // MARK: Defines

    enum Rule { case once, ifMissing, always }

    private mutating func define(_ rule: Rule, at directive: Place) {
        guard let name = directiveName(directive) else { return }
        if byte() == UInt8(ascii: "-") {
            diagnostics.error(
                "a name may not contain \"-\"", at: place(from: position, to: position + 1),
                help: "letters, digits and \"_\" make a name")
            position = endOfLine(from: position)
            return
        }
        set(name, restOfLine(), rule)
    }

    mutating func set(_ name: Placed<String>, _ value: [UInt8], _ rule: Rule) {
        if defines[name.value] != nil {
            switch rule {
            case .once:
                diagnostics.error(
                    "\"\(name.value)\" is defined already", at: name.place,
                    help: "use #!redefine to replace its value, or #!trydef to keep it")
                return
            case .ifMissing: return
            case .always: break
            }
        }
        if Words.reserved.contains(name.value) {
            diagnostics.warning(
                "\"\(name.value)\" is a word of the language, so it is never replaced by this value",
                at: name.place)
        }
        defines[name.value] = Text(value)
    }

    private mutating func undefine(mayBeMissing: Bool, at directive: Place) {
        guard let name = directiveName(directive) else { return }
        position = endOfLine(from: position)
        if defines.removeValue(forKey: name.value) == nil, !mayBeMissing {
            diagnostics.error(
                "\"\(name.value)\" is not defined", at: name.place,
                help: Suggestion.help(for: name.value, in: defines.keys) ?? "#!tryundef does not mind")
        }
    }

    private mutating func defineExpression(quoted: Bool, at directive: Place) {
        guard let name = directiveName(directive), let value = evaluateRestOfLine(directive) else { return }
        set(name, quoted ? Array("\"\(value.text)\"".utf8) : Array(value.text.utf8), .once)
    }

    /// `ID=ENV`, or `ENV` for both.
    private mutating func defineEnvironment(quoted: Bool, mayBeMissing: Bool, at directive: Place) {
        guard let name = directiveName(directive) else { return }
        var variable = name
        if byte() == UInt8(ascii: "=") {
            position += 1
            guard let named = directiveName(directive) else { return }
            variable = named
        }
        position = endOfLine(from: position)
        guard let value = getenv(variable.value) else {
            if !mayBeMissing {
                diagnostics.error(
                    "the environment has no \"\(variable.value)\"", at: variable.place,
                    help: "#!trydefenv does not mind")
            }
            return
        }
        let bytes = Array(String(cString: value).utf8)
        set(name, quoted ? [34] + bytes + [34] : bytes, .once)
    }

    /// The name behind a directive; an error when there is none.
    mutating func directiveName(_ directive: Place) -> Placed<String>? {
        while byte() == 32 || byte() == 9 { position += 1 }
        let start = position
        while let byte = byte(), isWord(byte) { position += 1 }
        guard position > start, !(48...57).contains(slice(start, position)[start]) else {
            diagnostics.error("a name is missing behind this", at: directive)
            position = endOfLine(from: position)
            return nil
        }
        return Placed(String(decoding: slice(start, position), as: UTF8.self), at: place(from: start))
    }

    /// The rest of the line without blanks before it. A backslash at its end joins the next line.
    mutating func restOfLine() -> [UInt8] {
        while byte() == 32 || byte() == 9 { position += 1 }
        var rest: [UInt8] = []
        while let byte = byte(), byte != 10 {
            position += 1
            if byte == UInt8(ascii: "\\") {
                let skipped = self.byte() == 10 ? 1 : self.byte() == 13 && self.byte(1) == 10 ? 2 : 0
                position += skipped
                if skipped > 0 { continue }
            }
            rest.append(byte)
        }
        if rest.last == 13 { rest.removeLast() }
        return rest
    }

    /// The value of the expression that fills the rest of the line; nil after an error.
    mutating func evaluateRestOfLine(_ directive: Place) -> Evaluator.Value? {
        while byte() == 32 || byte() == 9 { position += 1 }
        let start = position
        let text = restOfLine()
        var evaluator = Evaluator(text, defines: defines)
        do {
            return try evaluator.value()
        } catch {
            let offset = min(start + error.offset, position)
            diagnostics.error(
                text.isEmpty ? "an expression is missing behind this" : error.what,
                at: text.isEmpty ? directive : place(from: offset, to: offset + 1))
            return nil
        }
    }

    // MARK: Substitutions

    private enum Definition { case none, plain, quoted }

    private mutating func substitute(_ definition: Definition, at directive: Place) {
        while byte() == 32 || byte() == 9 { position += 1 }
        guard byte() == UInt8(ascii: "\"") || byte() == UInt8(ascii: "'") else {
            diagnostics.error("this is followed by a rule in quotes, as in \"/FROM/TO/\"", at: directive)
            position = endOfLine(from: position)
            return
        }
        guard let (text, place) = stringLiteral() else { return }
        let rule = substituted(text, at: place)
        // Each is tried on every string.
        guard substitutions.count < 512 else {
            diagnostics.error("there are more than 512 rules", at: place)
            return
        }
        do {
            let substitution = try TokenSubstitution(rule, defines: defines)
            substitutions.append(substitution)
            guard definition != .none else { return }
            let name = String(decoding: substitution.pattern, as: UTF8.self)
            let value = substitution.plainReplacement
            guard let first = name.utf8.first, isWordStart(first), name.utf8.allSatisfy(isWord) else {
                diagnostics.error(
                    "\"\(name)\" cannot be the name of a define", at: place, help: "#!subst defines nothing")
                return
            }
            set(Placed(name, at: place), definition == .quoted ? [34] + value + [34] : value, .once)
        } catch {
            diagnostics.error(error.what, at: place, help: "a rule looks like \"/FROM/TO/gi\"")
        }
    }

    /// A string or a variable after all rules, in the order in which they were given.
    func substituted(_ text: [UInt8], at place: Place) -> [UInt8] {
        guard !substitutions.isEmpty else { return text }
        return substitutions.reduce(text) { $1.apply(to: $0) }
    }

    // MARK: Other files

    /// Begins with the file that is named next. False when no name follows.
    mutating func include(optional: Bool, from start: Int) -> Bool {
        while byte() == 32 || byte() == 9 { position += 1 }
        guard byte() == UInt8(ascii: "\"") || byte() == UInt8(ascii: "'") else { return false }
        let quote = place(from: position, to: position + 1)
        let nameStart = position
        guard let (raw, _) = singleString() else {
            position = nameStart
            return false
        }
        let written = String(decoding: substituted(raw, at: quote), as: UTF8.self)
        let place = place(from: nameStart)
        let depth = (outer + [input]).count { $0.use == nil }
        includes += 1
        // The limit is that of the language; the count keeps files that include each other from filling the
        // memory.
        guard depth <= 10, includes <= 1000 else {
            diagnostics.error("files are included more than 10 deep", at: place)
            return true
        }
        let folder = (outer + [input]).last { $0.use == nil }?.file.name.split(
            separator: "/", omittingEmptySubsequences: false)
        var paths = [written]
        if !written.hasPrefix("/"), let folder, folder.count > 1 {
            paths.append(folder.dropLast().joined(separator: "/") + "/" + written)
        }
        for path in paths {
            do {
                enter(SourceFile(name: path, bytes: try files.read(path), includedAt: place))
                return true
            } catch {
                switch error {
                case .missing: continue
                case .other(let why): diagnostics.error("\(path) cannot be read: \(why)", at: place)
                }
                return true
            }
        }
        if !optional {
            diagnostics.error(
                "there is no file \"\(written)\"", at: place,
                notes: paths.count > 1 ? ["looked for \(paths.joined(separator: " and "))"] : [],
                help: "import_file does not mind")
        }
        return true
    }

    /// One string in quotes within this line, without the joining of neighbours.
    private mutating func singleString() -> (value: [UInt8], place: Place)? {
        let start = position
        let end = endOfLine(from: start)
        let quote = slice(start, end).first
        var value: [UInt8] = []
        position += 1
        while position < end, let byte = byte() {
            position += 1
            if byte == quote { return (value, place(from: start)) }
            if byte == UInt8(ascii: "\\"), let escaped = self.byte(), position < end {
                position += 1
                switch escaped {
                case UInt8(ascii: "n"): value.append(10)
                case UInt8(ascii: "r"): value.append(13)
                case UInt8(ascii: "t"): value.append(9)
                default: value.append(escaped)
                }
            } else {
                value.append(byte)
            }
        }
        return nil
    }
}
