// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// "192.0.2.1:5060", "[2001:db8::1]", "proxy.example.com": host and port apart.
public struct HostPort: @unchecked Sendable {
    /// Without brackets.
    public let host: mt_str
    /// 0 when none is written.
    public let port: Int

    public init(_ text: Text) {
        var host = text
        var port = 0
        if let colon = text.lastIndex(of: UInt8(ascii: ":")),
            !text.dropFirst(colon).contains(UInt8(ascii: "]")),
            text.firstIndex(of: UInt8(ascii: ":")) == colon || text[0] == UInt8(ascii: "[")
        {
            port = text.dropFirst(colon + 1).integer ?? 0
            host = text.prefix(colon)
        }
        self.port = port
        self.host = HostPort.bare(host).raw
    }

    /// Without the brackets of an IPv6 address.
    @_lifetime(copy host) public static func bare(_ host: Text) -> Text {
        guard host.count > 2, host[0] == UInt8(ascii: "["), host[host.count - 1] == UInt8(ascii: "]") else {
            return host
        }
        return host[1..<host.count - 1]
    }

    public func names(_ other: Text, port otherPort: Int, defaultPort: Int) -> Bool {
        HostPort.bare(other).equalsIgnoringCase(host)
            && (port == 0 ? defaultPort : port) == (otherPort == 0 ? defaultPort : otherPort)
    }
}
