// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

let created = Event("created", "A transaction was made; the message is its request. Data: tm_event.")
let forwarding = Event(
    "forwarding", "A branch is about to go out; the message is its request. Data: tm_event.")
let forwarded = Event("forwarded", "A branch went out; the message is its request. Data: tm_event.")
let response = Event("response", "A reply came to a branch; the message is the reply. Data: tm_event.")
let failed = Event("failed", "All branches were refused; the message is the request. Data: tm_event.")
let replying = Event("replying", "A reply is about to go to the client; the message is it. Data: tm_event.")
let replied = Event("replied", "A reply went to the client; the message is it. Data: tm_event.")
let acked = Event("acked", "The ACK to a refusal came; the message is it. Data: tm_event.")
let cancelled = Event("cancelled", "The client cancelled; the message is the CANCEL. Data: tm_event.")
let timedOut = Event(
    "timeout", "A branch got no final answer in time; the message is its request. Data: tm_event.")
let ended = Event("ended", "The transaction is about to go; the message is its request. Data: tm_event.")
let localRequest = Event("local-request", "A request of our own is about to go out. Data: tm_event.")
let localResponse = Event("local-response", "A reply made here is about to go out. Data: tm_event.")

let events: [any Declaration] = [
    created, forwarding, forwarded, response, failed, replying, replied, acked, cancelled, timedOut, ended,
    localRequest, localResponse,
]

/// False: somebody said stop.
@discardableResult
func tell(
    _ event: Event, _ call: CallPointer, _ transaction: TransactionPointer, _ message: OpaquePointer?,
    reply: OpaquePointer? = nil, status: Int32 = 0, branch: Int32 = -1, flags: Int = 0
) -> Bool {
    guard let message else { return true }
    var flags = flags
    if transaction.pointee.has(.local) { flags |= Int(TM_LOCAL) }
    if transaction.pointee.has(.cancelled) { flags |= Int(TM_CANCELLED) }
    var data = tm_event(
        transaction: transaction.pointee.handle.number, request: transaction.pointee.request, reply: reply,
        status: status, branch: branch, flags: UInt32(flags), reserved: 0)
    return withUnsafePointer(to: &data) {
        event.emit(Call(call), Message(message), UnsafeRawPointer($0)) != .stop
    }
}
