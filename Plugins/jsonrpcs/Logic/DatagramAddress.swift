// SPDX-License-Identifier: Apache-2.0

/// Where datagrams come in: the value of `dgram_socket`.
public enum DatagramAddress: Equatable, Sendable {
    case path(String)
    case internet(host: String, port: UInt16)

    /// A path, below the run folder unless it begins with a slash, or `udp:HOST:PORT`; IPv6 stands in brackets.
    /// Nil when it is neither.
    public static func parse(_ text: String, runFolder: String) -> DatagramAddress? {
        for word in ["udp:", "udp4:", "udp6:"] where text.hasPrefix(word) {
            return internet(text.dropFirst(word.count))
        }
        var path = text[...]
        for word in ["unixd:", "unix:"] where text.hasPrefix(word) { path = text.dropFirst(word.count) }
        guard !path.isEmpty, !path.utf8.contains(0) else { return nil }
        return .path(path.hasPrefix("/") ? String(path) : "\(runFolder)/\(path)")
    }

    private static func internet(_ text: Substring) -> DatagramAddress? {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]),
            port > 0
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        return .internet(host: host == "*" ? "0.0.0.0" : String(host), port: port)
    }
}
