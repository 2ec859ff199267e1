// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

// One timer per transaction, for whatever is due first. It is moved only when something is due earlier than it was set
// for: what turns out to be due later is found out when it fires.

/// Sees to it that the transaction wakes in time.
func arm(_ transaction: TransactionPointer) {
    let due = dueTime(transaction)
    guard due != 0 else { return }
    if transaction.pointee.timer != 0 {
        guard due < transaction.pointee.armedFor else { return }
        _ = Server.loop.pointee.cancel(transaction.pointee.timer)
    }
    let now = milliseconds()
    transaction.pointee.armedFor = due
    transaction.pointee.timer = Server.loop.pointee.after(
        Server.host, transaction.pointee.worker, UInt32(clamping: due > now ? due - now : 1), timerFired,
        UnsafeMutableRawPointer(transaction))
}

private func dueTime(_ transaction: TransactionPointer) -> UInt64 {
    var due = transaction.pointee.lingerEnd.earlier(transaction.pointee.suspendedUntil)
    switch transaction.pointee.server {
    case .invite(let machine): due = due.earlier(machine.wakeAt)
    case .plain(let machine): due = due.earlier(machine.wakeAt)
    case .none: break
    }
    transaction.eachBranch { branch in
        due = due.earlier(branch.pointee.client.wakeAt)
        if branch.pointee.cancel.isOpen { due = due.earlier(branch.pointee.cancel.wakeAt) }
    }
    return due
}

/// The transaction cannot be gone: its timer goes with it.
private let timerFired: mt_fn = { call in
    guard let call, let user = call.pointee.user else { return 1 }
    let transaction = user.assumingMemoryBound(to: Transaction.self)
    transaction.pointee.timer = 0
    transaction.pointee.armedFor = 0
    transaction.pointee.pins += 1
    wake(call, transaction, milliseconds())
    settle(call, transaction)
    unpin(call, transaction)
    return 1
}

private func wake(_ call: CallPointer, _ transaction: TransactionPointer, _ now: UInt64) {
    if transaction.pointee.lingerEnd.isDue(now) {
        transaction.pointee.lingerEnd = 0
        fade(call, transaction)
    }
    if transaction.pointee.suspendedUntil.isDue(now) { suspensionEnded(call, transaction) }
    let times = transaction.pointee.times
    let actions: ServerActions
    switch transaction.pointee.server {
    case .invite(var machine):
        actions = machine.timePassed(now, times)
        transaction.pointee.server = .invite(machine)
    case .plain(var machine):
        actions = machine.timePassed(now, times)
        transaction.pointee.server = .plain(machine)
    case .none: actions = []
    }
    if actions.contains(.resend) { sendLastReply(transaction) }
    if actions.contains(.trying) { answer(call, transaction, 100, mt_str("Trying")) }
    if actions.contains(.unacknowledged) { stopAwaitingACK(transaction) }
    transaction.eachBranch { branch in wake(call, transaction, branch, now) }
}

private func wake(
    _ call: CallPointer, _ transaction: TransactionPointer, _ branch: BranchPointer, _ now: UInt64
) {
    let times = transaction.pointee.times
    let actions: ClientActions
    switch branch.pointee.client {
    case .invite(var machine):
        actions = machine.timePassed(now, times)
        branch.pointee.client = .invite(machine)
    case .plain(var machine):
        actions = machine.timePassed(now, times)
        branch.pointee.client = .plain(machine)
    case .none: actions = []
    }
    if actions.contains(.resend), !resend(call, branch) { return lost(call, transaction, branch) }
    if case .plain(var machine) = branch.pointee.cancel, machine.isOpen {
        if machine.timePassed(now, times).contains(.resend) { resendCancel(call, branch) }
        branch.pointee.cancel = .plain(machine)
    }
    if actions.contains(.cancel), branch.pointee.has(.sent) {
        sendCancel(call, transaction, branch, reason: mt_str())
    }
    if actions.contains(.timeOut) { timeOut(call, transaction, branch) }
}

/// It cannot be sent any more, or its connection is gone before anything was heard: as if 503 had come (RFC 3261, 8.1.3.1),
/// and 430 when that connection was the flow to somebody (RFC 5626, 5.3.1).
func lost(_ call: CallPointer, _ transaction: TransactionPointer, _ branch: BranchPointer) {
    switch branch.pointee.client {
    case .invite(var machine):
        guard machine.transportFailed().contains(.end) else { return }
        branch.pointee.client = .invite(machine)
    case .plain(var machine):
        guard machine.transportFailed().contains(.end) else { return }
        branch.pointee.client = .plain(machine)
    case .none: return
    }
    guard !branch.pointee.hasFinal else { return }
    branch.pointee.flags.insert(.faked)
    let isFlow = branch.pointee.message.map { number($0, MT_F_OPTIONS) & Int(MT_O_FLOW) != 0 } ?? false
    branch.pointee.status = transaction.pointee.has(.cancelled) ? 487 : isFlow ? 430 : 503
    branchFailed(call, transaction, branch)
}

private func timeOut(_ call: CallPointer, _ transaction: TransactionPointer, _ branch: BranchPointer) {
    branch.pointee.flags.insert(.timedOut)
    branch.pointee.flags.remove(.preparing)
    blockSilent(transaction, branch)
    tell(.timeout, call, transaction, branch.pointee.message, status: 408, branch: branch.pointee.number)
    // A branch that nobody waits for any more has its status.
    guard !branch.pointee.hasFinal else { return }
    branch.pointee.flags.insert(.faked)
    branch.pointee.status = transaction.pointee.has(.cancelled) ? 487 : 408
    branchFailed(call, transaction, branch)
}
