// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import RegistrarLogic

/// What a REGISTER asks for, read once, in its memory.
struct Registration {
    enum Wish { case query, removal, update }

    let key: mt_str
    let wish: Wish
    /// As usrloc wants them.
    let contacts: UnsafeBufferPointer<ul_contact>
    let facts: OutboundRules.Facts
    /// The Path values, one behind the other.
    let path: mt_str
    let callID: mt_str
    let cseq: UInt32
    /// 1 inserted, 2 updated, 3 removed: by the last contact.
    let lastIsGone: Bool

    /// - Parameter received: where it came from, as the script knows it.
    init(_ message: Message, _ uri: Text, received: mt_str, keepsTimes: Bool) throws(Refusal) {
        guard !uri.isEmpty else { throw .noTo }
        guard !message.callID.isEmpty else { throw .noCallID }
        guard let cseq = message.cseq else { throw .noCSeq }
        guard message.callID.count <= 255 else { throw .callIDTooLong }
        callID = message.callID.raw
        self.cseq = UInt32(truncatingIfNeeded: cseq)
        key = try Key.of(uri, message)

        let reader = try ContactReader(message)
        switch reader.kind {
        case .none: wish = .query
        case .star: wish = .removal
        case .list: wish = .update
        }
        let path = try PathReader(message)
        self.path = path.joined
        var facts = OutboundRules.Facts()
        facts.supported = OptionTags.all(message, Headers.supported)
        facts.required = OptionTags.all(message, Headers.require)
        facts.viaCount = viaCount(message)
        facts.hasPath = path.joined.len > 0
        facts.pathHasOB = path.hasOB
        facts.hasRegID = reader.hasRegID
        self.facts = facts
        let usesRegID = try Rules.outbound.usesRegID(facts)
        guard case .update = wish else {
            contacts = UnsafeBufferPointer(start: nil, count: 0)
            lastIsGone = false
            return
        }
        let list = try reader.contacts(
            message, callID: callID, cseq: self.cseq, path: path, received: received, usesRegID: usesRegID,
            keepsTimes: keepsTimes)
        contacts = list
        lastIsGone = list.last?.expires == Int64(UL_GONE)
    }
}

/// The headers that are looked at.
enum Headers {
    static let contact = Header("Contact")
    static let supported = Header("Supported")
    static let require = Header("Require")
    static let path = Header("Path")
    static let via = Header("Via")
    static let userAgent = Header("User-Agent")
    static let allow = Header("Allow")
    static let expires = Header("Expires")

    static var all: [any Declaration] { [contact, supported, require, path, via, userAgent, allow, expires] }
}

extension OptionTags {
    static func all(_ message: Message, _ header: Header) -> OptionTags {
        var tags: OptionTags = []
        var fields = message.headers(header)
        while let field = fields.next() { tags.formUnion(OptionTags(field.body)) }
        return tags
    }
}

/// How many there are, whichever way they are written.
private func viaCount(_ message: Message) -> Int {
    var count = 0
    var fields = message.headers(Headers.via)
    while let field = fields.next() {
        var rest = field.body
        while rest.take(upTo: UInt8(ascii: ",")) != nil { count += 1 }
    }
    return count
}

/// The Path headers of a REGISTER.
struct PathReader {
    var joined = mt_str()
    var hasOB = false
    /// The first hop's `received`, its escapes resolved.
    var received = mt_str()

    init(_ message: Message) throws(Refusal) {
        guard usePath.value != 0 else { return }
        var size = 0
        var fields = message.headers(Headers.path)
        while let field = fields.next() { size += field.body.count + 1 }
        guard size > 0 else { return }
        guard size <= 8192 else { throw .badPath }
        let room = message.allocate(size).bindMemory(to: UInt8.self)
        var length = 0
        fields = message.headers(Headers.path)
        while let field = fields.next() {
            let body = field.body.trimmed
            guard !body.isEmpty else { throw .badPath }
            if length > 0 {
                room[length] = UInt8(ascii: ",")
                length += 1
            }
            for index in 0..<body.count {
                room[length] = body[index]
                length += 1
            }
        }
        joined = mt_str(
            ptr: UnsafeRawPointer(room.baseAddress.unsafelyUnwrapped).assumingMemoryBound(to: CChar.self),
            len: length)
        var list = Text(unchecked: joined)
        guard let first = list.takeAddress(), let uri = URI(first.uri) else { throw .badPath }
        while !list.trimmed.isEmpty {
            guard let next = list.takeAddress(), URI(next.uri) != nil else { throw .badPath }
        }
        hasOB = uri.param("ob") != nil
        if pathUseReceived.value != 0, let value = uri.param("received"), !value.isEmpty {
            received = unescaped(value, message)
        }
    }
}

/// Its %XX resolved, in the message's memory.
func unescaped(_ text: Text, _ message: Message) -> mt_str {
    let room = message.allocate(max(text.count, 1)).bindMemory(to: UInt8.self)
    var length = 0
    var at = 0
    while at < text.count {
        var byte = text[at]
        if byte == UInt8(ascii: "%"), at + 2 < text.count, let value = hexPair(text[at + 1], text[at + 2]) {
            byte = value
            at += 2
        }
        room[length] = byte
        length += 1
        at += 1
    }
    return mt_str(
        ptr: UnsafeRawPointer(room.baseAddress.unsafelyUnwrapped).assumingMemoryBound(to: CChar.self),
        len: length)
}
