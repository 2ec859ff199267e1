// SPDX-License-Identifier: Apache-2.0

/// Strings, variables, selects and addresses.
extension Lexer {
    /// A string with its escapes resolved, and with those that follow it if both are in double quotes.
    /// Nil when it never ends; then the rest of the text is gone.
    mutating func stringLiteral() -> (value: [UInt8], place: Place)? {
        var value: [UInt8] = []
        let start = position
        let raw = byte() == UInt8(ascii: "'")
        guard readString(into: &value) else { return nil }
        let whole = place(from: start)
        while !raw, anotherStringFollows() {
            guard readString(into: &value) else { return nil }
        }
        return (value, whole)
    }

    /// Whether only blanks stand between here and a further double quote; if so, moves there.
    private mutating func anotherStringFollows() -> Bool {
        let before = (outer, input)
        while true {
            while let byte = byte(), isBlank(byte) || byte == 10 { position += 1 }
            if byte() == UInt8(ascii: "\"") { return true }
            guard byte() == nil, input.use != nil, leaveInput() else { break }
        }
        (outer, input) = before
        return false
    }

    private mutating func readString(into value: inout [UInt8]) -> Bool {
        let start = position
        let quote = byte()
        position += 1
        var lines = 0
        while let byte = byte() {
            if byte == quote {
                position += 1
                if lines > 0 {
                    longString = (place(from: start, to: start + 1), place(from: position - 1))
                }
                return true
            }
            if byte == 10 { lines += 1 }
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                readEscape(into: &value)
            } else {
                value.append(byte)
                position += 1
            }
        }
        var notes: [String] = []
        if let long = longString, long.start.file === input.file {
            notes = ["the string that begins on line \(long.start.line) runs to line \(long.end.line)"]
        }
        diagnostics.error(
            "this string is never closed", at: place(from: start, to: start + 1), notes: notes,
            help: notes.isEmpty ? nil : "one of the two may lack its closing quote")
        brokeOff = true
        return false
    }

    /// A backslash and what belongs to it. Pairs that are no escape stay as they are, for regular
    /// expressions.
    private mutating func readEscape(into value: inout [UInt8]) {
        let following = byte(1)
        position += 2
        switch following {
        case nil:
            position -= 1
            value.append(UInt8(ascii: "\\"))
        case UInt8(ascii: "n"): value.append(10)
        case UInt8(ascii: "r"): value.append(13)
        case UInt8(ascii: "t"): value.append(9)
        case UInt8(ascii: "a"): value.append(7)
        case UInt8(ascii: "\\"), UInt8(ascii: "\""): value.append(following ?? 0)
        case 10: break
        case 13 where byte() == 10: position += 1
        case UInt8(ascii: "x"):
            guard let high = byte().flatMap(Number.hexadecimal) else { fallthrough }
            position += 1
            if let low = byte().flatMap(Number.hexadecimal) {
                position += 1
                value.append(UInt8(high * 16 + low))
            } else {
                value.append(UInt8(high))
            }
        default:
            if let octal = octalEscape(following) {
                value.append(octal)
            } else {
                value += [UInt8(ascii: "\\"), following ?? 0]
            }
        }
    }

    /// Two or three octal digits. One alone is no escape: `\1` is a reference in a replacement.
    private mutating func octalEscape(_ first: UInt8?) -> UInt8? {
        func digit(_ byte: UInt8?) -> Int? { byte.flatMap { (48...55).contains($0) ? Int($0) - 48 : nil } }
        guard let a = digit(first), let b = digit(byte()) else { return nil }
        position += 1
        guard let c = digit(byte()), a * 64 + b * 8 + c < 256 else { return UInt8(a * 8 + b) }
        position += 1
        return UInt8(a * 64 + b * 8 + c)
    }

    /// `$name`, `$name(...)`, `$(...)`, `$?`: what stands in parentheses is taken as it is. Nil after an
    /// error.
    mutating func variable() -> [UInt8]? {
        let start = position
        position += 1
        if byte() == UInt8(ascii: "?") {
            position += 1
        } else {
            while let byte = byte(), isWord(byte) { position += 1 }
            if byte() == UInt8(ascii: "("), !skipParentheses() {
                diagnostics.error(
                    "the parentheses of this variable are not closed in this line",
                    at: place(from: start, to: endOfLine(from: start)))
                position = endOfLine(from: start)
                return nil
            }
        }
        guard position > start + 1 else {
            diagnostics.error("a variable has a name, as in $ru", at: place(from: start))
            while byte() == UInt8(ascii: "$") { position += 1 }
            return nil
        }
        return substituted(Array(slice(start, position)), at: place(from: start))
    }

    private mutating func skipParentheses() -> Bool {
        var depth = 0
        while let byte = byte(), byte != 10 {
            position += 1
            if byte == UInt8(ascii: "(") { depth += 1 }
            if byte == UInt8(ascii: ")") {
                depth -= 1
                if depth == 0 { return true }
            }
        }
        return false
    }

    /// `@name.name[1]["key"]`, at the `@`.
    mutating func select() -> Select {
        var parts: [Select.Part] = []
        var text = "@"
        position += 1
        func name(_ lexer: inout Lexer) -> String {
            let start = lexer.position
            while let byte = lexer.byte(), isWord(byte) { lexer.position += 1 }
            return String(decoding: lexer.slice(start, lexer.position), as: UTF8.self)
        }
        let first = name(&self)
        parts.append(.name(first))
        text += first
        while true {
            let before = position
            while byte() == 32 || byte() == 9 { position += 1 }
            if byte() == UInt8(ascii: "."), byte(1).map(isWord) ?? false {
                position += 1
                let part = name(&self)
                parts.append(.name(part))
                text += ".\(part)"
            } else if byte() == UInt8(ascii: "["), let key = selectKey() {
                parts.append(key)
                switch key {
                case .index(let index): text += "[\(index)]"
                case .key(let key): text += "[\"\(key)\"]"
                case .name: break
                }
            } else {
                position = before
                return Select(parts: parts, text: text)
            }
        }
    }

    private mutating func selectKey() -> Select.Part? {
        // As far as a name can be long, and no further: a line may be full of these.
        var length = 1
        while let byte = byte(length), byte != UInt8(ascii: "]"), byte != 10, length < 256 { length += 1 }
        guard byte(length) == UInt8(ascii: "]") else { return nil }
        let close = position + length
        var inside = slice(position + 1, close)
        while let byte = inside.first, isBlank(byte) { inside.removeFirst() }
        while let byte = inside.last, isBlank(byte) { inside.removeLast() }
        var key: Select.Part?
        if let quote = inside.first, quote == inside.last, inside.count >= 2,
            quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'")
        {
            key = .key(Text(inside.dropFirst().dropLast()))
        } else if inside.count < 10, let index = Int(String(decoding: inside, as: UTF8.self)) {
            key = .index(index)
        }
        if key != nil { position = close + 1 }
        return key
    }

    /// An IPv6 address without brackets: at least two colons, and an address indeed.
    mutating func addressText() -> String? {
        guard let first = byte(), first == UInt8(ascii: ":") || Number.hexadecimal(first) != nil else {
            return nil
        }
        var offset = 0
        var colons = 0
        while let byte = byte(offset), offset < 46,
            byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".") || Number.hexadecimal(byte) != nil
        {
            if byte == UInt8(ascii: ":") { colons += 1 }
            offset += 1
        }
        guard colons >= 2, !(byte(offset).map(isWord) ?? false) else { return nil }
        let text = String(decoding: slice(position, position + offset), as: UTF8.self)
        guard let network = Subnet(parsing: text), network.isIPv6 else { return nil }
        position += offset
        return text
    }
}
