// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// How messages travel. The raw values are MT_UDP and so on.
public enum Transport: UInt32, Sendable, CaseIterable {
    case udp = 1
    case tcp, tls, ws, wss, sctp

    /// From what a file, a URI or a Via says, in any case.
    public init?(named name: String) {
        guard let found = Transport.allCases.first(where: { $0.name == name.lowercased() }) else {
            return nil
        }
        self = found
    }

    public var name: String {
        switch self {
        case .udp: "udp"
        case .tcp: "tcp"
        case .tls: "tls"
        case .ws: "ws"
        case .wss: "wss"
        case .sctp: "sctp"
        }
    }

    /// Bytes in order, on a connection, rather than one datagram per message.
    public var isStream: Bool {
        switch self {
        case .udp, .sctp: false
        case .tcp, .tls, .ws, .wss: true
        }
    }

    /// Messages with an end of their own, on a stream.
    public var hasMessages: Bool { self == .ws || self == .wss }

    /// May a URI that names a socket of this transport say the other one? Those of WebSockets say ws over TLS as well
    /// (RFC 7118, 4.1), and a socket for TCP or TLS may have connections that became WebSockets.
    func mayBe(_ written: Transport) -> Bool {
        switch written {
        case .ws: self == .ws || self == .wss || self == .tcp || self == .tls
        case .wss: self == .wss || self == .tls
        case .udp, .tcp, .tls, .sctp: self == written
        }
    }

    /// Over TLS.
    public var isSecure: Bool { self == .tls || self == .wss }

    /// RFC 3261, 18.2.1 and 19.1.2: 5061 over TLS. RFC 7118, 4.2 gives websockets those of HTTP.
    public var defaultPort: UInt16 {
        switch self {
        case .udp, .tcp, .sctp: 5060
        case .tls: 5061
        case .ws: 80
        case .wss: 443
        }
    }
}
