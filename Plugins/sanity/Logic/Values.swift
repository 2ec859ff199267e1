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

    public static func expires(_ body: Text) -> Failure? {
        switch number(body.trimmed) {
        case .missing: .expires
        case .illegal: .expiresValue
        case .value: nil
        }
    }

    public enum Scheme: Equatable {
        case none, other
        /// sip or sips, and where the rest starts.
        case sip(Int)
    }

    /// The scheme of a URI, if it starts with one (RFC 3986, 3.1).
    public static func scheme(_ uri: Text) -> Scheme {
        guard let bytes = uri.raw.ptr, uri.count > 4 else { return shortScheme(uri) }
        // Nearly all of them.
        if bytes[0] | 32 == 115, bytes[1] | 32 == 105, bytes[2] | 32 == 112 {
            if bytes[3] == 58 { return .sip(4) }
            if bytes[3] | 32 == 115, bytes[4] == 58, uri.count > 5 { return .sip(5) }
        }
        return shortScheme(uri)
    }

    private static func shortScheme(_ uri: Text) -> Scheme {
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
        return at < uri.count - 1 ? .other : .none
    }

    /// Any absolute URI will do (RFC 3261, 25.1, addr-spec); those of SIP are looked at.
    public static func isURI(_ uri: Text) -> Bool {
        switch scheme(uri) {
        case .none: false
        case .sip(let start): URISyntax.isSound(uri, from: start)
        case .other: true
        }
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

    /// Does a Via say where it was sent from? "SIP/2.0/UDP host;..." does, "SIP/2.0/UDP ;..." does not.
    public static func hasSentBy(_ via: Text) -> Bool {
        guard let bytes = via.raw.ptr else { return false }
        let end = via.count
        var at = 0
        if end > 8, UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self) == sipVersion {
            at = 8
        } else {
            var slashes = 0
            while at < end, slashes < 2 {
                if bytes[at] == 47 { slashes += 1 }
                at += 1
            }
        }
        while at < end, isBlank(UInt8(bitPattern: bytes[at])) { at += 1 }
        while at < end, !isBlank(UInt8(bitPattern: bytes[at])) { at += 1 }
        while at < end, isBlank(UInt8(bitPattern: bytes[at])) { at += 1 }
        guard at < end else { return false }
        let byte = UInt8(bitPattern: bytes[at])
        return byte != UInt8(ascii: ";") && byte != UInt8(ascii: ",") && byte != UInt8(ascii: ":")
    }

    /// "SIP/2.0/" in memory.
    private static let sipVersion = UInt64(littleEndian: 0x2F30_2E32_2F50_4953)

    static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 13 || byte == 10 }
    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 32) >= 97 && (byte | 32) <= 122 }
}
