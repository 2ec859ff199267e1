// SPDX-License-Identifier: Apache-2.0

/// Is what was indexed a message that may be worked on? RFC 3261, 7 and 8.1.1; RFC 4475 says what to expect.
///
/// A request that is not gets an answer that says why, if it has the five fields that a reply must repeat. Replies
/// and ACK are never answered, nor is what has no Via to send the answer along.
extension Message {
    func judge(_ rest: Slice, _ start: Doubts, _ doubts: Doubts) -> Fault? {
        let bodyComplaint = takeBody(rest)
        do throws(Complaint) {
            try readStartLine(start)
            try header(doubts)
            try required()
            if let bodyComplaint { throw bodyComplaint }
            try contacts()
        } catch {
            guard isRequest, method != .ack, error.status != 0, canBeAnswered else {
                return .drop(error.reason)
            }
            return .answer(error.status, error.reason)
        }
        store.pointee.isIntact = true
        return nil
    }

    private var canBeAnswered: Bool {
        let first = store.pointee.firstOfKind
        return first[Int(HeaderID.from.rawValue)] != 0 && first[Int(HeaderID.to.rawValue)] != 0
            && first[Int(HeaderID.callID.rawValue)] != 0 && first[Int(HeaderID.cseq.rawValue)] != 0
            && topVia.host.isPresent
    }

    private func header(_ doubts: Doubts) throws(Complaint) {
        if store.pointee.blank.isAbsent {
            throw doubts.tooMany
                ? Complaint(400, "Too many header fields")
                : Complaint(400, "The empty line that ends the header is missing")
        }
        if doubts.noColon { throw Complaint(400, "A header line without a colon") }
        if doubts.badName { throw Complaint(400, "Bad header name") }
        if doubts.control { throw Complaint(400, "Control characters in the header") }
    }

    /// What every message must have, and have once (RFC 3261, 8.1.1 and 7.3.1).
    private func required() throws(Complaint) {
        let first = store.pointee.firstOfKind
        if first[Int(HeaderID.via.rawValue)] == 0 { throw Complaint(0, "Via is missing") }
        if first[Int(HeaderID.from.rawValue)] == 0 { throw Complaint(0, "From is missing") }
        if first[Int(HeaderID.to.rawValue)] == 0 { throw Complaint(0, "To is missing") }
        if first[Int(HeaderID.callID.rawValue)] == 0 { throw Complaint(0, "Call-ID is missing") }
        if first[Int(HeaderID.cseq.rawValue)] == 0 { throw Complaint(0, "CSeq is missing") }
        if store.pointee.duplicates != 0 { try duplicated() }

        readVia()
        guard store.pointee.topVia.host.isPresent else { throw Complaint(0, "Bad Via") }
        if store.pointee.topVia.hasEmptyParam { throw Complaint(400, "Bad separators in Via") }
        readCallID()
        if store.pointee.callID.isEmpty { throw Complaint(400, "Empty Call-ID") }
        try sequence()
        readFrom()
        guard store.pointee.from.uri.isPresent, store.pointee.from.uri.mayBeURI else {
            throw Complaint(400, "Bad From")
        }
        if store.pointee.from.hasEmptyParam { throw Complaint(400, "Bad separators in From") }
        readTo()
        guard store.pointee.to.uri.isPresent, store.pointee.to.uri.mayBeURI else {
            throw Complaint(400, "Bad To")
        }
        if store.pointee.to.hasEmptyParam { throw Complaint(400, "Bad separators in To") }
        if first[Int(HeaderID.maxForwards.rawValue)] != 0 {
            readMaxForwards()
            if store.pointee.maxForwards < 0 {
                throw Complaint(400, "Max-Forwards is not a number from 0 to 255")
            }
        }
    }

    private func duplicated() throws(Complaint) {
        if hasMore(.from) { throw Complaint(400, "More than one From") }
        if hasMore(.to) { throw Complaint(400, "More than one To") }
        if hasMore(.callID) { throw Complaint(400, "More than one Call-ID") }
        if hasMore(.cseq) { throw Complaint(400, "More than one CSeq") }
        if hasMore(.maxForwards) { throw Complaint(400, "More than one Max-Forwards") }
    }

    private func sequence() throws(Complaint) {
        readCSeq()
        guard store.pointee.cseqMethodText.isPresent else {
            throw Complaint(400, "CSeq is not a number below 2^31 and a method")
        }
        guard isRequest else { return }
        let same =
            store.pointee.method != 0
            ? store.pointee.method == store.pointee.cseqMethod
            : store.pointee.methodText == store.pointee.cseqMethodText
        guard same else { throw Complaint(400, "The method in CSeq is not that of the request") }
    }

    /// Contact values one by one: only their form counts here.
    private func contacts() throws(Complaint) {
        var ref = header(.contact)
        while ref.exists {
            let value = body(of: ref)
            var list = value
            while !list.isEmpty {
                var contact = Address()
                guard let rest = contact.take(list, inList: true) else { throw Complaint(400, "Bad Contact") }
                if contact.hasEmptyParam { throw Complaint(400, "Bad separators in Contact") }
                // RFC 3261, 20.10: a URI with a question mark has to stand in brackets.
                if contact.isBare, contact.uri.firstIndex(of: UInt8(ascii: "?")) != nil {
                    throw Complaint(400, "A Contact with headers needs angle brackets")
                }
                list = rest
            }
            if value[value.count - 1] == UInt8(ascii: ",") {
                throw Complaint(400, "Bad separators in Contact")
            }
            guard hasMore(.contact) else { break }
            ref = header(.contact, after: ref)
        }
    }

    /// There was more than one such field when the message came.
    private func hasMore(_ id: HeaderID) -> Bool { store.pointee.duplicates & 1 << UInt32(id.rawValue) != 0 }

    // MARK: Body

    /// RFC 3261, 18.3: without Content-Length a datagram's body goes to its end; with it, the rest is ignored.
    private func takeBody(_ rest: Slice) -> Complaint? {
        store.pointee.body = rest
        readContentLength()
        let field = FieldRef(
            rawValue: UInt32(store.pointee.firstOfKind[Int(HeaderID.contentLength.rawValue)]))
        guard field.exists, store.pointee.blank.isPresent else { return nil }
        let length = Int(store.pointee.contentLength)
        guard length >= 0 else { return Complaint(400, "Content-Length is not a number") }
        if hasMore(.contentLength) {
            var ref = header(.contentLength, after: field)
            while ref.exists {
                if body(of: ref).natural() != length {
                    return Complaint(400, "Two different Content-Length values")
                }
                ref = header(.contentLength, after: ref)
            }
        }
        guard length <= rest.count else { return Complaint(400, "Content-Length is larger than the body") }
        if store.pointee.stream, length < rest.count {
            return Complaint(400, "Content-Length is smaller than the body")
        }
        store.pointee.body = rest.prefix(length)
        store.pointee.received.count &-= rest.count &- length
        return nil
    }
}

extension Slice {
    /// Begins with a scheme. No more is asked of From and To, which are repeated and not followed.
    var mayBeURI: Bool {
        guard let base, count > 1 else { return false }
        if count > 4, UnsafeRawPointer(base).loadUnaligned(as: UInt32.self).littleEndian == 0x3A70_6973 {
            return true  // sip:
        }
        guard base[0].isAlpha else { return false }
        var i = 1
        while i < count, base[i].isSchemeCharacter { i += 1 }
        return i < count - 1 && base[i] == UInt8(ascii: ":")
    }
}

extension Address {
    /// Without angle brackets.
    var isBare: Bool {
        guard let whole = whole.base, let uri = uri.base else { return false }
        return display.isAbsent && whole == uri
    }
}

/// What is wrong with a message: a status to answer with, or 0, and why.
struct Complaint: Error {
    let status: Int
    let reason: StaticString

    init(_ status: Int, _ reason: StaticString) {
        self.status = status
        self.reason = reason
    }
}
