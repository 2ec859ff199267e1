// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc

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

    // MARK: Start line

    private func readStartLine(_ doubts: Doubts) throws(Complaint) {
        let line = store.pointee.startLine.withoutLineEnd
        guard let base = line.base else {
            throw Complaint(0, "not a SIP message: the start line has one word")
        }
        // A start line is followed by bytes that may be read, so it may be shorter than these four.
        if UnsafeRawPointer(base).loadUnaligned(as: UInt32.self).littleEndian | 0x20_2020 == 0x2F70_6973 {
            return try readStatusLine(line)
        }
        store.pointee.isRequest = true
        let finder = Finder(line, base)
        let blank = finder.first(0x20, from: base)
        guard blank < finder.end else { throw Complaint(0, "not a SIP message: the start line has one word") }
        let method = Slice(base, upTo: blank)
        store.pointee.methodText = method
        store.pointee.method = Method(method).rawValue
        guard store.pointee.method != 0 || method.isToken else {
            throw Complaint(0, "not a SIP message: no method in the start line")
        }
        // The version is the last word, whatever stands between: an answer needs to know that this is SIP.
        var last = finder.end - 8
        let isUsual =
            last > blank && UnsafeRawPointer(last).loadUnaligned(as: UInt64.self).littleEndian == Self.usual
        if !isUsual {
            last = finder.end - 1
            while last > blank, last.pointee != 0x20 { last -= 1 }
        }
        store.pointee.version = Slice(last + 1, upTo: finder.end)
        let uri = last > blank ? Slice(blank + 1, upTo: last) : .empty
        store.pointee.uri = uri
        store.pointee.receivedURI = uri
        if !isUsual { try version(store.pointee.version, uri) }
        try requestURI(uri, doubts)
    }

    /// ` SIP/2.0`
    private static var usual: UInt64 { 0x302E_322F_5049_5320 }

    private func version(_ version: Slice, _ uri: Slice) throws(Complaint) {
        if version == "SIP/2.0" { return }
        guard version.hasPrefixIgnoringCase("SIP/") else {
            throw version.isEmpty && uri.isPresent
                ? Complaint(400, "Blanks at the end of the start line")
                : Complaint(400, "No SIP version in the start line")
        }
        let number = version.dropFirst(4)
        if number == "2.0" { return }
        var digits = 0
        while number[digits].isDigit { digits += 1 }
        let minor = number.dropFirst(digits + 1)
        guard digits > 0, number[digits] == UInt8(ascii: "."), minor.natural() != nil else {
            throw Complaint(400, "No SIP version in the start line")
        }
        throw Complaint(505, "Version Not Supported")
    }

    private func requestURI(_ uri: Slice, _ doubts: Doubts) throws(Complaint) {
        guard !uri.isEmpty else { throw Complaint(400, "No Request-URI") }
        guard !doubts.control else { throw Complaint(400, "Control characters in the start line") }
        readURI()
        if store.pointee.parsedURI.scheme.isPresent {
            guard store.pointee.parsedURI.headers.isAbsent else {
                throw Complaint(400, "Headers in the Request-URI")
            }
            return
        }
        for i in 0..<uri.count where uri[i] <= 0x20 || uri[i] == 0x7F {
            throw uri[i] == 0x20
                ? Complaint(400, "Blanks in the Request-URI")
                : Complaint(400, "Control characters in the Request-URI")
        }
        throw Complaint(400, "Bad Request-URI")
    }

    private func readStatusLine(_ line: Slice) throws(Complaint) {
        store.pointee.isRequest = false
        let blank = line.firstIndex(of: 0x20) ?? line.count
        store.pointee.version = line.prefix(blank)
        let code = line[(blank + 1)..<max(blank + 4, blank + 1)]
        store.pointee.reason = line.dropFirst(blank + 5)
        guard let status = code.natural(), code.count == 3, status >= 100, status < 700,
            line.count == blank + 4 || line[blank + 4] == 0x20
        else { throw Complaint(0, "a reply without a status from 100 to 699") }
        store.pointee.status = Int32(status)
        guard store.pointee.version.equalsIgnoringCase("SIP/2.0") else {
            throw Complaint(0, "a reply that is not SIP/2.0")
        }
    }

    // MARK: Header

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
    /// Without the CRLF or LF at its end.
    @inline(__always) var withoutLineEnd: Slice {
        guard let base else { return self }
        var n = count
        if n > 0, base[n &- 1] == 10 { n &-= 1 }
        if n > 0, base[n &- 1] == 13 { n &-= 1 }
        return Slice(base: base, count: n)
    }

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
private struct Complaint: Error {
    let status: Int
    let reason: StaticString

    init(_ status: Int, _ reason: StaticString) {
        self.status = status
        self.reason = reason
    }
}
