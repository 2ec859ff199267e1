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

    /// Nil when it is no SIP URI with a host. Brackets around it may be there. This is read of every call, so it looks
    /// at bytes, and at few of them.
    @_lifetime(copy uri) public init?(_ uri: Text) {
        guard let start = Self.scheme(uri), let bytes = uri.raw.ptr else { return nil }
        var end = uri.count
        if start.isBracketed, let close = uri.firstIndex(of: UInt8(ascii: ">")) { end = close }
        let rest = uri[start.length..<max(end, start.length)]
        let at = rest.firstIndex(of: UInt8(ascii: "@"))
        var user = rest.prefix(at ?? 0)
        if let colon = user.firstIndex(of: UInt8(ascii: ":")) { user = user.prefix(colon) }
        let first = start.length + (at.map { $0 + 1 } ?? 0)
        var last = first
        if last < end, bytes[last] == 91 {
            // An IPv6 address keeps its brackets.
            while last < end, bytes[last] != 93 { last += 1 }
            guard last < end else { return nil }
            last += 1
        } else {
            while last < end, !Self.endsHost(bytes[last]) { last += 1 }
        }
        guard last > first else { return nil }
        self.user = user
        host = uri[first..<last]
    }

    @inline(__always) private static func endsHost(_ byte: CChar) -> Bool {
        // : ; ? > , @ and blanks
        byte == 58 || byte == 59 || byte == 63 || byte == 62 || byte == 44 || byte == 64 || byte == 32
            || byte == 9
    }

    @inline(__always) private static func scheme(_ uri: Text) -> (length: Int, isBracketed: Bool)? {
        guard let bytes = uri.raw.ptr, uri.count > 4 else { return nil }
        let start = bytes[0] == 60 ? 1 : 0
        guard uri.count > start + 4 else { return nil }
        guard bytes[start] | 32 == 115, bytes[start + 1] | 32 == 105, bytes[start + 2] | 32 == 112 else {
            return nil
        }
        if bytes[start + 3] == 58 { return (start + 4, start == 1) }
        guard bytes[start + 3] | 32 == 115, bytes[start + 4] == 58 else { return nil }
        return (start + 5, start == 1)
    }

    /// Can it stand between angle brackets, and be the same there?
    public var isProper: Bool {
        for at in 0..<user.count {
            switch user[at] {
            case 0...32, 34, 60, 62, 64, 127: return false
            default: break
            }
        }
        for at in 0..<host.count {
            switch host[at] {
            case 45, 46, 48...58, 65...93, 95, 97...122: break
            default: return false
            }
        }
        return true
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
    // Plain numbers cost nothing to reach; written by `seed`, before any is asked for.
    nonisolated(unsafe) private static var key: UInt64 = 0x9e37_79b9_7f4a_7c15
    nonisolated(unsafe) private static var other: UInt64 = 0xd1b5_4a32_d192_ed03

    /// Once, on the main thread, before the first line.
    public static func seed() {
        key = .random(in: .min ... .max)
        other = .random(in: .min ... .max)
    }

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
