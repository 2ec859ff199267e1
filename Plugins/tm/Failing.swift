// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

/// A branch has come to nothing. Its name may lead elsewhere, or its own route may send it there; else the others decide.
func branchFailed(_ call: CallPointer, _ transaction: TransactionPointer, _ branch: BranchPointer) {
    if goesElsewhere(call, transaction, branch) { return }
    let route = branch.pointee.routes.branchFailure
    guard route != 0, !transaction.pointee.has(.local), let request = transaction.pointee.request else {
        return afterBranchFailure(call, transaction, branch)
    }
    branch.pointee.routes.branchFailure = 0
    transaction.pointee.routes.branchFailure = 0
    transaction.pointee.picked = branch.pointee.number
    unshare(transaction)
    transaction.pointee.failing += 1
    MessageState.make(request).pointee.destination = destination(request)
    let token = Token(transaction.pointee.handle, Int(branch.pointee.number)).user
    let outcome = Server.script.pointee.run(call, request, route, branchFailureEnded, token)
    if outcome == mt_result(MT_SUSPEND) { return arm(transaction) }
    transaction.pointee.failing -= 1
    afterBranchFailure(call, transaction, branch)
}

private let branchFailureEnded: mt_fn = { call in
    guard let call, let transaction = Token(call.pointee.user).transaction,
        let branch = Token(call.pointee.user).branch
    else { return 1 }
    transaction.pointee.pins += 1
    transaction.pointee.failing -= 1
    afterBranchFailure(call, transaction, branch)
    unpin(call, transaction)
    return 1
}

private func afterBranchFailure(
    _ call: CallPointer, _ transaction: TransactionPointer, _ branch: BranchPointer
) {
    if branch.pointee.status >= 600, !branch.pointee.has(.faked), disable6xx.value == 0,
        !transaction.pointee.has(.noSixxBlock)
    {
        cancelBranches(call, transaction, except: branch)
    }
    chooseReply(call, transaction)
}

/// When no branch is waited for any more: failure_route, and what came of it.
func chooseReply(_ call: CallPointer, _ transaction: TransactionPointer) {
    guard transaction.pointee.isUnanswered, !transaction.pointee.isFailing,
        !transaction.pointee.has(.suspended)
    else { return arm(transaction) }
    guard let winner = winner(transaction) else { return arm(transaction) }
    transaction.pointee.picked = winner.pointee.number
    let route = winner.pointee.routes.failure
    let request = transaction.pointee.request
    if !tell(
        .failed, call, transaction, request, reply: winner.pointee.reply, status: winner.pointee.status,
        branch: winner.pointee.number, flags: winner.pointee.has(.faked) ? Int(TM_FAKED) : 0)
    {
        return arm(transaction)
    }
    guard route != 0, let request, !transaction.pointee.has(.local) || enableUacFR.value != 0 else {
        if isOfNoInterest(transaction, winner) { return giveUp(call, transaction) }
        return forwardWinner(call, transaction, winner)
    }
    // It counts once: to have it run again, the script arms it again.
    transaction.pointee.routes.failure = 0
    winner.pointee.routes.failure = 0
    transaction.pointee.routes.branch = 0
    transaction.pointee.routes.reply = winner.pointee.routes.reply
    transaction.pointee.failing += 1
    unshare(transaction)
    prepare(request, winner)
    let token = Token(transaction.pointee.handle, Int(winner.pointee.number)).user
    let outcome = Server.script.pointee.run(call, request, route, failureRouteEnded, token)
    if outcome == mt_result(MT_SUSPEND) { return arm(transaction) }
    afterFailure(call, transaction)
}

/// `noisy_ctimer` 0: one silent branch, and a caller who will give up by himself.
private func isOfNoInterest(_ transaction: TransactionPointer, _ winner: BranchPointer) -> Bool {
    noisyCTimer.value == 0 && transaction.pointee.isInvite && transaction.pointee.branchCount == 1
        && winner.pointee.has(.timedOut) && !winner.pointee.has(.heardOf)
        && !transaction.pointee.has(.local) && !transaction.pointee.has(.cancelled)
}

/// The request as failure_route finds it: with the Request-URI of the branch that failed.
private func prepare(_ request: OpaquePointer, _ winner: BranchPointer) {
    if let message = winner.pointee.message, message != request {
        set(request, MT_F_URI, text(message, MT_F_URI))
    }
    set(request, MT_F_NEXT_HOP, mt_str())
    set(request, MT_F_PATH, mt_str())
    _ = Server.message.pointee.set_number(request, UInt32(MT_F_OUT_SOCKET), Int64.min)
    _ = Server.message.pointee.set_number(request, UInt32(MT_F_ERROR), Int64.min)
    Server.message.pointee.clear_targets(request)
    let state = MessageState.make(request)
    state.pointee.destination = destination(request)
}

private let failureRouteEnded: mt_fn = { call in
    guard let call, let transaction = Token(call.pointee.user).transaction else { return 1 }
    transaction.pointee.pins += 1
    afterFailure(call, transaction)
    unpin(call, transaction)
    return 1
}

private func afterFailure(_ call: CallPointer, _ transaction: TransactionPointer) {
    transaction.pointee.failing -= 1
    guard transaction.pointee.isUnanswered, !transaction.pointee.has(.suspended) else {
        return settle(call, transaction)
    }
    guard let winner = winner(transaction) else { return arm(transaction) }
    transaction.pointee.picked = winner.pointee.number
    // Branches that failed at once have a failure_route of their own, if one was armed.
    if winner.pointee.routes.failure != 0, winner.pointee.number >= transaction.pointee.leg {
        return chooseReply(call, transaction)
    }
    forwardWinner(call, transaction, winner)
}

/// nil: some branch is still waited for, or there is none.
private func winner(_ transaction: TransactionPointer) -> BranchPointer? {
    var choice = ReplyChoice(fakedPenalty: fakedReplyPrio.value)
    var isWaiting = false
    var hasAny = false
    transaction.eachBranch { branch in
        if branch.pointee.has(.preparing) && !branch.pointee.hasFinal
            || branch.pointee.has(.blind) && !branch.pointee.hasFinal
        {
            isWaiting = true
        } else if branch.pointee.client.isOpen && !branch.pointee.hasFinal {
            isWaiting = true
        } else if branch.pointee.hasFinal {
            hasAny = true
            guard !branch.pointee.has(.dropped) else { return }
            choice.offer(
                Int(branch.pointee.number), status: Int(branch.pointee.status),
                isFaked: branch.pointee.has(.faked))
        }
    }
    guard !isWaiting, hasAny else { return nil }
    if choice.best >= 0 { return transaction.branch(choice.best) }
    return transaction.pointee.last
}

/// The client gets the answer that was chosen.
private func forwardWinner(_ call: CallPointer, _ transaction: TransactionPointer, _ winner: BranchPointer) {
    let status = Int(winner.pointee.status)
    if winner.pointee.has(.dropped) {
        answer(call, transaction, 500, mt_str("Server Internal Error"))
    } else if let reply = winner.pointee.reply, !winner.pointee.has(.faked) {
        if status == 503, remap503.value != 0, !transaction.pointee.has(.local) {
            answer(call, transaction, 500, mt_str("Service Unavailable"))
        } else if status == 401 || status == 407, aggregatesChallenges.value != 0,
            challengeCount(transaction) > 1, !transaction.pointee.has(.local)
        {
            answerWithChallenges(call, transaction, status)
        } else {
            respond(call, transaction, reply, status, isOurs: false, branch: winner.pointee.number)
        }
    } else {
        answerInstead(call, transaction, status, winner)
    }
    if transaction.pointee.has(.local) { transaction.pointee.flags.insert(.over) }
    settle(call, transaction)
}

/// Nothing came that could be sent on.
private func answerInstead(
    _ call: CallPointer, _ transaction: TransactionPointer, _ status: Int, _ winner: BranchPointer
) {
    if transaction.pointee.has(.local) {
        tellOwner(call, transaction, nil, status, branch: winner.pointee.number, isFaked: true)
    } else if transaction.pointee.has(.cancelled) || status == 487 {
        answer(call, transaction, 487, mt_str("Request Terminated"), isFaked: true)
    } else if status == 503, remap503.value != 0 {
        answer(call, transaction, 500, mt_str("Service Unavailable"), isFaked: true)
    } else if status == 408, transaction.pointee.isInvite {
        answer(call, transaction, reply408Code.value, reply408Reason.value.raw, isFaked: true)
    } else {
        answer(call, transaction, status, phrase(status), isFaked: true)
    }
}

private func phrase(_ status: Int) -> mt_str {
    switch status {
    case 408: mt_str("Request Timeout")
    case 430: mt_str("Flow Failed")
    case 477: mt_str("Unfortunately error on sending to next hop occurred (477/TM)")
    case 478: mt_str("Unresolvable destination (478/TM)")
    case 479: mt_str("We were not able to process the URI (479/TM)")
    case 503: mt_str("Service Unavailable")
    default: mt_str("Server Internal Error")
    }
}

// MARK: - challenges

private func challengeCount(_ transaction: TransactionPointer) -> Int {
    var count = 0
    transaction.eachBranch { branch in
        if isChallenge(branch) { count += 1 }
    }
    return count
}

private func isChallenge(_ branch: BranchPointer) -> Bool {
    branch.pointee.reply != nil && !branch.pointee.has(.dropped)
        && (branch.pointee.status == 401 || branch.pointee.status == 407)
}

/// RFC 3261, 16.7, step 7: one answer with the challenges of all branches.
private func answerWithChallenges(_ call: CallPointer, _ transaction: TransactionPointer, _ status: Int) {
    guard let request = transaction.pointee.request,
        let reply = Server.message.pointee.reply(
            request, Int32(status),
            status == 401 ? mt_str("Unauthorized") : mt_str("Proxy Authentication Required"))
    else { return }
    if text(request, MT_F_TO_TAG).len == 0 { setTag(reply, transaction.pointee.handle) }
    transaction.eachBranch { branch in
        guard isChallenge(branch), let from = branch.pointee.reply else { return }
        for token in [Words.wwwAuthenticate, Words.proxyAuthenticate] {
            var field = mt_header()
            while Server.message.pointee.header(from, token, &field) {
                append(reply, Line("\(field.text): \(field.body)"))
            }
        }
    }
    respond(call, transaction, reply, status, isOurs: true)
    Server.message.pointee.release(reply)
}
