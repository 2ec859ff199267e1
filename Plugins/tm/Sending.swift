// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

/// Sends a branch's request for the first time. False: it could not be sent.
func sendFirst(_ call: CallPointer, _ transaction: TransactionPointer, _ branch: BranchPointer) -> Bool {
    guard let message = branch.pointee.message else { return false }
    let number = branch.pointee.number
    guard tell(.forwarding, call, transaction, message, branch: number) else {
        fail(branch, 478)
        return false
    }
    passBlocklist(message, Int(transaction.pointee.method))
    let token = Token(transaction.pointee.handle, Int(number)).user
    let result =
        if branch.pointee.insteadOf >= 0 {
            Server.net.pointee.send_next(call, message, firstSent, token)
        } else if branch.pointee.flow.protocol != 0 {
            Server.net.pointee.send(call, message, &branch.pointee.flow, firstSent, token)
        } else {
            Server.net.pointee.send(call, message, nil, firstSent, token)
        }
    if branch.pointee.has(.sent) {
        tell(.forwarded, call, transaction, message, branch: number)
        return true
    }
    guard result > 0 else {
        let status = Int32(truncatingIfNeeded: TmPlugin.number(message, MT_F_ERROR))
        // RFC 5626, 5.3: a flow that is gone has its route run, which may know another one. When the script that relays is
        // through, as for one that ends later.
        if status == 430, branch.pointee.routes.branchFailure != 0, !transaction.pointee.has(.local),
            Server.loop.pointee.post(Server.host, call.pointee.worker, flowIsGone, token) > 0
        {
            branch.pointee.flags.insert(.preparing)
            start(transaction, branch, reliable: true)
            return true
        }
        fail(branch, status >= 400 ? status : 477)
        if let request = transaction.pointee.request, request != message {
            set(request, MT_F_ERROR, Int(branch.pointee.status))
            set(request, MT_F_ERROR_REASON, text(message, MT_F_ERROR_REASON))
        }
        return false
    }
    // Its name is being looked up; should that take too long, time runs.
    branch.pointee.flags.insert(.preparing)
    start(transaction, branch, reliable: true)
    return true
}

private func fail(_ branch: BranchPointer, _ status: Int32) {
    branch.pointee.flags.insert(.faked)
    branch.pointee.status = status
}

private let flowIsGone: mt_fn = { call in
    guard let call, let transaction = Token(call.pointee.user).transaction,
        let branch = Token(call.pointee.user).branch, branch.pointee.has(.preparing)
    else { return 1 }
    branch.pointee.flags.remove(.preparing)
    transaction.pointee.pins += 1
    branch.pointee.client = .none
    fail(branch, transaction.pointee.has(.cancelled) ? 487 : 430)
    branchFailed(call, transaction, branch)
    unpin(call, transaction)
    return 1
}

/// It has left, or it cannot: at once, or when a name has been looked up.
private let firstSent: mt_fn = { call in
    guard let call, let transaction = Token(call.pointee.user).transaction,
        let branch = Token(call.pointee.user).branch
    else { return 1 }
    let wasWaiting = branch.pointee.has(.preparing)
    branch.pointee.flags.remove(.preparing)
    guard call.pointee.result > 0, let flow = call.pointee.data else {
        guard wasWaiting else { return 1 }
        transaction.pointee.pins += 1
        branch.pointee.client = .none
        let status = branch.pointee.message.map { number($0, MT_F_ERROR) } ?? 0
        fail(branch, status >= 400 ? Int32(status) : 478)
        branchFailed(call, transaction, comeBack(transaction, branch) ?? branch)
        unpin(call, transaction)
        return 1
    }
    branch.pointee.flow = flow.assumingMemoryBound(to: mt_flow.self).pointee
    table(transaction).pointee.streams.add(branch)
    branch.pointee.flags.insert(.sent)
    start(transaction, branch, reliable: branch.pointee.flow.protocol != UInt32(MT_UDP))
    Statistics.branches.add()
    if wasWaiting { arm(transaction) }
    return 1
}

private func start(_ transaction: TransactionPointer, _ branch: BranchPointer, reliable: Bool) {
    let now = milliseconds()
    let times = transaction.pointee.times
    if transaction.pointee.isInvite {
        var machine = InviteClient(at: now, reliable: reliable, times)
        if transaction.pointee.lifeEnd != 0 { machine.limit(to: transaction.pointee.lifeEnd) }
        branch.pointee.client = .invite(machine)
    } else {
        var machine = PlainClient(at: now, reliable: reliable, times)
        if transaction.pointee.lifeEnd != 0 { machine.limit(to: transaction.pointee.lifeEnd) }
        branch.pointee.client = .plain(machine)
    }
}

/// False: it cannot be sent any more.
func resend(_ call: CallPointer, _ branch: BranchPointer) -> Bool {
    guard let message = branch.pointee.message else { return true }
    return Server.net.pointee.send(call, message, &branch.pointee.flow, nil, nil) != mt_result(MT_ERROR)
}

// MARK: - ACK and CANCEL

/// A request that goes where the branch's INVITE went and is known by the same branch (RFC 3261, 9.1 and 17.1.1.3).
/// `to` is that of the reply for an ACK.
private func follower(
    _ transaction: TransactionPointer, _ branch: BranchPointer, _ method: StaticString,
    to reply: OpaquePointer?
) -> OpaquePointer? {
    guard let invite = branch.pointee.message,
        let made = Server.message.pointee.request(Server.host, Text(method).raw, text(invite, MT_F_URI))
    else { return nil }
    let sequence = number(invite, MT_F_CSEQ)
    append(made, Line("Max-Forwards: 70"))
    // Along the INVITE's flow or not at all.
    if number(invite, MT_F_OPTIONS) & Int(MT_O_FLOW) != 0 { set(made, MT_F_OPTIONS, Int(MT_O_FLOW)) }
    set(made, MT_F_PATH, text(invite, MT_F_PATH))
    var route = mt_header()
    while Server.message.pointee.header(invite, Words.route, &route) {
        append(made, Line("Route: \(route.body)"))
    }
    if let from = header(invite, Words.from) { append(made, Line("From: \(from.body)")) }
    if let to = header(reply ?? invite, Words.to) { append(made, Line("To: \(to.body)")) }
    append(made, Line("Call-ID: \(text(invite, MT_F_CALL_ID))"))
    append(made, Line("CSeq: \(sequence) \(Text(method).raw)"))
    copyExtraHeaders(invite, made)
    setVia(transaction, branch, made)
    return made
}

private func copyExtraHeaders(_ invite: OpaquePointer, _ made: OpaquePointer) {
    let prefix = acExtraHeaders.value
    guard !prefix.isEmpty else { return }
    var field = mt_header()
    while Server.message.pointee.header(invite, 0, &field) {
        guard Text(unchecked: field.text).hasPrefixIgnoringCase(prefix) else { continue }
        append(made, Line("\(field.text): \(field.body)"))
    }
}

func acknowledge(
    _ call: CallPointer, _ transaction: TransactionPointer, _ branch: BranchPointer, _ reply: OpaquePointer
) {
    guard let ack = follower(transaction, branch, "ACK", to: reply) else { return }
    _ = Server.net.pointee.send(call, ack, &branch.pointee.flow, nil, nil)
    Server.message.pointee.release(ack)
}

/// `reason` is the body of the Reason header, or absent.
func sendCancel(
    _ call: CallPointer, _ transaction: TransactionPointer, _ branch: BranchPointer, reason: mt_str
) {
    guard !branch.pointee.has(.cancelSent), let cancel = follower(transaction, branch, "CANCEL", to: nil)
    else { return }
    branch.pointee.flags.insert(.cancelSent)
    if reason.len > 0 { append(cancel, Line("Reason: \(reason)")) }
    let now = milliseconds()
    let isReliable = branch.pointee.flow.protocol != UInt32(MT_UDP)
    var patience = transaction.pointee.times
    // RFC 3261, 9.1: after 64 * T1 it is considered cancelled.
    patience.answer = 64 &* patience.t1
    branch.pointee.cancel = .plain(PlainClient(at: now, reliable: isReliable, patience))
    if let old = branch.pointee.cancelMessage { Server.message.pointee.release(old) }
    branch.pointee.cancelMessage = cancel
    _ = Server.net.pointee.send(call, cancel, &branch.pointee.flow, nil, nil)
}

func resendCancel(_ call: CallPointer, _ branch: BranchPointer) {
    guard let message = branch.pointee.cancelMessage else { return }
    _ = Server.net.pointee.send(call, message, &branch.pointee.flow, nil, nil)
}
