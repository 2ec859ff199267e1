// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// The timers of one worker.
///
/// An id is worker, generation and index, and never comes twice: a stale one finds a node of another
/// generation. Setting and cancelling work from every thread; a cancel that answers true means that the job
/// will not run any more (from another thread: will not start).
public final class Timers: @unchecked Sendable {
    private let worker: Int
    private let nodes = TimerNodes()
    private var wheel: TimerWheel

    init(worker: Int, now: UInt64) {
        self.worker = worker
        wheel = TimerWheel(nodes: nodes, now: now)
    }

    deinit { wheel.release() }

    /// How many are set.
    public var count: Int { wheel.count }

    static func worker(of id: UInt64) -> Int { Int(id >> 56) }

    // MARK: on the worker

    /// `time`: milliseconds of the worker's clock. 0 when there are too many.
    func set(at time: UInt64, period: UInt32, _ job: Job) -> UInt64 {
        let index = nodes.take()
        guard index != TimerNode.none else { return 0 }
        let id = arm(index, time, period, job)
        wheel.link(index)
        return id
    }

    /// nil when it was too late. Otherwise, whether the worker has to be told: `reclaim`.
    @discardableResult func cancel(_ id: UInt64) -> Bool {
        guard let (index, generation) = claim(id) else { return false }
        reclaim(index, generation)
        return true
    }

    /// Adds a timer that another thread has made.
    func adopt(_ id: UInt64) {
        let index = UInt32(id & 0xff_ffff)
        let node = nodes[index]
        guard cl_load64(&node.pointee.word) & 3 == TimerState.armed else { return nodes.give(index) }
        node.pointee.deadline = max(node.pointee.deadline, wheel.now)
        wheel.link(index)
    }

    /// Takes out one that another thread has cancelled.
    func reclaim(_ id: UInt64) {
        reclaim(UInt32(id & 0xff_ffff), id >> 24 & 0xffff_ffff)
    }

    /// When the worker has to look again, in milliseconds of its clock.
    func next() -> UInt64? { wheel.next() }

    /// Runs what is due.
    func run(until time: UInt64) {
        while wheel.advance(to: time) {
            while let index = wheel.takeDue() { fire(index, time) }
        }
    }

    // MARK: on other threads

    /// The id of a timer that the worker still has to `adopt`. 0 when there are too many.
    func prepare(at time: UInt64, period: UInt32, _ job: Job) -> UInt64 {
        let index = nodes.takeForeign()
        return index == TimerNode.none ? 0 : arm(index, time, period, job)
    }

    /// Was it in time? Then the worker has to be told to `reclaim` it.
    func cancelElsewhere(_ id: UInt64) -> Bool { claim(id) != nil }

    // MARK: -

    private func arm(_ index: UInt32, _ time: UInt64, _ period: UInt32, _ job: Job) -> UInt64 {
        let node = nodes[index]
        let generation = (cl_load64(&node.pointee.word) >> 2) + 1
        node.pointee.deadline = time
        node.pointee.period = period
        node.pointee.slot = TimerNode.unlinked
        node.pointee.job = job
        cl_store64(&node.pointee.word, generation << 2 | TimerState.armed)
        return UInt64(worker) << 56 | generation << 24 | UInt64(index)
    }

    /// Turns an armed timer into a dead one; only one thread can.
    private func claim(_ id: UInt64) -> (UInt32, UInt64)? {
        let index = UInt32(id & 0xff_ffff)
        let generation = id >> 24 & 0xffff_ffff
        guard generation != 0, let node = nodes.checked(index),
            cl_swap64(
                &node.pointee.word, generation << 2 | TimerState.armed, generation << 2 | TimerState.dead)
        else { return nil }
        return (index, generation)
    }

    /// A dead one that is linked nowhere is on its way, in `fire` or in the mailbox, and given back there.
    private func reclaim(_ index: UInt32, _ generation: UInt64) {
        let node = nodes[index]
        guard cl_load64(&node.pointee.word) == generation << 2 | TimerState.dead,
            node.pointee.slot != TimerNode.unlinked
        else { return }
        wheel.unlink(index)
        nodes.give(index)
    }

    private func fire(_ index: UInt32, _ time: UInt64) {
        let node = nodes[index]
        let word = cl_load64(&node.pointee.word)
        let job = node.pointee.job
        guard node.pointee.period != 0 else {
            let inTime =
                word & 3 == TimerState.armed
                && cl_swap64(&node.pointee.word, word, word & ~3 | TimerState.dead)
            nodes.give(index)
            if inTime { job.run() }
            return
        }
        if word & 3 == TimerState.armed { job.run() }
        guard cl_load64(&node.pointee.word) & 3 == TimerState.armed else { return nodes.give(index) }
        // In step with the first time, but no burst after a pause.
        let period = UInt64(node.pointee.period)
        let late = time - min(time, node.pointee.deadline)
        node.pointee.deadline += period * (late / period + 1)
        wheel.link(index)
    }
}
