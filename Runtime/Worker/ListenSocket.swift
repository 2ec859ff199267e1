// SPDX-License-Identifier: Apache-2.0
import Message

/// A socket the server listens on, the same for all workers; each has a descriptor of its own for it.
public struct ListenSocket: Sendable {
    public let id: UInt32
    public let transport: Transport
    /// With the real port, also when any was asked for.
    public let endpoint: Endpoint
    /// Of its `listen` line.
    public let name: String?
    /// The place of its `listen` line.
    public let place: Int
    /// What peers are told: of the line's `advertise`, else of `advertised_address`, else the address itself.
    public let advertisedHost: String
    /// The port that is advertised, when it is not the real one.
    let writtenPort: UInt16?

    public var advertisedPort: UInt16 { writtenPort ?? endpoint.port }

    public var port: UInt16 { endpoint.port }

    /// The same, once its port is known.
    func at(_ endpoint: Endpoint) -> ListenSocket {
        ListenSocket(
            id: id, transport: transport, endpoint: endpoint, name: name, place: place,
            advertisedHost: advertisedHost, writtenPort: writtenPort)
    }

    /// `udp:192.0.2.1:5060`
    public var text: String { "\(transport.name):\(endpoint.text)" }

    /// `host` or `host:port` as it goes into a Via: without the port that everybody assumes.
    public var advertisedText: String {
        advertisedPort == transport.defaultPort ? advertisedHost : "\(advertisedHost):\(advertisedPort)"
    }

    /// `SIP/2.0/UDP host:port;branch=`
    public var viaPrefix: String { "SIP/2.0/\(transport.name.uppercased()) \(advertisedText);branch=" }
}

/// What the message path needs to know of a socket: flat, so that reading it counts no references.
struct SocketRow {
    let transport: Transport
    let endpoint: Endpoint
    let isV4: Bool
    let isWildcard: Bool
    let viaPrefix: Slice
    let advertised: Slice
}
