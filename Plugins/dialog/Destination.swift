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
        guard let uri = URI(Text(unchecked: contact)) else { return true }
        guard uri.param("alias") == nil else { return false }
        let host = uri.host
        if host.hasSuffix(".invalid") { return true }
        guard let address = address(host), isPrivate(address) else { return false }
        let remote = withUnsafeBytes(of: flow.remote) { Array($0) }
        return remote != address || flow.remote_port != UInt16(clamping: uri.port ?? 5060)
    }

    /// An IPv4 address as IPv6 has it, or an IPv6 one with or without brackets.
    private static func address(_ host: Text) -> [UInt8]? {
        guard host.count > 0, host.count < 64 else { return nil }
        var text = host
        if host[0] == UInt8(ascii: "[") { text = host.dropFirst().dropLast() }
        let string = String(text)
        var v4 = in_addr()
        if inet_pton(AF_INET, string, &v4) == 1 {
            return [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255] + withUnsafeBytes(of: v4) { Array($0) }
        }
        var v6 = in6_addr()
        guard inet_pton(AF_INET6, string, &v6) == 1 else { return nil }
        return withUnsafeBytes(of: v6) { Array($0) }
    }

    /// RFC 1918, RFC 6598, RFC 4193.
    private static func isPrivate(_ address: [UInt8]) -> Bool {
        guard address[10] == 255, address[0] == 0 else { return address[0] & 0xfe == 0xfc }
        switch (address[12], address[13]) {
        case (10, _), (192, 168): return true
        case (172, 16...31): return true
        case (100, 64...127): return true
        default: return false
        }
    }

    /// ";alias=ip~port~protocol", as nathelper adds it: the URI without it, and the next hop that it names.
    static func withoutAlias(_ uri: mt_str, _ message: Message) -> (uri: mt_str, hop: mt_str)? {
        let text = Text(unchecked: uri)
        guard let start = text.find(";alias=") else { return nil }
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
