// SPDX-License-Identifier: Apache-2.0

/// RFC 3261, 25.1, with what the field sends besides: an underscore in a host name, bytes beyond ASCII in a user.
extension URI {
    /// nil when the text is no URI: no scheme, a blank or a control character, no host or a broken port in sip:.
    public init?(parsing text: Slice) {
        self.init()
        guard let base = text.base, text.count > 1, base[0].isAlpha else { return nil }
        let end = base + text.count
        var at = base + 1
        while at < end, at.pointee != UInt8(ascii: ":") {
            guard
                at.pointee.isAlpha || at.pointee.isDigit
                    || UInt8(ascii: "+")...UInt8(ascii: ".") ~= at.pointee
            else { return nil }
            at += 1
        }
        guard at < end else { return nil }
        whole = text
        scheme = Slice(base, upTo: at)
        at += 1

        let finder = Finder(text, base)
        guard finder.isURIText else { return nil }
        if isSIP {
            let commercial = UInt8(ascii: "@")
            let sign = finder.first(of: commercial, commercial, commercial, commercial, from: at)
            if sign < end {
                guard takeUser(Slice(at, upTo: sign)) else { return nil }
                at = sign + 1
            }
            guard takeHost(at, end) else { return nil }
        } else {
            takeOpaque(Slice(at, upTo: end))
        }
    }

    private mutating func takeUser(_ text: Slice) -> Bool {
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else {
            user = text
            return !text.isEmpty
        }
        user = text.prefix(colon)
        password = text.dropFirst(colon + 1)
        return colon > 0
    }

    /// Host, port, parameters and headers.
    private mutating func takeHost(_ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> Bool {
        var at = start
        guard let after = Self.endOfHost(start, end) else { return false }
        host = Slice(start, upTo: after)
        at = after
        if at < end, at.pointee == UInt8(ascii: ":") {
            at += 1
            let digits = at
            while at < end, at.pointee.isDigit { at += 1 }
            guard let number = Slice(digits, upTo: at).natural(), number <= 65_535 else { return false }
            port = number
        }
        if at < end, at.pointee == UInt8(ascii: ";") {
            let begin = at + 1
            while at < end, at.pointee != UInt8(ascii: "?") { at += 1 }
            params = Slice(begin, upTo: at)
        }
        if at < end, at.pointee == UInt8(ascii: "?") {
            headers = Slice(at + 1, upTo: end)
            at = end
        }
        return at == end
    }

    /// tel:, urn:, http: and the rest: the user is all up to the parameters, which only tel: is sure to have.
    private mutating func takeOpaque(_ text: Slice) {
        guard scheme.equalsIgnoringCase("tel"), let semicolon = text.firstIndex(of: UInt8(ascii: ";")) else {
            user = text
            return
        }
        user = text.prefix(semicolon)
        params = text.dropFirst(semicolon + 1)
    }

    /// Where a host name, an IPv4 address or a bracketed IPv6 address ends; nil when none starts here.
    ///
    /// What stands between brackets is not looked at closely: three colons in a row are legal after the letter of
    /// RFC 3261, and RFC 5118, 4.10 asks to bear with them.
    static func endOfHost(_ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>?
    {
        var at = start
        guard at < end else { return nil }
        if at.pointee == UInt8(ascii: "[") {
            at += 1
            while at < end,
                at.pointee.isHex || at.pointee == UInt8(ascii: ":") || at.pointee == UInt8(ascii: ".")
            {
                at += 1
            }
            return at < end && at.pointee == UInt8(ascii: "]") && at > start + 2 ? at + 1 : nil
        }
        while at < end, at.pointee.isHostCharacter { at += 1 }
        return at > start ? at : nil
    }
}

extension UInt8 {
    @inlinable var isHex: Bool { isDigit || (self | 0x20) &- UInt8(ascii: "a") < 6 }

    /// A letter, a digit, a dot, a hyphen, an underscore. Letters first: most are.
    @inlinable var isHostCharacter: Bool {
        isAlpha || self &- UInt8(ascii: "-") < 13 && self != UInt8(ascii: "/") || self == UInt8(ascii: "_")
    }
}
