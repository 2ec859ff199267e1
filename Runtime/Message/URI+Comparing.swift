// SPDX-License-Identifier: Apache-2.0

/// Are two URIs equivalent? RFC 3261, 19.1.4; for tel: RFC 3966, 5; other schemes letter by letter.
extension URI {
    public func same(as other: URI) -> Bool {
        // Also where a parameter is there twice, and so has no one value.
        if whole.isPresent, whole == other.whole { return true }
        guard scheme.equalsIgnoringCase(other.scheme) else { return false }
        guard isSIP else {
            guard scheme.equalsIgnoringCase("tel") else {
                return user.equalsUnescaped(other.user) && params.equalsUnescaped(other.params)
            }
            return sameNumber(as: other) && Self.contains(params, other.params)
                && Self.contains(other.params, params)
        }
        // Escapes mean what they stand for; the user is case-sensitive, the host is not; a port that is not written
        // differs from one that is, even if that is the default.
        return user.equalsUnescaped(other.user) && password.equalsUnescaped(other.password)
            && host.equalsIgnoringCase(other.host) && port == other.port
            && Self.agree(params, other.params) && Self.agree(other.params, params)
            && Self.sameHeaders(headers, other.headers) && Self.sameHeaders(other.headers, headers)
    }

    /// What both have must be equal; what only one has does not count, but for five of them.
    private static func agree(_ a: Slice, _ b: Slice) -> Bool {
        var rest = Params(a)
        while let param = rest.next() {
            if let twin = Params(b).param(named: param.name) {
                guard param.value.equalsUnescaped(twin.value, ignoringCase: true) else { return false }
            } else if mustBeInBoth(param.name) {
                return false
            }
        }
        return true
    }

    private static func mustBeInBoth(_ name: Slice) -> Bool {
        name.equalsIgnoringCase("user") || name.equalsIgnoringCase("ttl") || name.equalsIgnoringCase("method")
            || name.equalsIgnoringCase("maddr") || name.equalsIgnoringCase("transport")
    }

    /// Headers are never ignored; their order does not count.
    private static func sameHeaders(_ a: Slice, _ b: Slice) -> Bool {
        var rest = Params(a, separator: UInt8(ascii: "&"))
        while let header = rest.next() {
            var others = Params(b, separator: UInt8(ascii: "&"))
            var found = false
            while !found, let other = others.next() {
                found =
                    header.name.equalsUnescaped(other.name, ignoringCase: true)
                    && header.value.equalsUnescaped(other.value)
            }
            if !found { return false }
        }
        return true
    }

    private static func contains(_ a: Slice, _ b: Slice) -> Bool {
        var rest = Params(b)
        while let param = rest.next() {
            guard let twin = Params(a).param(named: param.name),
                param.value.equalsUnescaped(twin.value, ignoringCase: true)
            else { return false }
        }
        return true
    }

    /// Without the visual separators.
    private func sameNumber(as other: URI) -> Bool {
        func isVisual(_ byte: UInt8) -> Bool {
            byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "(")
                || byte == UInt8(ascii: ")")
        }
        var i = 0
        var j = 0
        while true {
            while i < user.count, isVisual(user[i]) { i += 1 }
            while j < other.user.count, isVisual(other.user[j]) { j += 1 }
            guard i < user.count, j < other.user.count else {
                return i >= user.count && j >= other.user.count
            }
            guard user[i].lowercased == other.user[j].lowercased else { return false }
            i += 1
            j += 1
        }
    }
}
