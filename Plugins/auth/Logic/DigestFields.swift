// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// The fields of an Authorization or Proxy-Authorization header (RFC 7616, 3.4), lent by the message.
///
/// Quoted values are without their quotes, and else as they came: what is hashed is what was sent.
public struct DigestFields {
    public private(set) var username = mt_str()
    public private(set) var realm = mt_str()
    public private(set) var nonce = mt_str()
    public private(set) var uri = mt_str()
    public private(set) var response = mt_str()
    public private(set) var cnonce = mt_str()
    public private(set) var count = mt_str()
    public private(set) var qop = mt_str()
    public private(set) var algorithm = mt_str()
    public private(set) var opaque = mt_str()

    /// Nil when the scheme is another one, or when something cannot be read.
    public init?(_ body: Text) {
        let body = body.trimmed
        guard body.count > 7, body.prefix(6).equalsIgnoringCase("Digest"), DigestFields.isBlank(body[6])
        else {
            return nil
        }
        var at = 7
        while true {
            while at < body.count, DigestFields.isBlank(body[at]) || body[at] == UInt8(ascii: ",") { at += 1 }
            if at == body.count { break }
            let start = at
            while at < body.count, body[at] != UInt8(ascii: "="), body[at] != UInt8(ascii: ",") { at += 1 }
            guard at > start, at < body.count, body[at] == UInt8(ascii: "=") else { return nil }
            let name = body[start..<at].trimmed
            at += 1
            guard let range = DigestFields.value(in: body, at: &at) else { return nil }
            set(name, body[range])
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 13 || byte == 10 }

    /// Where a value stands, of a quoted one what is between the quotes; `at` moves behind it.
    private static func value(in body: Text, at: inout Int) -> Range<Int>? {
        while at < body.count, isBlank(body[at]) { at += 1 }
        let start = at
        guard at < body.count, body[at] == UInt8(ascii: "\"") else {
            while at < body.count, body[at] != UInt8(ascii: ",") { at += 1 }
            var end = at
            while end > start, isBlank(body[end - 1]) { end -= 1 }
            return start..<end
        }
        at += 1
        while at < body.count, body[at] != UInt8(ascii: "\"") { at += body[at] == UInt8(ascii: "\\") ? 2 : 1 }
        guard at < body.count else { return nil }
        let end = at
        at += 1
        while at < body.count, isBlank(body[at]) { at += 1 }
        return at == body.count || body[at] == UInt8(ascii: ",") ? start + 1..<end : nil
    }

    /// What a server cannot do without (RFC 3261, 22.4).
    public var isComplete: Bool {
        username.len > 0 && realm.ptr != nil && nonce.len > 0 && uri.len > 0 && response.len > 0
            && (qop.len == 0 || cnonce.len > 0 && countNumber != nil)
    }

    /// The nonce count: eight hexadecimal digits.
    public var countNumber: UInt32? {
        guard count.len == 8 else { return nil }
        var value: UInt32 = 0
        for index in 0..<8 {
            guard let digit = hexValue(UInt8(bitPattern: count.ptr[index])) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    private mutating func set(_ name: Text, _ value: Text) {
        // An empty value is there, too.
        let value = value.isAbsent ? mt_str("") : value.raw
        if name.equalsIgnoringCase("username") {
            username = value
        } else if name.equalsIgnoringCase("realm") {
            realm = value
        } else if name.equalsIgnoringCase("nonce") {
            nonce = value
        } else if name.equalsIgnoringCase("uri") {
            uri = value
        } else if name.equalsIgnoringCase("response") {
            response = value
        } else if name.equalsIgnoringCase("cnonce") {
            cnonce = value
        } else if name.equalsIgnoringCase("nc") {
            count = value
        } else if name.equalsIgnoringCase("qop") {
            qop = value
        } else if name.equalsIgnoringCase("algorithm") {
            algorithm = value
        } else if name.equalsIgnoringCase("opaque") {
            opaque = value
        }
    }

    /// The user name's parts: before and behind its first `@`.
    public var parts: (user: mt_str, domain: mt_str) {
        let text = Text(unchecked: username)
        guard let at = text.firstIndex(of: UInt8(ascii: "@")) else { return (username, mt_str()) }
        return (text.prefix(at).raw, text.dropFirst(at + 1).raw)
    }
}

func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 48...57: byte - 48
    case 65...70: byte - 55
    case 97...102: byte - 87
    default: nil
    }
}
