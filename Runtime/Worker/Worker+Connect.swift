// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Glibc
import Message

extension Worker {
    /// The connection to an address: one that is open, on whatever worker, or a new one if `open`. nil if
    /// there is none.
    ///
    /// `name` is the domain that leads there. Over TLS, where a peer shows that it is that domain, a connection that
    /// was opened for another is not taken.
    public func connection(
        to remote: Endpoint, _ transport: Transport, name: Slice = .absent, socket: UInt32, open: Bool = true
    ) -> UInt64? {
        let hash = transport == .tls ? DomainHash.of(name) : DomainHash.none
        if let known = group.destinations.find(remote, transport, hash)?.id, group.isOpen(known) {
            return known
        }
        // RFC 7118, 4.1: a URI says ws for either.
        if transport == .ws, let known = group.destinations.find(remote, .wss, hash)?.id, group.isOpen(known)
        {
            return known
        }
        guard open, limits.connects, state == .running else { return nil }
        return connect(to: remote, transport, name, socket)
    }

    private func connect(to remote: Endpoint, _ transport: Transport, _ name: Slice, _ socket: UInt32)
        -> UInt64?
    {
        // RFC 7118, 4.1: only clients open websockets.
        guard transport == .tcp || transport == .tls, remote.port != 0 else { return nil }
        guard group.mayOpen(transport) else {
            count(counters.refused)
            group.noticeOften(
                .tooMany, MT_LOG_WARNING,
                "\(transport.name): none to \(remote.text), as \(group.limitReached(transport))")
            return nil
        }
        let descriptor = cl_socket(remote.isV4, true)
        let reason = Errno()
        guard descriptor >= 0, let connection = connections.take() else {
            group.hasClosed(transport)
            count(counters.connectFailed)
            group.noticeOften(
                .noDescriptors, MT_LOG_ERROR,
                "\(transport.name): cannot connect to \(remote.text): \(reason.text)")
            if descriptor >= 0 { Glibc.close(descriptor) }
            return nil
        }
        bindSource(descriptor, remote, socket)
        var address = remote.raw
        let result = cl_connect(descriptor, &address)
        let error = errno
        var local = cl_address()
        _ = cl_local_name(descriptor, &local)
        let flow = mt_flow(
            transport, socket: socket, connection: connection.pointee.flow.connection, remote: remote,
            local: Endpoint(local))
        connection.pointee.isOutgoing = true
        if transport == .tls { connection.pointee.name = DomainHash.of(name) }
        begin(connection, descriptor, flow, .connecting)
        if transport != .tcp, !makeFilters(connection, outgoing: true, name: name) {
            connectFailed(connection)
            return nil
        }
        if result != 0, error != EINPROGRESS {
            // No way leads there, and who wants to send knows it at once.
            connectFailed(connection)
            return nil
        }
        setDeadline(connection, limits.connectTimeout)
        return flow.connection
    }

    /// Is it a connection of this worker's that is not open yet?
    public func isConnecting(_ connection: UInt64) -> Bool {
        connections.find(connection).map { $0.pointee.state == .connecting || !$0.pointee.isKnown } ?? false
    }

    /// From the address that the socket listens on, so that the peer sees the same one.
    private func bindSource(_ descriptor: Int32, _ remote: Endpoint, _ socket: UInt32) {
        guard Int(socket) < network.rowCount else { return }
        let row = network.rows + Int(socket)
        guard !row.pointee.isWildcard, row.pointee.isV4 == remote.isV4,
            row.pointee.endpoint.isLoopback == remote.isLoopback
        else { return }
        _ = cl_set(descriptor, Int32(IPPROTO_IP), CL_IP_BIND_ADDRESS_NO_PORT, 1)
        var from = row.pointee.endpoint
        from.port = 0
        var name = from.raw
        _ = cl_bind(descriptor, &name)
    }

    /// The descriptor of a connecting one is ready: it worked, or it did not.
    func connectEnded(_ connection: UnsafeMutablePointer<Connection>) {
        let error = cl_get(connection.pointee.descriptor, SOL_SOCKET, SO_ERROR)
        guard error == 0 else { return connectFailed(connection) }
        var local = cl_address()
        if cl_local_name(connection.pointee.descriptor, &local) == 0 {
            connection.pointee.flow.localEndpoint = Endpoint(local)
        }
        connection.pointee.state = .open
        clearDeadline(connection)
        count(counters.connected)
        watch(connection)
        guard !connection.pointee.isFiltered else { return openFilters(connection) }
        tellOpened(connection)
        writeQueued(connection)
    }

    /// Nobody is there, says the system, or time does.
    func connectFailed(_ connection: UnsafeMutablePointer<Connection>) {
        count(counters.connectFailed)
        let flow = connection.pointee.flow
        group.blocklist.add(flow.remoteEndpoint, flow.transport, because: .cannotConnect)
        forget(connection)
        doom(connection)
    }

    /// Nothing new goes along it.
    func forget(_ connection: UnsafeMutablePointer<Connection>) {
        dropAlias(connection)
        let flow = connection.pointee.flow
        group.destinations.remove(
            flow.remoteEndpoint, flow.transport, connection.pointee.name, flow.connection)
    }
}
