// SPDX-License-Identifier: Apache-2.0
import Message

/// Escapes of strings, of URIs, of CSV and JSON.
enum Escaping {
    /// A backslash before quotes and backslashes; NUL as `\0`.
    static func common(_ text: Slice, _ message: Message) -> Slice {
        var out = ArenaText(message, room: text.count * 2)
        for index in 0..<text.count {
            switch text[index] {
            case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "\\"): out.append(UInt8(ascii: "\\"))
            case 0:
                out.append("\\0")
                continue
            default: break
            }
            out.append(text[index])
        }
        return out.slice
    }

    static func fromCommon(_ text: Slice, _ message: Message) -> Slice {
        var out = ArenaText(message, room: text.count)
        var index = 0
        while index < text.count {
            if text[index] == UInt8(ascii: "\\"), index + 1 < text.count {
                index += 1
                out.append(text[index] == UInt8(ascii: "0") ? 0 : text[index])
            } else {
                out.append(text[index])
            }
            index += 1
        }
        return out.slice
    }

    /// RFC 3261, 25.1: what may stand in a user.
    static func isUserByte(_ byte: UInt8) -> Bool {
        byte.isAlpha || byte.isDigit || "-_.!~*'()&=+$,;?/".utf8.contains(byte)
    }

    /// RFC 3261, 25.1: what may stand in a parameter.
    static func isParameterByte(_ byte: UInt8) -> Bool {
        byte.isAlpha || byte.isDigit || "-_.!~*'()[]/:&+$".utf8.contains(byte)
    }

    /// What may stand unescaped in a form: letters, digits and `-_.~`.
    static func isFormByte(_ byte: UInt8) -> Bool {
        byte.isAlpha || byte.isDigit || "-_.~".utf8.contains(byte)
    }

    /// Everything else as `%40`.
    static func percent(_ text: Slice, _ message: Message, keep: (UInt8) -> Bool) -> Slice {
        var out = ArenaText(message, room: text.count * 2)
        for index in 0..<text.count {
            let byte = text[index]
            if keep(byte) {
                out.append(byte)
            } else {
                out.append(UInt8(ascii: "%"))
                out.append(hexadecimal: UInt64(byte), digits: 2)
            }
        }
        return out.slice
    }

    /// nil when an escape is broken. In a form a plus is a blank.
    static func fromPercent(_ text: Slice, form: Bool = false, _ message: Message) -> Slice? {
        var out = ArenaText(message, room: text.count)
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "%") {
                guard index + 2 < text.count, let high = Encodings.nibble(text[index + 1]),
                    let low = Encodings.nibble(text[index + 2])
                else { return nil }
                out.append(high << 4 | low)
                index += 2
            } else {
                out.append(form && byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
            index += 1
        }
        return out.slice
    }

    /// A CSV field: in quotes, quotes doubled (RFC 4180).
    static func csv(_ text: Slice, _ message: Message) -> Slice {
        var out = ArenaText(message, room: text.count + 8)
        out.append(UInt8(ascii: "\""))
        for index in 0..<text.count {
            if text[index] == UInt8(ascii: "\"") { out.append(text[index]) }
            out.append(text[index])
        }
        out.append(UInt8(ascii: "\""))
        return out.slice
    }

    /// What stands between the quotes of a JSON string (RFC 8259).
    static func json(_ text: Slice, quoted: Bool, _ message: Message) -> Slice {
        var out = ArenaText(message, room: text.count + 16)
        if quoted { out.append(UInt8(ascii: "\"")) }
        for index in 0..<text.count {
            switch text[index] {
            case UInt8(ascii: "\""): out.append("\\\"")
            case UInt8(ascii: "\\"): out.append("\\\\")
            case 8: out.append("\\b")
            case 9: out.append("\\t")
            case 10: out.append("\\n")
            case 12: out.append("\\f")
            case 13: out.append("\\r")
            case 0..<0x20, 0x7F:
                out.append("\\u")
                out.append(hexadecimal: UInt64(text[index]), digits: 4)
            default: out.append(text[index])
            }
        }
        if quoted { out.append(UInt8(ascii: "\"")) }
        return out.slice
    }
}
