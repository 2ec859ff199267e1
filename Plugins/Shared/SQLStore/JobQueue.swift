// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What is to be done, in the order in which it was asked for. Any thread puts; one takes, all that is there.
final class JobQueue: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let bell = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [Job] = []
    private var isEnding = false

    init() {
        pthread_mutex_init(lock, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(bell, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_mutex_destroy(lock)
        pthread_cond_destroy(bell)
        lock.deallocate()
        bell.deallocate()
    }

    func put(_ job: Job) {
        pthread_mutex_lock(lock)
        jobs.append(job)
        let isFirst = jobs.count == 1
        pthread_mutex_unlock(lock)
        if isFirst { pthread_cond_signal(bell) }
    }

    func end() {
        pthread_mutex_lock(lock)
        isEnding = true
        pthread_mutex_unlock(lock)
        pthread_cond_signal(bell)
    }

    /// Waits until there is something; not at all longer than that, when it is more than 0. Nil: that was all.
    func take(atMost most: Int, milliseconds: Int) -> [Job]? {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        var until = timespec()
        clock_gettime(CLOCK_MONOTONIC, &until)
        until.tv_sec += milliseconds / 1000
        while jobs.isEmpty {
            if isEnding { return nil }
            guard milliseconds > 0 else {
                pthread_cond_wait(bell, lock)
                continue
            }
            if pthread_cond_timedwait(bell, lock, &until) == ETIMEDOUT { break }
        }
        if jobs.count <= most {
            defer { jobs = [] }
            return jobs
        }
        let taken = Array(jobs.prefix(most))
        jobs.removeFirst(most)
        return taken
    }
}
