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
            let written = value.dropFirst(last + 1).integer, let transport = Alias.transport(written)
        else { return nil }
        host = String(value.prefix(first))
        self.port = port
        self.transport = transport
    }

    public var value: String { "\(host)~\(port)~\(Alias.written(transport))" }

    /// In aliases transports have the numbers that other servers give them: 4 SCTP, 5 WS, 6 WSS.
    private static func written(_ transport: Int) -> Int {
        switch transport {
        case Int(MT_SCTP): 4
        case Int(MT_WS): 5
        case Int(MT_WSS): 6
        default: transport
        }
    }

    private static func transport(_ written: Int) -> Int? {
        [Int(MT_UDP), Int(MT_TCP), Int(MT_TLS), Int(MT_SCTP), Int(MT_WS), Int(MT_WSS)]
            .first { Alias.written($0) == written }
    }

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
        return transport.integer.flatMap { Alias.transport($0) }
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
