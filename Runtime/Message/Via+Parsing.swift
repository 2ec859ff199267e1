// SPDX-License-Identifier: Apache-2.0

/// RFC 3261, 20.42, with blanks wherever the grammar allows them.
extension Via {
    /// All of the text is one value.
    public init?(parsing text: Slice) {
        var rest = text
        self.init(taking: &rest)
        guard rest.isEmpty else { return nil }
    }

    /// Takes the first value, and the comma behind it, off a list; nil at its end and where it is broken.
    public init?(taking list: inout Slice) {
        self.init()
        guard let base = list.base else { return nil }
        var cursor = Cursor(at: base, end: base + list.count)
        cursor.skipSpace()
        let start = cursor.at
        guard cursor.takeSentProtocol(&transport), cursor.skipSpace() > 0 else { return nil }

        guard let after = URI.endOfHost(cursor.at, cursor.end) else { return nil }
        host = Slice(cursor.at, upTo: after)
        cursor.at = after
        cursor.skipSpace()
        if cursor.take(UInt8(ascii: ":")) {
            cursor.skipSpace()
            let digits = cursor.at
            while cursor.at < cursor.end, cursor.at.pointee.isDigit { cursor.at += 1 }
            guard let number = Slice(digits, upTo: cursor.at).natural(), number <= 65_535 else { return nil }
            port = number
            cursor.skipSpace()
        }
        if cursor.at < cursor.end, cursor.at.pointee == UInt8(ascii: ";") { takeParams(&cursor) }
        whole = Slice(start, upTo: cursor.at).trimmed
        guard cursor.at == cursor.end || cursor.take(UInt8(ascii: ",")) else { return nil }
        list = Slice(cursor.at, upTo: cursor.end)
    }

    private mutating func takeParams(_ cursor: inout Cursor) {
        let begin = cursor.at + 1
        while cursor.take(UInt8(ascii: ";")) {
            cursor.skipSpace()
            let start = cursor.at
            while cursor.at < cursor.end, cursor.at.pointee.isToken { cursor.at += 1 }
            let name = Slice(start, upTo: cursor.at)
            cursor.skipSpace()
            // Empty, not absent: the name is there.
            var value = Slice(base: cursor.at, count: 0)
            if cursor.take(UInt8(ascii: "=")) {
                cursor.skipSpace()
                value = cursor.takeValue()
                cursor.skipSpace()
            }
            switch name.count {
            case 6 where branch.isAbsent && name.equalsIgnoringCase("branch"): branch = value
            case 8 where received.isAbsent && name.equalsIgnoringCase("received"): received = value
            case 5 where rport.isAbsent && name.equalsIgnoringCase("rport"): rport = value
            default: break
            }
            // Whatever else may stand there belongs to this parameter.
            while cursor.at < cursor.end, cursor.at.pointee != UInt8(ascii: ";"),
                cursor.at.pointee != UInt8(ascii: ",")
            {
                cursor.at += 1
            }
        }
        params = Slice(begin, upTo: cursor.at).trimmed
    }
}

/// A place in text, moved forward by what it takes; never beyond the end.
private struct Cursor {
    var at: UnsafePointer<UInt8>
    let end: UnsafePointer<UInt8>

    @discardableResult @inline(__always) mutating func skipSpace() -> Int {
        let start = at
        while at < end, at.pointee.isSpace { at += 1 }
        return at - start
    }

    @inline(__always) mutating func take(_ byte: UInt8) -> Bool {
        guard at < end, at.pointee == byte else { return false }
        at += 1
        return true
    }

    mutating func takeToken() -> Slice {
        let start = at
        while at < end, at.pointee.isToken { at += 1 }
        return Slice(start, upTo: at)
    }

    /// `SIP/2.0/UDP`
    mutating func takeSentProtocol(_ transport: inout Slice) -> Bool {
        if Slice(at, upTo: end).hasPrefix("SIP/2.0/") {
            at += 8
        } else {
            for _ in 0..<2 {
                guard !takeToken().isEmpty else { return false }
                skipSpace()
                guard take(UInt8(ascii: "/")) else { return false }
                skipSpace()
            }
        }
        skipSpace()
        transport = takeToken()
        return !transport.isEmpty
    }

    /// A quoted string, or all up to a separator or a blank.
    mutating func takeValue() -> Slice {
        let start = at
        if take(UInt8(ascii: "\"")) {
            while at < end, at.pointee != UInt8(ascii: "\"") {
                at += at.pointee == UInt8(ascii: "\\") ? 2 : 1
            }
            if at < end { at += 1 } else { at = end }
            return Slice(start, upTo: at)
        }
        while at < end, at.pointee != UInt8(ascii: ";"), at.pointee != UInt8(ascii: ","), !at.pointee.isSpace
        {
            at += 1
        }
        return Slice(start, upTo: at)
    }
}
