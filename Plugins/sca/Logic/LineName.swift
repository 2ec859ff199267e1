// SPDX-License-Identifier: Apache-2.0
import Glibc
import PluginKit

/// The name of a line: user and host of a URI, whatever its scheme, port and parameters. `sip:desk@example.com:5070;x`
/// and `sips:desk@EXAMPLE.com` are the line `desk@example.com`.
public struct LineName: ~Escapable, BitwiseCopyable {
    public let user: Text
    public let host: Text

    @_lifetime(copy user, copy host) public init(user: Text, host: Text) {
        self.user = user
        self.host = host
    }

    /// Nil when it is no SIP URI with a host. Brackets around it may be there.
    @_lifetime(copy uri) public init?(_ uri: Text) {
        guard let start = Self.scheme(uri) else { return nil }
        let rest = uri.dropFirst(start)
        var end = 0
        var at = -1
        loop: while end < rest.count {
            switch rest[end] {
            case UInt8(ascii: "@"):
                if at >= 0 { break loop }
                at = end
            case UInt8(ascii: ">"), 32, 9: break loop
            // Before the "@" they may belong to the user.
            case UInt8(ascii: ";"), UInt8(ascii: "?"): if at >= 0 || !Self.hasAt(rest, end) { break loop }
            default: break
            }
            end += 1
        }
        var user = at >= 0 ? rest.prefix(at) : rest.prefix(0)
        if let colon = user.firstIndex(of: UInt8(ascii: ":")) { user = user.prefix(colon) }
        let host = Self.host(rest[(at + 1)..<end])
        guard !host.isEmpty else { return nil }
        self.user = user
        self.host = host
    }

    private static func scheme(_ uri: Text) -> Int? {
        let start = uri.count > 0 && uri[0] == UInt8(ascii: "<") ? 1 : 0
        guard uri.count > start + 4, uri[start] | 32 == UInt8(ascii: "s"),
            uri[start + 1] | 32 == UInt8(ascii: "i"),
            uri[start + 2] | 32 == UInt8(ascii: "p")
        else { return nil }
        if uri[start + 3] == UInt8(ascii: ":") { return start + 4 }
        return uri[start + 3] | 32 == UInt8(ascii: "s") && uri[start + 4] == UInt8(ascii: ":")
            ? start + 5 : nil
    }

    private static func hasAt(_ text: Text, _ from: Int) -> Bool {
        var at = from
        while at < text.count, text[at] != UInt8(ascii: ">") {
            if text[at] == UInt8(ascii: "@") { return true }
            at += 1
        }
        return false
    }

    /// Without the port; an IPv6 address keeps its brackets.
    @_lifetime(copy text) private static func host(_ text: Text) -> Text {
        guard !text.isEmpty else { return text }
        if text[0] == UInt8(ascii: "[") {
            guard let end = text.firstIndex(of: UInt8(ascii: "]")) else { return text.prefix(0) }
            return text.prefix(end + 1)
        }
        guard let end = text.firstIndex(of: UInt8(ascii: ":")) else { return text }
        return text.prefix(end)
    }

    /// The same for the same line, in one process.
    public var hash: UInt64 {
        Hash.mix(Hash.of(user) ^ 0x9e37_79b9_7f4a_7c15, Hash.of(host, folding: true))
    }

    public func equals(_ aor: String) -> Bool {
        aor.withRaw { raw in
            guard let other = LineName(Text(unchecked: raw)) else { return false }
            return other.user == user && other.host.equalsIgnoringCase(host)
        }
    }

    public var aor: String { user.isEmpty ? "sip:\(host)" : "sip:\(user)@\(host)" }
}

/// Are these Contacts of one telephone? User, host and port count.
public func isSamePhone(_ one: String, _ other: String) -> Bool {
    if one == other { return true }
    return one.withRaw { one in
        other.withRaw { other in
            let (one, other) = (Text(unchecked: one), Text(unchecked: other))
            guard let a = LineName(one), let b = LineName(other) else { return false }
            return a.user == b.user && a.host.equalsIgnoringCase(b.host)
                && port(one, a.host) == port(other, b.host)
        }
    }
}

private func port(_ uri: Text, _ host: Text) -> Int {
    let start = Int(bitPattern: host.raw.ptr) - Int(bitPattern: uri.raw.ptr) + host.count
    guard start < uri.count, uri[start] == UInt8(ascii: ":") else { return 5060 }
    return uri.dropFirst(start + 1).leadingInt ?? 5060
}

/// A hash of bytes that strangers choose, quick, with a key that they do not know.
public enum Hash {
    private static let key = UInt64.random(in: .min ... .max)
    private static let other = UInt64.random(in: .min ... .max)

    /// No bit of either is lost.
    @inline(__always) public static func mix(_ one: UInt64, _ two: UInt64) -> UInt64 {
        let product = (one ^ key).multipliedFullWidth(by: two ^ other)
        return product.high ^ product.low
    }

    /// - Parameter folding: letters that differ in case alone have one hash.
    public static func of(_ text: Text, folding: Bool = false) -> UInt64 {
        let count = text.count
        guard count > 0, let bytes = UnsafeRawPointer(text.raw.ptr) else { return key }
        let fold: UInt64 = folding ? 0x2020_2020_2020_2020 : 0
        var hash = UInt64(truncatingIfNeeded: count)
        var at = 0
        while at + 8 <= count {
            hash = mix(hash, bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self) | fold)
            at += 8
        }
        var last: UInt64 = 0
        while at < count {
            last = last << 8 | UInt64(bytes.load(fromByteOffset: at, as: UInt8.self))
            at += 1
        }
        return mix(mix(hash, last | fold), 0x2545_f491_4f6c_dd1d)
    }
}
