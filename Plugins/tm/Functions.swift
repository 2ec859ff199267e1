// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

/// Where Kamailio has REQUEST_ROUTE: its event routes are such too.
let inRequest: Where = [.request, .event, .local, .error]
let inRequestOrFailure: Where = [.request, .failure, .event, .local, .error]
let anywhere: Where = [.request, .failure, .reply, .branch, .event, .local, .error]

@Declarations func transactionFunctions() -> [any Declaration] {
    Function("t_newtran", in: inRequest, "Makes a transaction for this request.") { call in
        newTransaction(call.raw)
    }
    Function("t_check_trans", in: anywhere, "Does this message belong to a transaction?") { call in
        check(call.raw)
    }
    Function("t_lookup_request", in: inRequest, "Has this request a transaction?") { call in
        Outcome(transaction(call.message.raw) != nil)
    }
    Function("t_exists", in: .any, "Has this message a transaction?") { call in
        Outcome(call.hasMessage && transaction(call.message.raw) != nil)
    }
    Function(
        "t_lookup_cancel", in: inRequest, "Is there an INVITE for this CANCEL?",
        Arg("flags", Int.self, default: "0", "1: take over its flags.")
    ) { call, flags in
        guard call.message.method == .cancel, let invite = cancelTarget(call.raw, call.message.raw) else {
            return .no
        }
        if flags != 0, let request = invite.pointee.request {
            call.message.set(.flags, Int(number(request, MT_F_FLAGS)))
        }
        return .yes
    }
    Function("t_relay_cancel", in: inRequest, "Cancels the INVITE of this CANCEL; 1 when there is none.") {
        call in
        guard call.message.method == .cancel, let invite = cancelTarget(call.raw, call.message.raw) else {
            return .yes
        }
        return cancelArrived(call.raw, call.message.raw, invite).isYes ? .stop : .no
    }
    Function("t_release", in: inRequest, "Ends the transaction without a reply.") { call in
        guard let transaction = transaction(call.message.raw) else { return .no }
        giveUp(call.raw, transaction)
        return .yes
    }
    Function("t_retransmit_reply", in: inRequest, "Sends the last reply again.") { call in
        guard let transaction = transaction(call.message.raw), transaction.pointee.lastReply.bytes != nil
        else {
            return .no
        }
        sendLastReply(transaction)
        return .yes
    }
    Function(
        "t_save_lumps", in: inRequest, "The changes made so far are kept for later legs: they always are."
    ) { call in
        Outcome(transaction(call.message.raw) != nil)
    }
    for name in ["t_reply", "t_send_reply"] as [StaticString] {
        Function(
            name, in: [.request, .failure, .reply, .event, .local, .error], "Answers in the transaction.",
            Arg("code", Int?.self), Arg("reason", Text?.self)
        ) { call, code, reason in
            reply(call.raw, code ?? defaultCode.value, words(reason), creates: name.utf8CodeUnitCount > 7)
        }
    }
    Function("t_reply_error", in: inRequestOrFailure, "Answers with the last error.") { call in
        guard let transaction = transaction(call.message.raw) else { return .no }
        payError(call.raw, transaction)
        return .yes
    }
}

private func words(_ reason: Text?) -> mt_str {
    if let reason { return reason.raw }
    return defaultReason.value.raw
}

private func newTransaction(_ call: CallPointer) -> Outcome {
    guard let message = call.pointee.msg, TmPlugin.number(message, MT_F_METHOD_ID) != MT_ACK else {
        return .yes
    }
    if transaction(message) != nil { return .no }
    guard let transaction = create(call, message) else { return .error }
    return transaction.pointee.isUnanswered ? .yes : .stop
}

private func check(_ call: CallPointer) -> Outcome {
    guard let message = call.pointee.msg else { return .no }
    if transaction(message) != nil { return .yes }
    guard TmPlugin.number(message, MT_F_STATUS) == 0 else { return .no }
    switch TmPlugin.number(message, MT_F_METHOD_ID) {
    case MT_CANCEL: return Outcome(cancelTarget(call, message) != nil)
    // Copies and the ACKs of refusals have been taken in before the script; what is left is new.
    case MT_ACK: return Outcome(table(call).pointee.find(requestKey(message), UInt8(MT_INVITE)) != nil)
    default: return .no
    }
}

/// Answers in the transaction of the message: a final reply ends it, whatever its branches do.
func reply(_ call: CallPointer, _ status: Int, _ reason: mt_str, creates: Bool) -> Outcome {
    guard let message = call.pointee.msg else { return .no }
    guard status >= 100, status < 700 else {
        Host.log(.error, "t_reply: a status is 100 to 699, not \(status)")
        return .no
    }
    guard let transaction = transaction(message) ?? (creates ? create(call, message) : nil) else {
        return .no
    }
    guard transaction.pointee.isUnanswered else {
        Host.log(.error, "t_reply: a final reply has been sent already")
        return .no
    }
    transaction.pointee.flags.insert(.cared)
    stopOwing(transaction)
    return Outcome(answer(call, transaction, status, reason))
}

// MARK: - what is known

@Declarations func statusFunctions() -> [any Declaration] {
    Function(
        "t_check_status", in: anywhere, "Does the status match?", Arg("pattern", Pattern.self)
    ) { call, pattern in
        let status = replyCode(call.raw)
        guard status > 0 else { return .no }
        return Outcome(pattern.matches(Line("\(status)")))
    }
    Function("t_grep_status", in: anywhere, "Has a branch that final status?", Arg("code", Int.self)) {
        call, code in
        any(call.raw) { $0.pointee.status == code && code >= 200 }
    }
    Function("t_any_timeout", in: anywhere, "Has a branch timed out?") { call in
        any(call.raw) { $0.pointee.has(.timedOut) }
    }
    Function("t_any_replied", in: anywhere, "Has a branch replied?") { call in
        any(call.raw) { $0.pointee.has(.heardOf) }
    }
    Function("t_branch_timeout", in: anywhere, "Has the branch that failed timed out?") { call in
        Outcome(picked(call.raw).map { $0.pointee.has(.timedOut) } ?? false)
    }
    Function("t_branch_replied", in: anywhere, "Had the branch that failed replied before?") { call in
        Outcome(picked(call.raw).map { $0.pointee.has(.heardOf) } ?? false)
    }
    Function("t_is_canceled", in: anywhere, "Has the caller cancelled?") { call in
        Outcome(current(call.raw).map { $0.pointee.has(.cancelled) } ?? false)
    }
    Function("t_is_expired", in: anywhere, "Is its lifetime over?") { call in
        guard let transaction = current(call.raw) else { return .no }
        return Outcome(transaction.pointee.lifeEnd.isDue(milliseconds()))
    }
    Function("t_get_status_code", in: anywhere, "The status, as the answer.") { call in
        let status = replyCode(call.raw)
        return status > 0 ? Outcome(status) : .no
    }
}

/// The transaction of this message; of a CANCEL, that of its INVITE.
func current(_ call: CallPointer) -> TransactionPointer? {
    guard let message = call.pointee.msg else { return nil }
    if let transaction = transaction(message) { return transaction }
    return TmPlugin.number(message, MT_F_METHOD_ID) == MT_CANCEL ? cancelTarget(call, message) : nil
}

private func any(_ call: CallPointer, _ test: (BranchPointer) -> Bool) -> Outcome {
    guard let transaction = current(call) else { return .no }
    var found = false
    transaction.eachBranch { if test($0) { found = true } }
    return Outcome(found)
}

/// The branch whose reply was chosen, or that has just failed.
func picked(_ call: CallPointer) -> BranchPointer? {
    guard let transaction = current(call), transaction.pointee.picked >= 0 else { return nil }
    return transaction.branch(Int(transaction.pointee.picked))
}

/// The status that a script means here: of this reply, of the branch that failed, or what was sent last.
func replyCode(_ call: CallPointer) -> Int {
    guard let message = call.pointee.msg else { return 0 }
    let own = TmPlugin.number(message, MT_F_STATUS)
    if own > 0 { return own }
    guard let transaction = current(call) else { return 0 }
    if transaction.pointee.isFailing, let branch = picked(call) { return Int(branch.pointee.status) }
    return Int(transaction.pointee.lastStatus)
}
