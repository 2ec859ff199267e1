// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Glibc

/// Writing streams: at once as much as the kernel takes, the rest when the peer has read some.
extension Worker {
    /// Toward a connection of this worker. One with filters gives the bytes to them here.
    func write(_ parts: UnsafeMutablePointer<iovec>, _ count: Int, to id: UInt64) {
        guard let connection = connections.find(id), connection.pointee.end != .now else {
            self.count(counters.gone, Int64(count))
            return
        }
        if let chain = connection.pointee.filters {
            self.count(counters.streamSent, Int64(count))
            return send(connection, chain, parts, count)
        }
        if connection.pointee.isFiltered { return self.count(counters.gone, Int64(count)) }
        self.count(counters.streamSent, Int64(count))
        wire(connection, parts, count)
    }

    /// To the wire.
    func wire(
        _ connection: UnsafeMutablePointer<Connection>, _ parts: UnsafeMutablePointer<iovec>, _ count: Int
    ) {
        var first = 0
        if connection.pointee.outputCount == 0, connection.pointee.state != .connecting {
            while first < count {
                let sent = cl_send_parts(connection.pointee.descriptor, parts + first, Int32(count - first))
                if sent < 0 {
                    if errno == EINTR { continue }
                    if errno == EAGAIN { break }
                    self.count(counters.reset)
                    return doom(connection)
                }
                connection.pointee.lastUsed = ticks / 1_000_000
                var left = sent
                while first < count, left >= parts[first].iov_len {
                    left -= parts[first].iov_len
                    first += 1
                }
                if first < count {
                    parts[first].iov_base = parts[first].iov_base?.advanced(by: left)
                    parts[first].iov_len -= left
                }
            }
        }
        while first < count {
            guard let bytes = parts[first].iov_base, enqueue(connection, bytes, parts[first].iov_len) else {
                return
            }
            first += 1
        }
    }

    /// A single message may wait whatever its size; more than that, as much as the limits allow.
    private func enqueue(
        _ connection: UnsafeMutablePointer<Connection>, _ bytes: UnsafeMutableRawPointer, _ count: Int
    ) -> Bool {
        let waiting = Int(connection.pointee.outputCount)
        let share = limits.allQueues / max(network.workers, 1)
        if waiting > 0, waiting + count > limits.connectionQueue || connections.queued + count > share {
            self.count(counters.queueFull)
            let peer = connection.pointee.flow.remoteEndpoint
            group.noticeOften(
                .slowReader, MT_LOG_WARNING,
                "\(connection.pointee.flow.transport.name): \(peer.text) does not read, \(waiting) bytes wait: closed"
            )
            doom(connection)
            return false
        }
        guard makeRoom(connection, count) else {
            doom(connection)
            return false
        }
        let end = connection.pointee.outputStart + connection.pointee.outputCount
        if let output = connection.pointee.output { memcpy(output + Int(end), bytes, count) }
        connection.pointee.outputCount += UInt32(count)
        changeQueued(count)
        if waiting == 0, connection.pointee.state != .connecting {
            watch(connection)
            setSendDeadline(connection)
        }
        return true
    }

    private func makeRoom(_ connection: UnsafeMutablePointer<Connection>, _ count: Int) -> Bool {
        let there = Int(connection.pointee.outputCount)
        if Int(connection.pointee.outputStart) + there + count <= Int(connection.pointee.outputRoom) {
            return true
        }
        if let output = connection.pointee.output, connection.pointee.outputStart > 0 {
            memmove(output, output + Int(connection.pointee.outputStart), there)
            connection.pointee.outputStart = 0
        }
        guard there + count > Int(connection.pointee.outputRoom) else { return true }
        let room = max(there + count, Int(connection.pointee.outputRoom) * 2, 4096)
        guard let output = realloc(connection.pointee.output, room) else { return false }
        connection.pointee.output = output.assumingMemoryBound(to: UInt8.self)
        connection.pointee.outputRoom = UInt32(room)
        return true
    }

    /// A handshake has a time of its own, whoever reads or does not.
    private func setSendDeadline(_ connection: UnsafeMutablePointer<Connection>) {
        if isShakingHands(connection) { return }
        setDeadline(connection, limits.sendTimeout)
    }

    func isShakingHands(_ connection: UnsafeMutablePointer<Connection>) -> Bool {
        connection.pointee.filters.map { !$0.pointee.isReady } ?? false
    }

    func changeQueued(_ by: Int) {
        connections.queued += by
        count(counters.queuedBytes, Int64(by))
    }

    func dropOutput(_ connection: UnsafeMutablePointer<Connection>) {
        changeQueued(-Int(connection.pointee.outputCount))
        free(connection.pointee.output)
        connection.pointee.output = nil
        connection.pointee.outputStart = 0
        connection.pointee.outputCount = 0
        connection.pointee.outputRoom = 0
    }

    /// The peer has read some, or the connection has just been opened.
    func writeQueued(_ connection: UnsafeMutablePointer<Connection>) {
        while connection.pointee.outputCount > 0, let output = connection.pointee.output {
            let sent = Glibc.send(
                connection.pointee.descriptor, output + Int(connection.pointee.outputStart),
                Int(connection.pointee.outputCount), Int32(MSG_NOSIGNAL))
            if sent < 0 {
                if errno == EINTR { continue }
                if errno == EAGAIN { break }
                count(counters.reset)
                return doom(connection)
            }
            connection.pointee.outputStart += UInt32(sent)
            connection.pointee.outputCount -= UInt32(sent)
            changeQueued(-sent)
            connection.pointee.lastUsed = ticks / 1_000_000
            // It reads: it has the whole time again.
            if connection.pointee.outputCount > 0 { setSendDeadline(connection) }
        }
        if connection.pointee.outputCount == 0 {
            dropOutput(connection)
            if !isShakingHands(connection) { clearDeadline(connection) }
            // While there are filters, they have not said goodbye.
            if connection.pointee.end == .whenSent, connection.pointee.filters == nil {
                finishSending(connection)
            } else if connection.pointee.state == .halfClosed {
                setDeadline(connection, limits.halfCloseTime)
            }
        } else if connection.pointee.deadline == 0 {
            setSendDeadline(connection)
        }
        watch(connection)
    }

    /// Asks epoll for what the connection waits for.
    func watch(_ connection: UnsafeMutablePointer<Connection>) {
        var wanted: UInt32 = 0
        switch connection.pointee.state {
        case .free: return
        case .connecting: wanted = Ready.output
        case .open: if state == .running { wanted = Ready.input }
        case .lingering: wanted = Ready.input
        case .halfClosed: break
        }
        if connection.pointee.outputCount > 0 { wanted |= Ready.output }
        guard wanted != connection.pointee.interest else { return }
        connection.pointee.interest = wanted
        _ = cl_poll_change(poll, connection.pointee.descriptor, wanted, event(connection))
    }
}
