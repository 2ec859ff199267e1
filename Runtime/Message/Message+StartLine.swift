// SPDX-License-Identifier: Apache-2.0

/// Taking the start line apart, and judging it: RFC 3261, 7.1 and 7.2.
extension Message {
    func readStartLine(_ doubts: Doubts) throws(Complaint) {
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
}
