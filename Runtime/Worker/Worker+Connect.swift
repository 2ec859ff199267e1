// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Glibc

extension Worker {
    /// The connection to an address: one that is open, on whatever worker, or a new one if `open`. nil if
    /// there is none.
    public func connection(to remote: Endpoint, _ transport: Transport, socket: UInt32, open: Bool = true)
        -> UInt64?
    {
        if let known = group.destinations.find(remote, transport), group.isOpen(known) { return known }
        guard open, limits.connects, state == .running else { return nil }
        return connect(to: remote, transport, socket)
    }

    private func connect(to remote: Endpoint, _ transport: Transport, _ socket: UInt32) -> UInt64? {
        guard transport == .tcp, remote.port != 0 else { return nil }
        guard group.mayOpen() else {
            count(counters.refused)
            group.noticeOften(
                .tooMany, MT_LOG_WARNING,
                "tcp: none to \(remote.text), as \(limits.connections) are open: see tcp_max_connections"
            )
            return nil
        }
        let descriptor = cl_socket(remote.isV4, true)
        let reason = Errno()
        guard descriptor >= 0, let connection = connections.take() else {
            group.hasClosed()
            count(counters.connectFailed)
            group.noticeOften(
                .noDescriptors, MT_LOG_ERROR, "tcp: cannot connect to \(remote.text): \(reason.text)")
            if descriptor >= 0 { Glibc.close(descriptor) }
            return nil
        }
        bindSource(descriptor, remote, socket)
        var name = remote.raw
        let result = cl_connect(descriptor, &name)
        let error = errno
        var local = cl_address()
        _ = cl_local_name(descriptor, &local)
        let flow = mt_flow(
            transport, socket: socket, connection: connection.pointee.flow.connection, remote: remote,
            local: Endpoint(local))
        begin(connection, descriptor, flow, .connecting)
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
        connections.find(connection).map { $0.pointee.state == .connecting } ?? false
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
        tellOpened(connection)
        writeQueued(connection)
    }

    /// Nobody is there, says the system, or time does.
    func connectFailed(_ connection: UnsafeMutablePointer<Connection>) {
        count(counters.connectFailed)
        let flow = connection.pointee.flow
        group.blocklist.add(flow.remoteEndpoint, flow.transport, because: .cannotConnect)
        group.destinations.remove(flow.remoteEndpoint, flow.transport, flow.connection)
        doom(connection)
    }
}
