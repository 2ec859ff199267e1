// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// Threads for work that blocks: started when there is work for one more, kept, and left alone at the end.
final class Helpers: @unchecked Sendable {
    struct Task {
        let work: Job
        /// What is run on a worker behind it.
        var done: Job?
        var worker: Worker?
    }

    private let most: Int
    private let name: String
    private var waiting: [Task] = []
    private var first = 0
    private var threads = 0
    private var idle = 0
    private var isStopping = false
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init(most: Int, name: String = "helper") {
        self.most = max(most, 1)
        self.name = name
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    func run(_ task: Task) {
        pthread_mutex_lock(mutex)
        waiting.append(task)
        if idle >= waiting.count - first {
            pthread_cond_signal(changed)
        } else if threads < most {
            threads += 1
            startThread()
        }
        pthread_mutex_unlock(mutex)
    }

    /// One that is blocked ends with the process.
    func stop() {
        pthread_mutex_lock(mutex)
        isStopping = true
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }

    private func startThread() {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let result = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                Threads.blockSignals()
                let helpers = Unmanaged<Helpers>.fromOpaque(context).takeRetainedValue()
                cl_thread_name(helpers.name)
                helpers.serve()
                return nil
            }, context.toOpaque())
        if result != 0 {
            threads -= 1
            context.release()
        }
    }

    private func serve() {
        while let task = next() {
            task.work.run()
            if let done = task.done { task.worker?.post(done) }
        }
    }

    private func next() -> Task? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while first == waiting.count, !isStopping {
            idle += 1
            pthread_cond_wait(changed, mutex)
            idle -= 1
        }
        guard !isStopping else { return nil }
        let task = waiting[first]
        first += 1
        if first == waiting.count {
            waiting.removeAll(keepingCapacity: true)
            first = 0
        }
        return task
    }
}
