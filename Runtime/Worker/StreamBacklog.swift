// SPDX-License-Identifier: Apache-2.0

/// How far behind a worker is with streams.
///
/// It reads those that have something in turn, so what it finds has waited no longer than since the same stream was read
/// before, or since the worker slept: the shortest such time of many streams is how long a round takes. Where a few
/// streams carry everything, what is too much waits at the peer, which cannot send; then it counts for how long one of
/// them has had more than one reading takes, each time.
///
/// All times are in nanoseconds, of the worker's clock.
struct StreamBacklog {
    /// When there was nothing to do.
    private var sleptAt: UInt64 = 0
    /// The shortest time in the window that runs, and in the one before.
    private var shortest = UInt64.max
    private var round: UInt64 = 0
    private var windowAt: UInt64 = 0
    /// The stream that had too much, since when, when it had last, and how often it had not since: it may run dry for a
    /// moment, when what waits at the peer comes no faster than we read.
    private var full = (stream: -1, since: UInt64(0), last: UInt64(0), misses: 0)

    private static let window: UInt64 = 20_000_000
    private static let grace: UInt64 = 10_000_000
    private static let misses = 8
    private static let longest: UInt64 = 500_000_000
    /// Who is not read for so long has nothing left.
    private static let silence: UInt64 = 250_000_000

    /// The worker has waited for something to do.
    mutating func slept(until now: UInt64) { sleptAt = now }

    /// - Parameters:
    ///   - before: when this stream was read last; 0: never.
    ///   - isFull: it had as much as one reading takes.
    mutating func read(_ stream: Int, before: UInt64, isFull: Bool, at now: UInt64) {
        if now &- windowAt >= Self.window {
            round = shortest == .max || now &- windowAt >= Self.silence ? 0 : shortest
            shortest = .max
            windowAt = now
        }
        // It has never been read: nobody knows how long it has waited.
        if before != 0 || sleptAt == now { shortest = min(shortest, now &- max(before, sleptAt)) }
        if isFull {
            if full.stream < 0 || now &- full.last >= Self.silence { full = (stream, now, now, 0) }
            if full.stream == stream {
                // Whoever is refused and asks again at once fills it for ever: it is tried anew.
                if now &- full.since >= Self.longest { full.since = now }
                full.last = now
                full.misses = 0
            }
        } else if full.stream == stream {
            full.misses += 1
            if full.misses >= Self.misses, now &- full.last >= Self.grace { full.stream = -1 }
        }
    }

    /// 0: it keeps up.
    func time(at now: UInt64) -> UInt64 {
        let waited = now &- windowAt < Self.silence ? round : 0
        guard full.stream >= 0, now &- full.last < Self.silence else { return waited }
        return max(waited, now &- full.since)
    }
}
