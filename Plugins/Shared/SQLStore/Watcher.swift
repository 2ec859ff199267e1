// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import Synchronization

/// Somebody who watches a table. He hears of it on his worker, once for all that happened since he heard last: while one
/// call is on its way there no second one is sent, and what it says is what is true when it arrives.
final class Watcher: Sendable {
    let table: String
    private let worker: UInt32
    private let target: Target
    /// What he is told next; 0: he has heard it all.
    private let pending = Atomic<mt_result>(0)

    private struct Target: @unchecked Sendable {
        let host: UnsafePointer<mt_host>?
        let changed: mt_fn
        let user: UnsafeMutableRawPointer?
    }

    init(
        _ table: String, host: UnsafePointer<mt_host>?, worker: UInt32, _ changed: @escaping mt_fn,
        _ user: UnsafeMutableRawPointer?
    ) {
        self.table = table
        self.worker = worker
        target = Target(host: host, changed: changed, user: user)
    }

    /// From any thread.
    func tell(_ result: mt_result) {
        guard pending.exchange(result, ordering: .acquiringAndReleasing) == 0 else { return }
        let held = Unmanaged.passRetained(self)
        let code = Server.loop.pointee.post(
            Server.host, worker,
            { raw in
                guard let user = raw?.pointee.user else { return Outcome.error.code }
                Unmanaged<Watcher>.fromOpaque(user).takeRetainedValue().arrive()
                return Outcome.yes.code
            }, held.toOpaque())
        guard code <= 0 else { return }
        held.release()
        pending.store(0, ordering: .releasing)
    }

    private func arrive() {
        var call = mt_call()
        call.host = target.host
        call.user = target.user
        call.worker = worker
        call.result = pending.exchange(0, ordering: .acquiringAndReleasing)
        _ = target.changed(&call)
    }
}
