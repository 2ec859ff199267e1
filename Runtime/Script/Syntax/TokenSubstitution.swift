// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A rule of `#!subst`: an extended regular expression, and what to put in the place of what it matches.
struct TokenSubstitution {
    struct Fault: Error { let what: String }

    private enum Piece {
        case bytes([UInt8])
        case group(Int)
    }

    let pattern: [UInt8]
    private let expression: CompiledPattern
    private let pieces: [Piece]
    private let all: Bool

    /// `/pattern/replacement/flags`, with any byte for the slash; a backslash keeps one from counting.
    init(_ rule: [UInt8], defines: [String: Text]) throws(Fault) {
        guard rule.count >= 3 else { throw Fault(what: "this rule is too short") }
        let separator = rule[0]
        var parts: [[UInt8]] = [[]]
        var index = 1
        while index < rule.count {
            if rule[index] == UInt8(ascii: "\\"), index + 1 < rule.count {
                if rule[index + 1] != separator { parts[parts.count - 1].append(rule[index]) }
                parts[parts.count - 1].append(rule[index + 1])
                index += 2
                continue
            }
            if rule[index] == separator, parts.count < 3 {
                parts.append([])
            } else {
                parts[parts.count - 1].append(rule[index])
            }
            index += 1
        }
        let mark = String(decoding: [separator], as: UTF8.self)
        guard parts.count == 3 else {
            throw Fault(what: "this rule has \(parts.count - 1) more \"\(mark)\" where it needs two")
        }
        var ignoresCase = false
        var all = false
        var newlines = true
        for flag in parts[2] {
            switch flag {
            case UInt8(ascii: "i"): ignoresCase = true
            case UInt8(ascii: "g"): all = true
            case UInt8(ascii: "s"): newlines = false
            default: throw Fault(what: "a rule knows no flag \"\(String(decoding: [flag], as: UTF8.self))\"")
            }
        }
        pattern = parts[0]
        self.all = all
        expression = try CompiledPattern(parts[0], ignoresCase: ignoresCase, newlines: newlines)
        pieces = try Self.pieces(parts[1], groups: expression.groups, defines: defines)
    }

    /// The replacement of a rule that refers to no group; references are left out.
    var plainReplacement: [UInt8] {
        pieces.reduce(into: []) { if case .bytes(let bytes) = $1 { $0 += bytes } }
    }

    private static func pieces(
        _ text: [UInt8], groups: Int, defines: [String: Text]
    ) throws(Fault) -> [Piece] {
        var pieces: [Piece] = []
        var plain: [UInt8] = []
        var index = 0
        while index < text.count {
            let following = index + 1 < text.count ? text[index + 1] : 0
            if text[index] == UInt8(ascii: "\\"), index + 1 < text.count {
                index += 2
                switch following {
                case 48...57:
                    let group = Int(following) - 48
                    guard group <= groups else {
                        throw Fault(what: "this rule refers to group \(group), and its pattern has \(groups)")
                    }
                    pieces += [.bytes(plain), .group(group)]
                    plain = []
                case UInt8(ascii: "n"): plain.append(10)
                case UInt8(ascii: "r"): plain.append(13)
                case UInt8(ascii: "t"): plain.append(9)
                default: plain.append(following)
                }
            } else if text[index] == UInt8(ascii: "$"), following == UInt8(ascii: "$") {
                plain.append(UInt8(ascii: "$"))
                index += 2
            } else if text[index] == UInt8(ascii: "$") {
                let rest = String(decoding: text[index...], as: UTF8.self)
                guard let close = text[index...].firstIndex(of: UInt8(ascii: ")")),
                    let value = value(of: String(decoding: text[index...close], as: UTF8.self), defines)
                else {
                    throw Fault(what: "a rule can use $env(NAME) and $def(NAME), not \"\(rest)\"")
                }
                plain += value
                index = close + 1
            } else {
                plain.append(text[index])
                index += 1
            }
        }
        return pieces + [.bytes(plain)]
    }

    private static func value(of variable: String, _ defines: [String: Text]) -> [UInt8]? {
        if variable.hasPrefix("$env(") {
            return getenv(String(variable.dropFirst(5).dropLast())).map { Array(String(cString: $0).utf8) }
                ?? []
        }
        if variable.hasPrefix("$def(") {
            return defines[String(variable.dropFirst(5).dropLast())]?.bytes ?? []
        }
        return nil
    }

    func apply(to text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var start = 0
        var end = -1
        while start <= text.count, let match = expression.match(text, from: start) {
            result += text[start..<match[0].lowerBound]
            // Nothing, right behind a match, is no match of its own.
            for piece in pieces where match[0].upperBound != end {
                switch piece {
                case .bytes(let bytes): result += bytes
                case .group(let group): result += text[match[group]]
                }
            }
            start = match[0].upperBound
            end = start
            if match[0].isEmpty {
                if start < text.count { result.append(text[start]) }
                start += 1
            }
            guard all, result.count < 1 << 20 else { break }
        }
        return start < text.count ? result + text[start...] : result
    }
}

/// A compiled extended regular expression of the C library.
private final class CompiledPattern {
    private var compiled = regex_t()
    var groups: Int { compiled.re_nsub }

    init(_ pattern: [UInt8], ignoresCase: Bool, newlines: Bool) throws(TokenSubstitution.Fault) {
        let text = String(decoding: pattern, as: UTF8.self)
        guard !pattern.contains(0), Self.isBearable(pattern) else {
            throw TokenSubstitution.Fault(what: "the pattern of this rule is too large")
        }
        let flags = REG_EXTENDED | (ignoresCase ? REG_ICASE : 0) | (newlines ? REG_NEWLINE : 0)
        let result = (pattern + [0]).withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { regcomp(&compiled, $0.baseAddress, flags) }
        }
        guard result == 0 else {
            var reason = [CChar](repeating: 0, count: 128)
            regerror(result, &compiled, &reason, reason.count)
            let why = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw TokenSubstitution.Fault(what: "\"\(text)\" is no regular expression: \(why)")
        }
    }

    deinit { regfree(&compiled) }

    /// The C library recurses into parentheses, and unrolls repetitions; neither may be without bounds.
    private static func isBearable(_ pattern: [UInt8]) -> Bool {
        var work = pattern.count
        var repetition = 0
        var open = 0
        for byte in pattern {
            if byte == UInt8(ascii: "(") { open += 1 }
            if byte == UInt8(ascii: "{") { repetition = 0 }
            if (48...57).contains(byte) { repetition = min(repetition * 10 + Int(byte) - 48, 65_536) }
            if byte == UInt8(ascii: "}") || byte == UInt8(ascii: ",") {
                work = min(work * max(repetition, 1), 1 << 30)
            }
            if byte == UInt8(ascii: ",") { repetition = 0 }
        }
        return work <= 1 << 16 && open <= 200
    }

    /// The match at or after an offset: it and its groups; a group that matched nothing is empty.
    func match(_ text: [UInt8], from start: Int) -> [Range<Int>]? {
        var found = [regmatch_t](repeating: regmatch_t(), count: min(groups, 9) + 1)
        found[0].rm_so = regoff_t(start)
        found[0].rm_eo = regoff_t(text.count)
        let flags = REG_STARTEND | (start > 0 ? REG_NOTBOL : 0)
        let result = (text + [0]).withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                regexec(&compiled, $0.baseAddress, found.count, &found, flags)
            }
        }
        guard result == 0 else { return nil }
        return found.map { $0.rm_so >= 0 ? Int($0.rm_so)..<Int($0.rm_eo) : start..<start }
    }
}
