// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// What happens to a transaction, as others may hear of it.
enum Step: UInt32, CaseIterable {
    case created, forwarding, forwarded, response, failed, replying, replied, acked, cancelled, timeout, ended
    case localRequest, localResponse

    /// Those that somebody listens to, a bit each. Written once, before any traffic.
    nonisolated(unsafe) private static var heard = UInt32.max

    @inline(__always) var isHeard: Bool { Self.heard & (1 << rawValue) != 0 }

    /// Hook "core.ready": who listens is known now.
    static func listen() {
        heard = allCases.reduce(0) { events[Int($1.rawValue)].isHeard ? $0 | 1 << $1.rawValue : $0 }
    }
}

/// In the order of the steps.
let events: [Event] = [
    Event("created", "A transaction was made; the message is its request. Data: tm_event."),
    Event("forwarding", "A branch is about to go out; the message is its request. Data: tm_event."),
    Event("forwarded", "A branch went out; the message is its request. Data: tm_event."),
    Event("response", "A reply came to a branch; the message is the reply. Data: tm_event."),
    Event("failed", "All branches were refused; the message is the request. Data: tm_event."),
    Event("replying", "A reply is about to go to the client; the message is it. Data: tm_event."),
    Event("replied", "A reply went to the client; the message is it. Data: tm_event."),
    Event("acked", "The ACK to a refusal came; the message is it. Data: tm_event."),
    Event("cancelled", "The client cancelled; the message is the CANCEL. Data: tm_event."),
    Event("timeout", "A branch got no final answer in time; the message is its request. Data: tm_event."),
    Event("ended", "The transaction is about to go; the message is its request. Data: tm_event."),
    Event("local-request", "A request of our own is about to go out. Data: tm_event."),
    Event("local-response", "A reply made here is about to go out. Data: tm_event."),
]

/// False: somebody said stop.
@discardableResult @inline(__always)
func tell(
    _ step: Step, _ call: CallPointer, _ transaction: TransactionPointer, _ message: OpaquePointer?,
    reply: OpaquePointer? = nil, status: Int32 = 0, branch: Int32 = -1, flags: Int = 0
) -> Bool {
    guard step.isHeard else { return true }
    return emit(step, call, transaction, message, reply, status, branch, flags)
}

/// Without a message only the end is told of.
@inline(never) private func emit(
    _ step: Step, _ call: CallPointer, _ transaction: TransactionPointer, _ message: OpaquePointer?,
    _ reply: OpaquePointer?, _ status: Int32, _ branch: Int32, _ flags: Int
) -> Bool {
    var flags = flags
    if transaction.pointee.has(.local) { flags |= Int(TM_LOCAL) }
    if transaction.pointee.has(.cancelled) { flags |= Int(TM_CANCELLED) }
    var data = tm_event(
        transaction: transaction.pointee.handle.number, request: transaction.pointee.request, reply: reply,
        status: status, branch: branch, flags: UInt32(flags), reserved: 0)
    return withUnsafePointer(to: &data) {
        let event = events[Int(step.rawValue)]
        if let message { return event.emit(Call(call), Message(message), UnsafeRawPointer($0)) != .stop }
        return step != .ended || event.emit(Call(call), UnsafeRawPointer($0)) != .stop
    }
}
