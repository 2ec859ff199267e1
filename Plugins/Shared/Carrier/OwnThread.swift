// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A thread of a plugin's own, which sleeps in poll: for what would hold up a worker. Signals are for others.
public struct OwnThread {
    private final class Work {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }

    private var thread: pthread_t?

    public init() {}

    /// False: the system lets there be no more of them.
    public mutating func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        let held = Unmanaged.passRetained(Work(body))
        var made = pthread_t()
        let code = pthread_create(
            &made, nil,
            { raw in
                guard let raw else { return nil }
                var all = sigset_t()
                sigfillset(&all)
                pthread_sigmask(SIG_BLOCK, &all, nil)
                Unmanaged<Work>.fromOpaque(raw).takeRetainedValue().body()
                return nil
            }, held.toOpaque())
        guard code == 0 else {
            held.release()
            return false
        }
        thread = made
        return true
    }

    /// Waits for its end, if it was started.
    public mutating func join() {
        guard let made = thread else { return }
        pthread_join(made, nil)
        thread = nil
    }
}
