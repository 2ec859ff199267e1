// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message
import Worker

/// Connections that are to be used again for requests to their other end (RFC 5923, 9): found by the port that the peer
/// listens on, not only by the one that it called from.
enum Aliasing {
    /// False: there is no connection.
    static func alias(_ message: Message, port: Int) -> Bool {
        let flow = message.flow
        guard flow.connection != 0, let group = host.group else { return false }
        let via = message.topVia
        let wanted = port != 0 ? port : via.port != 0 ? via.port : Int(flow.transport.defaultPort)
        group._withUnsafeGuaranteedRef { $0.alias(flow, port: UInt16(clamping: wanted)) }
        return true
    }

    /// `tcp_accept_aliases`: a request whose Via says so.
    static func accept(_ message: Message) {
        guard message.flow.connection != 0 else { return }
        let via = message.topVia
        guard via.params.count > 0, via.param("alias").isPresent else { return }
        _ = alias(message, port: 0)
    }
}

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
