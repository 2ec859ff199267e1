// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import Message
import Script
import Worker

/// All messages and all calls, one after the other on one worker.
final class Scene: @unchecked Sendable {
    /// How long a call may take, in seconds.
    static let patience = 10

    private let calls: [Calls.Call]
    private let blocks: [UInt32]
    private let announce: (Int) -> Void
    private var turn = 0
    private let done: UnsafeMutablePointer<sem_t> = {
        let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
        return semaphore
    }()

    /// `announce` is told the number of each call before it is made, from 1, and 0 for what is no call.
    init(calls: [Calls.Call], blocks: [UInt32], announce: @escaping (Int) -> Void) {
        self.calls = calls
        self.blocks = blocks
        self.announce = announce
    }

    /// False: some call did not return.
    func play(on worker: Worker) -> Bool {
        for _ in 0...calls.count {
            worker.post(
                Job(
                    { scene, _, _ in
                        guard let scene else { return }
                        Unmanaged<Scene>.fromOpaque(scene).takeUnretainedValue().next()
                    }, Unmanaged.passUnretained(self).toOpaque()))
            var end = timespec()
            clock_gettime(CLOCK_REALTIME, &end)
            end.tv_sec += Self.patience
            while sem_timedwait(done, &end) != 0 { if errno != EINTR { return false } }
        }
        return true
    }

    /// [worker] The hooks with every message first, then call after call.
    private func next() {
        defer { sem_post(done) }
        guard let state = WorkerState.current else { return }
        announce(turn)
        defer { turn += 1 }
        guard turn > 0 else {
            for bytes in Messages.requests {
                show(bytes, to: state) { _ = runHooks(.request, $0, on: state) }
            }
            for bytes in Messages.replies { show(bytes, to: state) { _ = runHooks(.reply, $0, on: state) } }
            return
        }
        let kind = calls[turn - 1].kind
        let messages = kind == UInt32(MT_IN_REPLY) ? Messages.replies : Messages.requests
        for bytes in messages {
            show(bytes, to: state) { _ = HostFunctions.runBlock(blocks[turn - 1], $0, on: state) }
        }
    }

    private func show(_ bytes: [UInt8], to state: WorkerState.Pointer, _ body: (Message) -> Void) {
        let message = state.pointee.messages.take()
        defer { message.release() }
        guard bytes.withUnsafeBytes({ message.load($0) }) == nil else { return }
        message.flow = Scene.flow
        body(message)
        _ = runHooks(.finished, message, on: state)
        if message.references == 1 { message.poison() }
    }

    /// From port 9 of this machine, where nobody minds an answer.
    private static var flow: mt_flow {
        guard let peer = Endpoint("127.0.0.1", port: 9) else { return mt_flow() }
        return mt_flow(.udp, socket: 0, remote: peer, local: peer)
    }
}
