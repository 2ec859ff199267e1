// SPDX-License-Identifier: Apache-2.0

/// Turns source into tokens, and is the preprocessor at the same time: directives are obeyed, and defined
/// names replaced, as the text goes by. So a define holds from its line on, and what the parser does in
/// between (defining MOD_x after a `loadmodule`) is seen by the next `#!ifdef`.
struct Lexer {
    /// A text being read: a file, or the value of a define, whose tokens stand where its name was used.
    struct Input {
        let file: SourceFile
        let bytes: [UInt8]
        var position = 0
        var define: String?
        var use: Place?
    }

    /// What is being read, and what it was included by or used in, outermost first.
    var input: Input
    var outer: [Input] = []
    var defines: [String: Text]
    var substitutions: [TokenSubstitution] = []
    var conditions: [Condition] = []
    let files: FileReader
    let diagnostics: Diagnostics
    private(set) var atLineStart = true
    /// A string that ran over several lines: if a later one never ends, this one may lack its quote.
    var longString: (start: Place, end: Place)?
    /// A string or a comment swallowed the rest, so what is missing at the end says nothing.
    var brokeOff = false
    var includes = 0
    /// Bytes that defines have come to: for the name that is being replaced, and in all.
    private var expanded = (one: 0, all: 0)

    init(_ source: SourceFile, defines: [String: Text], files: FileReader, diagnostics: Diagnostics) {
        input = Input(file: source, bytes: source.bytes)
        self.defines = defines
        self.files = files
        self.diagnostics = diagnostics
    }

    // MARK: Reading bytes

    var position: Int {
        get { input.position }
        set { input.position = newValue }
    }

    /// The byte so many ahead in the present text, nil behind its end.
    func byte(_ offset: Int = 0) -> UInt8? {
        let index = input.position + offset
        return index < input.bytes.count ? input.bytes[index] : nil
    }

    func slice(_ start: Int, _ end: Int) -> ArraySlice<UInt8> { input.bytes[start..<end] }

    func starts(with text: StaticString, at offset: Int = 0) -> Bool {
        text.withUTF8Buffer { wanted in
            wanted.indices.allSatisfy { byte(offset + $0) == wanted[$0] }
        }
    }

    func place(from start: Int) -> Place { place(from: start, to: position) }

    func place(from start: Int, to end: Int) -> Place {
        input.use ?? input.file.place(from: start, to: end)
    }

    /// The end of the present line, or of the text.
    func endOfLine(from start: Int) -> Int {
        input.bytes[start...].firstIndex(of: 10) ?? input.bytes.count
    }

    /// Goes on with the text that included or used the present one; false when it is the outermost.
    mutating func leaveInput() -> Bool {
        guard let next = outer.popLast() else { return false }
        if input.use == nil { atLineStart = true }
        input = next
        return true
    }

    mutating func enter(_ file: SourceFile) {
        outer.append(input)
        input = Input(file: file, bytes: file.bytes)
        atLineStart = true
    }

    // MARK: Tokens

    mutating func next() -> Token {
        while true {
            skipBlanks()
            guard let first = byte() else { return token(.end, from: position) }
            let start = position
            switch first {
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                let stringPlace = place(from: start, to: start + 1)
                let firstOnLine = atLineStart
                guard let (text, whole) = stringLiteral() else { return token(.end, from: position) }
                atLineStart = false
                let value = substituted(text, at: stringPlace)
                return Token(kind: .string(Text(value)), place: whole, firstOnLine: firstOnLine)
            case UInt8(ascii: "$"):
                if let text = variable() { return token(.variable(Text(text)), from: start) }
                return token(.broken, from: start)
            case UInt8(ascii: "@") where byte(1).map(isWordStart) ?? false:
                return token(.select(select()), from: start)
            case _ where isWord(first):
                if let text = addressText() { return token(.address(text), from: start) }
                if let token = word() { return token }
            default:
                if let text = addressText() { return token(.address(text), from: start) }
                if let symbol = symbol() { return token(.symbol(symbol), from: start) }
                position += 1
                while let byte = byte(), byte >= 0x80 { position += 1 }
                let sign = Character(UnicodeScalar(first))
                let name = (33...126).contains(first) ? "\"\(sign)\"" : "byte \(first)"
                diagnostics.error("\(name) means nothing here", at: place(from: start))
            }
        }
    }

    private mutating func token(_ kind: Token.Kind, from start: Int) -> Token {
        defer { atLineStart = false }
        return Token(kind: kind, place: place(from: start), firstOnLine: atLineStart)
    }

    /// Blanks, comments, directives, and the ends of texts that stand in other texts.
    private mutating func skipBlanks() {
        while true {
            guard let first = byte() else {
                if leaveInput() { continue }
                return
            }
            switch first {
            case UInt8(ascii: "\n"):
                position += 1
                atLineStart = true
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), 8: position += 1
            case UInt8(ascii: "\\") where byte(1) == 10: position += 2
            case UInt8(ascii: "\\") where byte(1) == 13 && byte(2) == 10: position += 3
            case UInt8(ascii: "#"):
                if byte(1) == UInt8(ascii: "!"), directive() { continue }
                skipLine()
            case UInt8(ascii: "!") where byte(1) == UInt8(ascii: "!"):
                if !directive() { return }
            case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "/"): skipLine()
            case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "*"): skipComment()
            default: return
            }
        }
    }

    /// To the end of the line. A comment in a define's value hides the rest of the line that uses it.
    private mutating func skipLine() {
        while true {
            position = endOfLine(from: position)
            guard byte() == nil, input.use != nil, leaveInput() else { return }
        }
    }

    private mutating func skipComment() {
        let start = position
        var depth = 0
        repeat {
            if starts(with: "/*") {
                depth += 1
                position += 2
            } else if starts(with: "*/") {
                depth -= 1
                position += 2
            } else {
                if byte() == 10 { atLineStart = true }
                position += 1
            }
        } while depth > 0 && byte() != nil
        guard depth > 0 else { return }
        diagnostics.error(
            "this comment is never closed", at: place(from: start, to: start + 2),
            notes: depth > 1 ? ["comments nest, and \(depth) are open at the end of the file"] : [],
            help: "close it with */")
        brokeOff = true
    }

    /// An identifier or a number, at a letter or digit; nil when it was the name of a define and has been
    /// replaced.
    private mutating func word() -> Token? {
        let start = position
        while let byte = byte(), isWord(byte) { position += 1 }
        for (name, tail) in [("msg", ":len"), ("uri", ":host"), ("uri", ":port")]
        where matches(name, tail, from: start) {
            position += tail.utf8.count
            return token(.word(name + tail), from: start)
        }
        let text = String(decoding: slice(start, position), as: UTF8.self)
        if (48...57).contains(Array(text.utf8)[0]) { return token(Number.token(text), from: start) }
        if let value = Words.numbers[text] { return token(.number(value, text), from: start) }
        if text == "include_file" || text == "import_file" {
            if include(optional: text == "import_file", from: start) { return nil }
        }
        if let value = defines[text], !Words.reserved.contains(text) {
            return expand(text, value, at: place(from: start)) ? nil : token(.broken, from: start)
        }
        return token(.word(text), from: start)
    }

    private func matches(_ name: String, _ tail: String, from start: Int) -> Bool {
        guard slice(start, position).elementsEqual(name.utf8) else { return false }
        for (offset, wanted) in tail.utf8.enumerated() where byte(offset) != wanted { return false }
        return !(byte(tail.utf8.count).map(isWord) ?? false)
    }

    /// Puts the value of a define in the place of its name; false when it cannot be.
    private mutating func expand(_ name: String, _ value: Text, at place: Place) -> Bool {
        guard !value.isEmpty else { return true }
        let uses = (outer + [input]).reversed().prefix { $0.use != nil }
        if uses.contains(where: { $0.define == name }) {
            diagnostics.error(
                "\"\(name)\" is defined by itself", at: place, help: "put the value into its #!define")
            return false
        }
        // Defines that use each other twice double with each step.
        expanded.one = (uses.isEmpty ? 0 : expanded.one) + value.bytes.count + 1
        expanded.all += value.bytes.count + 1
        guard uses.count < 64, expanded.one < 1 << 16, expanded.all < 1 << 22 else {
            if expanded.one < 1 << 30 { diagnostics.error("this define comes to too much text", at: place) }
            expanded.one = 1 << 30
            return false
        }
        outer.append(input)
        input = Input(file: place.file, bytes: value.bytes, define: name, use: place)
        return true
    }

    private mutating func symbol() -> Symbol? {
        for name in ["int", "str"] {
            if let length = castLength(name) {
                position += length
                return name == "int" ? .castToInteger : .castToString
            }
        }
        for length in [2, 1] {
            guard byte(length - 1) != nil else { continue }
            if let symbol = Symbol(
                rawValue: String(decoding: slice(position, position + length), as: UTF8.self))
            {
                position += length
                return symbol
            }
        }
        return nil
    }

    /// How long `(int)` is here, blanks included.
    private func castLength(_ name: String) -> Int? {
        guard byte() == UInt8(ascii: "(") else { return nil }
        var offset = 1
        while byte(offset) == 32 || byte(offset) == 9 { offset += 1 }
        for wanted in name.utf8 {
            guard byte(offset) == wanted else { return nil }
            offset += 1
        }
        while byte(offset) == 32 || byte(offset) == 9 { offset += 1 }
        return byte(offset) == UInt8(ascii: ")") ? offset + 1 : nil
    }

    /// The text up to a closing bracket in this line, as it stands: names of event routes know no defines.
    mutating func rawName() -> Placed<String>? {
        while byte() == 32 || byte() == 9 { position += 1 }
        let start = position
        while let byte = byte(), byte != UInt8(ascii: "]"), byte != 10, byte != 13 { position += 1 }
        var end = position
        while end > start, slice(end - 1, end).first == 32 || slice(end - 1, end).first == 9 { end -= 1 }
        guard end > start else { return nil }
        return Placed(String(decoding: slice(start, end), as: UTF8.self), at: place(from: start, to: end))
    }
}

func isWordStart(_ byte: UInt8) -> Bool { isWord(byte) && !(48...57).contains(byte) }

func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122, UInt8(ascii: "_"): true
    default: false
    }
}

func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 13 }
