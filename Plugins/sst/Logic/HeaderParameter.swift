// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// One parameter behind a semicolon: a token, alone or with a token, host or quoted string behind an equals sign
/// (RFC 3261, 25.1: generic-param).
struct HeaderParameter: ~Escapable {
    let name: Text
    /// Absent when there is no equals sign. A quoted one keeps its quotes.
    let value: Text

    /// The next one of a list, `at` being at its semicolon; it is left at the following one or at the end. Nil: what
    /// stands there is no parameter.
    @_lifetime(copy body)
    static func take(_ body: Text, at: inout Int) -> HeaderParameter? {
        guard at < body.count, body[at] == UInt8(ascii: ";") else { return nil }
        at += 1
        Blank.skip(body, at: &at)
        let start = at
        while at < body.count, isToken(body[at]) { at += 1 }
        guard at > start else { return nil }
        let name = body[start..<at]
        Blank.skip(body, at: &at)
        guard at < body.count, body[at] == UInt8(ascii: "=") else {
            return HeaderParameter(name: name, value: body.prefix(0), hasValue: false)
        }
        at += 1
        Blank.skip(body, at: &at)
        let first = at
        guard at < body.count,
            body[at] == UInt8(ascii: "\"") ? skipQuoted(body, at: &at) : skipPlain(body, at: &at)
        else { return nil }
        let value = body[first..<at]
        Blank.skip(body, at: &at)
        return HeaderParameter(name: name, value: value, hasValue: true)
    }

    @_lifetime(copy name, copy value)
    private init(name: Text, value: Text, hasValue: Bool) {
        self.name = name
        self.value = value
        self.hasValue = hasValue
    }
    let hasValue: Bool

    private static func skipQuoted(_ body: Text, at: inout Int) -> Bool {
        at += 1
        while at < body.count {
            if body[at] == UInt8(ascii: "\"") {
                at += 1
                return true
            }
            at += body[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        at = body.count
        return false
    }

    /// A token or a host, which may be an IPv6 address in brackets.
    private static func skipPlain(_ body: Text, at: inout Int) -> Bool {
        let start = at
        while at < body.count, isToken(body[at]) || body[at] == 58 || body[at] == 91 || body[at] == 93 {
            at += 1
        }
        return at > start
    }

    /// RFC 3261, 25.1: token.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "%"), UInt8(ascii: "*"),
            UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "`"), UInt8(ascii: "'"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
