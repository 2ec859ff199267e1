// SPDX-License-Identifier: Apache-2.0

/// A dialog as a number: its worker, its place in that worker's table, and which of those that had this place. It is
/// never used twice, so one that is stale is found to be.
public struct DialogNumber: Equatable, Sendable {
    public let number: UInt64

    @inlinable public init(number: UInt64) { self.number = number }
    /// `index` is less than 2^24, `worker` less than 256; `generation` starts at 1.
    @inlinable public init(worker: UInt32, index: UInt32, generation: UInt32) {
        number = UInt64(generation) << 32 | UInt64(worker & 0xff) << 24 | UInt64(index & 0xff_ffff)
    }

    @inlinable public static var none: DialogNumber { DialogNumber(number: 0) }
    @inlinable public var worker: UInt32 { UInt32(truncatingIfNeeded: number >> 24) & 0xff }
    @inlinable public var index: UInt32 { UInt32(truncatingIfNeeded: number) & 0xff_ffff }
    @inlinable public var generation: UInt32 { UInt32(truncatingIfNeeded: number >> 32) }
}

/// Gives dialogs numbers that no two of one entry share, on any worker, and that are never 0.
public struct NumberSource: Sendable {
    private let start, step, worker, workers: UInt32
    private var count: UInt32 = 0

    /// `start` 0: anywhere. With a step, several servers can share a database.
    public init(start: UInt32, step: UInt32, worker: UInt32, workers: UInt32, random: UInt32) {
        self.start = start == 0 ? random : start
        self.step = max(step, 1)
        self.worker = worker
        self.workers = max(workers, 1)
    }

    /// That one is taken, by a dialog of before: what comes is not to meet it soon.
    public mutating func skip(_ id: UInt32) {
        let next = start &+ step &* (count &* workers &+ worker)
        // Ahead of us, and near: on to behind it.
        let ahead = (id &- next) & 0x7fff_ffff
        if ahead < 1 << 30 { count &+= ahead / (step &* workers) &+ 1 }
    }

    public mutating func next() -> UInt32 {
        while true {
            // Commands carry numbers with a sign in 32 bits.
            let id = (start &+ step &* (count &* workers &+ worker)) & 0x7fff_ffff
            count &+= 1
            if id != 0 { return id }
        }
    }
}
