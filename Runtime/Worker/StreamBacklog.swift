// SPDX-License-Identifier: Apache-2.0

/// How late a worker is with what a stream brought: how long that had waited in its socket; or for how long the socket
/// has been more than half full, for then more of it waits at the peer, which cannot send. Each stream is judged by
/// itself: who sends too much does not speak for the others. But when replies wait, so does every call that was begun.
///
/// Nothing has waited for longer than since the worker had nothing to do, so the kernel is asked only when that was some
/// time ago.
///
/// All times are in nanoseconds, of the worker's clock.
struct StreamBacklog {
    /// How late it is with what it has in hand. 0: it keeps up, or nobody asked. Replies that were late say nothing any more
    /// when none has come for `longest`: where no call is begun there are none.
    func time(at now: UInt64) -> UInt64 { now &- repliesAt < Self.longest ? max(own, replies) : own }
    private var own: UInt64 = 0
    /// How late it was with the replies that it read last, and when that was.
    private var replies: UInt64 = 0
    private var repliesAt: UInt64 = 0
    private var sleptAt: UInt64 = 0

    static let grace: UInt64 = 10_000_000
    /// Whoever is refused and asks again at once fills his socket for ever: he is tried anew after so long.
    static let longest: UInt64 = 500_000_000

    /// The worker has waited for something to do.
    mutating func slept(until now: UInt64) {
        sleptAt = now
        replies = 0
    }

    /// Whether it is worth asking.
    func mayBeLate(at now: UInt64) -> Bool { now &- sleptAt >= Self.grace }

    /// What it has in hand was late by so much where it was read; or comes from something else than a stream: 0.
    mutating func holds(_ time: UInt64) { own = time }

    /// - Parameters:
    ///   - since: of that stream: since when it has been more than half full; 0: it is not.
    ///   - bringsReplies: it does, as far as is known.
    ///   - waited: what was read last.
    ///   - isFilling: more than half of the room in the socket is taken.
    mutating func read(
        _ since: inout UInt64, bringsReplies: Bool = false, waited: UInt64, isFilling: Bool, at now: UInt64
    ) {
        if !isFilling {
            since = 0
        } else if since == 0 || since < sleptAt || now &- since >= Self.longest {
            since = now
        }
        own = max(waited, since == 0 ? 0 : now &- since)
        guard bringsReplies else { return }
        replies = waited
        repliesAt = now
    }
}
