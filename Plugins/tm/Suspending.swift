// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

// t_suspend() puts a request aside until somebody calls t_continue() with its two numbers: another script, perhaps on
// another worker. A branch that is none stands for what is to come, and its time runs out as that of others does.

@Declarations func suspendFunctions() -> [any Declaration] {
    Function("t_suspend", in: inRequestOrFailure, "Puts the request aside until t_continue().") { call in
        suspend(call.raw)
    }
    Function(
        "t_continue", in: .any, "Goes on with a request that was put aside, in that route.",
        Arg("index", Int.self), Arg("label", Int.self), Arg("route", Route.self, where: .request)
    ) { call, index, label, route in
        guard index > 0, label > 0, index <= Int(UInt32.max), label <= Int(UInt32.max) else { return .no }
        return goOn(call.raw, Handle(entry: UInt32(index), label: UInt32(label)), route.number)
    }
    Function("t_is_request_route", in: .any, "Does request_route run?") { call in
        Outcome(call.place == .request)
    }
    Function("t_is_reply_route", in: .any, "Does an onreply_route run?") { call in
        Outcome(call.place == .reply)
    }
    Function("t_is_failure_route", in: .any, "Does a failure_route run?") { call in
        Outcome(call.place == .failure)
    }
    Function("t_is_branch_route", in: .any, "Does a branch_route run?") { call in
        Outcome(call.place == .branch)
    }
    Function("t_flush_flags", in: .any, "Gives the message's flags to the transaction.") { call in
        guard call.hasMessage, let transaction = transaction(call.message.raw),
            let request = transaction.pointee.request
        else { return .no }
        set(request, MT_F_FLAGS, number(call.message.raw, MT_F_FLAGS))
        return .yes
    }
    Function("t_flush_xflags", in: .any, "Gives the message's further flags to the transaction.") { call in
        Outcome(call.hasMessage && transaction(call.message.raw) != nil)
    }
    Function(
        "t_drop", in: anywhere, "Ends the transaction without a reply.", Arg("code", Int.self, default: "500")
    ) { call, _ in
        guard let transaction = transaction(call.message.raw) else { return .no }
        cancelBranches(call.raw, transaction)
        giveUp(call.raw, transaction)
        return .yes
    }
    Function(
        "t_precheck_trans", in: inRequest, "Is a copy of this request being processed? It never gets so far."
    ) { _ in
        .no
    }
    Function(
        "t_drop_replies", in: [.failure, .event],
        "Which replies count no more: all, those of the last leg, none.",
        Arg("mode", Text?.self, "a, l or n")
    ) { call, mode in
        guard let transaction = transaction(call.message.raw) else { return .no }
        // One more than the failure_reply_mode it comes to.
        transaction.pointee.dropMode = 2
        if let mode, mode.hasPrefix(mt_str("n")) { transaction.pointee.dropMode = 1 }
        if let mode, mode.hasPrefix(mt_str("l")) { transaction.pointee.dropMode = 3 }
        return .yes
    }
}

private func suspend(_ call: CallPointer) -> Outcome {
    guard let message = call.pointee.msg, TmPlugin.number(message, MT_F_STATUS) == 0,
        let transaction = transaction(message) ?? create(call, message)
    else { return .no }
    guard transaction.pointee.isUnanswered, !transaction.pointee.has(.cancelled) else { return .no }
    transaction.pointee.flags.formUnion([.cared, .suspended])
    if transaction.pointee.isInvite, transaction.pointee.lastStatus == 0, autoInv100.value != 0,
        !transaction.pointee.has(.noTrying)
    {
        answer(call, transaction, 100, autoInv100Reason.value.raw)
    }
    transaction.pointee.suspendedUntil = milliseconds() + UInt64(transaction.pointee.times.answer)
    arm(transaction)
    return .yes
}

/// Nobody went on with it in time.
func suspensionEnded(_ call: CallPointer, _ transaction: TransactionPointer) {
    transaction.pointee.suspendedUntil = 0
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
    if handle.worker == call.pointee.worker {
        guard let transaction = transaction(handle), transaction.pointee.has(.suspended) else { return .no }
        goOn(call, transaction, route)
        return .yes
    }
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
    guard let transaction = transaction(handle), transaction.pointee.has(.suspended) else { return 1 }
    goOn(call, transaction, route)
    return 1
}

private func goOn(_ call: CallPointer, _ transaction: TransactionPointer, _ route: UInt32) {
    guard let request = transaction.pointee.request else { return }
    transaction.pointee.pins += 1
    transaction.pointee.flags.remove(.suspended)
    transaction.pointee.suspendedUntil = 0
    transaction.pointee.flags.insert(.failing)
    let token = Token(transaction.pointee.handle, 0).user
    let outcome = Server.script.pointee.run(call, request, route, continuationEnded, token)
    if outcome != mt_result(MT_SUSPEND) { ended(call, transaction) }
    unpin(call, transaction)
}

private let continuationEnded: mt_fn = { call in
    guard let call, let transaction = Token(call.pointee.user).transaction else { return 1 }
    transaction.pointee.pins += 1
    ended(call, transaction)
    unpin(call, transaction)
    return 1
}

private func ended(_ call: CallPointer, _ transaction: TransactionPointer) {
    transaction.pointee.flags.remove(.failing)
    guard transaction.pointee.isUnanswered, !transaction.pointee.has(.suspended) else { return }
    if transaction.pointee.branchCount == 0 { return suspensionEnded(call, transaction) }
    chooseReply(call, transaction)
}
