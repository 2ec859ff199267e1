// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A thread that may wait for a database. Signals are for the main thread, and nobody is to end the process by hanging up.
final class StoreThread: @unchecked Sendable {
    private final class Work {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }

    private var thread = pthread_t()
    private(set) var isRunning = false

    /// False: the system lets there be no more of them.
    func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        let held = Unmanaged.passRetained(Work(body))
        let code = pthread_create(
            &thread, nil,
            { raw in
                guard let raw else { return nil }
                var all = sigset_t()
                sigfillset(&all)
                pthread_sigmask(SIG_BLOCK, &all, nil)
                Unmanaged<Work>.fromOpaque(raw).takeRetainedValue().body()
                return nil
            }, held.toOpaque())
        if code != 0 { held.release() }
        isRunning = code == 0
        return isRunning
    }

    /// Waits for its end, if it was started.
    func join() {
        guard isRunning else { return }
        isRunning = false
        pthread_join(thread, nil)
    }
}
