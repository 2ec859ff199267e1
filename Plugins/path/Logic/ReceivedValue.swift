// SPDX-License-Identifier: Apache-2.0

/// The value of `received` in a Path URI: where a REGISTER came from. As a URI with escapes,
/// `sip:192.0.2.1:5061%3Btransport%3Dtcp`, or as three parts, `192.0.2.1~5061~2`.
public struct ReceivedValue: Equatable, Sendable {
    /// An address without brackets.
    public var host: String
    public var port: Int
    /// udp, tcp, tls, sctp, ws, wss: 1 to 6.
    public var transport: Int

    public init(host: String, port: Int, transport: Int) {
        self.host = host
        self.port = port
        self.transport = transport
    }

    private static let names = ["udp", "tcp", "tls", "sctp", "ws", "wss"]

    private var bracketed: String { host.contains(":") ? "[\(host)]" : host }

    /// - Parameter format: `received_format`.
    public func text(format: Int) -> String {
        if format == 1 { return "\(bracketed)~\(port)~\(transport)" }
        let name = transport > 1 ? "%3Btransport%3D\(Self.names[transport - 1])" : ""
        return "sip:\(bracketed):\(port)\(name)"
    }

    /// Where to send to: sip:192.0.2.1:5061;transport=tcp.
    public var uri: String {
        transport > 1
            ? "sip:\(bracketed):\(port);transport=\(Self.names[transport - 1])" : "sip:\(bracketed):\(port)"
    }

    /// In either form; nil for anything that was not written here.
    public init?(_ text: String) {
        if text.utf8.contains(UInt8(ascii: "~")) {
            let parts = text.split(separator: "~", omittingEmptySubsequences: false)
            guard parts.count == 3, let transport = Int(parts[2]), (1...6).contains(transport) else {
                return nil
            }
            self.init(place: parts[0], port: parts[1], transport)
            return
        }
        let plain = ReceivedValue.unescaped(text)
        guard plain.hasPrefix("sip:") else { return nil }
        let parts = plain.dropFirst(4).split(separator: ";", omittingEmptySubsequences: false)
        guard let place = parts.first, let colon = place.lastIndex(of: ":") else { return nil }
        var transport = 1
        if parts.count == 2 {
            guard parts[1].hasPrefix("transport="),
                let known = Self.names.firstIndex(of: parts[1].dropFirst(10).lowercased())
            else { return nil }
            transport = known + 1
        } else if parts.count > 2 {
            return nil
        }
        self.init(place: place[..<colon], port: place[place.index(after: colon)...], transport)
    }

    private init?(place: Substring, port: Substring, _ transport: Int) {
        var host = place
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        let isNumeric = host.utf8.allSatisfy { byte in
            switch byte {
            case 48...57, 65...70, 97...102, UInt8(ascii: "."), UInt8(ascii: ":"): true
            default: false
            }
        }
        guard !host.isEmpty, isNumeric, let port = Int(port), (1...65_535).contains(port) else { return nil }
        self.init(host: String(host), port: port, transport: transport)
    }

    private static func unescaped(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return text }
        let bytes = Array(text.utf8)
        var plain: [UInt8] = []
        var at = 0
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "%"), at + 2 < bytes.count,
                let value = UInt8(String(decoding: bytes[(at + 1)...(at + 2)], as: UTF8.self), radix: 16)
            {
                plain.append(value)
                at += 3
            } else {
                plain.append(bytes[at])
                at += 1
            }
        }
        return String(decoding: plain, as: UTF8.self)
    }
}
