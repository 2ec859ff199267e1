// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Glibc

/// Ends of connections: asked for, by a fault, by time, at shutdown. None ends before the turn does.
extension Worker {
    /// [any] Once all that is queued for it has left.
    public func close(_ flow: mt_flow) {
        guard flow.connection != 0 else { return }
        let owner = Connections.worker(of: flow.connection)
        if owner == index, isCurrent {
            if let connection = connections.find(flow.connection) { end(connection) }
            return
        }
        let letter = newLetter()
        letter.pointee.kind = .close
        letter.pointee.flow = flow
        group.send(letter, to: owner)
    }

    /// [any] It is not closed for being idle in the next so many milliseconds.
    public func hold(_ flow: mt_flow, ms: UInt64) {
        let owner = Connections.worker(of: flow.connection)
        if owner == index, isCurrent {
            if let connection = connections.find(flow.connection) {
                connection.pointee.heldUntil = ms == 0 ? 0 : ticks / 1_000_000 + ms
            }
            return
        }
        let letter = newLetter()
        letter.pointee.kind = .hold
        letter.pointee.flow = flow
        letter.pointee.number = ms
        group.send(letter, to: owner)
    }

    /// [any] What goes to that port of the peer's address takes this connection (RFC 5923, 9).
    public func alias(_ flow: mt_flow, port: UInt16) {
        let owner = Connections.worker(of: flow.connection)
        guard owner == index, isCurrent else {
            let letter = newLetter()
            letter.pointee.kind = .alias
            letter.pointee.flow = flow
            letter.pointee.number = UInt64(port)
            return group.send(letter, to: owner)
        }
        guard let connection = connections.find(flow.connection), connection.pointee.state == .open else {
            return
        }
        dropAlias(connection)
        guard port != connection.pointee.flow.remote_port else { return }
        connection.pointee.aliasPort = port
        group.destinations.add(alias(of: connection), flow.transport, .none, flow)
    }

    func dropAlias(_ connection: UnsafeMutablePointer<Connection>) {
        guard connection.pointee.aliasPort != 0 else { return }
        let flow = connection.pointee.flow
        group.destinations.remove(alias(of: connection), flow.transport, .none, flow.connection)
        connection.pointee.aliasPort = 0
    }

    private func alias(of connection: UnsafeMutablePointer<Connection>) -> Endpoint {
        var endpoint = connection.pointee.flow.remoteEndpoint
        endpoint.port = connection.pointee.aliasPort
        return endpoint
    }

    func end(_ connection: UnsafeMutablePointer<Connection>) {
        guard connection.pointee.end == .none else { return }
        connection.pointee.end = .whenSent
        list(connection)
    }

    func doom(_ connection: UnsafeMutablePointer<Connection>) {
        connection.pointee.end = .now
        list(connection)
    }

    func list(_ connection: UnsafeMutablePointer<Connection>) {
        guard !connection.pointee.isDoomed else { return }
        connection.pointee.isDoomed = true
        connections.doomed.append(connections.index(of: connection))
    }

    /// Answers whether there were any: their ends may have led to new messages.
    func closeDoomed() -> Bool {
        guard !connections.doomed.isEmpty else { return false }
        let doomed = connections.doomed
        connections.doomed.removeAll(keepingCapacity: true)
        for index in doomed {
            let connection = connections[index]
            connection.pointee.isDoomed = false
            switch connection.pointee.end {
            case .now: remove(connection)
            case .whenSent:
                if isWaitingToSend(connection) { continue }
                closeFilters(connection, orderly: true)
                if connection.pointee.outputCount == 0, connection.pointee.end == .whenSent {
                    finishSending(connection)
                }
            case .none: break
            }
        }
        return true
    }

    /// All has left: says so to the peer, and waits for its end a little while.
    func finishSending(_ connection: UnsafeMutablePointer<Connection>) {
        // Whoever waits for a handshake with another server waits no longer.
        let hasFailed = connection.pointee.isOutgoing && !connection.pointee.isKnown
        if hasFailed || connection.pointee.state != .open
            || shutdown(connection.pointee.descriptor, Int32(SHUT_WR)) != 0
        {
            return doom(connection)
        }
        connection.pointee.state = .lingering
        forget(connection)
        if connection.pointee.isKnown { tellClosed(connection) }
        dropInput(connection)
        watch(connection)
        setDeadline(connection, limits.halfCloseTime)
    }

    private func remove(_ connection: UnsafeMutablePointer<Connection>) {
        let flow = connection.pointee.flow
        forget(connection)
        closeFilters(connection, orderly: false)
        let isKnown = connection.pointee.isKnown
        let isOutgoing = connection.pointee.isOutgoing
        if connection.pointee.isFiltered, !isKnown, connection.pointee.state != .connecting {
            count(counters.handshakesFailed)
            if isOutgoing {
                count(counters.connectFailed)
                group.blocklist.add(flow.remoteEndpoint, flow.transport, because: .cannotConnect)
            }
        }
        timers.cancel(connection.pointee.idleTimer)
        timers.cancel(connection.pointee.deadline)
        dropInput(connection)
        dropOutput(connection)
        Glibc.close(connection.pointee.descriptor)
        let isTold = connection.pointee.isToldClosed
        connectionBurst.note(connections.count)
        connections.give(connection)
        if connectionBurst.isOver(at: connections.count) { returnMemory() }
        count(counters.connections, -1)
        group.hasClosed(flow.transport)
        // Nobody has heard of one that came and never shook hands.
        if !isTold, isKnown || isOutgoing { handler.closed(flow, self) }
    }

    /// Nothing new goes along it, though answers may.
    func tellClosed(_ connection: UnsafeMutablePointer<Connection>) {
        connections.markFinished(connection)
        guard !connection.pointee.isToldClosed else { return }
        connection.pointee.isToldClosed = true
        handler.closed(connection.pointee.flow, self)
    }

    // MARK: time

    func watchIdle(_ connection: UnsafeMutablePointer<Connection>, _ ms: UInt32) {
        connection.pointee.idleTimer = after(
            ms, job(connection, { worker, id, _ in Worker.timeout(worker, id) { $0.idle($1) } }))
    }

    private func idle(_ connection: UnsafeMutablePointer<Connection>) {
        connection.pointee.idleTimer = 0
        let now = ticks / 1_000_000
        let end = max(connection.pointee.lastUsed + UInt64(limits.lifetime), connection.pointee.heldUntil)
        if now >= end {
            count(counters.idleClosed)
            // Filters say goodbye.
            if connection.pointee.isFiltered { self.end(connection) } else { doom(connection) }
        } else {
            watchIdle(connection, UInt32(clamping: end - now))
        }
    }

    func setDeadline(_ connection: UnsafeMutablePointer<Connection>, _ ms: Int) {
        clearDeadline(connection)
        connection.pointee.deadline = after(
            UInt32(clamping: ms),
            job(connection, { worker, id, _ in Worker.timeout(worker, id) { $0.tooLate($1) } }))
    }

    func clearDeadline(_ connection: UnsafeMutablePointer<Connection>) {
        guard connection.pointee.deadline != 0 else { return }
        timers.cancel(connection.pointee.deadline)
        connection.pointee.deadline = 0
    }

    private func tooLate(_ connection: UnsafeMutablePointer<Connection>) {
        connection.pointee.deadline = 0
        if connection.pointee.state == .open, isShakingHands(connection) {
            count(counters.handshakeTimeouts)
            return doom(connection)
        }
        switch connection.pointee.state {
        case .connecting: return connectFailed(connection)
        case .open, .halfClosed: if connection.pointee.outputCount > 0 { count(counters.sendTimeouts) }
        case .lingering, .free: break
        }
        doom(connection)
    }

    private func job(_ connection: UnsafeMutablePointer<Connection>, _ function: @escaping Job.Function)
        -> Job
    {
        Job(
            function, Unmanaged.passUnretained(self).toOpaque(),
            UnsafeMutableRawPointer(bitPattern: UInt(connection.pointee.flow.connection)))
    }

    @inline(__always) private static func timeout(
        _ worker: Job.Word, _ id: Job.Word, _ then: (Worker, UnsafeMutablePointer<Connection>) -> Void
    ) {
        guard let worker else { return }
        Unmanaged<Worker>.fromOpaque(worker)._withUnsafeGuaranteedRef {
            if let connection = $0.connections.find(UInt64(UInt(bitPattern: id))) { then($0, connection) }
        }
    }

    // MARK: shutdown

    func closeAllConnections() {
        connections.forEach { doom($0) }
        while closeDoomed() {}
    }
}
