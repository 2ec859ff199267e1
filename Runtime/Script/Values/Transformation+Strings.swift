// SPDX-License-Identifier: Apache-2.0
import Message

/// `{s.…}`: texts as bytes. A part that is not there is empty; what cannot be done is undefined.
extension Transformation {
    func onString(_ text: Slice, _ context: Context) -> ScriptValue {
        let message = context.pointee.message
        func number(_ number: Int) -> ScriptValue {
            ScriptValue(number: Int64(number), text: message.decimal(Int64(number)))
        }
        func optional(_ text: Slice?) -> ScriptValue { text.map { ScriptValue($0) } ?? .null }
        switch operation {
        case .length: return number(text.count)
        case .int: return text.integer().map(number) ?? .null
        case .md5: return digest(16, message) { MD5.digest(text, into: $0) }
        case .sha1: return digest(20, message) { SHA1.digest(text, into: $0) }
        case .sha256: return digest(32, message) { SHA256.digest256(text, into: $0) }
        case .sha384: return digest(48, message) { SHA512.digest384(text, into: $0) }
        case .sha512: return digest(64, message) { SHA512.digest512(text, into: $0) }
        case .toLower: return ScriptValue(mapped(text, message) { $0.lowercased })
        case .toUpper: return ScriptValue(mapped(text, message) { $0.uppercased })
        case .numeric: return ScriptValue(filtered(text, message) { $0.isDigit })
        case .removeSpace: return ScriptValue(filtered(text, message) { !$0.isSpace })
        case .substring: return substring(text, context)
        case .select: return select(text, context)
        case .strip:
            guard let count = first.asNumber(context) else { return .null }
            return ScriptValue(text.dropFirst(max(0, count)))
        case .stripTail:
            guard let count = first.asNumber(context) else { return .null }
            return ScriptValue(text.dropLast(max(0, count)))
        case .stripTo:
            guard let byte = first.asText(context), byte.count > 0 else { return .null }
            return ScriptValue(text.dropFirst(text.firstIndex(of: byte[0]) ?? text.count))
        case .trim: return ScriptValue(text.trimmed)
        case .trimLeft: return ScriptValue(text.suffix(text.count - text.prefix(while: \.isSpace).count))
        case .trimRight:
            var end = text.count
            while end > 0, text[end - 1].isSpace { end -= 1 }
            return ScriptValue(text.prefix(end))
        case .remove, .replace: return replace(text, context)
        case .prefixes, .prefixesQuoted: return prefixes(text, context)
        case .formatTime: return text.integer().map { formatTime(Int64($0), context) } ?? .null
        case .hash: return hash(text, context)
        case .unquote: return ScriptValue(without(text, pairs: "\"\"''"))
        case .unbracket: return ScriptValue(without(text, pairs: "()[]{}<>"))
        case .countBytes:
            guard let byte = first.asText(context), byte.count > 0 else { return .null }
            var found = 0
            for index in 0..<text.count where text[index] == byte[0] { found += 1 }
            return number(found)
        case .before, .after, .beforeLast, .afterLast: return around(text, context)
        case .foldSpaces, .foldTabs: return fold(text, context)
        case .toHexadecimal: return ScriptValue(Encodings.hexadecimal(text, message))
        case .fromHexadecimal: return optional(Encodings.fromHexadecimal(text, message))
        case .to7Bit: return ScriptValue(Encodings.sevenBit(text, message))
        case .from7Bit: return optional(Encodings.fromSevenBit(text, message))
        case .toBase58: return ScriptValue(Encodings.base58(text, message))
        case .fromBase58: return optional(Encodings.fromBase58(text, message))
        case .toBase64: return ScriptValue(Encodings.base64(text, forURL: false, padded: true, message))
        case .toBase64Bare: return ScriptValue(Encodings.base64(text, forURL: false, padded: false, message))
        case .toBase64URL: return ScriptValue(Encodings.base64(text, forURL: true, padded: true, message))
        case .toBase64URLBare:
            return ScriptValue(Encodings.base64(text, forURL: true, padded: false, message))
        case .fromBase64: return optional(Encodings.fromBase64(text, forURL: false, message))
        case .fromBase64URL: return optional(Encodings.fromBase64(text, forURL: true, message))
        case .escapeCommon: return ScriptValue(Escaping.common(text, message))
        case .unescapeCommon: return ScriptValue(Escaping.fromCommon(text, message))
        case .escapeUser: return ScriptValue(Escaping.percent(text, message, keep: Escaping.isUserByte))
        case .escapeParam: return ScriptValue(Escaping.percent(text, message, keep: Escaping.isParameterByte))
        case .unescapeUser, .unescapeParam: return optional(Escaping.fromPercent(text, message))
        case .escapeCSV: return ScriptValue(Escaping.csv(text, message))
        case .toForm: return ScriptValue(Escaping.percent(text, message, keep: Escaping.isFormByte))
        case .fromForm: return optional(Escaping.fromPercent(text, form: true, message))
        default: return .null
        }
    }

    private func digest(_ count: Int, _ message: Message, _ make: (UnsafeMutablePointer<UInt8>) -> Void)
        -> ScriptValue
    {
        let raw = message.bytes(count)
        make(raw)
        return ScriptValue(Encodings.hexadecimal(Slice(base: UnsafePointer(raw), count: count), message))
    }

    private func mapped(_ text: Slice, _ message: Message, _ change: (UInt8) -> UInt8) -> Slice {
        let out = message.bytes(text.count)
        for index in 0..<text.count { out[index] = change(text[index]) }
        return Slice(base: UnsafePointer(out), count: text.count)
    }

    private func filtered(_ text: Slice, _ message: Message, _ keep: (UInt8) -> Bool) -> Slice {
        let out = message.bytes(text.count)
        var count = 0
        for index in 0..<text.count where keep(text[index]) {
            out[count] = text[index]
            count += 1
        }
        return Slice(base: UnsafePointer(out), count: count)
    }

    /// A negative offset counts from the end, length 0 is all of the rest; outside of the text is undefined.
    private func substring(_ text: Slice, _ context: Context) -> ScriptValue {
        guard var start = first.asNumber(context), let length = second.asNumber(context), length >= 0 else {
            return .null
        }
        if start < 0 { start += text.count }
        guard start >= 0, start < text.count else { return .null }
        return ScriptValue(
            length == 0 ? text.dropFirst(start) : text[start..<(start + min(length, text.count))])
    }

    /// The index-th piece between separators; negative from the end. Beyond the last one it is empty.
    private func select(_ text: Slice, _ context: Context) -> ScriptValue {
        guard let index = first.asNumber(context), let byte = second.asText(context), byte.count > 0 else {
            return .null
        }
        let separator = byte[0]
        if index >= 0 {
            var rest = text
            for _ in 0..<index {
                guard let end = rest.firstIndex(of: separator) else { return ScriptValue(.empty) }
                rest = rest.dropFirst(end + 1)
            }
            return ScriptValue(rest.prefix(rest.firstIndex(of: separator) ?? rest.count))
        }
        var rest = text
        for _ in 1..<(-max(index, -1_000_000)) {
            guard let start = rest.lastIndex(of: separator) else { return ScriptValue(.empty) }
            rest = rest.prefix(start)
        }
        return ScriptValue(rest.dropFirst((rest.lastIndex(of: separator) ?? -1) + 1))
    }

    private func replace(_ text: Slice, _ context: Context) -> ScriptValue {
        guard let old = first.asText(context), old.count > 0 else { return ScriptValue(text) }
        let new = operation == .remove ? .empty : second.asText(context) ?? .empty
        guard var found = text.find(old) else { return ScriptValue(text) }
        var out = ArenaText(context.pointee.message, room: text.count + new.count)
        var at = 0
        while true {
            out.append(text[at..<found])
            out.append(new)
            at = found + old.count
            guard let next = text.find(old, from: at) else { break }
            found = next
        }
        out.append(text.dropFirst(at))
        return ScriptValue(out.slice)
    }

    /// "a,ab,abc"
    private func prefixes(_ text: Slice, _ context: Context) -> ScriptValue {
        let most = first.isPresent ? first.asNumber(context) ?? 0 : text.count
        let count = min(max(0, most), text.count)
        let quoted = operation == .prefixesQuoted
        var out = ArenaText(context.pointee.message, room: count * (count + 7) / 2 + 16)
        for length in stride(from: 1, through: count, by: 1) {
            if length > 1 { out.append(UInt8(ascii: ",")) }
            if quoted { out.append(UInt8(ascii: "'")) }
            out.append(text.prefix(length))
            if quoted { out.append(UInt8(ascii: "'")) }
        }
        return ScriptValue(out.slice)
    }

    /// The hash that tables of Kamailio use; with a size, a power of two, the slot.
    private func hash(_ text: Slice, _ context: Context) -> ScriptValue {
        var hash: UInt32 = 0
        var word: UInt32 = 0
        var index = 0
        while index < text.count {
            word = word << 8 &+ UInt32(text[index])
            index += 1
            if index & 3 == 0 {
                hash = hash &+ (word ^ word >> 3)
                word = 0
            }
        }
        hash = hash &+ (word ^ word >> 3)
        hash = hash &+ hash >> 11 &+ (hash >> 13 &+ hash >> 23)
        if first.isPresent, let size = first.asNumber(context), size > 0 {
            hash &= UInt32(truncatingIfNeeded: size) &- 1
        }
        let message = context.pointee.message
        return ScriptValue(number: Int64(hash), text: message.decimal(Int64(hash)))
    }

    /// Without what encloses it, given as pairs of bytes.
    private func without(_ text: Slice, pairs: Slice) -> Slice {
        guard text.count >= 2 else { return text }
        var index = 0
        while index < pairs.count {
            if text[0] == pairs[index], text[text.count - 1] == pairs[index + 1] {
                return text[1..<(text.count - 1)]
            }
            index += 2
        }
        return text
    }

    /// Before and after a byte: the first of its kind, or the last. Without one, all is before and nothing
    /// after.
    private func around(_ text: Slice, _ context: Context) -> ScriptValue {
        guard let byte = first.asText(context), byte.count > 0 else { return .null }
        let isLast = operation == .beforeLast || operation == .afterLast
        let isBefore = operation == .before || operation == .beforeLast
        guard let at = isLast ? text.lastIndex(of: byte[0]) : text.firstIndex(of: byte[0]) else {
            return ScriptValue(isBefore ? text : .empty)
        }
        return ScriptValue(isBefore ? text.prefix(at) : text.dropFirst(at + 1))
    }

    /// Lines of n bytes, all but the first led in by m blanks or tabs.
    private func fold(_ text: Slice, _ context: Context) -> ScriptValue {
        guard let width = first.asNumber(context), let lead = second.asNumber(context), width > 0, lead >= 0,
            lead <= 1024
        else { return .null }
        var out = ArenaText(context.pointee.message, room: text.count * 2 + 16)
        var at = 0
        while at < text.count {
            if at > 0 {
                out.append("\r\n")
                for _ in 0..<lead { out.append(UInt8(operation == .foldTabs ? 9 : 0x20)) }
            }
            out.append(text[at..<(at + min(width, text.count))])
            at += min(width, text.count)
        }
        return ScriptValue(out.slice)
    }
}
