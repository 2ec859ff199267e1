// SPDX-License-Identifier: Apache-2.0
import CLinux

/// What a burst needed is given back when it is over.
enum PoolWatch {
    /// So many messages are kept ready, whatever happens: two megabytes, or twenty when they were long.
    static let usual = 256
    /// In milliseconds: what was not needed for so long is not needed.
    static let period: UInt32 = 5_000
    /// In blocks each time: half a millisecond.
    static let most = 1_024
    /// In milliseconds after a burst: transactions live for 32 seconds behind their answer (RFC 3261, 17.2.2), and what they
    /// took is free when their plugin has found that out.
    static let aftermath: UInt32 = 45_000
    /// A worker whose loop goes round more often in that time is busy, a thousand times a second.
    static let restingTurns = 45_000
}

/// Finds out that there was much of something, and that there is little now.
struct Burst {
    private let least: Int
    private var peak = 0

    /// - Parameter least: so many are much.
    init(least: Int) { self.least = least }

    mutating func note(_ count: Int) { if count > peak { peak = count } }

    /// Are three quarters of what there was gone? It is said once.
    mutating func isOver(at count: Int) -> Bool {
        note(count)
        guard peak >= least, count <= peak / 4 else { return false }
        peak = count
        return true
    }
}

extension Worker {
    /// Only a pool that has grown has a timer: a server that rests sleeps.
    func watchPool() {
        isWatchingPool = true
        after(
            PoolWatch.period,
            Job { _, _, _ in
                guard let worker = Worker.current else { return }
                worker.messageBurst.note(worker.pool.blocks)
                worker.pool.trim(keeping: PoolWatch.usual, atMost: PoolWatch.most)
                worker.isWatchingPool = false
                if worker.messageBurst.isOver(at: worker.pool.blocks) { worker.returnMemory() }
            })
    }

    /// What is free, but in the hands of the allocator, goes back to the system: once after a burst, when
    /// the worker rests.
    func returnMemory() {
        guard !isReturningMemory else { return }
        isReturningMemory = true
        turnsAtBurst = turns
        after(
            PoolWatch.aftermath,
            Job { _, _, _ in
                guard let worker = Worker.current else { return }
                worker.isReturningMemory = false
                // With a large heap whoever allocates meanwhile waits for tens of milliseconds; who is busy needs it again.
                guard worker.turns &- worker.turnsAtBurst < PoolWatch.restingTurns else {
                    return worker.returnMemory()
                }
                worker.handler.burstEnded(worker)
                // Elsewhere: it takes milliseconds.
                worker.group.offload(
                    Job { _, _, _ in cl_heap_return() }, then: Job { _, _, _ in }, on: worker)
            })
    }
}
