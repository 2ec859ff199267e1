// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

/// Why branches are no longer wanted; it becomes their CANCEL's Reason (RFC 3326).
enum CancelReason {
    case none, answeredElsewhere
    /// The body of the Reason header to use.
    case given(mt_str)
}

/// Ends all branches without a final reply: those that ring with a CANCEL, those that are silent without waiting for
/// them.
func cancelBranches(
    _ call: CallPointer, _ transaction: TransactionPointer, except: BranchPointer? = nil,
    because reason: CancelReason = .none, limit: UInt64 = 0
) {
    guard transaction.pointee.isInvite else { return }
    transaction.eachBranch { branch in
        if branch != except { cancelBranch(call, transaction, branch, because: reason, limit: limit) }
    }
}

func cancelBranch(
    _ call: CallPointer, _ transaction: TransactionPointer, _ branch: BranchPointer,
    because reason: CancelReason = .none, limit: UInt64 = 0
) {
    if branch.pointee.has(.blind), !branch.pointee.hasFinal { return pretend(branch) }
    if branch.pointee.has(.preparing), !branch.pointee.has(.sent) {
        branch.pointee.client = .none
        return pretend(branch)
    }
    let choice = CancelChoice(
        isOpen: branch.pointee.client.isOpen, wasHeardOf: branch.pointee.has(.heardOf),
        method: cancelBMethod.value)
    switch choice {
    case .nothing: break
    case .now:
        sendCancel(call, transaction, branch, reason: text(reason))
        if !branch.pointee.has(.heardOf) { pretend(branch) }
        if limit != 0, case .invite(var machine) = branch.pointee.client {
            machine.cancelled(waitUntil: limit)
            branch.pointee.client = .invite(machine)
        }
    case .whenHeardOf:
        branch.pointee.flags.insert(.cancelWanted)
        pretend(branch)
    case .pretend:
        if case .invite(var machine) = branch.pointee.client {
            machine.terminate()
            branch.pointee.client = .invite(machine)
        }
        pretend(branch)
    }
}

/// Nobody waits for it any more, whatever it may still say.
private func pretend(_ branch: BranchPointer) {
    guard !branch.pointee.hasFinal else { return }
    branch.pointee.flags.insert(.faked)
    branch.pointee.status = 487
}

private func text(_ reason: CancelReason) -> mt_str {
    switch reason {
    case .none: mt_str()
    case .answeredElsewhere:
        localCancelReason.value != 0 ? mt_str("SIP;cause=200;text=\"Call completed elsewhere\"") : mt_str()
    case .given(let text): text
    }
}

/// The client's CANCEL for this INVITE: it is answered at once, and so is the INVITE unless somebody rings, who then
/// has as long as the longest interval to say so.
func cancelArrived(_ call: CallPointer, _ message: OpaquePointer, _ invite: TransactionPointer) -> Outcome {
    invite.pointee.pins += 1
    defer { unpin(call, invite) }
    let hasBranches = invite.pointee.branchCount > 0
    if let reply = Server.message.pointee.reply(
        message, 200, hasBranches ? mt_str("canceling") : mt_str("ok -- no more pending branches"))
    {
        // RFC 3261, 9.2: with the tag of the replies to the INVITE.
        if TmPlugin.text(message, MT_F_TO_TAG).len == 0 { setTag(reply, invite.pointee.handle) }
        _ = Server.net.pointee.send(call, reply, nil, nil, nil)
        Server.message.pointee.release(reply)
    }
    guard !invite.pointee.has(.cancelled), invite.pointee.isUnanswered else { return .yes }
    invite.pointee.flags.insert(.cancelled)
    tell(.cancelled, call, invite, message)
    var reason = mt_str()
    if e2eCancelReason.value != 0, !invite.pointee.has(.noCancelReason),
        let field = header(message, Words.reason)
    {
        reason = field.body
    }
    cancelBranches(
        call, invite, because: .given(reason), limit: milliseconds() + UInt64(invite.pointee.times.t2))
    if !hasBranches || invite.pointee.has(.suspended) {
        invite.pointee.flags.remove(.suspended)
        answer(call, invite, 487, mt_str("Request canceled"))
    } else {
        chooseReply(call, invite)
    }
    arm(invite)
    return .yes
}
