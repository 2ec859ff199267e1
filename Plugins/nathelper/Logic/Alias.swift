// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// Where somebody really is, kept in a parameter of his Contact: `;alias=192.0.2.1~5060~1`.
public struct Alias: Equatable, Sendable {
    /// As it stands in a URI: IPv6 has its brackets.
    public let host: String
    public let port: Int
    /// As `mt_flow` numbers them.
    public let transport: Int

    public init(host: String, port: Int, transport: Int) {
        self.host = host
        self.port = port
        self.transport = transport
    }

    /// The parameter's value. Nil when it cannot be read.
    public init?(_ value: Text) {
        guard let last = value.lastIndex(of: UInt8(ascii: "~")), last > 0,
            let first = value.prefix(last).lastIndex(of: UInt8(ascii: "~")), first > 0,
            let port = value[first + 1..<last].integer, (1...65_535).contains(port),
            let transport = value.dropFirst(last + 1).integer, (1...6).contains(transport)
        else { return nil }
        host = String(value.prefix(first))
        self.port = port
        self.transport = transport
    }

    public var value: String { "\(host)~\(port)~\(transport)" }
    public var uri: String { "sip:\(host):\(port)\(Alias.parameter(transport))" }

    /// ";transport=tcp"; nothing for UDP.
    public static func parameter(_ transport: Int) -> String {
        switch transport {
        case Int(MT_TCP): ";transport=tcp"
        case Int(MT_TLS): ";transport=tls"
        case Int(MT_WS), Int(MT_WSS): ";transport=ws"
        case Int(MT_SCTP): ";transport=sctp"
        default: ""
        }
    }

    public static func number(_ transport: Text) -> Int? {
        let names: [(StaticString, Int)] = [
            ("udp", Int(MT_UDP)), ("tcp", Int(MT_TCP)), ("tls", Int(MT_TLS)), ("ws", Int(MT_WS)),
            ("wss", Int(MT_WSS)), ("sctp", Int(MT_SCTP)),
        ]
        for (name, number) in names where transport.equalsIgnoringCase(name) { return number }
        return transport.integer.flatMap { (1...6).contains($0) ? $0 : nil }
    }
}

/// Parameters of a URI as they stand behind its host: "a=1;b", with or without a semicolon before them.
public enum Parameters {
    /// Where the parameter of that name stands, with the semicolon before it where there is one: the last
    /// one, or the first.
    public static func place(of name: Text, in params: Text, isFirst: Bool = false) -> Range<Int>? {
        var found: Range<Int>?
        var at = 0
        while at < params.count {
            let start = at
            if params[at] == UInt8(ascii: ";") { at += 1 }
            let first = at
            while at < params.count, params[at] != UInt8(ascii: ";") { at += 1 }
            let item = params[first..<at]
            let end = item.firstIndex(of: UInt8(ascii: "=")) ?? item.count
            guard item.prefix(end).trimmed.equalsIgnoringCase(name) else { continue }
            found = start..<at
            if isFirst { break }
        }
        return found
    }
}
