// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The locks that a script takes and gives back itself, with sht_lock and sht_unlock.
///
/// They are apart from those that guard the table's memory: a script that forgets one holds up other scripts
/// that want the same one, for a second each, and nothing else. A worker that has one gets it again, as often
/// as it likes.
final class ScriptLocks: @unchecked Sendable {
    private static let count = 64
    private let locks: UnsafeMutablePointer<pthread_mutex_t>

    init() {
        locks = .allocate(capacity: ScriptLocks.count)
        var kind = pthread_mutexattr_t()
        pthread_mutexattr_init(&kind)
        pthread_mutexattr_settype(&kind, Int32(PTHREAD_MUTEX_RECURSIVE))
        for index in 0..<ScriptLocks.count { pthread_mutex_init(locks + index, &kind) }
        pthread_mutexattr_destroy(&kind)
    }

    /// False when nobody gave it back within a second.
    func lock(_ slot: Int) -> Bool {
        var until = timespec()
        clock_gettime(CLOCK_REALTIME, &until)
        until.tv_sec += 1
        return pthread_mutex_timedlock(locks + slot & (ScriptLocks.count - 1), &until) == 0
    }

    /// False when this worker does not have it.
    func unlock(_ slot: Int) -> Bool { pthread_mutex_unlock(locks + slot & (ScriptLocks.count - 1)) == 0 }
}
