// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Glibc
import Message
import Synchronization

/// One thread and what belongs to it: a loop on epoll, descriptors, connections, timers, messages.
///
/// A turn of the loop reads what arrived, calls the handler for it, runs what is due, and then writes all
/// that came of it with one system call per socket. What is marked [any] may be called by every thread; the
/// rest on this worker only, that is inside of a callback.
///
/// It is one class, in several files, with its state in structs of plain words: calls from one object to
/// another would count references for every message.
public final class Worker: @unchecked Sendable {
    public let index: Int
    public let pool: MessagePool
    public let network: Network
    public let limits: Limits
    public let statistics: Statistics
    public let counters: WorkerCounters
    public unowned(unsafe) let group: WorkerGroup
    let handler: any WorkerHandler

    /// Monotonic time in nanoseconds, as of the beginning of this turn.
    public internal(set) var ticks: UInt64

    /// The connection that the last `commit` to a stream went to.
    public internal(set) var usedConnection: UInt64 = 0

    var backlog = Backlog()
    var streamBacklog = StreamBacklog()
    /// How much is read from one stream that brings requests in this turn.
    var readingShare = Connections.scratchSize

    let mailbox = Mailbox()
    public let timers: Timers
    let poll: Int32
    var state = State.waiting
    var post: Outpost
    var outbox: Outbox
    var datagrams: Datagrams
    let connections: Connections
    var gathering = Gathering()
    var thread: pthread_t?
    /// While it is paused: nobody waits for something. While it drains: everything has left.
    let isQuiet = Atomic<Bool>(false)
    let hasDrained = Atomic<Bool>(false)
    /// A timer will look whether the pool has blocks that nobody needs.
    var isWatchingPool = false
    var messageBurst = Burst(least: 1_024)
    var connectionBurst = Burst(least: 512)
    /// A timer will give back what is free.
    var isReturningMemory = false
    var turnsAtBurst = 0
    /// How often the loop went round.
    public internal(set) var turns = 0

    enum State { case waiting, running, paused, draining, stopping }

    init(index: Int, group: WorkerGroup) {
        self.index = index
        self.group = group
        network = group.network
        limits = group.limits
        statistics = group.statistics
        counters = group.counters
        handler = group.handler
        pool = MessagePool(worker: index)
        ticks = Worker.clock()
        timers = Timers(worker: index, now: ticks / 1_000_000)
        poll = cl_poll_make()
        post = Outpost(workers: group.network.workers)
        outbox = Outbox()
        datagrams = Datagrams(sockets: network.rowCount)
        connections = Connections(worker: index)
    }

    deinit {
        post.release()
        outbox.release()
        gathering.release()
        datagrams.release()
        pool.close()
        Glibc.close(poll)
    }

    /// The worker whose thread this is.
    public static var current: Worker? {
        guard let worker = cl_worker() else { return nil }
        return Unmanaged<Worker>.fromOpaque(worker).takeUnretainedValue()
    }

    @inline(__always) var isCurrent: Bool { cl_worker() == Unmanaged.passUnretained(self).toOpaque() }

    static func clock() -> UInt64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return UInt64(now.tv_sec) &* 1_000_000_000 &+ UInt64(now.tv_nsec)
    }

    @inline(__always) func count(_ id: Statistics.ID, _ by: Int64 = 1) {
        cl_bump(statistics.row(index) + Int(id.rawValue), by)
    }
}
