// SPDX-License-Identifier: Apache-2.0

/// The spans that a transaction's machines go by, in milliseconds. Points in time are milliseconds of a clock that
/// never goes back; 0 is "never".
public struct Times: Equatable, Sendable {
    /// The first interval between two copies of a message (RFC 3261, 17.1.1.1).
    public var t1: UInt32 = 500
    /// The longest one.
    public var t2: UInt32 = 4000
    /// How long a first answer may take: timers B, F and H.
    public var answer: UInt32 = 30_000
    /// How long a final answer may take after a provisional one: timer C (RFC 3261, 16.6).
    public var ringing: UInt32 = 120_000
    /// How long late copies are known for what they are: timers D, I, J and K.
    public var linger: UInt32 = 5000
    /// Whether each provisional answer starts timer C anew, or only the first and those that tell more.
    public var restartsOnEach = true

    public init() {}

    /// Timers L and M (RFC 6026, 8.4 and 8.7): as long as a 2xx may be on its way.
    public var accepted: UInt32 { max(64 &* t1, linger) }
}

extension UInt64 {
    /// The earlier of two points in time, of which 0 is "never".
    @inlinable public func earlier(_ other: UInt64) -> UInt64 {
        if self == 0 { return other }
        return other == 0 ? self : Swift.min(self, other)
    }

    /// Has that point in time come?
    @inlinable public func isDue(_ now: UInt64) -> Bool { self != 0 && self <= now }
}
