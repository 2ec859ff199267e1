// SPDX-License-Identifier: Apache-2.0

/// A transaction as a number: its worker, its place in that worker's table, and which of those that had this place.
/// It is never used twice, so one that is stale is found to be.
public struct Handle: Equatable, Sendable {
    public let number: UInt64

    public init(number: UInt64) { self.number = number }

    /// `index` is less than 2^24, `worker` less than 256; `generation` starts at 1.
    public init(worker: UInt32, index: UInt32, generation: UInt32) {
        number = UInt64(generation) << 32 | UInt64(worker & 0xff) << 24 | UInt64(index & 0xff_ffff)
    }

    public static var none: Handle { Handle(number: 0) }

    public var worker: UInt32 { UInt32(truncatingIfNeeded: number >> 24) & 0xff }
    public var index: UInt32 { UInt32(truncatingIfNeeded: number) & 0xff_ffff }
    public var generation: UInt32 { UInt32(truncatingIfNeeded: number >> 32) }
    /// As scripts and commands name a transaction: a first and a second number.
    public var entry: UInt32 { UInt32(truncatingIfNeeded: number) }
    public var label: UInt32 { generation }

    public init(entry: UInt32, label: UInt32) { number = UInt64(label) << 32 | UInt64(entry) }
}
