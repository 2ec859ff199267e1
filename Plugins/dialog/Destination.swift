// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit

/// Where a request of our own goes: by its route set, to its Contact, or back by the way that the other side's messages
/// came, when its Contact does not lead there.
enum Destination {
    /// Does a Contact not lead to where its message came from, with nobody between who would know the way? On a
    /// connection, always: nobody listens where those end. Else when it names a private address that is not the one.
    static func isOff(_ contact: mt_str, _ flow: mt_flow, _ routes: mt_str) -> Bool {
        guard routes.len == 0 else { return false }
        if flow.connection != 0 { return true }
        let text = Text(unchecked: contact)
        let host = hostOf(text)
        if host.hasSuffix(invalid) { return true }
        guard let address = privateAddress(host), text.find(alias) == nil, let uri = URI(text) else {
            return false
        }
        var remote = flow.remote
        let isSame = withUnsafeBytes(of: &remote) { remote in
            remote.loadUnaligned(as: (UInt64, UInt64).self) == address
        }
        return !isSame || flow.remote_port != UInt16(clamping: uri.port ?? 5060)
    }

    private static let invalid: StaticString = ".invalid"
    private static let alias: StaticString = ";alias="

    /// What stands between the scheme or user and the port or parameters, with brackets if there are any.
    @_lifetime(copy uri) private static func hostOf(_ uri: Text) -> Text {
        var host = uri
        if let at = host.firstIndex(of: UInt8(ascii: "@")) {
            host = host.dropFirst(at + 1)
        } else if let colon = host.firstIndex(of: UInt8(ascii: ":")) {
            host = host.dropFirst(colon + 1)
        }
        if let close = host.firstIndex(of: UInt8(ascii: "]")), host.count > 0, host[0] == UInt8(ascii: "[") {
            return host.prefix(close + 1)
        }
        var end = 0
        while end < host.count, host[end] != UInt8(ascii: ":"), host[end] != UInt8(ascii: ";"),
            host[end] != UInt8(ascii: "?")
        {
            end += 1
        }
        return host.prefix(end)
    }

    /// 10., 100., 172. and 192. begin so; most addresses do not.
    @inline(__always) private static func mayBePrivate(_ host: Text) -> Bool {
        switch (host[1], host[2]) {
        case (48, 46), (48, 48), (55, 50), (57, 50): true
        default: false
        }
    }

    /// An address that is not for the Internet (RFC 1918, RFC 6598, RFC 4193), as 16 bytes of IPv6; else nil.
    private static func privateAddress(_ host: Text) -> (UInt64, UInt64)? {
        guard host.count > 2 else { return nil }
        if host[0] == UInt8(ascii: "[") {
            guard host[1] | 32 == UInt8(ascii: "f") else { return nil }
            var address = in6_addr()
            guard inet_pton(AF_INET6, String(host.dropFirst().dropLast()), &address) == 1 else { return nil }
            let words = withUnsafeBytes(of: address) { $0.loadUnaligned(as: (UInt64, UInt64).self) }
            return UInt8(truncatingIfNeeded: words.0) & 0xfe == 0xfc ? words : nil
        }
        guard host[0] == UInt8(ascii: "1"), mayBePrivate(host) else { return nil }
        var bytes: (UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0)
        let isAddress = withUnsafeMutableBytes(of: &bytes) { bytes -> Bool in
            var part = 0
            var number = -1
            for index in 0..<host.count {
                let byte = host[index]
                if byte == UInt8(ascii: "."), number >= 0, part < 3 {
                    bytes[part] = UInt8(number)
                    part += 1
                    number = -1
                } else if byte >= 48, byte <= 57 {
                    number = max(number, 0) * 10 + Int(byte) - 48
                    if number > 255 { return false }
                } else {
                    return false
                }
            }
            guard part == 3, number >= 0 else { return false }
            bytes[3] = UInt8(number)
            return true
        }
        guard isAddress else { return nil }
        switch (bytes.0, bytes.1) {
        case (10, _), (192, 168), (172, 16...31), (100, 64...127): break
        default: return nil
        }
        let low =
            UInt64(bytes.3) << 56 | UInt64(bytes.2) << 48 | UInt64(bytes.1) << 40 | UInt64(bytes.0) << 32
            | 0xffff_0000
        return (0, low)
    }

    /// ";alias=ip~port~protocol", as nathelper adds it: the URI without it, and the next hop that it names.
    static func withoutAlias(_ uri: mt_str, _ message: Message) -> (uri: mt_str, hop: mt_str)? {
        let text = Text(unchecked: uri)
        guard let start = text.find(alias) else { return nil }
        let value = text.dropFirst(start + 7)
        let end = value.firstIndex(of: UInt8(ascii: ";")) ?? value.count
        var parts = value.prefix(end)
        guard let host = parts.take(upTo: UInt8(ascii: "~")), let port = parts.take(upTo: UInt8(ascii: "~")),
            let number = port.integer
        else { return nil }
        let transport: StaticString =
            switch parts.integer {
            case 2: "tcp"
            case 3: "tls"
            case 4: "sctp"
            case 5: "ws"
            case 6: "wss"
            default: "udp"
            }
        let plain = Line("\(text.prefix(start))\(value.dropFirst(end))").kept(by: message).raw
        return (plain, Line("sip:\(host):\(number);transport=\(transport)").kept(by: message).raw)
    }
}
