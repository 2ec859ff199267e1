// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import RrLogic

/// The entries of all Route headers, in order. Raw slices: they are used within one callback, which is as
/// long as they last.
struct RouteEntries {
    private let message: OpaquePointer
    private var field = mt_header()
    private var rest = mt_str()
    /// A Route that cannot be read.
    private(set) var isBroken = false

    init(_ message: Message) { self.message = message.raw }

    mutating func next() -> mt_address? {
        while true {
            if Text(unchecked: rest).trimmed.isEmpty {
                guard Server.message.pointee.header(message, route.name.token, &field) else { return nil }
                rest = field.body
                if Text(unchecked: rest).trimmed.isEmpty { continue }
            }
            var address = mt_address()
            // A Route has angle brackets (RFC 3261, 25.1): without them nobody knows whose lr it is.
            guard Server.sip.pointee.address(&rest, &address), address.uri.ptr != address.whole.ptr else {
                isBroken = true
                return nil
            }
            return address
        }
    }

    /// Takes that many entries off the front.
    static func removeFront(_ count: Int, of message: Message) {
        var left = count
        while left > 0, let field = message.first(route) {
            var body = field.body
            while left > 0, !body.trimmed.isEmpty {
                guard body.takeAddress() != nil else { return }
                left -= 1
            }
            let rest = body.trimmed
            if rest.isEmpty { message.remove(field) } else { message.replace(field, rest) }
        }
    }

    /// Takes the last entry off.
    static func removeLast(of message: Message) {
        var fields = message.headers(route)
        var last = mt_header()
        while let field = fields.next() { last = field.raw }
        guard last.body.ptr != nil else { return }

        var rest = last.body
        var before = 0
        while !Text(unchecked: rest).trimmed.isEmpty {
            let offset = last.body.len - rest.len
            var address = mt_address()
            guard Server.sip.pointee.address(&rest, &address) else { return }
            if !Text(unchecked: rest).trimmed.isEmpty { continue }
            before = offset
        }
        var kept = Text(unchecked: mt_str(ptr: last.body.ptr, len: before)).trimmed
        while kept.count > 0, kept[kept.count - 1] == UInt8(ascii: ",") { kept = kept.dropLast().trimmed }
        var field = last
        if kept.isEmpty {
            _ = Server.message.pointee.remove(message.raw, &field)
        } else {
            _ = Server.message.pointee.replace(message.raw, &field, kept.raw)
        }
    }

    /// Puts an entry behind the last one.
    static func append(_ uri: Text, to message: Message) {
        var fields = message.headers(route)
        var last = mt_header()
        while let field = fields.next() { last = field.raw }
        let line = Line("Route: <\(uri)>")
        guard last.body.ptr != nil else {
            message.append(line)
            return
        }
        line.withRaw { _ = Server.message.pointee.insert(message.raw, UInt32(MT_AFTER), &last, $0) }
    }
}

extension RouteSet.Entry {
    /// Nil when it is no SIP URI.
    init?(_ uri: mt_str) {
        guard let uri = URI(Text(unchecked: uri)) else { return nil }
        self.init(uri)
    }

    init(_ uri: URI) {
        let params = RouteParams(uri.params.raw)
        self.init(isMine: isOurs(uri, params), isLoose: params.isLoose, isPaired: params.isPaired)
    }
}

/// Does it name this server? A GRUU of ours names a user agent instead (RFC 5627). A port that is not written
/// is the default one here, not any.
private func isOurs(_ uri: URI, _ params: RouteParams) -> Bool {
    if params.isGRUU { return false }
    var raw = uri.raw
    if raw.port == 0 {
        let isTLS =
            uri.scheme.equalsIgnoringCase(Word.sips)
            || Text(unchecked: params.transport).equalsIgnoringCase(Word.tls)
        raw.port = isTLS ? 5061 : 5060
    }
    return Server.net.pointee.mine(&raw)
}
