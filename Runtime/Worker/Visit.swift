// SPDX-License-Identifier: Apache-2.0

/// A job that goes from worker to worker.
final class Visit {
    private let group: WorkerGroup
    private let each, done: Job
    private var next = 0

    private init(_ group: WorkerGroup, _ each: Job, _ done: Job) {
        self.group = group
        self.each = each
        self.done = done
    }

    static func start(_ group: WorkerGroup, _ each: Job, _ done: Job) { Visit(group, each, done).goOn() }

    private func goOn() {
        group.workers[next].post(
            Job(
                { visit, _, _ in
                    guard let visit else { return }
                    Unmanaged<Visit>.fromOpaque(visit).takeRetainedValue().arrived()
                }, Unmanaged.passRetained(self).toOpaque()))
    }

    private func arrived() {
        each.run()
        next += 1
        if next < group.workers.count { goOn() } else { done.run() }
    }
}
