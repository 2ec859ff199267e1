// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

@Declarations func otherFunctions() -> [any Declaration] {
    Function(
        "t_cancel_branches", in: [.reply, .event], "Cancels branches: all, others, or this one.",
        Arg("which", Text.self)
    ) { call, which in
        guard let transaction = transaction(call.message.raw) else { return .no }
        let own = branch(call.message.raw)
        if which == mt_str("this") {
            if let own { cancelBranch(call.raw, transaction, own) }
        } else {
            cancelBranches(call.raw, transaction, except: which == mt_str("others") ? own : nil)
        }
        arm(transaction)
        return .yes
    }
    Function(
        "t_cancel_branch_idx", in: .any,
        "Cancels the branch of that number; with three numbers, a branch of the transaction with index and label.",
        Arg("index", Int.self, in: 0...Int(UInt32.max)), Arg("label", Int?.self), Arg("branch", Int?.self)
    ) { call, index, label, other in
        var transaction = current(call.raw)
        if let label {
            guard let label = UInt32(exactly: label), let entry = UInt32(exactly: index) else { return .no }
            transaction = TmPlugin.transaction(Handle(entry: entry, label: label))
            // Another worker's is none of ours.
            guard transaction?.pointee.worker == call.raw.pointee.worker else { return .no }
        }
        guard let transaction, let branch = transaction.branch(label == nil ? index : other ?? 0) else {
            return .no
        }
        cancelBranch(call.raw, transaction, branch)
        arm(transaction)
        return .yes
    }
    Function(
        "t_cancel_callid", in: .any, "Cancels the INVITE with that Call-ID and CSeq.",
        Arg("callid", Text.self),
        Arg("cseq", Text.self), Arg("flag", Int.self, "A flag to set in it."),
        Arg("reason", Int.self, default: "0")
    ) { call, callID, sequence, flag, reason in
        guard let number = sequence.leadingInt, let transaction = find(call.raw, String(callID), number)
        else {
            return .no
        }
        if let request = transaction.pointee.request, flag >= 0, flag < 63 {
            set(request, MT_F_FLAGS, TmPlugin.number(request, MT_F_FLAGS) | 1 << flag)
        }
        transaction.pointee.pins += 1
        if reason > 0 {
            Line("SIP;cause=\(reason)").withRaw { cancelBranches(call.raw, transaction, because: .given($0)) }
        } else {
            cancelBranches(call.raw, transaction)
        }
        chooseReply(call.raw, transaction)
        unpin(call.raw, transaction)
        return .yes
    }
    Function(
        "t_reply_callid", in: .any, "Answers the transaction with that Call-ID and CSeq.",
        Arg("callid", Text.self),
        Arg("cseq", Text.self), Arg("code", Int.self, in: 100...699), Arg("reason", Text.self)
    ) { call, callID, sequence, code, reason in
        guard let number = sequence.leadingInt, let transaction = find(call.raw, String(callID), number),
            transaction.pointee.isUnanswered
        else { return .no }
        transaction.pointee.flags.insert(.cared)
        return Outcome(answer(call.raw, transaction, code, reason.raw))
    }
    Function(
        "t_reuse_branch", in: [.event, .failure],
        "The Request-URI and the next hop of the branch that failed."
    ) { call in
        guard let branch = picked(call.raw), let message = branch.pointee.message else { return .no }
        let request = call.message.raw
        set(request, MT_F_URI, text(message, MT_F_URI))
        set(request, MT_F_NEXT_HOP, text(message, MT_F_NEXT_HOP))
        set(request, MT_F_PATH, text(message, MT_F_PATH))
        set(request, MT_F_BRANCH_FLAGS, number(message, MT_F_BRANCH_FLAGS))
        // It counts as new, for it is to be tried again.
        MessageState.make(request).pointee.destination = 0
        return .yes
    }
    Function(
        "t_uac_send", in: .any, "Sends a request of our own; a '.' behind the method: no ACK by itself.",
        Arg("method", Text.self), Arg("ruri", Text.self), Arg("nexthop", Text?.self),
        Arg("socket", Text?.self),
        Arg("headers", Text?.self), Arg("body", Text?.self)
    ) { call, method, uri, hop, socket, headers, body in
        var request = LocalRequest()
        request.isAcknowledged = !method.hasSuffix(mt_str("."))
        request.method = String(request.isAcknowledged ? method : method.prefix(method.count - 1))
        request.uri = String(uri)
        if let hop { request.hop = String(hop) }
        if let socket { request.socket = String(socket) }
        if let headers { request.headers = String(headers) }
        if let body { request.body = String(body) }
        return request.launch(call.raw, nil)
    }
}
