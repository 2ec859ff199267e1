// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Glibc

/// What an event of epoll is about: its kind in the top byte, which one below.
enum EventKind: UInt64 {
    case mailbox = 1
    case datagrams, listener, connection

    func event(_ payload: UInt64 = 0) -> UInt64 { rawValue << 56 | payload }
}

/// What epoll watches for, and finds.
enum Ready {
    static let input = UInt32(CL_IN)
    static let output = UInt32(CL_OUT)
    static let broken = UInt32(CL_ERROR | CL_HANGUP)
    /// Each change is reported once.
    static let edge = CL_EDGE
}

extension Worker {
    /// The thread.
    func run() {
        cl_enter(Unmanaged.passUnretained(self).toOpaque(), statistics.row(index), Int32(index))
        cl_thread_name("worker-\(index)")
        _ = cl_poll_add(poll, mailbox.descriptor, Ready.input | Ready.edge, EventKind.mailbox.event())
        state = .running
        handler.started(self)
        watchSockets()
        withUnsafeTemporaryAllocation(of: cl_event.self, capacity: Int(CL_EVENTS)) { events in
            while state != .stopping { turn(events.baseAddress.unsafelyUnwrapped) }
        }
        finish()
    }

    /// How much is read from each of many streams in a turn, so that it is over soon.
    private static let smallShare = 16_384

    private func turn(_ events: UnsafeMutablePointer<cl_event>) {
        let time = sleepTime()
        // How long it took says little: asking for many streams takes as long as a short sleep.
        var count = backlog.isAskedFor ? cl_poll_wait(poll, events, 0) : 0
        let hasNothing = count == 0
        if hasNothing { count = cl_poll_wait(poll, events, time) }
        mailbox.wokeUp()
        turns &+= 1
        ticks = Worker.clock()
        if hasNothing { streamBacklog.slept(until: ticks) }
        readingShare = count > 16 ? Self.smallShare : Connections.scratchSize
        var looked = ticks
        for i in 0..<max(Int(count), 0) {
            let data = events[i].data
            let payload = data & 0xff_ffff_ffff_ffff
            switch EventKind(rawValue: data >> 56) {
            case .datagrams: datagramsReady(Int(payload), events[i].events)
            case .connection:
                connectionReady(payload, events[i].events)
                if i & 7 == 7 { lookAtDatagrams(since: &looked) }
            case .listener: accept(Int(payload))
            // Only edges are reported, so there is nothing to clear; the letters are read below.
            case .mailbox, nil: break
            }
        }
        readMailbox()
        timers.run(until: ticks / 1_000_000)
        if pool.blocks > PoolWatch.usual, !isWatchingPool { watchPool() }
        repeat {
            flush()
        } while closeDoomed()
        wakePeers()
        if state == .paused {
            isQuiet.store(mailbox.isEmpty && !handler.isWaiting(self), ordering: .releasing)
        }
        if state == .draining, isDrained { hasDrained.store(true, ordering: .releasing) }
    }

    /// Half a hundred handshakes of TLS take half a hundred milliseconds: datagrams wait for a few of them at most.
    private func lookAtDatagrams(since looked: inout UInt64) {
        let now = Worker.clock()
        guard now &- looked > 2_000_000 else { return }
        looked = now
        for socket in 0..<network.rowCount where !network.rows[socket].transport.isStream {
            datagramsReady(socket, Ready.input)
        }
        // And so do the answers to them.
        flush()
    }

    /// Until the next timer, or for ever; not at all when there are letters.
    private func sleepTime() -> Int32 {
        guard let due = timers.next() else { return mailbox.mayStartSleeping() ? -1 : 0 }
        let now = Worker.clock()
        let until = due * 1_000_000
        guard until > now, mailbox.mayStartSleeping() else { return 0 }
        return Int32(clamping: (until - now + 999_999) / 1_000_000)
    }

    private func watchSockets() {
        for socket in 0..<network.rowCount {
            let kind = network.rows[socket].transport.isStream ? EventKind.listener : .datagrams
            let descriptor = network.descriptor(worker: index, socket: socket)
            _ = cl_poll_add(poll, descriptor, Ready.input, kind.event(UInt64(socket)))
        }
    }

    /// Nothing is read any more; who waits for something may still answer.
    func pause() {
        guard state == .running else { return }
        state = .paused
        for socket in 0..<network.rowCount where network.rows[socket].transport.isStream {
            _ = cl_poll_remove(poll, network.descriptor(worker: index, socket: socket))
        }
        stopReadingDatagrams()
        connections.forEach { watch($0) }
    }

    /// What is queued leaves, and then connections end.
    func drain() {
        pause()
        guard state == .paused else { return }
        state = .draining
        connections.forEach { end($0) }
    }

    /// Is there nothing left to send?
    var isDrained: Bool {
        !hasDatagramsQueued && connections.queued == 0 && outbox.count == 0 && mailbox.isEmpty
    }

    private func finish() {
        closeAllConnections()
        releaseDatagrams()
        mailbox.empty()
        cl_enter(nil, nil, -1)
    }
}
