// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// Header values, looked at on their own.
public enum Values {
    public enum Number: Equatable { case missing, illegal, value(Int) }

    /// Decimal digits below 2^32, and nothing else.
    public static func number(_ text: Text) -> Number {
        guard text.count > 0 else { return .missing }
        var value = 0
        for at in 0..<text.count {
            let digit = Int(text[at]) - 48
            guard digit >= 0, digit <= 9 else { return .illegal }
            value = value * 10 + digit
            guard value < 1 << 32 else { return .illegal }
        }
        return .value(value)
    }

    /// The number that a CSeq starts with: "4711 INVITE".
    public static func cseqNumber(_ body: Text) -> Number {
        var end = 0
        while end < body.count, body[end] != 32, body[end] != 9 { end += 1 }
        return number(body.prefix(end))
    }

    public static func expires(_ body: Text) -> Failure? {
        switch number(body.trimmed) {
        case .missing: .expires
        case .illegal: .expiresValue
        case .value: nil
        }
    }

    public enum Scheme: Equatable { case none, sip, other }

    /// The scheme of a URI, if it starts with one (RFC 3986, 3.1). sip and sips are looked at further, other
    /// ones end here.
    public static func scheme(_ uri: Text) -> Scheme {
        guard uri.count > 0, isLetter(uri[0]) else { return .none }
        var at = 1
        while at < uri.count {
            let byte = uri[at]
            if byte == UInt8(ascii: ":") { break }
            guard
                isLetter(byte) || (byte >= 48 && byte <= 57) || byte == UInt8(ascii: "+")
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            else { return .none }
            at += 1
        }
        // Behind the colon there has to be something.
        guard at < uri.count - 1 else { return .none }
        if at == 3, starts(uri, "sip") { return .sip }
        if at == 4, starts(uri, "sips") { return .sip }
        return .other
    }

    /// May a Request-URI have this scheme, beside sip and sips? tel (RFC 3966) and urn (RFC 5031) are routed
    /// by scripts.
    public static func isRoutable(_ uri: Text) -> Bool {
        guard let colon = uri.firstIndex(of: UInt8(ascii: ":")) else { return false }
        let scheme = uri.prefix(colon)
        return scheme.equalsIgnoringCase("tel") || scheme.equalsIgnoringCase("tels")
            || scheme.equalsIgnoringCase("urn")
    }

    /// How many parameters of that name there are in ";a=1;b;a=2". Quoted values may hold semicolons.
    public static func count(of name: Text, in params: Text) -> Int {
        var count = 0
        var at = 0
        var quoted = false
        var start = 0
        while at <= params.count {
            let byte = at < params.count ? params[at] : UInt8(ascii: ";")
            if quoted {
                if at == params.count { break }
                if byte == UInt8(ascii: "\\") {
                    at += 1
                } else if byte == UInt8(ascii: "\"") {
                    quoted = false
                }
            } else if byte == UInt8(ascii: "\"") {
                quoted = true
            } else if byte == UInt8(ascii: ";") {
                let param = params[start..<at]
                let end = param.firstIndex(of: UInt8(ascii: "=")) ?? param.count
                if param.prefix(end).trimmed.equalsIgnoringCase(name) { count += 1 }
                start = at + 1
            }
            at += 1
        }
        return count
    }

    /// Does a Via say where it was sent from? "SIP/2.0/UDP host;..." has, "SIP/2.0/UDP ;..." has not.
    public static func hasSentBy(_ via: Text) -> Bool {
        guard let slash = via.lastIndexOfProtocolSlash else { return false }
        var at = slash + 1
        while at < via.count, isBlank(via[at]) { at += 1 }
        while at < via.count, !isBlank(via[at]) { at += 1 }
        while at < via.count, isBlank(via[at]) { at += 1 }
        guard at < via.count else { return false }
        let byte = via[at]
        return byte != UInt8(ascii: ";") && byte != UInt8(ascii: ",") && byte != UInt8(ascii: ":")
    }

    static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 13 || byte == 10 }
    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 32) >= 97 && (byte | 32) <= 122 }
    private static func starts(_ uri: Text, _ scheme: StaticString) -> Bool {
        uri.hasPrefixIgnoringCase(scheme)
    }
}

extension Text {
    /// The second slash of "SIP/2.0/UDP".
    fileprivate var lastIndexOfProtocolSlash: Int? {
        guard let first = firstIndex(of: UInt8(ascii: "/")) else { return nil }
        guard let second = dropFirst(first + 1).firstIndex(of: UInt8(ascii: "/")) else { return nil }
        return first + 1 + second
    }
}
