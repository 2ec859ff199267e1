// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

// A phone that was asleep registers while its call waits: the destinations of that REGISTER become branches of the INVITE.

/// Of the message's Request-URI, if it was changed, and of its destinations. -1: there is no such transaction, -2: it
/// was cancelled, -3: it has been answered.
func addDestinations(_ call: CallPointer, _ handle: Handle, of message: OpaquePointer) -> Outcome {
    guard Int(handle.worker) < max(Host.workers, 1) else { return .no }
    if handle.worker == call.pointee.worker { return add(call, handle, message) }
    // It belongs to another worker, and so does a copy from now on.
    guard let copy = Server.message.pointee.copy(message) else { return .no }
    let order = UnsafeMutablePointer<(Handle, OpaquePointer)>.allocate(capacity: 1)
    order.initialize(to: (handle, copy))
    if Server.loop.pointee.post(Server.host, handle.worker, ordered, UnsafeMutableRawPointer(order)) > 0 {
        return .yes
    }
    order.deallocate()
    Server.message.pointee.release(copy)
    return .no
}

private let ordered: mt_fn = { call in
    guard let call, let user = call.pointee.user else { return 1 }
    let order = user.assumingMemoryBound(to: (Handle, OpaquePointer).self)
    let (handle, message) = order.pointee
    order.deallocate()
    _ = add(call, handle, message)
    Server.message.pointee.release(message)
    return 1
}

private func add(_ call: CallPointer, _ handle: Handle, _ message: OpaquePointer) -> Outcome {
    guard let transaction = transaction(handle), let request = transaction.pointee.request else { return .no }
    if transaction.pointee.has(.cancelled) { return Outcome(-2) }
    guard transaction.pointee.isUnanswered else { return Outcome(-3) }
    transaction.pointee.pins += 1
    defer { unpin(call, transaction) }
    unshare(transaction)
    Server.message.pointee.clear_targets(request)
    var own = requestTarget(message)
    if Text(unchecked: own.uri) != Text(unchecked: text(message, MT_F_RECEIVED_URI)) {
        give(&own, transaction, request)
    }
    for index in 0..<number(message, MT_F_TARGETS) {
        guard let target = Server.message.pointee.target(message, UInt32(index)) else { break }
        var own = target.pointee
        give(&own, transaction, request)
    }
    // Only what is new: the Request-URI has its branch.
    MessageState.make(request).pointee.destination = destination(request)
    transaction.pointee.failing += 1
    let outcome = relay(call, request, Destination())
    transaction.pointee.failing -= 1
    return outcome
}

/// Unless a branch goes there already.
private func give(_ target: inout mt_target, _ transaction: TransactionPointer, _ request: OpaquePointer) {
    let uri = Text(unchecked: target.uri)
    let ruid = Text(unchecked: target.ruid)
    var isThere = false
    transaction.eachBranch { branch in
        guard let message = branch.pointee.message else { return }
        if uri == Text(unchecked: text(message, MT_F_URI)), ruid == Text(unchecked: text(message, MT_F_RUID))
        {
            isThere = true
        }
    }
    if !isThere { _ = Server.message.pointee.add_target(request, &target) }
}
