// SPDX-License-Identifier: Apache-2.0
import CMartlet
import NathelperLogic
import PluginKit

/// Contacts that say where their owner really is.
enum Contacts {
    /// Gives every Contact URI another text. False: there is none, or one cannot be read.
    private static func change(_ message: Message, _ change: (URI, Text) -> String?) -> Bool {
        var isChanged = false
        var fields = message.headers(Headers.contact)
        while let field = fields.next() {
            let body = field.body
            if body.trimmed.equals("*") { continue }
            var rest = body
            var text = ""
            var at = 0
            while !rest.trimmed.isEmpty {
                guard let address = rest.takeAddress(), let uri = URI(address.uri) else { return isChanged }
                guard let start = body.raw.ptr, let place = address.uri.raw.ptr else { return isChanged }
                let offset = place - start
                guard let fresh = change(uri, address.uri) else { continue }
                // Parameters of a URI without brackets would be those of the Contact.
                let isBare = offset == 0 || body[offset - 1] != UInt8(ascii: "<")
                text += String(body[at..<offset]) + (isBare ? "<\(fresh)>" : fresh)
                at = offset + address.uri.count
            }
            guard at > 0 else { continue }
            text += String(body[at..<body.count])
            guard message.replace(field, text).isYes else { return false }
            isChanged = true
        }
        return isChanged
    }

    /// "sip:user@", with host, port and what comes behind.
    private static func text(_ uri: URI, _ host: String, _ port: Int, _ tail: String) -> String {
        var text = "\(uri.scheme.isEmpty ? "sip" : String(uri.scheme)):"
        if !uri.user.isEmpty {
            text += String(uri.user)
            if !uri.password.isEmpty { text += ":\(uri.password)" }
            text += "@"
        }
        return text + "\(host):\(port)" + tail
    }

    private static func tail(_ uri: URI) -> String {
        var tail = ""
        if !uri.params.isEmpty {
            tail += uri.params[0] == UInt8(ascii: ";") ? String(uri.params) : ";\(uri.params)"
        }
        if !uri.headers.isEmpty { tail += "?\(uri.headers)" }
        return tail
    }

    /// fix_nated_contact()
    static func fix(_ message: Message) -> Bool {
        let source = Source(message)
        return change(message) { uri, _ in text(uri, source.address.host, source.port, tail(uri)) }
    }

    /// add_contact_alias(): 1 added, 2 there is no need, or no Contact, as in a BYE.
    static func addAlias(_ message: Message, _ alias: Alias?) -> Outcome {
        let source = Source(message)
        let name = aliasName.value
        var isNeeded = false
        let isChanged = change(message) { uri, whole in
            if alias == nil, source.isAddress(uri.host), uri.port ?? 5060 == source.port { return nil }
            isNeeded = true
            let value = (alias ?? source.alias).value
            let parameter = ";\(name)=\(value)"
            // Before the headers of a URI, and instead of what was there before.
            let count = whole.count - (uri.headers.isEmpty ? 0 : uri.headers.count + 1)
            var text = String(whole.prefix(count))
            if let old = place(of: name, in: uri, whole) {
                text = String(whole.prefix(old.lowerBound)) + String(whole[old.upperBound..<count])
            }
            return text + parameter + String(whole.dropFirst(count))
        }
        if isChanged { return .yes }
        return isNeeded ? .no : Outcome(2)
    }

    /// Where a parameter of a URI stands in it, with the semicolon before it.
    private static func place(of name: Text, in uri: URI, _ whole: Text, isFirst: Bool = false) -> Range<Int>?
    {
        guard let start = whole.raw.ptr, let params = uri.params.raw.ptr,
            let found = Parameters.place(of: name, in: uri.params, isFirst: isFirst)
        else { return nil }
        let offset = params - start
        var lower = offset + found.lowerBound
        if whole[lower] != UInt8(ascii: ";"), lower > 0, whole[lower - 1] == UInt8(ascii: ";") { lower -= 1 }
        return lower..<offset + found.upperBound
    }

    /// add_rcv_param(): where it came from, as a parameter of the Contact or of its URI.
    static func addReceived(_ message: Message, inURI: Bool) -> Bool {
        let source = Source(message)
        if inURI {
            return change(message) { uri, whole in
                let count = whole.count - (uri.headers.isEmpty ? 0 : uri.headers.count + 1)
                let escaped = source.uri.split(separator: ";").joined(separator: "%3B")
                let parts = escaped.split(separator: "=").joined(separator: "%3D")
                return String(whole.prefix(count)) + ";received=\(parts)" + String(whole.dropFirst(count))
            }
        }
        var isChanged = false
        var fields = message.headers(Headers.contact)
        while let field = fields.next() {
            var rest = field.body
            var list: [String] = []
            while let address = rest.takeAddress() {
                let item = String(address.whole.trimmed)
                let isBare = !item.contains("<") && address.params.isEmpty
                list.append((isBare ? "<\(item)>" : item) + ";received=\"\(source.uri)\"")
            }
            guard !list.isEmpty, !field.body.trimmed.equals("*") else { continue }
            if message.replace(field, list.joined(separator: ", ")).isYes { isChanged = true }
        }
        return isChanged
    }

    /// handle_ruri_alias(): 1 there was one, 2 there was none.
    static func useAlias(_ message: Message, isFirst: Bool) -> Outcome {
        guard let uri = URI(message.uri) else { return .no }
        let whole = message.uri
        guard let range = place(of: aliasName.value, in: uri, whole, isFirst: isFirst) else {
            return Outcome(2)
        }
        let item = whole[range]
        guard let equals = item.firstIndex(of: UInt8(ascii: "=")),
            let alias = Alias(item.dropFirst(equals + 1))
        else {
            return .no
        }
        let rest = String(whole.prefix(range.lowerBound)) + String(whole.dropFirst(range.upperBound))
        guard message.set(.uri, rest).isYes, message.set(.nextHop, alias.uri).isYes else { return .no }
        return .yes
    }
}
