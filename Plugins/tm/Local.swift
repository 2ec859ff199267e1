// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

/// Sends a request of our own in a transaction. Its owner hears of the final reply, or that none came: once. A copy of
/// somebody's request is not announced as one of ours.
func sendLocal(
    _ call: CallPointer, _ request: OpaquePointer, _ flow: UnsafePointer<mt_flow>?, flags: UInt32,
    _ done: mt_fn?, _ user: UnsafeMutableRawPointer?, isCopy: Bool = false, scriptACKs: Bool = false
) -> UInt64 {
    let now = milliseconds()
    guard let transaction = table(call).pointee.make(at: now) else { return 0 }
    let method = number(request, MT_F_METHOD_ID)
    transaction.pointee.method = UInt8(method)
    transaction.pointee.flags = [.local, .cared]
    if flags & UInt32(TM_NO_ACK) != 0 { transaction.pointee.flags.insert(.noACK) }
    if scriptACKs { transaction.pointee.flags.insert(.scriptACK) }
    if flags & UInt32(TM_EARLY) != 0 { transaction.pointee.flags.insert(.early) }
    transaction.pointee.times = times(nil)
    transaction.pointee.request = Server.message.pointee.keep(request)
    transaction.pointee.done = done
    transaction.pointee.doneUser = user
    transaction.pointee.doneHost = call.pointee.host
    let state = MessageState.make(request)
    state.pointee.handle = transaction.pointee.handle
    transaction.pointee.pins += 1
    let branch = table(call).pointee.addBranch(transaction)
    branch.pointee.flags.insert(.sharesRequest)
    branch.pointee.message = request
    if let flow { branch.pointee.flow = flow.pointee }
    setVia(transaction, branch, request)
    Statistics.present.add()
    Statistics.local.add()
    let number = transaction.pointee.handle.number
    let goes = isCopy || tell(.localRequest, call, transaction, request, branch: 0)
    branch.pointee.routes = transaction.pointee.routes
    guard goes, sendFirst(call, transaction, branch) else {
        transaction.pointee.done = nil
        transaction.pointee.flags.insert(.over)
        Statistics.present.add(-1)
        unpin(call, transaction)
        return 0
    }
    unpin(call, transaction)
    return number
}

/// A reply to a request of our own. `reply` is nil when `status` stands for one that never came.
@discardableResult
func tellOwner(
    _ call: CallPointer, _ transaction: TransactionPointer, _ reply: OpaquePointer?, _ status: Int,
    branch: Int32,
    isFaked: Bool
) -> Bool {
    let isFinal = status >= 200
    guard isFinal || transaction.pointee.has(.early) else { return true }
    let isRepeated = transaction.pointee.has(.over)
    if isFinal {
        transaction.pointee.flags.insert(.over)
        transaction.pointee.lastStatus = Int32(status)
        if !isRepeated { Statistics.present.add(-1) }
        transaction.pointee.flags.insert(.faded)
    }
    if transaction.pointee.isInvite, status >= 200, status < 300, let reply,
        let number = transaction.branch(Int(branch))
    {
        if !transaction.pointee.has(.noACK) {
            acknowledgeDialog(call, transaction, number, reply)
        } else if transaction.pointee.has(.scriptACK) {
            keepForACK(call, transaction, number, reply)
        }
    }
    guard let done = transaction.pointee.done else { return true }
    if isFinal { transaction.pointee.done = nil }
    var data = tm_event(
        transaction: transaction.pointee.handle.number, request: transaction.pointee.request, reply: reply,
        status: Int32(status), branch: branch,
        flags: UInt32(TM_LOCAL) | (isFaked ? UInt32(TM_FAKED) : 0), reserved: 0)
    var inner = call.pointee
    inner.host = transaction.pointee.doneHost
    inner.user = transaction.pointee.doneUser
    inner.msg = reply
    inner.result = mt_result(status)
    withUnsafePointer(to: &data) {
        inner.data = UnsafeRawPointer($0)
        _ = done(&inner)
    }
    return true
}

/// The ACK to a 2xx is a request of the dialog (RFC 3261, 13.2.2.4): to the Contact, by the recorded route.
private func acknowledgeDialog(
    _ call: CallPointer, _ transaction: TransactionPointer, _ branch: BranchPointer, _ reply: OpaquePointer
) {
    guard let ack = dialogACK(branch, reply) else { return }
    sendACK(call, transaction, branch, reply, ack)
    Server.message.pointee.release(ack)
}

func dialogACK(_ branch: BranchPointer, _ reply: OpaquePointer) -> OpaquePointer? {
    guard let invite = branch.pointee.message else { return nil }
    var target = Text(unchecked: text(invite, MT_F_URI)).raw
    if let contact = header(reply, Words.contact) {
        var list = Text(unchecked: contact.body)
        if let address = list.takeAddress() { target = address.uri.raw }
    }
    guard let ack = Server.message.pointee.request(Server.host, mt_str("ACK"), target) else { return nil }
    append(ack, Line("Max-Forwards: 70"))
    // The recorded route, backwards: each line goes above those that are there.
    var field = mt_header()
    var first = mt_str()
    while Server.message.pointee.header(reply, Words.recordRoute, &field) {
        var list = Text(unchecked: field.body)
        while let address = list.takeAddress() {
            Line("Route: \(address.whole)").withRaw {
                _ = Server.message.pointee.insert(ack, UInt32(MT_FIRST), nil, $0)
            }
            first = address.uri.raw
        }
    }
    if first.len > 0 { set(ack, MT_F_NEXT_HOP, first) }
    if let from = header(invite, Words.from) { append(ack, Line("From: \(from.body)")) }
    if let to = header(reply, Words.to) { append(ack, Line("To: \(to.body)")) }
    append(ack, Line("Call-ID: \(text(invite, MT_F_CALL_ID))"))
    append(ack, Line("CSeq: \(number(invite, MT_F_CSEQ)) ACK"))
    return ack
}

/// Where `local_ack_mode` says.
func sendACK(
    _ call: CallPointer, _ transaction: TransactionPointer, _ branch: BranchPointer, _ reply: OpaquePointer,
    _ ack: OpaquePointer
) {
    tell(.localRequest, call, transaction, ack, branch: branch.pointee.number)
    switch localAckMode.value {
    case 1: _ = Server.net.pointee.send(call, ack, &branch.pointee.flow, nil, nil)
    case 2:
        var flow = mt_flow()
        Server.message.pointee.flow(reply, &flow)
        _ = Server.net.pointee.send(call, ack, &flow, nil, nil)
    default: _ = Server.net.pointee.send(call, ack, nil, nil, nil)
    }
}
