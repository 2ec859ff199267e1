// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Glibc

extension Worker {
    /// Takes some of the connections that wait; the others keep the listener ready.
    func accept(_ socket: Int) {
        guard state == .running else { return }
        let descriptor = network.descriptor(worker: index, socket: socket)
        for _ in 0..<32 {
            var from = cl_address()
            let made = cl_accept(descriptor, &from)
            if made >= 0 {
                accepted(made, Endpoint(from), socket)
                continue
            }
            switch errno {
            case EAGAIN: return
            case EINTR, ECONNABORTED: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                pauseAccepting(socket, Errno())
                return
            default:
                // Errors of the network that belong to one caller: accept(2) says to go on.
                count(counters.acceptFailed)
                return
            }
        }
    }

    private func accepted(_ descriptor: Int32, _ remote: Endpoint, _ socket: Int) {
        let transport = network.rows[socket].transport
        guard group.mayOpen(transport) else {
            count(counters.refused)
            group.noticeOften(
                .tooMany, MT_LOG_WARNING,
                "\(transport.name): refused \(remote.text), as \(group.limitReached(transport))")
            Glibc.close(descriptor)
            return
        }
        var name = cl_address()
        guard cl_local_name(descriptor, &name) == 0, let connection = connections.take() else {
            group.hasClosed(transport)
            Glibc.close(descriptor)
            return
        }
        count(counters.accepted)
        let flow = mt_flow(
            transport, socket: UInt32(socket),
            connection: connection.pointee.flow.connection,
            remote: remote, local: Endpoint(name))
        begin(connection, descriptor, flow, .open)
        guard transport != .tcp else { return tellOpened(connection) }
        guard makeFilters(connection, outgoing: false, name: .absent) else { return doom(connection) }
        openFilters(connection)
    }

    /// Settings, timers and epoll for a new connection.
    func begin(
        _ connection: UnsafeMutablePointer<Connection>, _ descriptor: Int32, _ flow: mt_flow,
        _ state: Connection.State
    ) {
        tune(descriptor, v4: flow.remoteEndpoint.isV4)
        connection.pointee.descriptor = descriptor
        connection.pointee.flow = flow
        connection.pointee.state = state
        connection.pointee.lastUsed = ticks / 1_000_000
        connection.pointee.interest = state == .connecting ? Ready.output : Ready.input
        count(counters.connections)
        _ = cl_poll_add(poll, descriptor, connection.pointee.interest, event(connection))
        group.destinations.add(flow.remoteEndpoint, flow.transport, connection.pointee.name, flow)
        if limits.lifetime >= 0 { watchIdle(connection, UInt32(clamping: limits.lifetime)) }
    }

    func event(_ connection: UnsafeMutablePointer<Connection>) -> UInt64 {
        EventKind.connection.event(connection.pointee.flow.connection & 0xff_ffff_ffff_ffff)
    }

    private func tune(_ descriptor: Int32, v4: Bool) {
        let tcp = Int32(IPPROTO_TCP)
        _ = cl_set(descriptor, tcp, TCP_NODELAY, 1)
        if limits.keepAlive { _ = cl_set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1) }
        if limits.keepIdle > 0 { _ = cl_set(descriptor, tcp, TCP_KEEPIDLE, Int32(clamping: limits.keepIdle)) }
        if limits.keepInterval > 0 {
            _ = cl_set(descriptor, tcp, TCP_KEEPINTVL, Int32(clamping: limits.keepInterval))
        }
        if limits.keepCount > 0 {
            _ = cl_set(descriptor, tcp, TCP_KEEPCNT, Int32(clamping: limits.keepCount))
        }
        SocketOpening.mark(descriptor, v4: v4, limits.typeOfService)
    }

    func tellOpened(_ connection: UnsafeMutablePointer<Connection>) {
        connection.pointee.isKnown = true
        // One that becomes a WebSocket is told of twice.
        if !connection.pointee.isUpgraded { count(counters.established) }
        handler.opened(connection.pointee.flow, self)
    }

    /// No descriptors are left: those who wait stay in the kernel's queue for a moment.
    private func pauseAccepting(_ socket: Int, _ error: Errno) {
        count(counters.acceptFailed)
        group.noticeOften(
            .noDescriptors, MT_LOG_ERROR,
            "tcp: cannot accept on \(network.sockets[socket].text): \(error.text)")
        let descriptor = network.descriptor(worker: index, socket: socket)
        let event = EventKind.listener.event(UInt64(socket))
        _ = cl_poll_change(poll, descriptor, 0, event)
        after(
            200,
            Job(
                { worker, socket, _ in
                    guard let worker else { return }
                    Unmanaged<Worker>.fromOpaque(worker)._withUnsafeGuaranteedRef {
                        $0.resumeAccepting(Int(bitPattern: socket))
                    }
                }, Unmanaged.passUnretained(self).toOpaque(), UnsafeMutableRawPointer(bitPattern: socket)))
    }

    private func resumeAccepting(_ socket: Int) {
        guard state == .running else { return }
        _ = cl_poll_change(
            poll, network.descriptor(worker: index, socket: socket), Ready.input,
            EventKind.listener.event(UInt64(socket)))
    }
}
