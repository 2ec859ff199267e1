// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

/// What a request has in common with its copies, its ACK and its CANCEL (RFC 3261, 17.2.3), as one keyed number: no
/// text has to be kept, and nobody outside can make two that meet.
func requestKey(_ message: OpaquePointer) -> UInt64 {
    requestKey(message, TopVia(header(message, Words.via)?.body ?? mt_str()))
}

func requestKey(_ message: OpaquePointer, _ sender: TopVia) -> UInt64 {
    var key = Mixing(key: Words.key)
    let branch = text(message, MT_F_VIA_BRANCH)
    key.add(text(message, MT_F_CALL_ID))
    if branch.len > 7, Text(unchecked: branch).hasPrefix(mt_str("z9hG4bK")) {
        key.add(branch)
        key.add(sender.sentBy)
        key.add(sender.port == 0 ? 5060 : UInt64(sender.port))
    } else {
        // RFC 2543: whatever else they share.
        key.add(sender.whole)
        key.add(text(message, MT_F_FROM_TAG))
        key.add(text(message, MT_F_RECEIVED_URI))
        key.add(UInt64(truncatingIfNeeded: number(message, MT_F_CSEQ)))
    }
    return key.hash
}

/// Hook "core.request": copies of a request, and the ACK to a refusal, end here.
func requestArrived(_ call: CallPointer) -> Outcome {
    guard let message = call.pointee.msg else { return .yes }
    let method = number(message, MT_F_METHOD_ID)
    if method == MT_CANCEL { return .yes }
    if method == MT_ACK { return ackArrived(call, message) }
    let via = TopVia(header(message, Words.via)?.body ?? mt_str())
    let key = requestKey(message, via)
    guard let transaction = table(call).pointee.find(key, UInt8(method)) else {
        if isTooMuch(call, message, method) { return .stop }
        table(call).pointee.arrived = message
        table(call).pointee.arrivedKey = key
        table(call).pointee.arrivedVia = via
        return .yes
    }
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

private func ackArrived(_ call: CallPointer, _ message: OpaquePointer) -> Outcome {
    let tag = Words.tag.read(text(message, MT_F_TO_TAG))
    // It was refused without a transaction.
    if let tag, tag.index == 0 { return .stop }
    if let transaction = table(call).pointee.find(requestKey(message), UInt8(MT_INVITE)) {
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
            tell(.acked, call, transaction, message, status: transaction.pointee.lastStatus)
            settle(call, transaction)
        }
        return .stop
    }
    guard let (index, generation) = tag else {
        return table(call).pointee.awaitingInDialog > 0 ? localACK(call, message, nil) : .yes
    }
    guard table(call).pointee.awaitingACK > 0, let there = table(call).pointee.occupant(index),
        UInt8(truncatingIfNeeded: there.pointee.generation) == generation
    else { return .yes }
    return localACK(call, message, there)
}

/// The ACK to a 2xx that was made here has a branch of its own; the tag leads back. Within a dialog the tag is that of the
/// dialog: rare, and worth a search.
private func localACK(_ call: CallPointer, _ message: OpaquePointer, _ tagged: TransactionPointer?) -> Outcome
{
    let callID = Text(unchecked: text(message, MT_F_CALL_ID))
    let sequence = number(message, MT_F_CSEQ)
    func fits(_ transaction: TransactionPointer) -> Bool {
        guard transaction.pointee.has(.awaitsACK), let request = transaction.pointee.request else {
            return false
        }
        return number(request, MT_F_CSEQ) == sequence
            && callID == Text(unchecked: text(request, MT_F_CALL_ID))
    }
    var found = tagged.flatMap { fits($0) ? $0 : nil }
    if tagged == nil { table(call).pointee.each { if found == nil, fits($0) { found = $0 } } }
    guard let found, case .invite(var machine) = found.pointee.server else { return .yes }
    machine.acknowledged(at: milliseconds(), found.pointee.times)
    found.pointee.server = .invite(machine)
    stopAwaitingACK(found)
    tell(.acked, call, found, message, status: found.pointee.lastStatus)
    settle(call, found)
    return .stop
}

/// The INVITE that a CANCEL is for.
func cancelTarget(_ call: CallPointer, _ message: OpaquePointer) -> TransactionPointer? {
    table(call).pointee.find(requestKey(message), UInt8(MT_INVITE))
}
