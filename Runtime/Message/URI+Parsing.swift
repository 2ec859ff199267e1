// SPDX-License-Identifier: Apache-2.0

/// RFC 3261, 25.1, with what the field sends besides: an underscore in a host name, bytes beyond ASCII in a user.
extension URI {
    /// nil when the text is no URI: no scheme, a blank or a control character, no host or a broken port in sip:.
    public init?(parsing text: Slice) {
        self.init()
        guard take(text) else { return nil }
    }

    /// The same into a value that has no parts yet; they are of no use afterwards when it answers false.
    mutating func take(_ text: Slice) -> Bool {
        guard let base = text.base, text.count > 1, let at = takeScheme(base, base + text.count) else {
            return false
        }
        whole = text
        let finder = Finder(text, base)
        guard isSIP else {
            takeOpaque(Slice(at, upTo: finder.end))
            return finder.first(from: at) { $0.areNoURI } == finder.end
        }
        guard let host = takeUser(finder, at), let rest = takeHost(finder, host) else { return false }
        return takeTail(finder, rest)
    }

    /// Behind the colon.
    @inline(__always) private mutating func takeScheme(
        _ base: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8>? {
        var at = base
        if end - base > 4, UnsafeRawPointer(base).loadUnaligned(as: UInt32.self).littleEndian == 0x3A70_6973 {
            at += 3  // sip:
        } else {
            guard at.pointee.isAlpha else { return nil }
            while at < end, at.pointee != UInt8(ascii: ":") {
                guard at.pointee.isSchemeCharacter else { return nil }
                at += 1
            }
            guard at < end else { return nil }
        }
        scheme = Slice(base, upTo: at)
        return at + 1
    }

    /// What stands before the first `@`, if there is one. Answers where the host starts.
    @inline(__always) private mutating func takeUser(
        _ finder: Finder, _ start: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8>? {
        let commercial = UInt8(ascii: "@")
        let colon = UInt8(ascii: ":")
        var at = finder.first(from: start) { $0.are(commercial) | $0.are(colon) | $0.areNoURI }
        let userEnd = at
        let hasColon = finder.has(colon, at: at)
        if hasColon { at = finder.first(from: at) { $0.are(commercial) | $0.areNoURI } }
        guard at < finder.end else { return start }
        guard at.pointee == commercial, userEnd > start else { return nil }
        user = Slice(start, upTo: userEnd)
        if hasColon { password = Slice(userEnd + 1, upTo: at) }
        return at + 1
    }

    /// Host and port. Answers what follows.
    @inline(__always) private mutating func takeHost(
        _ finder: Finder, _ start: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8>? {
        guard var at = Self.endOfHost(start, finder) else { return nil }
        host = Slice(start, upTo: at)
        if finder.has(UInt8(ascii: ":"), at: at) {
            at += 1
            guard let number = finder.port(&at) else { return nil }
            port = number
        }
        return at
    }

    /// Parameters and headers.
    @inline(__always) private mutating func takeTail(
        _ finder: Finder, _ start: UnsafePointer<UInt8>
    ) -> Bool {
        var at = start
        let question = UInt8(ascii: "?")
        if finder.has(UInt8(ascii: ";"), at: at) {
            at = finder.first(from: at) { $0.are(question) | $0.areNoURI }
            params = Slice(start + 1, upTo: at)
        }
        if finder.has(question, at: at) {
            headers = Slice(at + 1, upTo: finder.end)
            at = finder.first(from: at) { $0.areNoURI }
        }
        return at == finder.end
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
    @inline(__always) static func endOfHost(
        _ start: UnsafePointer<UInt8>, _ finder: Finder
    ) -> UnsafePointer<UInt8>? {
        guard finder.has(UInt8(ascii: "["), at: start) else {
            let at = finder.first(from: start) { ~$0.areHost }
            return at > start ? at : nil
        }
        var at = start + 1
        while at < finder.end,
            at.pointee.isHex || at.pointee == UInt8(ascii: ":") || at.pointee == UInt8(ascii: ".")
        {
            at += 1
        }
        return finder.has(UInt8(ascii: "]"), at: at) && at > start + 2 ? at + 1 : nil
    }
}

extension Finder {
    /// The port number that starts at `place`, which moves behind it; nil when there is none or it is too large.
    @inline(__always) func port(_ place: inout UnsafePointer<UInt8>) -> Int? {
        let start = place
        var number = 0
        while place < end, place.pointee.isDigit, number <= 65_535 {
            number = number &* 10 &+ Int(place.pointee &- UInt8(ascii: "0"))
            place += 1
        }
        return 1...19 ~= place - start && number <= 65_535 ? number : nil
    }
}

extension UInt8 {
    @inlinable var isHex: Bool { isDigit || (self | 0x20) &- UInt8(ascii: "a") < 6 }

    /// RFC 3261, 25.1: a letter, a digit, a plus, a hyphen, a dot; and a comma, which nobody writes.
    @inlinable var isSchemeCharacter: Bool {
        isAlpha || isDigit || self &- UInt8(ascii: "+") < 4
    }
}
