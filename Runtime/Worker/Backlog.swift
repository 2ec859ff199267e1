// SPDX-License-Identifier: Apache-2.0

/// How far behind a worker is with datagrams: how long those that it has just read had waited in their socket; or for how
/// long that has been more than half full, when it is so small that nothing waits in it for long, but is lost. That there
/// is always one more batch to read says little: so it is for every busy worker, however short its queue.
///
/// All times are in nanoseconds, of the worker's clock.
struct Backlog {
    /// Somebody wants to know, so that the kernel is asked: once for each full batch.
    var isAskedFor = false

    /// What was seen of one socket; it holds until that is read again, and no longer than `life`: who is late reads
    /// again at once, and a socket to which nothing more comes is not read at all.
    private var late = (socket: -1, time: UInt64(0))
    private var filling = (socket: -1, since: UInt64(0))
    private var seenAt: UInt64 = 0
    static let life: UInt64 = 1_000_000_000

    /// - Parameters:
    ///   - waited: what came last in a full batch; 0 when the batch was not full, for then there is nothing left.
    ///   - isFilling: more than half of the socket's room is taken.
    mutating func read(_ socket: Int, waited: UInt64, isFilling: Bool, at now: UInt64) {
        if now &- seenAt >= Self.life { forget() }
        if waited > 0 {
            late = (socket, waited)
        } else if late.socket == socket {
            late = (-1, 0)
        }
        if !isFilling {
            if filling.socket == socket { filling = (-1, 0) }
        } else if filling.socket < 0 {
            filling = (socket, now)
        }
        if waited > 0 || isFilling { seenAt = now }
    }

    /// 0: it keeps up.
    func time(at now: UInt64) -> UInt64 {
        guard now &- seenAt < Self.life else { return 0 }
        return max(late.time, filling.socket < 0 ? 0 : now &- filling.since)
    }

    private mutating func forget() {
        late = (-1, 0)
        filling = (-1, 0)
    }
}
