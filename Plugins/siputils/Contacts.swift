// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import SiputilsLogic

@Declarations func contactFunctions() -> [any Declaration] {
    Function(
        "encode_contact", in: inMessages, "Packs the URIs in Contact into the user of one at that host.",
        Arg("prefix", Text.self), Arg("hostpart", Text.self, "An address or a name.")
    ) { call, prefix, host in
        forEachContact(call.message) { uri, message in encode(uri, prefix, host, message) }
    }
    Function("decode_contact", in: inRequest, "Unpacks the Request-URI that encode_contact() had packed.") {
        call in
        let message = call.message
        let plain = decode(message.uri, message)
        guard plain.len > 0 else { return .no }
        return message.set(.uri, plain).isYes ? .yes : .no
    }
    Function("decode_contact_header", in: inMessages, "Unpacks the URIs in Contact.") { call in
        forEachContact(call.message) { uri, message in decode(uri, message) }
    }
    Function(
        "contact_param_encode", in: inMessages, "Puts the URIs in Contact into a parameter of another one.",
        Arg("pname", Text.self), Arg("saddr", Text.self, "The URI of this server.")
    ) { call, name, address in
        forEachContact(call.message) { uri, message in wrap(uri, name, address, message) }
    }
    Function(
        "contact_param_decode", in: inMessages, "Takes the URIs in Contact out of that parameter.",
        Arg("pname", Text.self)
    ) { call, name in
        forEachContact(call.message) { uri, message in unwrap(uri, name, message) }
    }
    Function(
        "contact_param_decode_ruri", in: inRequest, "Takes the Request-URI out of that parameter.",
        Arg("pname", Text.self)
    ) { call, name in
        let message = call.message
        let plain = unwrap(message.uri, name, message)
        guard plain.ptr != nil else { return .no }
        return plain.len == 0 || message.set(.uri, plain).isYes ? .yes : .no
    }
    Function(
        "contact_param_rm", in: inMessages, "Takes that parameter out of the URIs in Contact.",
        Arg("pname", Text.self)
    ) { call, name in
        forEachContact(call.message) { uri, message in
            guard let parts = URIParts(uri), let at = parts.param(name, in: uri) else { return unchanged }
            return without(at, uri).kept(by: message).raw
        }
    }
}

/// What a change gives for "leave it as it is"; absent is for "it went wrong".
private var unchanged: mt_str { mt_str("") }

/// Gives each URI in each Contact to `change`, and writes the headers anew. All other bytes stay as they are.
private func forEachContact(_ message: Message, _ change: (Text, Message) -> mt_str) -> Outcome {
    var fields = message.headers(Names.contact)
    while let field = fields.next() {
        let body = field.body
        if body.trimmed == "*" { continue }
        var new = mt_str()
        var copied = 0
        var rest = body
        while !rest.trimmed.isEmpty {
            guard let contact = rest.takeAddress() else { return .no }
            let uri = contact.uri
            let changed = change(uri, message)
            guard changed.ptr != nil else { return .no }
            guard changed.len > 0, let from = body.raw.ptr, let at = uri.raw.ptr else { continue }
            let offset = at - from
            let before = body[copied..<offset]
            // Parameters behind a bare URI are the header's: angle brackets keep the URI's own apart from
            // them.
            let isBare = offset == 0 || body[offset - 1] != UInt8(ascii: "<")
            let open: StaticString = isBare ? "<" : ""
            let close: StaticString = isBare ? ">" : ""
            new = Line("\(new)\(before)\(open)\(changed)\(close)").kept(by: message).raw
            copied = offset + uri.count
        }
        if copied == 0 { continue }
        let behind = body.dropFirst(copied)
        guard message.replace(field, Line("\(new)\(behind)")).isYes else { return .no }
    }
    return .yes
}

/// sip:prefix*user*password*host*port*transport@hostpart
private func encode(_ uri: Text, _ prefix: Text, _ host: Text, _ message: Message) -> mt_str {
    guard let parts = URI(uri) else { return mt_str() }
    let mark = separator.value.prefix(1)
    let user = Line("\(prefix)\(mark)\(parts.user)\(mark)\(parts.password)\(mark)").kept(by: message)
    let place =
        parts.port.map { Line("\(parts.host)\(mark)\($0)\(mark)").kept(by: message).raw }
        ?? Line("\(parts.host)\(mark)\(mark)").kept(by: message).raw
    let transport = parts.param("transport")?.raw ?? mt_str("")
    return Line("\(parts.scheme):\(user)\(place)\(transport)@\(host)").kept(by: message).raw
}

private func decode(_ uri: Text, _ message: Message) -> mt_str {
    guard let outer = URIParts(uri), let user = outer.user, let mark = separator.value.first else {
        return mt_str()
    }
    let packed = uri[user]
    guard let parts = ContactCode.parts(of: packed, separator: mark) else { return mt_str() }
    var plain = Line(uri.prefix(outer.start))
    if !parts.user.isEmpty {
        plain.append(packed[parts.user])
        if !parts.password.isEmpty { plain.append(Line(":\(packed[parts.password])")) }
        plain.append(Line("@"))
    }
    plain.append(packed[parts.host])
    if !parts.port.isEmpty { plain.append(Line(":\(packed[parts.port])")) }
    if !parts.transport.isEmpty { plain.append(Line(";transport=\(packed[parts.transport])")) }
    return plain.kept(by: message).raw
}

/// saddr;pname=base64(uri)
private func wrap(_ uri: Text, _ name: Text, _ address: Text, _ message: Message) -> mt_str {
    let count = Base64URL.encodedCount(uri.count)
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count + 1) { room in
        guard let start = room.baseAddress else { return mt_str() }
        Base64URL.encode(uri, into: start)
        let code = mt_str(ptr: UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self), len: count)
        return Line("\(address);\(name)=\(code)").kept(by: message).raw
    }
}

private func unwrap(_ uri: Text, _ name: Text, _ message: Message) -> mt_str {
    guard let parts = URIParts(uri), let at = parts.param(name, in: uri),
        let value = URIParts.value(of: at, in: uri)
    else { return unchanged }
    let code = uri[value]
    let room = message.allocate(code.count + 1)
    guard let start = room.baseAddress?.assumingMemoryBound(to: UInt8.self),
        let count = Base64URL.decode(code, into: start), count > 0
    else { return mt_str() }
    return mt_str(ptr: UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self), len: count)
}

extension Text {
    fileprivate var first: UInt8? { isEmpty ? nil : self[0] }
}
