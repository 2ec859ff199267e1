// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import Message

/// What came of an upgrade.
public enum Upgraded { case done, unfit, gone }

/// Connections that begin as tcp or tls and become ws or wss (RFC 6455, 1.7).
extension Worker {
    /// Inside a callback for a message that came by it, on the worker that owns it. `answer` leaves as it is, before
    /// the filter is there.
    public func upgrade(_ flow: mt_flow, _ answer: Slice) -> Upgraded {
        guard let connection = connections.find(flow.connection), connection.pointee.end == .none,
            connection.pointee.state == .open, Connections.worker(of: flow.connection) == index
        else { return .gone }
        let old = connection.pointee.flow
        let new: Transport
        switch old.transport {
        case .tcp: new = .ws
        case .tls: new = .wss
        case .udp, .ws, .wss, .sctp: return .unfit
        }
        guard let filter = group.filters.ws, !connection.pointee.isOutgoing,
            connection.pointee.filters.map({ $0.pointee.isReady }) ?? true
        else { return .unfit }
        var part = iovec(
            iov_base: answer.base.map { UnsafeMutableRawPointer(mutating: $0) }, iov_len: answer.count)
        write(&part, 1, to: flow.connection)
        guard connection.pointee.end == .none else { return .gone }
        handler.closed(old, self)
        forget(connection)
        connection.pointee.flow.protocol = new.rawValue
        connection.pointee.isKnown = false
        connection.pointee.isUpgraded = true
        group.destinations.add(
            old.remoteEndpoint, new, connection.pointee.name, connection.pointee.flow)
        addFilter(filter, connection)
        return .done
    }
}
