// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

/// Whoever was in the middle of something with it is done.
func unpin(_ call: CallPointer, _ transaction: TransactionPointer) {
    transaction.pointee.pins -= 1
    settle(call, transaction)
}

/// Frees the transaction when nothing can come any more; otherwise makes sure that it wakes.
func settle(_ call: CallPointer, _ transaction: TransactionPointer) {
    guard transaction.pointee.pins == 0 else { return }
    if isOver(transaction) {
        end(call, transaction)
    } else {
        lighten(transaction)
        arm(transaction)
    }
}

private func isOver(_ transaction: TransactionPointer) -> Bool {
    switch transaction.pointee.server {
    case .invite(let machine): if machine.state != .terminated { return false }
    case .plain(let machine): if machine.state != .terminated { return false }
    case .none: if !transaction.pointee.has(.over) { return false }
    }
    if transaction.pointee.isFailing || transaction.pointee.has(.suspended) { return false }
    var branch = transaction.pointee.first
    while let here = branch {
        if here.pointee.cancel.isOpen || here.pointee.has(.preparing) && !here.pointee.hasFinal {
            return false
        }
        switch here.pointee.client {
        case .none: break
        case .invite(let machine):
            // Its time is out; a 2xx that still came would find nobody.
            if machine.state != .terminated, machine.state != .timedOut { return false }
        case .plain(let machine): if machine.state != .terminated { return false }
        }
        branch = here.pointee.next
    }
    return true
}

/// Lets go of requests that nobody will ask for: most transactions have been answered, and only stay for copies that
/// come late.
private func lighten(_ transaction: TransactionPointer) {
    guard transaction.pointee.lastStatus >= 200,
        transaction.pointee.lastStatus < 300 || !transaction.pointee.isInvite,
        !transaction.pointee.isUnanswered, !transaction.pointee.has(.held),
        !transaction.pointee.has(.awaitsACK),
        transaction.pointee.request != nil
    else { return }
    var hasRoute = Words.replyRoute != 0
    var branch = transaction.pointee.first
    while let here = branch {
        if here.pointee.client.isOpen || here.pointee.cancel.isOpen { return }
        if here.pointee.status >= 300, transaction.pointee.isInvite { return }
        hasRoute = hasRoute || here.pointee.routes.reply != 0
        branch = here.pointee.next
    }
    // Each copy of a 2xx to an INVITE of our own gets its ACK.
    if transaction.pointee.has(.local), transaction.pointee.isInvite,
        !transaction.pointee.has(.noACK) || transaction.pointee.has(.scriptACK)
    {
        return
    }
    // The route for replies sees copies of a 2xx as it saw the first one: with the attributes of the request.
    if hasRoute, transaction.pointee.isInvite {
        transaction.pointee.keptAttributes = Server.attribute.pointee.keep(transaction.pointee.request)
    }
    dropMessages(transaction)
}

private func dropMessages(_ transaction: TransactionPointer) {
    transaction.eachBranch { branch in
        if let message = branch.pointee.message, !branch.pointee.has(.sharesRequest) {
            Server.message.pointee.release(message)
        }
        branch.pointee.message = nil
        if let reply = branch.pointee.reply { Server.message.pointee.release(reply) }
        branch.pointee.reply = nil
        if let cancel = branch.pointee.cancelMessage { Server.message.pointee.release(cancel) }
        branch.pointee.cancelMessage = nil
    }
    if let ack = transaction.pointee.ack {
        transaction.pointee.ack = nil
        Server.message.pointee.release(ack)
    }
    if let reply = transaction.pointee.heldReply {
        transaction.pointee.heldReply = nil
        Server.message.pointee.release(reply)
    }
    if let request = transaction.pointee.request {
        transaction.pointee.request = nil
        Server.message.pointee.release(request)
    }
}

/// `wt_timer` has passed since the answer. What RFC 6026 wants to be known for longer costs a few hundred bytes; for
/// everybody else the transaction has ended.
func fade(_ call: CallPointer, _ transaction: TransactionPointer) {
    guard !transaction.pointee.has(.faded) else { return }
    transaction.pointee.flags.insert(.faded)
    Statistics.present.add(-1)
    tellEnd(call, transaction)
    guard transaction.pointee.isInvite, transaction.pointee.lastStatus >= 200,
        transaction.pointee.lastStatus < 300,
        !transaction.pointee.has(.awaitsACK)
    else { return }
    table(transaction).pointee.blocks.give(&transaction.pointee.lastReply)
}

private func tellEnd(_ call: CallPointer, _ transaction: TransactionPointer) {
    tell(.ended, call, transaction, transaction.pointee.request, status: transaction.pointee.lastStatus)
}

private func end(_ call: CallPointer, _ transaction: TransactionPointer) {
    transaction.pointee.pins += 1
    if !transaction.pointee.has(.local) {
        if transaction.pointee.lastStatus < 200 { Statistics.active.add(-1) }
        if !transaction.pointee.has(.faded) { Statistics.present.add(-1) }
    }
    if !transaction.pointee.has(.faded) { tellEnd(call, transaction) }
    stopOwing(transaction)
    stopAwaitingACK(transaction)
    if transaction.pointee.timer != 0 { _ = Server.loop.pointee.cancel(transaction.pointee.timer) }
    dropMessages(transaction)
    if let kept = transaction.pointee.keptAttributes { Server.attribute.pointee.drop(kept) }
    transaction.pointee.keptAttributes = nil
    table(transaction).pointee.release(transaction)
}
