// SPDX-License-Identifier: Apache-2.0
import CLinux

extension Worker {
    /// [any] Runs the job once, in `ms` milliseconds or a moment later. 0 when there are too many timers.
    @discardableResult public func after(_ ms: UInt32, _ job: Job) -> UInt64 { set(ms, period: 0, job) }

    /// [any] Runs the job every `ms` milliseconds.
    @discardableResult public func every(_ ms: UInt32, _ job: Job) -> UInt64 {
        set(ms, period: max(ms, 1), job)
    }

    /// [any] False when it was too late, or the id is none of ours. After true the job will not start any
    /// more.
    @discardableResult public func cancel(_ timer: UInt64) -> Bool {
        let owner = Timers.worker(of: timer)
        if owner == index, isCurrent { return timers.cancel(timer) }
        return group.cancel(timer)
    }

    /// [any] Runs the job on this worker, after what it is doing now.
    public func post(_ job: Job) {
        let letter = newLetter()
        letter.pointee.kind = .job
        letter.pointee.job = job
        send(letter)
    }

    private func set(_ ms: UInt32, period: UInt32, _ job: Job) -> UInt64 {
        guard isCurrent else { return setElsewhere(ms, period, job) }
        return timers.set(at: (ticks + 999_999) / 1_000_000 + UInt64(max(ms, 1)), period: period, job)
    }

    private func setElsewhere(_ ms: UInt32, _ period: UInt32, _ job: Job) -> UInt64 {
        let now = (Worker.clock() + 999_999) / 1_000_000
        let id = timers.prepare(at: now + UInt64(max(ms, 1)), period: period, job)
        guard id != 0 else { return 0 }
        let letter = newLetter()
        letter.pointee.kind = .timer
        letter.pointee.number = id
        send(letter)
        return id
    }

    func cancelElsewhere(_ timer: UInt64) -> Bool {
        guard timers.cancelElsewhere(timer) else { return false }
        let letter = newLetter()
        letter.pointee.kind = .cancelled
        letter.pointee.number = timer
        send(letter)
        return true
    }
}
