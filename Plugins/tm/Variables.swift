// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

private let names = [
    "id_index", "id_index_n", "id_label", "id_label_n", "reply_code", "reply_reason", "reply_last",
    "branch_index", "ruid", "reply_type",
]

@Declarations func variables() -> [any Declaration] {
    Variable("T_branch_idx", "The number of the branch, from 0; -1 outside of one.") { call, _ in
        call.answer(branchNumber(call.raw))
    }
    Variable("T_reply_code", "The status: of this reply, of the branch that failed, or what was sent last.") {
        call, _ in
        call.answer(replyCode(call.raw))
    }
    Variable("T_reply_reason", "The reason phrase that goes with it.") { call, _ in replyReason(call) }
    Variable(
        "T_reply_last", "The status of the last reply to come to this branch, or to the one that failed."
    ) { call, _ in
        guard let branch = ownBranch(call.raw) else { return call.answer(0) }
        return call.answer(Int(branch.pointee.status))
    }
    Variable("T_reply_ruid", "The ruid of the contact that the branch, or the one that failed, was sent to.")
    { call, _ in
        ruid(call)
    }
    Variable("T", "What is known of the transaction, by name.", keys: names) { call, key in
        named(call, key.name)
    }
    Variable("T_branch", "Of the branch, or the one that failed: flags, uri.", keys: ["flags", "uri"]) {
        call, key in
        guard let branch = ownBranch(call.raw), let message = branch.pointee.message else {
            return call.answerNull()
        }
        if key.name == mt_str("flags") { return call.answer(number(message, MT_F_BRANCH_FLAGS)) }
        if key.name == mt_str("uri") { return call.answer(Text(unchecked: text(message, MT_F_URI))) }
        return call.answerNull()
    }
}

/// $T_req(...), $T_rpl(...) and $T_inv(...): a variable, or text with variables, of another message.
@Declarations func borrowedVariables() -> [any Declaration] {
    Variable("T_req", "A variable of the transaction's request.") { call, key in
        read(call, key, of: current(call.raw)?.pointee.request)
    }
    Variable("T_rpl", "A variable of this reply, or of the one that was chosen.") { call, key in
        guard call.hasMessage else { return call.answerNull() }
        return read(
            call, key, of: call.message.isRequest ? picked(call.raw)?.pointee.reply : call.message.raw)
    }
    Variable("T_inv", "A variable of the INVITE that a CANCEL is for.") { call, key in
        guard call.hasMessage, call.message.method == .cancel else { return call.answerNull() }
        return read(call, key, of: cancelTarget(call.raw, call.message.raw)?.pointee.request)
    }
}

/// The key has been evaluated for the message of the call already; what it was compiled to comes along.
private func read(_ call: borrowing Call, _ key: Variable.Key, of message: OpaquePointer?) -> Outcome {
    guard let message else { return call.answerNull() }
    guard let compiled = key.value.raw.ptr else { return call.answer(key.name) }
    var value = mt_value()
    guard Server.script.pointee.read(call.raw, message, OpaquePointer(compiled), &value) > 0 else {
        return call.answerNull()
    }
    // A text of the other message lives no longer than that.
    if value.type == UInt32(MT_STR) { return call.answer(call.message.keep(Text(unchecked: value.str))) }
    call.raw.pointee.out.pointee = value
    return .yes
}

/// The branch that a reply came to or a branch_route runs for; elsewhere the one that was chosen.
private func ownBranch(_ call: CallPointer) -> BranchPointer? { branch(call.pointee.msg) ?? picked(call) }

private func branchNumber(_ call: CallPointer) -> Int {
    if let message = call.pointee.msg, let state = MessageState.find(message), state.pointee.branch >= 0 {
        return Int(state.pointee.branch)
    }
    guard let transaction = current(call), transaction.pointee.picked >= 0 else { return -1 }
    return Int(transaction.pointee.picked)
}

private func ruid(_ call: borrowing Call) -> Outcome {
    guard let branch = ownBranch(call.raw), let message = branch.pointee.message else {
        return call.answerNull()
    }
    let ruid = text(message, MT_F_RUID)
    return ruid.len > 0 ? call.answer(Text(unchecked: ruid)) : call.answerNull()
}

private func replyReason(_ call: borrowing Call) -> Outcome {
    guard let message = call.raw.pointee.msg else { return call.answerNull() }
    if TmPlugin.number(message, MT_F_STATUS) > 0 {
        return call.answer(Text(unchecked: text(message, MT_F_REASON)))
    }
    guard let branch = picked(call.raw) else { return call.answerNull() }
    if let reply = branch.pointee.reply { return call.answer(Text(unchecked: text(reply, MT_F_REASON))) }
    switch branch.pointee.status {
    case 408: return call.answer("Request Timeout")
    case 487: return call.answer("Request Terminated")
    default: return call.answerNull()
    }
}

private func named(_ call: borrowing Call, _ name: Text) -> Outcome {
    let handle = current(call.raw)?.pointee.handle
    if name == mt_str("id_index") || name == mt_str("id_index_n") {
        return handle.map { call.answer(Int($0.entry)) } ?? call.answerNull()
    }
    if name == mt_str("id_label") || name == mt_str("id_label_n") {
        return handle.map { call.answer(Int($0.label)) } ?? call.answerNull()
    }
    if name == mt_str("reply_code") { return call.answer(replyCode(call.raw)) }
    if name == mt_str("reply_reason") { return replyReason(call) }
    if name == mt_str("reply_last") {
        return call.answer(ownBranch(call.raw).map { Int($0.pointee.status) } ?? 0)
    }
    if name == mt_str("branch_index") { return call.answer(branchNumber(call.raw)) }
    if name == mt_str("ruid") { return ruid(call) }
    // 1: the reply was made here.
    if name == mt_str("reply_type") {
        return call.answer(ownBranch(call.raw).map { $0.pointee.has(.faked) ? 1 : 0 } ?? 0)
    }
    return call.answerNull()
}
