// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

// t_suspend() puts a request aside until somebody calls t_continue() with its two numbers: another script, perhaps on
// another worker. Its time runs out as that of a branch does. In an onreply_route it puts the reply aside instead.

@Declarations func suspendFunctions() -> [any Declaration] {
    Function(
        "t_suspend", in: [.request, .failure, .reply, .event, .local, .error],
        "Puts the request, or the reply, aside until t_continue()."
    ) { call in
        guard call.hasMessage else { return .no }
        return call.message.isRequest ? suspend(call.raw) : suspendReply(call.raw)
    }
    Function(
        "t_continue", in: .any, "Goes on with what was put aside, in that route.",
        Arg("index", Int.self), Arg("label", Int.self), Arg("route", Route.self, where: .request)
    ) { call, index, label, route in
        guard index > 0, label > 0, index <= Int(UInt32.max), label <= Int(UInt32.max) else { return .no }
        return goOn(call.raw, Handle(entry: UInt32(index), label: UInt32(label)), route.number)
    }
}

func suspend(_ call: CallPointer) -> Outcome {
    guard let message = call.pointee.msg, let transaction = transaction(message) ?? create(call, message)
    else {
        return .no
    }
    guard transaction.pointee.isUnanswered, !transaction.pointee.has(.cancelled) else { return .no }
    transaction.pointee.flags.formUnion([.cared, .suspended])
    if transaction.pointee.isInvite, transaction.pointee.lastStatus == 0, autoInv100.value != 0,
        !transaction.pointee.has(.noTrying)
    {
        answer(call, transaction, 100, autoInv100Reason.value.raw)
    }
    wait(transaction)
    return .yes
}

/// One reply at a time; its branch is waited for.
private func suspendReply(_ call: CallPointer) -> Outcome {
    guard let reply = call.pointee.msg, let transaction = transaction(reply), let branch = branch(reply),
        transaction.pointee.heldReply == nil, transaction.pointee.isUnanswered
    else { return .no }
    transaction.pointee.heldReply = Server.message.pointee.keep(reply)
    transaction.pointee.heldBranch = branch.pointee.number
    branch.pointee.flags.insert(.preparing)
    wait(transaction)
    return .yes
}

private func wait(_ transaction: TransactionPointer) {
    transaction.pointee.suspendedUntil = milliseconds() + UInt64(transaction.pointee.times.answer)
    arm(transaction)
}

/// Nobody went on with it in time.
func suspensionEnded(_ call: CallPointer, _ transaction: TransactionPointer) {
    transaction.pointee.suspendedUntil = 0
    if transaction.pointee.heldReply != nil { return goOnWithReply(call, transaction, 0) }
    transaction.pointee.flags.remove(.suspended)
    guard transaction.pointee.isUnanswered else { return }
    let branch = table(transaction).pointee.addBranch(transaction)
    branch.pointee.routes = transaction.pointee.routes
    branch.pointee.flags.formUnion([.faked, .timedOut])
    branch.pointee.status = 408
    chooseReply(call, transaction)
}

private func goOn(_ call: CallPointer, _ handle: Handle, _ route: UInt32) -> Outcome {
    guard Int(handle.worker) < max(Host.workers, 1) else { return .no }
    if handle.worker == call.pointee.worker { return Outcome(resume(call, handle, route)) }
    // On the worker that it belongs to. Rare, so it may cost an allocation.
    let order = UnsafeMutablePointer<(Handle, UInt32)>.allocate(capacity: 1)
    order.initialize(to: (handle, route))
    let posted = Server.loop.pointee.post(Server.host, handle.worker, ordered, UnsafeMutableRawPointer(order))
    if posted <= 0 { order.deallocate() }
    return Outcome(posted > 0)
}

private let ordered: mt_fn = { call in
    guard let call, let user = call.pointee.user else { return 1 }
    let order = user.assumingMemoryBound(to: (Handle, UInt32).self)
    let (handle, route) = order.pointee
    order.deallocate()
    _ = resume(call, handle, route)
    return 1
}

/// False: it is not put aside, or not any more.
private func resume(_ call: CallPointer, _ handle: Handle, _ route: UInt32) -> Bool {
    guard let transaction = transaction(handle) else { return false }
    if transaction.pointee.heldReply != nil {
        goOnWithReply(call, transaction, route)
        return true
    }
    guard transaction.pointee.has(.suspended), let request = transaction.pointee.request else { return false }
    transaction.pointee.pins += 1
    transaction.pointee.flags.remove(.suspended)
    transaction.pointee.suspendedUntil = 0
    transaction.pointee.failing += 1
    let token = Token(transaction.pointee.handle, 0).user
    let outcome = Server.script.pointee.run(call, request, route, continuationEnded, token)
    if outcome != mt_result(MT_SUSPEND) { ended(call, transaction) }
    unpin(call, transaction)
    return true
}

private let continuationEnded: mt_fn = { call in
    guard let call, let transaction = Token(call.pointee.user).transaction else { return 1 }
    transaction.pointee.pins += 1
    ended(call, transaction)
    unpin(call, transaction)
    return 1
}

private func ended(_ call: CallPointer, _ transaction: TransactionPointer) {
    transaction.pointee.failing -= 1
    guard transaction.pointee.isUnanswered, !transaction.pointee.has(.suspended) else { return }
    if transaction.pointee.branchCount == 0 { return suspensionEnded(call, transaction) }
    chooseReply(call, transaction)
}

// MARK: - replies

/// `route` 0: its time is out, so it goes on as it is.
private func goOnWithReply(_ call: CallPointer, _ transaction: TransactionPointer, _ route: UInt32) {
    guard let reply = transaction.pointee.heldReply,
        let branch = transaction.branch(Int(transaction.pointee.heldBranch))
    else { return }
    transaction.pointee.pins += 1
    transaction.pointee.heldReply = nil
    transaction.pointee.suspendedUntil = 0
    let token = Token(transaction.pointee.handle, Int(branch.pointee.number)).user
    let outcome =
        route == 0
        ? mt_result(MT_OK) : Server.script.pointee.run(call, reply, route, replyContinuationEnded, token)
    if outcome != mt_result(MT_SUSPEND) {
        goOn(call, transaction, branch, reply, isDropped: outcome == MT_STOP)
    }
    Server.message.pointee.release(reply)
    unpin(call, transaction)
}

private let replyContinuationEnded: mt_fn = { call in
    guard let call, let reply = call.pointee.msg, let transaction = Token(call.pointee.user).transaction,
        let branch = Token(call.pointee.user).branch
    else { return 1 }
    transaction.pointee.pins += 1
    goOn(call, transaction, branch, reply, isDropped: call.pointee.result == mt_result(MT_STOP))
    unpin(call, transaction)
    return 1
}

private func goOn(
    _ call: CallPointer, _ transaction: TransactionPointer, _ branch: BranchPointer, _ reply: OpaquePointer,
    isDropped: Bool
) {
    branch.pointee.flags.remove(.preparing)
    let status = number(reply, MT_F_STATUS)
    if isDropped, status < 200 { return arm(transaction) }
    deliver(call, transaction, branch, reply, status)
}
