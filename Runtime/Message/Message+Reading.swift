// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// What a message says. Values that need reading are read at first use and remembered until they are edited.
extension Message {
    @inlinable public var isRequest: Bool { store.pointee.isRequest }
    @inlinable public var isReply: Bool { !store.pointee.isRequest }
    @inlinable public var isIndexed: Bool { store.pointee.startLine.isPresent }
    /// It came over a stream, so its length was exact.
    @inlinable public var isStream: Bool { store.pointee.stream }

    /// The start line as received, without its end of line.
    @inlinable public var startLine: Slice { store.pointee.startLine.trimmed }

    /// Of a reply: the one in CSeq.
    @inlinable public var method: Method {
        store.pointee.isRequest ? Self.method(store.pointee.method) : cseqMethod
    }

    @inlinable public var methodText: Slice {
        store.pointee.isRequest ? store.pointee.methodText : cseqMethodText
    }

    /// The Request-URI as it now is; absent in a reply.
    @inlinable public var uri: Slice { store.pointee.uri }
    /// The Request-URI as it arrived.
    @inlinable public var receivedURI: Slice { store.pointee.receivedURI }
    @inlinable public var version: Slice { store.pointee.version }
    /// 0 in a request.
    @inlinable public var status: Int { Int(store.pointee.status) }
    @inlinable public var reason: Slice { store.pointee.reason }
    /// What was received, without what was ignored after the body.
    @inlinable public var bytes: Slice { store.pointee.received }
    @inlinable public var body: Slice { store.pointee.body }

    /// The Request-URI taken apart; nil when that cannot be done.
    @inlinable public var requestURI: URI? {
        if !store.pointee.parsed.contains(.uri) { readURI() }
        return store.pointee.parsedURI.scheme.isPresent ? store.pointee.parsedURI : nil
    }

    @inlinable public var callID: Slice {
        if !store.pointee.parsed.contains(.callID) { readCallID() }
        return store.pointee.callID
    }

    @inlinable public var cseq: UInt32 {
        if !store.pointee.parsed.contains(.cseq) { readCSeq() }
        return store.pointee.cseq
    }

    @inlinable public var cseqMethod: Method {
        if !store.pointee.parsed.contains(.cseq) { readCSeq() }
        return Self.method(store.pointee.cseqMethod)
    }

    @inlinable public var cseqMethodText: Slice {
        if !store.pointee.parsed.contains(.cseq) { readCSeq() }
        return store.pointee.cseqMethodText
    }

    @inlinable public var from: Address {
        if !store.pointee.parsed.contains(.from) { readFrom() }
        return store.pointee.from
    }

    @inlinable public var fromURI: Slice {
        if !store.pointee.parsed.contains(.from) { readFrom() }
        return store.pointee.from.uri
    }

    @inlinable public var fromTag: Slice {
        if !store.pointee.parsed.contains(.from) { readFrom() }
        return store.pointee.from.tag
    }

    @inlinable public var to: Address {
        if !store.pointee.parsed.contains(.to) { readTo() }
        return store.pointee.to
    }

    @inlinable public var toURI: Slice {
        if !store.pointee.parsed.contains(.to) { readTo() }
        return store.pointee.to.uri
    }

    @inlinable public var toTag: Slice {
        if !store.pointee.parsed.contains(.to) { readTo() }
        return store.pointee.to.tag
    }

    /// The first Via; all its parts are absent when there is none that can be read.
    @inlinable public var topVia: Via {
        if !store.pointee.parsed.contains(.via) { readVia() }
        return store.pointee.topVia
    }

    @inlinable public var viaBranch: Slice {
        if !store.pointee.parsed.contains(.via) { readVia() }
        return store.pointee.topVia.branch
    }

    /// nil when there is none, or none that can be read.
    @inlinable public var maxForwards: Int? {
        if !store.pointee.parsed.contains(.maxForwards) { readMaxForwards() }
        return store.pointee.maxForwards < 0 ? nil : Int(store.pointee.maxForwards)
    }

    @inlinable public var contentLength: Int? {
        if !store.pointee.parsed.contains(.contentLength) { readContentLength() }
        return store.pointee.contentLength < 0 ? nil : Int(store.pointee.contentLength)
    }

    @inlinable public var expires: Int? {
        if !store.pointee.parsed.contains(.expires) { readExpires() }
        return store.pointee.expires < 0 ? nil : Int(store.pointee.expires)
    }

    /// The body of Content-Type.
    public var contentType: Slice { body(of: header(.contentType)) }

    /// Only what was stored by this file's siblings gets here, so the number is a case.
    @inlinable static func method(_ raw: UInt8) -> Method { Method(rawValue: raw) ?? .other }
}
