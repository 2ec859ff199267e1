// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// What is told of a connection to who asks.
public struct ConnectionState: Sendable {
    public let id: UInt64
    public let transport: String
    /// connecting, open, closing
    public let state: String
    /// In seconds: until it ends if nothing is sent; -1: it does not.
    public let timeout: Int
    public let remote, local: Endpoint
    public let isOutgoing: Bool
    /// Bytes that wait for the peer to read.
    public let queued: Int
}

extension Worker {
    /// The connections of the worker whose thread this is.
    public static func ownConnections() -> [ConnectionState] {
        guard let worker = Worker.current else { return [] }
        var all: [ConnectionState] = []
        worker.connections.forEach { connection in
            let one = connection.pointee
            let state =
                switch one.state {
                case .free: "free"
                case .connecting: "connecting"
                case .open: "open"
                case .halfClosed, .lingering: "closing"
                }
            let now = worker.ticks / 1_000_000
            let lifetime = worker.limits.lifetime
            let end = max(one.lastUsed + UInt64(max(lifetime, 0)), one.heldUntil)
            let timeout = lifetime < 0 ? -1 : Int(end > now ? (end - now) / 1000 : 0)
            let flow = one.flow
            all.append(
                ConnectionState(
                    id: flow.connection, transport: flow.transport.name,
                    state: state, timeout: timeout, remote: flow.remoteEndpoint, local: flow.localEndpoint,
                    isOutgoing: one.isOutgoing, queued: Int(one.outputCount)))
        }
        return all
    }
}
