// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

/// A transaction for a request that has none. nil: there is no room.
func create(_ call: CallPointer, _ message: OpaquePointer) -> TransactionPointer? {
    let now = milliseconds()
    guard let transaction = table(call).pointee.make(at: now) else {
        Host.log(.error, "no room for a transaction: there are \(table(call).pointee.count)")
        return nil
    }
    let state = MessageState.make(message)
    let method = number(message, MT_F_METHOD_ID)
    state.pointee.handle = transaction.pointee.handle
    transaction.pointee.method = UInt8(method)
    transaction.pointee.times = times(state)
    useAVPTimers(message, &transaction.pointee.times)
    let limit =
        method == MT_INVITE
        ? (state.pointee.inviteLife != 0 ? Int(state.pointee.inviteLife) : maxInvLifetime.value.count)
        : (state.pointee.plainLife != 0 ? Int(state.pointee.plainLife) : maxNoninvLifetime.value.count)
    transaction.pointee.lifeEnd = limit > 0 ? now + UInt64(limit) : 0
    transaction.pointee.routes = state.pointee.routes
    transaction.pointee.flags.formUnion(state.pointee.flags)
    transaction.pointee.request = Server.message.pointee.keep(message)

    if table(call).pointee.arrived == message {
        transaction.pointee.key = table(call).pointee.arrivedKey
        setWayBack(transaction, message, table(call).pointee.arrivedVia)
    } else {
        let via = TopVia(header(message, Words.via)?.body ?? mt_str())
        transaction.pointee.key = requestKey(message, via)
        setWayBack(transaction, message, via)
    }
    let isReliable = transaction.pointee.flow.protocol != UInt32(MT_UDP)
    if isReliable { transaction.pointee.flags.insert(.reliable) }
    transaction.pointee.server =
        method == MT_INVITE
        ? .invite(InviteServer(reliable: isReliable))
        : .plain(PlainServer(at: now, reliable: isReliable, transaction.pointee.times))
    table(call).pointee.list(transaction)
    // Its CANCEL may have overtaken it.
    if method == MT_INVITE, unmatchedCancel.value == 0,
        table(call).pointee.find(transaction.pointee.key, UInt8(MT_CANCEL)) != nil
    {
        transaction.pointee.flags.insert(.cancelled)
    }
    Statistics.requests.add()
    Statistics.present.add()
    Statistics.active.add()
    tell(.created, call, transaction, message)
    return transaction
}

/// Where replies go (RFC 3261, 18.2.2; RFC 3581, 4).
private func setWayBack(_ transaction: TransactionPointer, _ message: OpaquePointer, _ sender: TopVia) {
    Server.message.pointee.flow(message, &transaction.pointee.flow)
    var via = sender
    via.readParams()
    transaction.pointee.followsVia = via.hasOtherAddress
    guard transaction.pointee.flow.connection == 0 else { return }
    let options = number(message, MT_F_OPTIONS)
    guard !via.asksForPort, options & Int(MT_O_FORCE_RPORT) == 0 else { return }
    transaction.pointee.flow.remote_port = via.port == 0 ? 5060 : via.port
}

private func useAVPTimers(_ message: OpaquePointer, _ times: inout Times) {
    if let name = frTimerAVP.value, let seconds = avp(message, name) {
        times.answer = UInt32(clamping: seconds * 1000)
    }
    if let name = frInvTimerAVP.value, let seconds = avp(message, name) {
        times.ringing = UInt32(clamping: seconds * 1000)
    }
}

/// The positive number in an AVP, written "$avp(name)", "i:1" or "name".
private func avp(_ message: OpaquePointer, _ name: Text) -> Int? {
    let isWritten = name.hasPrefix(mt_str("$avp(")) && name.hasSuffix(mt_str(")"))
    let root = isWritten ? name[5..<(name.count - 1)] : name
    guard let value = Message(message).attributes(.avp).get(root) else { return nil }
    let number = value.int ?? value.text.integer
    return number.flatMap { $0 > 0 ? $0 : nil }
}

/// Nobody is going to end it: it goes without a word.
func giveUp(_ call: CallPointer, _ transaction: TransactionPointer) {
    switch transaction.pointee.server {
    case .invite(var machine):
        machine.terminate()
        transaction.pointee.server = .invite(machine)
    case .plain(var machine):
        machine.terminate()
        transaction.pointee.server = .plain(machine)
    case .none: break
    }
    transaction.pointee.flags.insert(.cared)
    settle(call, transaction)
}

/// Hook "core.finished": the script is done with a request.
func requestFinished(_ call: CallPointer) -> Outcome {
    table(call).pointee.arrived = nil
    guard let message = call.pointee.msg, let state = MessageState.find(message), state.pointee.branch < 0,
        let transaction = transaction(state.pointee.handle)
    else { return .yes }
    if transaction.pointee.has(.owesError) { payError(call, transaction) }
    if !transaction.pointee.has(.cared) {
        Host.log(
            .warning, "a transaction was made that the script neither relayed nor answered: it is given up")
        giveUp(call, transaction)
    }
    return .yes
}
