// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Glibc
import Message

/// What became of bytes to send.
public enum SendResult: Sendable {
    /// On their way; a connection that fails later is reported by `closed`.
    case queued
    /// The connection is closed, and none may be opened.
    case gone
    /// Too large for a datagram, or no socket is there for it. Counted.
    case refused
}

/// What is to be sent at the end of the turn: bytes in one stretch of memory that is used again each turn.
struct Outbox {
    struct Entry {
        var flow: mt_flow
        var offset: Int
        var count: Int
        var isDone: Bool
    }
    static let most = Int(CL_BATCH)

    fileprivate(set) var entries: UnsafeMutablePointer<Entry>
    fileprivate(set) var count = 0
    fileprivate var arena: UnsafeMutableRawPointer
    fileprivate var room = 256 << 10
    fileprivate var used = 0
    fileprivate var reserved = 0
    let batch: OpaquePointer
    fileprivate let parts: UnsafeMutablePointer<iovec>

    init() {
        entries = .allocate(capacity: Outbox.most)
        parts = .allocate(capacity: Outbox.most)
        guard let arena = malloc(room), let batch = cl_batch_make() else { fatalError("out of memory") }
        self.arena = arena
        self.batch = batch
    }

    func bytes(of entry: Int) -> UnsafeMutableRawPointer { arena + entries[entry].offset }

    func release() {
        entries.deallocate()
        parts.deallocate()
        Glibc.free(arena)
        cl_batch_free(batch)
    }
}

extension Worker {
    /// The largest payload of a UDP datagram over IPv4.
    public static let largestDatagram = 65_507

    /// Room to write a message to. It is `commit`ted, or forgotten by the next `reserve`.
    public func reserve(_ room: Int) -> UnsafeMutableRawPointer {
        if outbox.count == Outbox.most || outbox.used + room > outbox.room { flush() }
        if room > outbox.room {
            outbox.room = room
            free(outbox.arena)
            guard let arena = malloc(room) else { fatalError("out of memory") }
            outbox.arena = arena
        }
        outbox.reserved = room
        return outbox.arena + outbox.used
    }

    /// How much room there is at what `reserve` gave: as much as asked for, or more.
    public var reservedRoom: Int { outbox.room - outbox.used }

    /// Sends the first `count` bytes of what was reserved. For a stream without a connection, or whose
    /// connection is closed, the one that leads to the same address is used, or opened if `connect` says so.
    /// `name` is the domain that leads to that address, if one does.
    @discardableResult public func commit(
        _ count: Int, to flow: mt_flow, name: Slice = .absent, connect: Bool = true
    ) -> SendResult {
        guard count > 0, count <= reservedRoom else { return .refused }
        guard flow.transport.isStream else { return commitDatagram(count, flow) }
        return commitStream(count, flow, name, connect)
    }

    /// Sends bytes that lie elsewhere.
    @discardableResult public func send(
        _ bytes: UnsafeRawBufferPointer, to flow: mt_flow, connect: Bool = true
    ) -> SendResult {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return .refused }
        reserve(bytes.count).copyMemory(from: base, byteCount: bytes.count)
        return commit(bytes.count, to: flow, connect: connect)
    }

    func commitCopy(_ bytes: UnsafeMutableRawPointer, _ count: Int, _ flow: mt_flow) {
        send(UnsafeRawBufferPointer(start: bytes, count: count), to: flow)
    }

    private func commitDatagram(_ count: Int, _ flow: mt_flow) -> SendResult {
        guard count <= Worker.largestDatagram else {
            self.count(counters.sendTooLarge)
            return .refused
        }
        guard Int(flow.socket) < network.rowCount, network.rows[Int(flow.socket)].transport == .udp,
            network.rows[Int(flow.socket)].isV4 == flow.remoteEndpoint.isV4
        else {
            self.count(counters.noSocket)
            return .refused
        }
        append(count, flow)
        return .queued
    }

    private func commitStream(_ count: Int, _ flow: mt_flow, _ name: Slice, _ connect: Bool) -> SendResult {
        var flow = flow
        if flow.connection == 0 || !group.isOpen(flow.connection) {
            guard
                let found = connection(
                    to: flow.remoteEndpoint, flow.transport, name: name, socket: flow.socket, open: connect)
            else {
                self.count(counters.gone)
                return .gone
            }
            flow.connection = found
        }
        usedConnection = flow.connection
        let owner = Connections.worker(of: flow.connection)
        if owner == index {
            append(count, flow)
            return .queued
        }
        let letter = ownLetter()
        letter.pointee.kind = .bytes
        letter.pointee.flow = flow
        letter.pointee.count = count
        Letter.makeRoom(letter, count)?.copyMemory(from: outbox.arena + outbox.used, byteCount: count)
        group.send(letter, to: owner)
        return .queued
    }

    private func append(_ count: Int, _ flow: mt_flow) {
        if outbox.count == Outbox.most { return }  // reserve made room
        (outbox.entries + outbox.count).initialize(
            to: Outbox.Entry(flow: flow, offset: outbox.used, count: count, isDone: false))
        outbox.count += 1
        // Lines of the next message start on a cache line of their own.
        outbox.used = min((outbox.used + count + 63) & ~63, outbox.room)
    }

    /// Writes what is in the outbox: what goes to one socket or connection with one call, in the order of
    /// `commit`.
    func flush() {
        guard outbox.count > 0 else { return }
        for first in 0..<outbox.count where !outbox.entries[first].isDone {
            if outbox.entries[first].flow.transport.isStream {
                flushStream(from: first)
            } else {
                flushDatagrams(from: first)
            }
        }
        outbox.count = 0
        outbox.used = 0
    }

    private func flushDatagrams(from first: Int) {
        let socket = outbox.entries[first].flow.socket
        let row = network.rows + Int(socket)
        var count = 0
        for i in first..<outbox.count {
            let entry = outbox.entries + i
            guard !entry.pointee.isDone, entry.pointee.flow.socket == socket,
                !entry.pointee.flow.transport.isStream
            else { continue }
            entry.pointee.isDone = true
            let from = row.pointee.isWildcard && !entry.pointee.flow.localEndpoint.isWildcard
            entry.pointee.flow.put(
                outbox.batch, count, outbox.arena + entry.pointee.offset, entry.pointee.count,
                row.pointee.isV4, from)
            count += 1
        }
        sendBatch(outbox.batch, count, socket: Int(socket))
    }

    private func flushStream(from first: Int) {
        let connection = outbox.entries[first].flow.connection
        var count = 0
        for i in first..<outbox.count {
            let entry = outbox.entries + i
            guard !entry.pointee.isDone, entry.pointee.flow.connection == connection else { continue }
            entry.pointee.isDone = true
            outbox.parts[count] = iovec(
                iov_base: outbox.arena + entry.pointee.offset, iov_len: entry.pointee.count)
            count += 1
        }
        write(outbox.parts, count, to: connection)
    }
}
