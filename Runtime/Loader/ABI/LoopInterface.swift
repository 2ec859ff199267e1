// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Glibc
import Message
import Worker

/// "martlet.loop": time and workers. A job's three words are the plugin, its function and the function's user.
extension mt_loop_api {
    /// Written once, read by everyone: that makes `unsafe` safe.
    nonisolated(unsafe) static let made: UnsafePointer<mt_loop_api> = {
        let table = UnsafeMutablePointer<mt_loop_api>.allocate(capacity: 1)
        var api = mt_loop_api()
        api.head = mt_head(size: UInt32(MemoryLayout<mt_loop_api>.size), major: 1, minor: 0)
        api.ticks = {
            var now = timespec()
            clock_gettime(CLOCK_MONOTONIC, &now)
            return UInt64(now.tv_sec) &* 1_000_000_000 &+ UInt64(now.tv_nsec)
        }
        api.clock = {
            var now = timespec()
            clock_gettime(CLOCK_REALTIME, &now)
            return Int64(now.tv_sec) &* 1000 &+ Int64(now.tv_nsec) / 1_000_000
        }
        api.time()
        api.work()
        table.initialize(to: api)
        return UnsafePointer(table)
    }()

    private mutating func time() {
        after = { owner, worker, milliseconds, function, user in
            guard let owner, let function, let worker = Jobs.chosen(worker) else { return 0 }
            return worker._withUnsafeGuaranteedRef {
                $0.after(milliseconds, Jobs.timer(owner, function, user))
            }
        }
        every = { owner, worker, milliseconds, function, user in
            guard let owner, let function, let worker = Jobs.chosen(worker) else { return 0 }
            return worker._withUnsafeGuaranteedRef {
                $0.every(milliseconds, Jobs.timer(owner, function, user))
            }
        }
        cancel = { timer in
            guard timer != 0, let group = host.group else { return mt_result(MT_GONE) }
            return group._withUnsafeGuaranteedRef { mt_result($0.cancel(timer) ? MT_OK : MT_GONE) }
        }
    }

    private mutating func work() {
        post = { owner, worker, function, user in
            guard let owner, let function, let worker = Jobs.chosen(worker) else {
                return mt_result(MT_ERROR)
            }
            worker._withUnsafeGuaranteedRef { $0.post(Jobs.work(owner, function, user)) }
            return mt_result(MT_OK)
        }
        offload = { owner, worker, work, done, user in
            guard let owner, let work, let done, let worker = Jobs.chosen(worker), let group = host.group
            else {
                return mt_result(MT_ERROR)
            }
            group.takeUnretainedValue().offload(
                Jobs.work(owner, work, user), then: Jobs.work(owner, done, user),
                on: worker.takeUnretainedValue())
            return mt_result(MT_OK)
        }
        visit = { owner, each, done, user in
            guard let owner, let each, let done, let group = host.group else { return mt_result(MT_ERROR) }
            let after = Unmanaged.passRetained(AfterVisit(owner, done, user)).toOpaque()
            group.takeUnretainedValue().visit(
                Jobs.work(owner, each, user),
                then: Job(
                    { after, _, _ in
                        guard let after else { return }
                        let done = Unmanaged<AfterVisit>.fromOpaque(after).takeRetainedValue()
                        host.control?.takeUnretainedValue().post { done.run() }
                    }, after))
            return mt_result(MT_OK)
        }
        behind = {
            guard let state = WorkerState.current else { return 0 }
            return state.pointee.worker._withUnsafeGuaranteedRef { UInt32(clamping: $0.behind) }
        }
        worker = { callID in
            host.group.map { $0._withUnsafeGuaranteedRef { UInt32($0.owner(ofCallID: Slice(callID))) } } ?? 0
        }
    }
}

/// Functions of plugins as jobs of workers.
private enum Jobs {
    /// MT_ANY_WORKER: the one that asks, or the first for other threads.
    static func chosen(_ worker: UInt32) -> Unmanaged<Worker>? {
        let index = worker == UInt32.max ? (cl_worker() == nil ? 0 : UInt32(cl_worker_index())) : worker
        guard index < host.workerCount else { return nil }
        return host.loops.map { $0[Int(index)] }
    }

    static func timer(
        _ owner: UnsafePointer<mt_host>, _ call: @escaping mt_fn, _ user: UnsafeMutableRawPointer?
    ) -> Job {
        Job(
            { owner, call, user in
                guard let owner, let call = function(call) else { return }
                let block = owner.assumingMemoryBound(to: HostBlock.self)
                _ = invokeTimed(call, block.asHost, user, as: block.pointee.timer)
            }, UnsafeMutableRawPointer(mutating: owner), word(call), user)
    }

    static func work(
        _ owner: UnsafePointer<mt_host>, _ call: @escaping mt_fn, _ user: UnsafeMutableRawPointer?
    ) -> Job {
        Job(
            { owner, call, user in
                guard let owner, let call = function(call) else { return }
                let block = owner.assumingMemoryBound(to: HostBlock.self)
                _ = invokeTimed(call, block.asHost, user, as: block.pointee.job)
            }, UnsafeMutableRawPointer(mutating: owner), word(call), user)
    }
}

/// What `visit` calls last, on the thread of the commands.
private final class AfterVisit: @unchecked Sendable {
    private let owner: UnsafePointer<mt_host>
    private let done: mt_fn
    private let user: UnsafeMutableRawPointer?

    init(_ owner: UnsafePointer<mt_host>, _ done: @escaping mt_fn, _ user: UnsafeMutableRawPointer?) {
        self.owner = owner
        self.done = done
        self.user = user
    }

    func run() { _ = invokeTimed(done, owner, user, as: HostBlock.of(owner).pointee.job) }
}
