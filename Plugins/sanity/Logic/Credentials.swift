// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// Digest credentials, as far as a server can judge them without knowing the user (RFC 3261, 22).
public enum Credentials {
    /// Nil when nothing is wrong, or when they are of another scheme, which a proxy need not know.
    public static func check(_ body: Text) -> Failure? {
        let body = body.trimmed
        guard body.count > 0 else { return .authorization }
        var end = 0
        while end < body.count, !Values.isBlank(body[end]) { end += 1 }
        guard body.prefix(end).equalsIgnoringCase("Digest") else { return nil }

        var seen = Seen()
        var at = end
        while at < body.count {
            guard let param = Param(in: body, at: &at) else { break }
            seen.note(body[param.name], isEmpty: param.isEmpty)
        }
        return seen.failure
    }

    /// Which fields there are, and which of them are empty.
    private struct Seen {
        private enum Field: Int { case username, realm, nonce, uri, response }
        private var present = 0
        private var empty = 0

        mutating func note(_ name: Text, isEmpty: Bool) {
            let field: Field
            if name.equalsIgnoringCase("username") {
                field = .username
            } else if name.equalsIgnoringCase("realm") {
                field = .realm
            } else if name.equalsIgnoringCase("nonce") {
                field = .nonce
            } else if name.equalsIgnoringCase("uri") {
                field = .uri
            } else if name.equalsIgnoringCase("response") {
                field = .response
            } else {
                return
            }
            present |= 1 << field.rawValue
            if isEmpty { empty |= 1 << field.rawValue }
        }

        var failure: Failure? {
            if present != 0b11111 { return .credentials }
            if empty & 1 << Field.username.rawValue != 0 { return .emptyUser }
            if empty & 1 << Field.nonce.rawValue != 0 { return .emptyNonce }
            if empty & 1 << Field.response.rawValue != 0 { return .emptyResponse }
            return nil
        }
    }

    /// name = "value" or name = token, up to the comma.
    private struct Param {
        let name: Range<Int>
        let isEmpty: Bool

        init?(in body: Text, at: inout Int) {
            while at < body.count, Values.isBlank(body[at]) || body[at] == UInt8(ascii: ",") { at += 1 }
            let start = at
            while at < body.count, body[at] != UInt8(ascii: "="), body[at] != UInt8(ascii: ",") { at += 1 }
            var end = at
            while end > start, Values.isBlank(body[end - 1]) { end -= 1 }
            guard end > start, at < body.count, body[at] == UInt8(ascii: "=") else { return nil }
            name = start..<end
            at += 1
            while at < body.count, Values.isBlank(body[at]) { at += 1 }
            if at < body.count, body[at] == UInt8(ascii: "\"") {
                at += 1
                let first = at
                while at < body.count, body[at] != UInt8(ascii: "\"") {
                    at += body[at] == UInt8(ascii: "\\") ? 2 : 1
                }
                isEmpty = at == first
                at = min(at + 1, body.count)
            } else {
                let first = at
                while at < body.count, body[at] != UInt8(ascii: ",") { at += 1 }
                isEmpty = at == first
            }
        }
    }
}
