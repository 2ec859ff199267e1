// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import HtableLogic
import PluginKit

/// How names and values are compared: by the words of functions, or by the two signs in front of a $shtcn
/// key.
enum Matcher {
    case equal(UnsafeRawBufferPointer)
    case unequal(UnsafeRawBufferPointer)
    case starts(UnsafeRawBufferPointer)
    case ends(UnsafeRawBufferPointer)
    case number(Int)
    case regex(UnsafeMutablePointer<regex_t>)
    case anything

    func matches(_ bytes: UnsafeRawBufferPointer) -> Bool {
        switch self {
        case .equal(let other): return sameBytes(bytes, other)
        case .unequal(let other): return !sameBytes(bytes, other)
        case .starts(let other):
            return bytes.count >= other.count
                && sameBytes(UnsafeRawBufferPointer(rebasing: bytes.prefix(other.count)), other)
        case .ends(let other):
            return bytes.count >= other.count
                && sameBytes(UnsafeRawBufferPointer(rebasing: bytes.suffix(other.count)), other)
        case .number: return false
        case .anything: return true
        case .regex(let compiled):
            var bounds = regmatch_t(rm_so: 0, rm_eo: regoff_t(bytes.count))
            return bytes.withMemoryRebound(to: CChar.self) { text in
                guard let start = text.baseAddress else {
                    return regexec(compiled, "", 1, &bounds, REG_STARTEND) == 0
                }
                return regexec(compiled, start, 1, &bounds, REG_STARTEND) == 0
            }
        }
    }

    /// A number is only compared with numbers, and text with text.
    func matches(_ value: ItemValue) -> Bool {
        switch (self, value) {
        case (.anything, _): true
        case (.number(let wanted), .number(let number)): wanted == number
        case (_, .number): false
        case (_, .text(let text)): matches(text)
        }
    }

    /// eq, ne, sw, re. Nil, and the reason logged, for anything else.
    static func with<Result>(_ word: Text, _ text: Text, _ body: (Matcher) -> Result) -> Result? {
        let bytes = UnsafeRawBufferPointer(text)
        if word == "eq" { return body(.equal(bytes)) }
        if word == "ne" { return body(.unequal(bytes)) }
        if word == "sw" { return body(.starts(bytes)) }
        if word == "re" { return withRegex(text, body) }
        Host.log(.error, "there is no operator \"\(String(word))\"; there are eq, ne, re and sw")
        return nil
    }

    /// `~~` a regular expression, `%~` starts with, `~%` ends with, `==` is, `eq` is the number, `**` all of
    /// them; without such signs a regular expression.
    static func with<Result>(signs key: Text, _ body: (Matcher) -> Result) -> Result? {
        let rest = key.dropFirst(2)
        let bytes = UnsafeRawBufferPointer(rest)
        if key.hasPrefix("~~") { return withRegex(rest, body) }
        if key.hasPrefix("%~") { return body(.starts(bytes)) }
        if key.hasPrefix("~%") { return body(.ends(bytes)) }
        if key.hasPrefix("==") { return body(.equal(bytes)) }
        if key.hasPrefix("**") { return body(.anything) }
        if key.hasPrefix("eq"), let number = rest.integer { return body(.number(number)) }
        return withRegex(key, body)
    }

    static func withRegex<Result>(_ source: Text, _ body: (Matcher) -> Result) -> Result? {
        var compiled = regex_t()
        let failure = regcomp(&compiled, String(source), REG_EXTENDED)
        guard failure == 0 else {
            Host.log(.error, "\"\(String(source))\" is no regular expression")
            return nil
        }
        defer { regfree(&compiled) }
        return withUnsafeMutablePointer(to: &compiled) { body(.regex($0)) }
    }
}
