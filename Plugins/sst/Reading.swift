// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import SstLogic

/// What a message says of session timers, looked up in all of it.
enum Reading {
    case good(SessionRequest)
    case bad(Which, Malformed)

    enum Which {
        case sessionExpires, minSE

        var name: StaticString { self == .sessionExpires ? "Session-Expires" : "Min-SE" }
        var refusal: StaticString { self == .sessionExpires ? "Bad Session-Expires" : "Bad Min-SE" }
    }

    init(_ message: Message) {
        var expires: Int?
        var minimum: Int?
        do throws(Malformed) { expires = try Self.expires(message)?.interval } catch {
            self = .bad(.sessionExpires, error)
            return
        }
        do throws(Malformed) { minimum = try Self.minimum(message)?.interval } catch {
            self = .bad(.minSE, error)
            return
        }
        self = .good(
            SessionRequest(expires: expires, minimum: minimum, isSupported: Self.supportsTimer(message)))
    }

    /// Nil: there is none.
    static func expires(_ message: Message) throws(Malformed) -> SessionExpires? {
        guard let body = try only(Names.sessionExpires, message) else { return nil }
        return try SessionExpires(Text(unchecked: body))
    }

    static func minimum(_ message: Message) throws(Malformed) -> MinSE? {
        guard let body = try only(Names.minSE, message) else { return nil }
        return try MinSE(Text(unchecked: body))
    }

    /// Who requires it supports it.
    static func supportsTimer(_ message: Message) -> Bool {
        contains(Names.supported, message) || contains(Names.require, message)
    }

    private static func contains(_ header: Header, _ message: Message) -> Bool {
        var fields = message.headers(header)
        while let field = fields.next() { if OptionTags.contain("timer", field.body) { return true } }
        return false
    }

    private static func only(_ header: Header, _ message: Message) throws(Malformed) -> mt_str? {
        var fields = message.headers(header)
        guard let first = fields.next() else { return nil }
        let body = first.body.raw
        guard fields.next() == nil else { throw .twice }
        return body
    }
}

/// Changes to the headers that session timers are about.
enum Editing {
    static func append(expires interval: Int, _ message: Message) {
        message.append(Line("Session-Expires", interval))
    }

    /// Raises the number and leaves everything else of the header as it is.
    static func raise(expires interval: Int, _ message: Message) {
        guard let field = message.first(Names.sessionExpires) else { return }
        let body = field.body
        // It has been read before.
        guard let value = try? SessionExpires(body) else { return }
        message.replace(
            field, Line("\(body.prefix(value.numberStart))\(interval)\(body.dropFirst(value.numberEnd))"))
    }

    static func raise(minimum interval: Int, _ message: Message) {
        guard let field = message.first(Names.minSE) else {
            message.append(Line("Min-SE", interval))
            return
        }
        let body = field.body
        // It has been read before.
        guard let value = try? MinSE(body), value.interval < interval else { return }
        message.replace(
            field, Line("\(body.prefix(value.numberStart))\(interval)\(body.dropFirst(value.numberEnd))"))
    }

    /// RFC 4028, 8.2: the caller is to refresh, and has to know of timers to understand the reply.
    static func tellToRefresh(_ interval: Int, _ reply: Message) {
        reply.append("Session-Expires: \(interval);refresher=uac")
        var fields = reply.headers(Names.require)
        while let field = fields.next() { if OptionTags.contain("timer", field.body) { return } }
        guard let field = reply.first(Names.require), !field.body.trimmed.isEmpty else {
            reply.append("Require: timer")
            return
        }
        reply.replace(field, Line("\(field.body), timer"))
    }
}
