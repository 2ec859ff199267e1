// SPDX-License-Identifier: Apache-2.0
import Glibc

enum Threads {
    /// Signals are for the main thread; only what the thread itself has done wrong comes here.
    static func blockSignals() {
        var set = sigset_t()
        sigfillset(&set)
        for own in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP] { sigdelset(&set, own) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }
}
