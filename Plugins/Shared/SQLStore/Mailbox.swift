// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// The answers of one database for one worker, in the order in which they were made. Many rows are lent a little at a
/// time: in between, the worker does what it is there for.
final class Mailbox: @unchecked Sendable {
    /// In nanoseconds.
    private static let portion: UInt64 = 1_000_000

    private let worker: UInt32
    /// Touched by the worker alone, as `next` and `isPausing` are.
    private var jobs: [Job] = []
    private var next = 0
    private var isPausing = false

    init(worker: UInt32) { self.worker = worker }

    /// From any thread.
    func send(_ jobs: [Job]) {
        let held = Unmanaged.passRetained(Letter(self, jobs))
        let code = Server.loop.pointee.post(
            Server.host, worker,
            { raw in
                guard let user = raw?.pointee.user else { return Outcome.error.code }
                let letter = Unmanaged<Letter>.fromOpaque(user).takeRetainedValue()
                letter.mailbox.receive(letter.jobs)
                return Outcome.yes.code
            }, held.toOpaque())
        if code <= 0 { held.release() }
    }

    private final class Letter {
        let mailbox: Mailbox
        let jobs: [Job]

        init(_ mailbox: Mailbox, _ jobs: [Job]) {
            self.mailbox = mailbox
            self.jobs = jobs
        }
    }

    private func receive(_ new: [Job]) {
        jobs += new
        if !isPausing { answer() }
    }

    private func answer() {
        let end = Loop.ticks + Self.portion
        while next < jobs.count {
            guard jobs[next].answer(until: end) else {
                isPausing = true
                Loop.after(1, on: Int(worker)) { [self] _ in
                    isPausing = false
                    answer()
                    return .yes
                }
                return
            }
            next += 1
        }
        jobs.removeAll(keepingCapacity: jobs.count < 1000)
        next = 0
    }
}
