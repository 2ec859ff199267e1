// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import Peers
import PluginKit
import Synchronization

/// What a server had that is no more: exactly one of the others goes on with its calls, which from then on are its own.
enum Inheriting {
    nonisolated(unsafe) private static var heartbeat: Heartbeat?

    /// [main] Before "core.ready".
    static func open(_ url: StorageURL) -> Outcome {
        var settings = Heartbeat.Settings(service: "dialog", server: Sharing.own)
        settings.patience = shareTimeout.value
        settings.interval = max(shareTimeout.value / 5, 20)
        guard let heartbeat = Heartbeat(url, settings) else { return .error }
        heartbeat.inherit = { call, dead, finished in inherit(dead.server, Finished(finished)) }
        // What was taken from us is in notes, and what we write meanwhile would be in the way.
        heartbeat.buried = { NoteReading.want($0) }
        self.heartbeat = heartbeat
        return .yes
    }

    static func start(on worker: Int) { heartbeat?.start(on: worker) }

    /// On the first worker: whether another server is alive.
    static func runs(_ server: Int) -> Bool {
        heartbeat?.liveness.runs(server, at: Loop.ticks / 1_000_000) ?? false
    }

    private struct Finished: @unchecked Sendable {
        let run: (CallPointer) -> Void
        init(_ run: @escaping (CallPointer) -> Void) { self.run = run }
    }

    /// Each worker reads what its messages are about; then it is done.
    private static func inherit(_ dead: Int, _ finished: Finished) {
        let progress = Progress(max(Host.workers, 1))
        for worker in 0..<max(Host.workers, 1) { read(dead, on: worker, progress, finished) }
    }

    private static func read(_ dead: Int, on worker: Int, _ progress: Progress, _ finished: Finished) {
        Loop.post(to: worker) { call in
            LateLoading.inherit(call.raw, from: dead) { count in
                guard let count else {
                    Loop.after(.seconds(1), on: worker) { _ in
                        read(dead, on: worker, progress, finished)
                        return .yes
                    }
                    return
                }
                guard let all = progress.add(count) else { return }
                Loop.post(to: 0) { call in
                    NoteReading.inherit(call.raw, dead)
                    Host.log(.notice, "\(all) calls of server \(dead) go on here")
                    finished.run(call.raw)
                    return .yes
                }
            }
            return .yes
        }
    }

    private final class Progress: Sendable {
        private let state: Mutex<(left: Int, count: Int)>

        init(_ workers: Int) { state = Mutex((workers, 0)) }

        /// How many there are, when this was the last worker.
        func add(_ count: Int) -> Int? {
            state.withLock { state in
                state.left -= 1
                state.count += count
                return state.left == 0 ? state.count : nil
            }
        }
    }
}
