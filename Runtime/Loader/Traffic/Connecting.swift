// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message
import Worker

/// Requests that a script forwarded over connections that are not open yet, and that may go elsewhere when one cannot
/// be opened. Of one worker; a plugin that sends looks after that itself, by core.closed.
struct Connecting {
    private var messages: [UInt64: [Message]] = [:]

    static func add(_ message: Message, _ connection: UInt64, on state: WorkerState.Pointer) {
        let isConnecting = state.pointee.worker._withUnsafeGuaranteedRef { $0.isConnecting(connection) }
        guard isConnecting, Remaining.count(on: message) > 0 else { return }
        message.retain()
        state.pointee.connecting.messages[connection, default: []].append(message)
    }

    /// They are on their way.
    static func opened(_ connection: UInt64, _ worker: Worker) {
        for message in take(connection, worker) { message.release() }
    }

    static func closed(_ connection: UInt64, _ worker: Worker) {
        guard let state = WorkerState.of(UInt32(worker.index)) else { return }
        for message in take(connection, worker) {
            var sending = Sending(message, on: state)
            sending.isScripted = true
            if sending.sendNext() < 0 { count(host.counters.failedRequests) }
            message.release()
        }
    }

    private static func take(_ connection: UInt64, _ worker: Worker) -> [Message] {
        guard let state = WorkerState.of(UInt32(worker.index)), !state.pointee.connecting.messages.isEmpty
        else {
            return []
        }
        return state.pointee.connecting.messages.removeValue(forKey: connection) ?? []
    }
}
