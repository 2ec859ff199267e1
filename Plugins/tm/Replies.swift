// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

/// Hook "core.reply": a reply to a branch of ours, or to nothing that there is.
func replyArrived(_ call: CallPointer) -> Outcome {
    guard let reply = call.pointee.msg else { return .yes }
    let name = text(reply, MT_F_VIA_BRANCH)
    guard let (handle, number) = Words.names.read(name) else {
        // What other parts of the server forwarded without a transaction finds its way itself.
        return BranchName.isLike(name) ? strayReply(call, reply) : .yes
    }
    guard let transaction = transaction(handle), transaction.pointee.worker == call.pointee.worker,
        let branch = transaction.branch(number), branch.pointee.has(.sent)
    else { return strayReply(call, reply) }
    Statistics.received.add()
    let state = MessageState.make(reply)
    state.pointee.handle = handle
    state.pointee.branch = branch.pointee.number

    let method = TmPlugin.number(reply, MT_F_METHOD_ID)
    if method == MT_CANCEL, transaction.pointee.isInvite {
        cancelAnswered(call, transaction, branch, TmPlugin.number(reply, MT_F_STATUS))
        Statistics.absorbed.add()
        return .stop
    }
    guard method == Int(transaction.pointee.method) else { return strayReply(call, reply) }
    transaction.pointee.pins += 1
    defer { unpin(call, transaction) }
    guard Words.replyRoute != 0 else {
        take(call, transaction, branch, reply)
        return .stop
    }
    // The script's route for all replies comes first; what it drops has not come.
    lendFlags(transaction, branch, reply)
    let outcome = Server.script.pointee.run(
        call, reply, Words.replyRoute, replyRouteEnded, Token(handle, number).user)
    if outcome != mt_result(MT_STOP), outcome != mt_result(MT_SUSPEND) {
        takeFlags(transaction, branch, reply)
        take(call, transaction, branch, reply)
    }
    return .stop
}

private let replyRouteEnded: mt_fn = { call in
    guard let call, call.pointee.result != mt_result(MT_STOP), let reply = call.pointee.msg,
        let transaction = Token(call.pointee.user).transaction, let branch = Token(call.pointee.user).branch
    else { return 1 }
    transaction.pointee.pins += 1
    takeFlags(transaction, branch, reply)
    take(call, transaction, branch, reply)
    unpin(call, transaction)
    return 1
}

/// RFC 6026, 8.7: what belongs to no transaction is not sent on.
private func strayReply(_ call: CallPointer, _ reply: OpaquePointer) -> Outcome {
    if Words.strayRoute != 0 { _ = Server.script.pointee.run(call, reply, Words.strayRoute, nil, nil) }
    Statistics.absorbed.add()
    return .stop
}

private func cancelAnswered(
    _ call: CallPointer, _ transaction: TransactionPointer, _ branch: BranchPointer, _ status: Int
) {
    guard case .plain(var machine) = branch.pointee.cancel else { return }
    _ = machine.replyArrived(status, at: milliseconds(), transaction.pointee.times)
    branch.pointee.cancel = .plain(machine)
    if status >= 200, let message = branch.pointee.cancelMessage {
        Server.message.pointee.release(message)
        branch.pointee.cancelMessage = nil
    }
    settle(call, transaction)
}

/// A reply that nobody has dropped yet.
private func take(
    _ call: CallPointer, _ transaction: TransactionPointer, _ branch: BranchPointer, _ reply: OpaquePointer
) {
    let status = number(reply, MT_F_STATUS)
    let now = milliseconds()
    let actions: ClientActions
    switch branch.pointee.client {
    case .invite(var machine):
        actions = machine.replyArrived(status, at: now, transaction.pointee.times)
        if transaction.pointee.lifeEnd != 0 { machine.limit(to: transaction.pointee.lifeEnd) }
        branch.pointee.client = .invite(machine)
    case .plain(var machine):
        actions = machine.replyArrived(status, at: now, transaction.pointee.times)
        branch.pointee.client = .plain(machine)
    case .none: return
    }
    branch.pointee.flags.insert(.heardOf)
    if status >= 200, branch.pointee.hasFinal, branch.pointee.copies < .max { branch.pointee.copies += 1 }
    table(transaction).pointee.streams.remove(branch)
    if status == 503, actions.contains(.deliver) { blockOverloaded(branch, reply) }
    if actions.contains(.acknowledge) { acknowledge(call, transaction, branch, reply) }
    if status < 200, branch.pointee.has(.cancelWanted), branch.pointee.client.isOpen {
        sendCancel(call, transaction, branch, reason: mt_str())
    }
    guard actions.contains(.deliver) else {
        Statistics.absorbed.add()
        return arm(transaction)
    }
    tell(
        .response, call, transaction, reply, reply: reply, status: Int32(status),
        branch: branch.pointee.number
    )
    let route = branch.pointee.routes.reply
    if route != 0, !transaction.pointee.has(.silent) {
        lendFlags(transaction, branch, reply)
        let token = Token(transaction.pointee.handle, Int(branch.pointee.number)).user
        let outcome = Server.script.pointee.run(call, reply, route, namedRouteEnded, token)
        if outcome == mt_result(MT_SUSPEND) || transaction.pointee.heldReply == reply {
            return arm(transaction)
        }
        takeFlags(transaction, branch, reply)
        if outcome == mt_result(MT_STOP), status < 200 {
            Statistics.absorbed.add()
            return arm(transaction)
        }
    }
    deliver(call, transaction, branch, reply, status)
}

private let namedRouteEnded: mt_fn = { call in
    guard let call, let reply = call.pointee.msg, let transaction = Token(call.pointee.user).transaction,
        let branch = Token(call.pointee.user).branch
    else { return 1 }
    let status = number(reply, MT_F_STATUS)
    if transaction.pointee.heldReply == reply { return 1 }
    takeFlags(transaction, branch, reply)
    if call.pointee.result == mt_result(MT_STOP), status < 200 { return 1 }
    transaction.pointee.pins += 1
    deliver(call, transaction, branch, reply, status)
    unpin(call, transaction)
    return 1
}

/// Whatever the script said of it is done.
func deliver(
    _ call: CallPointer, _ transaction: TransactionPointer, _ branch: BranchPointer, _ reply: OpaquePointer,
    _ status: Int
) {
    let wasPretended = branch.pointee.hasFinal
    if status < 200 {
        if !wasPretended { branch.pointee.status = Int32(status) }
        let goesOn = status > 100 || relay100.value != 0
        let isWanted =
            transaction.pointee.isUnanswered && !wasPretended && !transaction.pointee.has(.cancelled)
        if goesOn, isWanted || transaction.pointee.has(.local) && goesOn {
            respond(call, transaction, reply, status, isOurs: false, branch: branch.pointee.number)
        } else {
            Statistics.absorbed.add()
        }
        return arm(transaction)
    }
    branch.pointee.status = Int32(status)
    branch.pointee.flags.remove(.faked)
    if status < 300 {
        transaction.pointee.picked = branch.pointee.number
        respond(call, transaction, reply, status, isOurs: false, branch: branch.pointee.number)
        cancelBranches(call, transaction, except: branch, because: .answeredElsewhere)
        return settle(call, transaction)
    }
    guard transaction.pointee.isUnanswered else {
        Statistics.absorbed.add()
        return settle(call, transaction)
    }
    if let old = branch.pointee.reply { Server.message.pointee.release(old) }
    branch.pointee.reply = Server.message.pointee.keep(reply)
    branchFailed(call, transaction, branch)
}
