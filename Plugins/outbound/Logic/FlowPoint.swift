// SPDX-License-Identifier: Apache-2.0

/// One end of a flow: an IP address and a port. IPv4 addresses are written as IPv6 ones, ::ffff:192.0.2.1.
public struct FlowPoint: Hashable, Sendable {
    /// The sixteen bytes of the address, the first one on the left.
    public var high, low: UInt64
    public var port: UInt16

    public init(high: UInt64, low: UInt64, port: UInt16) {
        self.high = high
        self.low = low
        self.port = port
    }

    public init(v4 address: UInt32, port: UInt16) {
        self.init(high: 0, low: 0xffff_0000_0000 | UInt64(address), port: port)
    }

    public var isV4: Bool { high == 0 && low >> 32 == 0xffff }
    public var isWildcard: Bool { high == 0 && (low == 0 || low == 0xffff_0000_0000) }
}

/// How a flow's messages travel, numbered as tokens have it.
public enum FlowTransport: UInt8, Sendable {
    case udp = 1
    case tcp, tls, sctp, ws, wss

    /// Whether it is over when a connection is.
    public var isStream: Bool {
        switch self {
        case .udp, .sctp: false
        case .tcp, .tls, .ws, .wss: true
        }
    }
}

/// A flow, as RFC 5626, 3.1 has it: what two ends and a transport have between them.
public struct FlowName: Hashable, Sendable {
    public var transport: FlowTransport
    public var local, remote: FlowPoint

    public init(_ transport: FlowTransport, local: FlowPoint, remote: FlowPoint) {
        self.transport = transport
        self.local = local
        self.remote = remote
    }
}
