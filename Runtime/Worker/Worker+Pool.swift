// SPDX-License-Identifier: Apache-2.0

/// What a burst needed is given back when it is over.
enum PoolWatch {
    /// So many messages are kept ready, whatever happens: two megabytes, or twenty when they were long.
    static let usual = 256
    /// In milliseconds: what was not needed for so long is not needed.
    static let period: UInt32 = 5_000
    /// In blocks each time: half a millisecond.
    static let most = 1_024
}

extension Worker {
    /// Only a pool that has grown has a timer: a server that rests sleeps.
    func watchPool() {
        isWatchingPool = true
        after(
            PoolWatch.period,
            Job { _, _, _ in
                guard let worker = Worker.current else { return }
                worker.pool.trim(keeping: PoolWatch.usual, atMost: PoolWatch.most)
                worker.isWatchingPool = false
            })
    }
}
