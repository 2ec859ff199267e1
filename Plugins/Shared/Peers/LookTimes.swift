// SPDX-License-Identifier: Apache-2.0

/// When is looked for what other servers have written: at once when the database tells of it, and now and then in any case.
/// One look at a time; whatever is heard during one, or just after it, makes one more of it. All times are milliseconds.
public struct LookTimes: Equatable, Sendable {
    /// Between two looks, however much is told: a server that writes all the time is not looked after all the time.
    public static let gap = 5

    /// Between two looks while nobody tells.
    public let interval: Int
    /// The same while somebody does, for what he does not know: at least a second.
    public let rest: Int
    /// The database tells.
    public private(set) var isTold = false
    private var isLooking = false
    private var isWanted = false
    /// When the last look was over; before there was one, long ago.
    private var last = Int.min / 2

    public init(interval: Int) {
        self.interval = interval
        rest = max(interval, 1000)
    }

    /// The database has told, or begins to; or it cannot for a while. In each case something may have happened.
    /// - Returns: as `wants`.
    public mutating func hears(isTold: Bool, at now: Int) -> Int? {
        self.isTold = isTold
        return wants(at: now)
    }

    /// There may be something to be seen.
    /// - Parameter now: of a clock that only goes forward.
    /// - Returns: after how long a look is to begin. Nil: there is one, and another one follows.
    public mutating func wants(at now: Int) -> Int? {
        guard !isLooking else {
            isWanted = true
            return nil
        }
        return max(0, last + Self.gap - now)
    }

    /// A look begins.
    public mutating func looks() { isLooking = true }

    /// A look is over.
    /// - Parameter isSettled: nothing is left that has to be looked at again soon.
    /// - Returns: after how long the next one is to begin.
    public mutating func looked(isSettled: Bool, at now: Int) -> Int {
        isLooking = false
        last = now
        defer { isWanted = false }
        if isWanted { return Self.gap }
        return isTold && isSettled ? rest : interval
    }
}
