// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

/// What a request has in common with its copies, its ACK and its CANCEL (RFC 3261, 17.2.3), as one keyed number: no
/// text has to be kept, and nobody outside can make two that meet.
func requestKey(_ message: OpaquePointer, _ via: TopVia, _ body: mt_str) -> UInt64 {
    var key = Mixing(key: Words.key)
    let branch = text(message, MT_F_VIA_BRANCH)
    key.add(text(message, MT_F_CALL_ID))
    if Text(unchecked: branch).hasPrefix(mt_str("z9hG4bK")), branch.len > 7 {
        key.add(branch)
        key.add(via.sentBy)
        key.add(via.port == 0 ? 5060 : UInt64(via.port))
    } else {
        // RFC 2543: whatever else they share.
        key.add(body)
        key.add(text(message, MT_F_FROM_TAG))
        key.add(text(message, MT_F_RECEIVED_URI))
        key.add(UInt64(truncatingIfNeeded: number(message, MT_F_CSEQ)))
    }
    return key.hash
}

func requestKey(_ message: OpaquePointer) -> UInt64 {
    let body = header(message, Words.via)?.body ?? mt_str()
    return requestKey(message, TopVia(body), body)
}

/// Hook "core.request": copies of a request, and the ACK to a refusal, end here.
func requestArrived(_ call: CallPointer) -> Outcome {
    guard let message = call.pointee.msg else { return .yes }
    let method = number(message, MT_F_METHOD_ID)
    if method == MT_CANCEL { return .yes }
    let key = requestKey(message)
    if method == MT_ACK { return ackArrived(call, message, key) }
    guard let transaction = table(call).pointee.find(key, UInt8(method)) else { return .yes }
    requestArrivedAgain(transaction)
    return .stop
}

func requestArrivedAgain(_ transaction: TransactionPointer) {
    let actions: ServerActions =
        switch transaction.pointee.server {
        case .invite(let machine): machine.requestArrivedAgain()
        case .plain(let machine): machine.requestArrivedAgain()
        case .none: []
        }
    if actions.contains(.resend) { sendLastReply(transaction) }
}

private func ackArrived(_ call: CallPointer, _ message: OpaquePointer, _ key: UInt64) -> Outcome {
    if let transaction = table(call).pointee.find(key, UInt8(MT_INVITE)) {
        guard case .invite(var machine) = transaction.pointee.server else { return .yes }
        switch machine.state {
        case .completed, .confirmed: break
        // A client that does not know better sends the ACK of a 2xx with the INVITE's branch: it goes on to the callee.
        case .proceeding, .accepted, .terminated: return .yes
        }
        let isFirst = machine.state == .completed
        machine.acknowledged(at: milliseconds(), transaction.pointee.times)
        transaction.pointee.server = .invite(machine)
        if isFirst {
            tell(acked, call, transaction, message, status: transaction.pointee.lastStatus)
            settle(call, transaction)
        }
        return .stop
    }
    guard table(call).pointee.awaitingACK > 0, Words.tag.isOurs(text(message, MT_F_TO_TAG)) else {
        return .yes
    }
    return localACK(call, message)
}

/// The ACK to a 2xx that was made here has a branch of its own; the tag leads back.
private func localACK(_ call: CallPointer, _ message: OpaquePointer) -> Outcome {
    let callID = Text(unchecked: text(message, MT_F_CALL_ID))
    let sequence = number(message, MT_F_CSEQ)
    var found: TransactionPointer?
    table(call).pointee.each { transaction in
        guard transaction.pointee.has(.awaitsACK), let request = transaction.pointee.request,
            number(request, MT_F_CSEQ) == sequence, callID == Text(unchecked: text(request, MT_F_CALL_ID))
        else { return }
        found = transaction
    }
    guard let found, case .invite(var machine) = found.pointee.server else { return .yes }
    machine.acknowledged(at: milliseconds(), found.pointee.times)
    found.pointee.server = .invite(machine)
    found.pointee.flags.remove(.awaitsACK)
    table(found).pointee.awaitingACK -= 1
    tell(acked, call, found, message, status: found.pointee.lastStatus)
    settle(call, found)
    return .stop
}

/// The INVITE that a CANCEL is for.
func cancelTarget(_ call: CallPointer, _ message: OpaquePointer) -> TransactionPointer? {
    table(call).pointee.find(requestKey(message), UInt8(MT_INVITE))
}
