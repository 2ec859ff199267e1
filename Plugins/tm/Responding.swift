// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

/// Sends a reply to the client of a transaction, if its state allows: one that came to a branch, or one made
/// here.
@discardableResult
func respond(
    _ call: CallPointer, _ transaction: TransactionPointer, _ reply: OpaquePointer, _ status: Int,
    isOurs: Bool,
    branch: Int32 = -1, isFaked: Bool = false
) -> Bool {
    if transaction.pointee.has(.local) {
        return tellOwner(call, transaction, reply, status, branch: branch, isFaked: isFaked)
    }
    guard !transaction.pointee.has(.silent) else {
        if status >= 200 { giveUp(call, transaction) }
        return true
    }
    let now = milliseconds()
    let wasOpen = transaction.pointee.isUnanswered
    let actions: ServerActions
    switch transaction.pointee.server {
    case .invite(var machine):
        actions = machine.replies(status, isOurs: isOurs, at: now, transaction.pointee.times)
        transaction.pointee.server = .invite(machine)
    case .plain(var machine):
        actions = machine.replies(status, at: now, transaction.pointee.times)
        transaction.pointee.server = .plain(machine)
    case .none: return false
    }
    let isFinal = wasOpen && !transaction.pointee.isUnanswered
    if isFinal {
        transaction.pointee.flags.insert(.cared)
        Statistics.ended(status)
        Statistics.active.add(-1)
        transaction.pointee.lastStatus = Int32(status)
        transaction.pointee.lingerEnd = now + UInt64(transaction.pointee.times.linger)
    }
    guard actions.contains(.send) else {
        if isFinal { settle(call, transaction) }
        return isFinal
    }
    let flags = (isOurs ? Int(TM_LOCAL) : 0) | (isFaked ? Int(TM_FAKED) : 0)
    if isOurs {
        tell(.localResponse, call, transaction, reply, reply: reply, status: Int32(status), flags: flags)
    }
    tell(
        .replying, call, transaction, reply, reply: reply, status: Int32(status), branch: branch, flags: flags
    )
    send(call, transaction, reply)
    transaction.pointee.lastStatus = Int32(status)
    Statistics.sent.add()
    (isOurs ? Statistics.generated : Statistics.relayed).add()
    if isOurs, transaction.pointee.isInvite, status >= 200, status < 300 { awaitACK(transaction) }
    remember(transaction, reply, status, isOurs)
    tell(
        .replied, call, transaction, reply, reply: reply, status: Int32(status), branch: branch, flags: flags)
    if isFinal { settle(call, transaction) }
    return true
}

/// A 2xx of our own is repeated until its ACK comes.
private func awaitACK(_ transaction: TransactionPointer) {
    let isInDialog = transaction.pointee.request.map { text($0, MT_F_TO_TAG).len > 0 } ?? false
    transaction.pointee.flags.formUnion(isInDialog ? [.awaitsACK, .inDialog] : .awaitsACK)
    table(transaction).pointee.awaitingACK += 1
    if isInDialog { table(transaction).pointee.awaitingInDialog += 1 }
}

/// It came, or nobody waits for it any more.
func stopAwaitingACK(_ transaction: TransactionPointer) {
    guard transaction.pointee.has(.awaitsACK) else { return }
    table(transaction).pointee.awaitingACK -= 1
    if transaction.pointee.has(.inDialog) { table(transaction).pointee.awaitingInDialog -= 1 }
    transaction.pointee.flags.subtract([.awaitsACK, .inDialog])
}

private func send(_ call: CallPointer, _ transaction: TransactionPointer, _ reply: OpaquePointer) {
    if transaction.pointee.followsVia {
        let token = Token(transaction.pointee.handle, 0).user
        _ = Server.net.pointee.send(call, reply, nil, replySent, token)
        return
    }
    if Server.net.pointee.send(call, reply, &transaction.pointee.flow, nil, nil) > 0 { return }
    // The connection is gone: where its Via says (RFC 3261, 18.2.2).
    if transaction.pointee.flow.connection != 0 { _ = Server.net.pointee.send(call, reply, nil, nil, nil) }
}

/// The way that a reply took whose Via names an address of its own.
private let replySent: mt_fn = { call in
    guard let call, let flow = call.pointee.data, call.pointee.result > 0,
        let transaction = Token(call.pointee.user).transaction
    else { return 1 }
    transaction.pointee.flow = flow.assumingMemoryBound(to: mt_flow.self).pointee
    return 1
}

/// Keeps the bytes of what was sent, as far as it may have to be sent again.
private func remember(
    _ transaction: TransactionPointer, _ reply: OpaquePointer, _ status: Int, _ isOurs: Bool
) {
    let is2xx = transaction.pointee.isInvite && status >= 200 && status < 300
    // RFC 6026: a 2xx of others is repeated by them. Over TCP nothing is asked for again.
    if is2xx && !isOurs || transaction.pointee.has(.reliable) && !is2xx {
        return tables[Int(transaction.pointee.worker)].blocks.give(&transaction.pointee.lastReply)
    }
    // One that was received is about as long as before; ours are short. It is written once more if that was too little.
    let wanted = isOurs ? 512 : text(reply, MT_F_BYTES).len + 64
    if transaction.pointee.lastReply.room < wanted, !isOurs || transaction.pointee.lastReply.bytes == nil {
        table(transaction).pointee.blocks.give(&transaction.pointee.lastReply)
        transaction.pointee.lastReply = table(transaction).pointee.blocks.take(wanted)
    }
    var room = transaction.pointee.lastReply.room
    guard var bytes = transaction.pointee.lastReply.bytes else { return }
    var size = Server.message.pointee.write(reply, bytes, room)
    if size > room {
        table(transaction).pointee.blocks.give(&transaction.pointee.lastReply)
        transaction.pointee.lastReply = table(transaction).pointee.blocks.take(size)
        room = transaction.pointee.lastReply.room
        guard let larger = transaction.pointee.lastReply.bytes else { return }
        bytes = larger
        size = min(Server.message.pointee.write(reply, bytes, room), room)
    }
    transaction.pointee.lastReply.count = isOurs ? size : ReplyBytes.removeTopVia(bytes, size)
}

func sendLastReply(_ transaction: TransactionPointer) {
    let block = transaction.pointee.lastReply
    guard let bytes = block.bytes else { return }
    let text = mt_str(ptr: UnsafeRawPointer(bytes).assumingMemoryBound(to: CChar.self), len: block.count)
    _ = Server.net.pointee.send_bytes(text, &transaction.pointee.flow)
    Statistics.sent.add()
}

/// Makes a reply to the transaction's request and sends it.
@discardableResult
func answer(
    _ call: CallPointer, _ transaction: TransactionPointer, _ status: Int, _ reason: mt_str,
    isFaked: Bool = false
) -> Bool {
    guard let request = transaction.pointee.request, transaction.pointee.isUnanswered || status < 200,
        let reply = Server.message.pointee.reply(request, Int32(status), reason)
    else { return false }
    defer { Server.message.pointee.release(reply) }
    if status > 100, text(request, MT_F_TO_TAG).len == 0 { setTag(reply, transaction.pointee.handle) }
    if status >= 300, status < 400 { addContacts(reply, request) }
    return finish(call, transaction, reply, status, isFaked: isFaked)
}

/// Sends a reply of our own; a final one ends the branches.
func finish(
    _ call: CallPointer, _ transaction: TransactionPointer, _ reply: OpaquePointer, _ status: Int,
    isFaked: Bool = false
) -> Bool {
    transaction.pointee.pins += 1
    let isFinal = status >= 200 && transaction.pointee.isUnanswered
    let sent = respond(call, transaction, reply, status, isOurs: true, isFaked: isFaked)
    if isFinal { cancelBranches(call, transaction, because: status < 300 ? .answeredElsewhere : .none) }
    unpin(call, transaction)
    return sent
}

/// To had no tag, so what stands there is all there is.
func setTag(_ reply: OpaquePointer, _ handle: Handle) {
    guard var to = header(reply, Words.to) else { return }
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: to.body.len + 5 + LocalTag.length) { room in
        guard let start = room.baseAddress else { return }
        start.update(
            from: UnsafeRawPointer(to.body.ptr).assumingMemoryBound(to: UInt8.self), count: to.body.len)
        let tag: StaticString = ";tag="
        (start + to.body.len).update(from: tag.utf8Start, count: 5)
        Words.tag.write(handle, into: start + to.body.len + 5)
        let bytes = UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self)
        _ = Server.message.pointee.replace(reply, &to, mt_str(ptr: bytes, len: room.count))
    }
}
