// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Glibc
import Message

/// What the worker needs to receive datagrams, and those that the kernel would not take.
struct Datagrams {
    /// One that waits for its socket. The bytes follow.
    struct Waiting {
        var next: UnsafeMutablePointer<Waiting>?
        var flow: mt_flow
        var count: Int
    }
    struct Queue {
        var first, last: UnsafeMutablePointer<Waiting>?
        var bytes = 0
    }
    static let most = 32

    fileprivate let batch: OpaquePointer
    /// Where the next ones are received to, and how much each got.
    fileprivate let messages: UnsafeMutablePointer<Message?>
    fileprivate let counts: UnsafeMutablePointer<Int>
    fileprivate let queues: UnsafeMutablePointer<Queue>
    fileprivate let sockets: Int

    init(sockets: Int) {
        guard let batch = cl_batch_make() else { fatalError("out of memory") }
        self.batch = batch
        self.sockets = sockets
        messages = .allocate(capacity: Datagrams.most)
        messages.initialize(repeating: nil, count: Datagrams.most)
        counts = .allocate(capacity: Datagrams.most)
        counts.initialize(repeating: 0, count: Datagrams.most)
        queues = .allocate(capacity: max(sockets, 1))
        queues.initialize(repeating: Queue(), count: max(sockets, 1))
    }

    func release() {
        cl_batch_free(batch)
        messages.deallocate()
        counts.deallocate()
        queues.deallocate()
    }
}

extension Worker {
    func datagramsReady(_ socket: Int, _ events: UInt32) {
        if events & Ready.output != 0 { sendWaiting(socket) }
        if events & (Ready.input | Ready.broken) != 0, state == .running { receive(socket) }
    }

    /// How long what it has in hand has waited, in milliseconds; 0: it keeps up.
    public var behind: UInt64 {
        backlog.isAskedFor = true
        return max(backlog.time(at: ticks), streamBacklog.time(at: ticks)) / 1_000_000
    }

    /// One batch. What belongs to other workers is on its way to them first, so that they begin while we go
    /// on.
    private func receive(_ socket: Int) {
        let row = network.rows + socket
        let batch = datagrams.batch
        let messages = datagrams.messages
        for i in 0..<Datagrams.most where messages[i] == nil {
            let message = pool.take()
            messages[i] = message
            cl_batch_room(batch, Int32(i), message.receiveBuffer.baseAddress, message.receiveBuffer.count)
        }
        let descriptor = network.descriptor(worker: index, socket: socket)
        let count = Int(cl_batch_receive(batch, descriptor, Int32(Datagrams.most), row.pointee.isWildcard))
        // An error belongs to a datagram sent earlier; reading it clears it.
        if backlog.isAskedFor {
            let isFull = count == Datagrams.most
            backlog.read(
                socket, waited: isFull ? cl_datagram_age(descriptor) : 0,
                isFilling: isFull && cl_is_filling(descriptor), at: ticks)
        }
        guard count > 0 else { return }
        streamBacklog.holds(0)
        self.count(counters.received, Int64(count))
        for i in 0..<count { datagrams.counts[i] = arrived(i, socket, row) }
        wakePeers()
        for i in 0..<count {
            guard datagrams.counts[i] > 0, let message = messages[i] else { continue }
            messages[i] = nil
            handle(message, message.index(count: datagrams.counts[i]))
        }
    }

    /// Its size, or 0 when there is nothing left for us to do.
    private func arrived(_ i: Int, _ socket: Int, _ row: UnsafeMutablePointer<SocketRow>) -> Int {
        let count = Int(cl_batch_count(datagrams.batch, Int32(i)))
        guard let message = datagrams.messages[i], let bytes = message.receiveBuffer.baseAddress else {
            return 0
        }
        if cl_batch_truncated(datagrams.batch, Int32(i)) {
            self.count(counters.receivedTruncated)
            return 0
        }
        // RFC 5626, 3.5.1 and what phones send to keep a NAT open: blank lines, one zero byte.
        if count <= 4, isBlank(bytes, count) {
            self.count(counters.keepAlives)
            return 0
        }
        var from = cl_address()
        cl_batch_from(datagrams.batch, Int32(i), &from)
        var local = row.pointee.endpoint
        if row.pointee.isWildcard {
            withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) {
                guard let room = $0.baseAddress,
                    cl_batch_to(datagrams.batch, Int32(i), room.assumingMemoryBound(to: UInt8.self))
                else { return }
                local = Endpoint(bytes: room, port: local.port)
            }
        }
        message.flow = mt_flow(.udp, socket: UInt32(socket), remote: Endpoint(from), local: local)
        guard network.workers > 1 else { return count }
        let owner = group.owner(
            of: Slice(UnsafeRawBufferPointer(start: bytes, count: count)), otherwise: index)
        if owner == index { return count }
        datagrams.messages[i] = nil
        handOver(message, count, isStream: false, to: owner)
        return 0
    }

    private func isBlank(_ bytes: UnsafeMutableRawPointer, _ count: Int) -> Bool {
        for i in 0..<count {
            switch bytes.load(fromByteOffset: i, as: UInt8.self) {
            case 0, 10, 13, 32: continue
            default: return false
            }
        }
        return true
    }

    /// To the worker that its call belongs to.
    func handOver(_ message: Message, _ count: Int, isStream: Bool, to owner: Int) {
        let letter = ownLetter()
        letter.pointee.kind = .message
        letter.pointee.message = message
        letter.pointee.count = count
        letter.pointee.isStream = isStream
        letter.pointee.number = isStream ? streamBacklog.time(at: ticks) : backlog.time(at: ticks)
        self.count(counters.handedOver)
        group.send(letter, to: owner)
    }

    func releaseDatagrams() {
        for i in 0..<Datagrams.most {
            datagrams.messages[i]?.release()
            datagrams.messages[i] = nil
        }
        for socket in 0..<datagrams.sockets {
            while let waiting = datagrams.queues[socket].first { drop(waiting, socket) }
        }
    }

    // MARK: sending

    /// Sends a batch; what the kernel does not take now waits for its turn, as much as `datagramQueue`
    /// allows.
    func sendBatch(_ batch: OpaquePointer, _ count: Int, socket: Int) {
        let descriptor = network.descriptor(worker: index, socket: socket)
        var first = 0
        if datagrams.queues[socket].first != nil {
            wait(from: first, count, socket)
            return
        }
        while first < count {
            let sent = cl_batch_send(batch, descriptor, Int32(first), Int32(count - first))
            if sent > 0 {
                first += Int(sent)
                self.count(counters.sent, Int64(sent))
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN, ENOBUFS, ENOMEM:
                wait(from: first, count, socket)
                return
            default:
                // This one cannot be delivered, the others have nothing to do with it.
                self.count(counters.sendFailed)
                first += 1
            }
        }
    }

    var hasDatagramsQueued: Bool {
        for socket in 0..<datagrams.sockets where datagrams.queues[socket].first != nil { return true }
        return false
    }

    /// The entries of the batch just built, from the given one on, are copied into the queue.
    private func wait(from first: Int, _ count: Int, _ socket: Int) {
        var place = 0
        for i in 0..<outbox.count {
            let entry = outbox.entries + i
            guard entry.pointee.flow.transport == .udp, entry.pointee.flow.socket == socket else { continue }
            defer { place += 1 }
            guard place >= first, place < count else { continue }
            let size = MemoryLayout<Datagrams.Waiting>.size
            guard datagrams.queues[socket].bytes + entry.pointee.count <= limits.datagramQueue,
                let room = malloc(size + entry.pointee.count)
            else {
                self.count(counters.sendQueueFull)
                continue
            }
            let waiting = room.bindMemory(to: Datagrams.Waiting.self, capacity: 1)
            waiting.initialize(
                to: Datagrams.Waiting(next: nil, flow: entry.pointee.flow, count: entry.pointee.count))
            (room + size).copyMemory(from: outbox.bytes(of: i), byteCount: entry.pointee.count)
            if let last = datagrams.queues[socket].last { last.pointee.next = waiting }
            if datagrams.queues[socket].first == nil { datagrams.queues[socket].first = waiting }
            datagrams.queues[socket].last = waiting
            datagrams.queues[socket].bytes += entry.pointee.count
        }
        watch(socket)
    }

    private func sendWaiting(_ socket: Int) {
        let descriptor = network.descriptor(worker: index, socket: socket)
        let row = network.rows + socket
        while let waiting = datagrams.queues[socket].first {
            let bytes = UnsafeMutableRawPointer(waiting) + MemoryLayout<Datagrams.Waiting>.size
            waiting.pointee.flow.put(
                outbox.batch, 0, bytes, waiting.pointee.count, row.pointee.isV4,
                row.pointee.isWildcard && !waiting.pointee.flow.localEndpoint.isWildcard)
            if cl_batch_send(outbox.batch, descriptor, 0, 1) > 0 {
                count(counters.sent)
            } else if errno == EINTR {
                continue
            } else if errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM {
                break
            } else {
                count(counters.sendFailed)
            }
            drop(waiting, socket)
        }
        watch(socket)
    }

    private func drop(_ waiting: UnsafeMutablePointer<Datagrams.Waiting>, _ socket: Int) {
        datagrams.queues[socket].first = waiting.pointee.next
        if waiting.pointee.next == nil { datagrams.queues[socket].last = nil }
        datagrams.queues[socket].bytes -= waiting.pointee.count
        free(waiting)
    }

    func stopReadingDatagrams() {
        for socket in 0..<network.rowCount where network.rows[socket].transport == .udp { watch(socket) }
    }

    private func watch(_ socket: Int) {
        var events: UInt32 = state == .running ? Ready.input : 0
        if datagrams.queues[socket].first != nil { events |= Ready.output }
        _ = cl_poll_change(
            poll, network.descriptor(worker: index, socket: socket), events,
            EventKind.datagrams.event(UInt64(socket)))
    }
}
