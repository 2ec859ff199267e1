// SPDX-License-Identifier: Apache-2.0

/// Reading the values that are remembered. A value that cannot be read is remembered as absent.
extension Message {
    @usableFromInline func readURI() {
        store.pointee.parsed.insert(.uri)
        store.pointee.parsedURI = URI()
        if !store.pointee.parsedURI.take(store.pointee.uri) { store.pointee.parsedURI = URI() }
    }

    @usableFromInline func readCallID() {
        store.pointee.parsed.insert(.callID)
        store.pointee.callID = firstBody(.callID)
    }

    /// RFC 3261, 20.16: a number below 2^31, a blank, a method.
    @usableFromInline func readCSeq() {
        store.pointee.parsed.insert(.cseq)
        store.pointee.cseq = 0
        store.pointee.cseqMethod = 0
        store.pointee.cseqMethodText = .absent
        let body = firstBody(.cseq)
        guard let start = body.base else { return }
        let finder = Finder(body, start)
        var at = start
        var number: UInt64 = 0
        let limit = start + min(body.count, 19)
        while at < limit, at.pointee.isDigit {
            number = number &* 10 &+ UInt64(at.pointee &- UInt8(ascii: "0"))
            at += 1
        }
        guard at > start, number <= UInt64(Int32.max) else { return }
        let name = finder.afterSpace(at)
        guard name > at else { return }
        let method = Slice(name, upTo: Finder.withoutSpace(name, finder.end))
        let known = Method(method)
        guard known != .other || method.isToken else { return }
        store.pointee.cseq = UInt32(number)
        store.pointee.cseqMethod = known.rawValue
        store.pointee.cseqMethodText = method
    }

    @usableFromInline func readFrom() {
        store.pointee.parsed.insert(.from)
        Self.read(firstBody(.from), &store.pointee.from)
    }

    @usableFromInline func readTo() {
        store.pointee.parsed.insert(.to)
        Self.read(firstBody(.to), &store.pointee.to)
    }

    private static func read(_ text: Slice, _ address: inout Address) {
        address = Address()
        if address.take(text, inList: false)?.isEmpty != true { address = Address() }
    }

    @usableFromInline func readVia() {
        guard !store.pointee.parsed.contains(.via) else { return }
        store.pointee.parsed.insert(.via)
        store.pointee.topVia = Via()
        if store.pointee.topVia.take(firstBody(.via)) == nil { store.pointee.topVia = Via() }
    }

    @usableFromInline func readMaxForwards() {
        store.pointee.parsed.insert(.maxForwards)
        let value = firstBody(.maxForwards).natural() ?? -1
        store.pointee.maxForwards = value <= 255 ? Int32(value) : -1
    }

    @usableFromInline func readContentLength() {
        store.pointee.parsed.insert(.contentLength)
        store.pointee.contentLength = Int32(firstBody(.contentLength).natural() ?? -1)
    }

    /// Up to 2^32 - 1; what is larger is no number (RFC 4475, 3.1.2.4), not a smaller one.
    @usableFromInline func readExpires() {
        store.pointee.parsed.insert(.expires)
        let value = firstBody(.expires).integer() ?? -1
        store.pointee.expires = value <= Int(UInt32.max) ? Int64(value) : -1
    }

    /// What was remembered of that header is read anew.
    func forget(_ id: HeaderID) {
        switch id {
        case .via: store.pointee.parsed.remove(.via)
        case .from: store.pointee.parsed.remove(.from)
        case .to: store.pointee.parsed.remove(.to)
        case .callID: store.pointee.parsed.remove(.callID)
        case .cseq: store.pointee.parsed.remove(.cseq)
        case .maxForwards: store.pointee.parsed.remove(.maxForwards)
        case .contentLength: store.pointee.parsed.remove(.contentLength)
        case .expires: store.pointee.parsed.remove(.expires)
        default: break
        }
    }
}
