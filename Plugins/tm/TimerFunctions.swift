// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

@Declarations func timerFunctions() -> [any Declaration] {
    Function(
        "t_set_fr", in: anywhere, "Other fr_inv_timer and fr_timer, in milliseconds; 0 leaves one.",
        Arg("fr_inv_timer", Int.self, in: 0...86_400_000),
        Arg("fr_timer", Int.self, default: "0", in: 0...86_400_000)
    ) { call, ringing, answer in setFR(call.raw, ringing, answer) }
    Function("t_reset_fr", in: anywhere, "fr_inv_timer and fr_timer as the parameters say.") { call in
        setFR(call.raw, frInvTimer.value.count, frTimer.value.count)
    }
    Function(
        "t_set_retr", in: anywhere, "Other T1 and T2, in milliseconds; 0 leaves one.",
        Arg("t1", Int.self, in: 0...600_000), Arg("t2", Int.self, in: 0...600_000)
    ) { call, t1, t2 in setIntervals(call.raw, t1, t2) }
    Function("t_reset_retr", in: anywhere, "T1 and T2 as the parameters say.") { call in
        setIntervals(call.raw, retrTimer1.value.count, retrTimer2.value.count)
    }
    Function(
        "t_set_max_lifetime", in: anywhere, "Other lifetimes of INVITE and other requests, in milliseconds.",
        Arg("invite", Int.self, in: 0...86_400_000), Arg("other", Int.self, in: 0...86_400_000)
    ) { call, invite, other in setLifetime(call.raw, invite, other) }
    Function("t_reset_max_lifetime", in: anywhere, "The lifetimes as the parameters say.") { call in
        setLifetime(call.raw, maxInvLifetime.value.count, maxNoninvLifetime.value.count)
    }
    choice("t_set_auto_inv_100", "0: no 100 for this INVITE.", .noTrying, whenZero: true)
    choice("t_set_disable_6xx", "1: a 6xx is a refusal like others.", .noSixxBlock)
    choice("t_set_disable_internal_reply", "1: no reply when nothing can be sent.", .noInternalReply)
    choice("t_set_no_e2e_cancel_reason", "1: the Reason of the caller's CANCEL stays here.", .noCancelReason)
    choice("t_set_disable_failover", "1: only to the first place that a name leads to.", .noFailover)
    choice("t_set_no_auto_ack", "1: no ACK for a 2xx to a request of our own.", [.noACK, .scriptACK])
}

private func choice(
    _ name: StaticString, _ help: StaticString, _ flag: Transaction.Flags, whenZero: Bool = false
) -> Function {
    Function(name, in: anywhere, help, Arg("value", Int.self)) { call, value in
        let message = call.message.raw
        let isSet = (value != 0) != whenZero
        if let transaction = transaction(message) {
            if isSet {
                transaction.pointee.flags.formUnion(flag)
            } else {
                transaction.pointee.flags.subtract(flag)
            }
        } else {
            let state = MessageState.make(message)
            if isSet { state.pointee.flags.formUnion(flag) } else { state.pointee.flags.subtract(flag) }
        }
        return .yes
    }
}

/// For the transaction to come, or for that of this message and its branches that run.
private func setFR(_ call: CallPointer, _ ringing: Int, _ answer: Int) -> Outcome {
    guard let message = call.pointee.msg else { return .no }
    guard let transaction = transaction(message) else {
        let state = MessageState.make(message)
        if ringing > 0 { state.pointee.ringing = UInt32(ringing) }
        if answer > 0 { state.pointee.answer = UInt32(answer) }
        return .yes
    }
    if ringing > 0 { transaction.pointee.times.ringing = UInt32(ringing) }
    if answer > 0 { transaction.pointee.times.answer = UInt32(answer) }
    restart(transaction)
    return .yes
}

private func restart(_ transaction: TransactionPointer) {
    let now = milliseconds()
    transaction.eachBranch { branch in
        switch branch.pointee.client {
        case .invite(var machine):
            machine.restart(at: now, transaction.pointee.times)
            if transaction.pointee.lifeEnd != 0 { machine.limit(to: transaction.pointee.lifeEnd) }
            branch.pointee.client = .invite(machine)
        case .plain(var machine):
            machine.restart(at: now, transaction.pointee.times)
            if transaction.pointee.lifeEnd != 0 { machine.limit(to: transaction.pointee.lifeEnd) }
            branch.pointee.client = .plain(machine)
        case .none: break
        }
    }
    arm(transaction)
}

private func setIntervals(_ call: CallPointer, _ t1: Int, _ t2: Int) -> Outcome {
    guard let message = call.pointee.msg else { return .no }
    if let transaction = transaction(message) {
        if t1 > 0 { transaction.pointee.times.t1 = UInt32(t1) }
        if t2 > 0 { transaction.pointee.times.t2 = UInt32(t2) }
        return .yes
    }
    let state = MessageState.make(message)
    if t1 > 0 { state.pointee.t1 = UInt32(t1) }
    if t2 > 0 { state.pointee.t2 = UInt32(t2) }
    return .yes
}

private func setLifetime(_ call: CallPointer, _ invite: Int, _ other: Int) -> Outcome {
    guard let message = call.pointee.msg else { return .no }
    if let transaction = transaction(message) {
        let limit = transaction.pointee.isInvite ? invite : other
        guard limit > 0 else { return .yes }
        transaction.pointee.lifeEnd = transaction.pointee.created + UInt64(limit)
        restart(transaction)
        return .yes
    }
    let state = MessageState.make(message)
    if invite > 0 { state.pointee.inviteLife = UInt32(invite) }
    if other > 0 { state.pointee.plainLife = UInt32(other) }
    return .yes
}
