// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

/// What Kamailio has in its module tmx: which block runs, flags, and the end without a word.
@Declarations func moreFunctions() -> [any Declaration] {
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
        "t_cell_append_branches", in: .any,
        "Gives the destinations of this message to a request that still waits; -2: cancelled, -3: answered.",
        Arg("index", Int.self, in: 1...Int(UInt32.max)), Arg("label", Int.self, in: 1...Int(UInt32.max))
    ) { call, index, label in
        guard call.hasMessage else { return .no }
        return addDestinations(
            call.raw, Handle(entry: UInt32(index), label: UInt32(label)), of: call.message.raw)
    }
    for name in ["t_clean", "t_use_uac_headers", "t_msg_apply_changes"] as [StaticString] {
        Function(name, in: .any, "Yes: that is always so here.") { _ in .yes }
    }
    Function("t_is_retr_async_reply", in: .any, "Is this reply a copy of one that was put aside?") { _ in .no
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
