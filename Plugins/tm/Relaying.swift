// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

/// Where t_relay() and its kin send, when a script says so rather than the request.
struct Destination {
    var host = mt_str()
    var port = 0
    /// "udp", "tcp", "tls"; absent: that of the request.
    var transport = mt_str()
    /// A URI that takes the place of all of these.
    var uri = mt_str()

    struct Options: OptionSet {
        let rawValue: Int
        static let noTrying = Options(rawValue: 1)
        static let noErrorReply = Options(rawValue: 2)
        static let noFailover = Options(rawValue: 4)
        static let replicate = Options(rawValue: 8)
    }
    var options: Options = []

    var isFixed: Bool { host.len > 0 || uri.len > 0 }
}

/// t_relay(), wherever it stands.
func relay(_ call: CallPointer, _ to: Destination = Destination()) -> Outcome {
    guard let message = call.pointee.msg else { return .no }
    return relay(call, message, to)
}

func relay(_ call: CallPointer, _ message: OpaquePointer, _ to: Destination) -> Outcome {
    switch number(message, MT_F_METHOD_ID) {
    case MT_ACK:
        // It belongs to a dialog, not to a transaction (RFC 3261, 17).
        if to.isFixed { setDestination(message, to) }
        return Server.net.pointee.send(call, message, nil, nil, nil) > 0 ? .yes : .no
    case MT_CANCEL:
        if let invite = cancelTarget(call, message) { return cancelArrived(call, message, invite) }
        switch unmatchedCancel.value {
        case 1:
            if to.isFixed { setDestination(message, to) }
            return Server.net.pointee.send(call, message, nil, nil, nil) > 0 ? .yes : .no
        case 2: return .no
        default: break
        }
    default: break
    }
    let known = transaction(message)
    guard let transaction = known ?? create(call, message) else { return .error }
    // Whoever heard of it has answered it: there is nothing left for the script to do.
    if known == nil, !transaction.pointee.isUnanswered { return .stop }
    transaction.pointee.pins += 1
    defer { unpin(call, transaction) }
    return forward(call, transaction, message, to)
}

private func forward(
    _ call: CallPointer, _ transaction: TransactionPointer, _ message: OpaquePointer, _ to: Destination
) -> Outcome {
    guard !transaction.pointee.has(.cancelled) else {
        transaction.pointee.flags.insert(.cared)
        guard transaction.pointee.isUnanswered, !transaction.pointee.isFailing else { return .no }
        // The script has nothing left to answer.
        return Outcome(answer(call, transaction, 487, mt_str("Request Terminated")))
    }
    guard transaction.pointee.isUnanswered else { return .no }
    if to.options.contains(.replicate) { transaction.pointee.flags.insert(.silent) }
    if to.options.contains(.noFailover) { transaction.pointee.flags.insert(.noFailover) }
    if transaction.pointee.branchCount == 0, transaction.pointee.isInvite,
        transaction.pointee.lastStatus == 0,
        autoInv100.value != 0, !transaction.pointee.has(.noTrying), !to.options.contains(.noTrying),
        !transaction.pointee.has(.silent)
    {
        answer(call, transaction, 100, autoInv100Reason.value.raw)
    }
    let first = transaction.pointee.branchCount
    let count = addBranches(call, transaction, message, to)
    if count > 0 {
        transaction.pointee.flags.insert(.cared)
        if transaction.pointee.leg != first { startLeg(transaction, first) }
        arm(transaction)
        return .yes
    }
    return nothingSent(call, transaction, message, to)
}

/// Not one branch could be sent.
private func nothingSent(
    _ call: CallPointer, _ transaction: TransactionPointer, _ message: OpaquePointer, _ to: Destination
) -> Outcome {
    // failure_route goes on as if nothing had been tried.
    if transaction.pointee.isFailing { return .no }
    if failureExecMode.value != 0, transaction.pointee.branchCount > 0 {
        transaction.pointee.flags.insert(.cared)
        chooseReply(call, transaction)
        return .no
    }
    if transaction.pointee.has(.noInternalReply) || to.options.contains(.noErrorReply) { return Outcome(-4) }
    if !transaction.pointee.has(.owesError) {
        transaction.pointee.flags.insert(.owesError)
        table(transaction).pointee.owingErrors += 1
    }
    return .no
}

/// The script has ended and said nothing of its own: the client learns why nothing was sent.
func payError(_ call: CallPointer, _ transaction: TransactionPointer) {
    stopOwing(transaction)
    guard transaction.pointee.isUnanswered, let request = transaction.pointee.request else { return }
    transaction.pointee.flags.insert(.cared)
    let status = number(request, MT_F_ERROR)
    let reason = Text(unchecked: text(request, MT_F_ERROR_REASON))
    if status < 400 || status > 699 {
        answer(call, transaction, 500, mt_str("I'm terribly sorry, server error occurred (1/TM)"))
    } else {
        let phrase = Line("\(reason) (\(status)/TM)").kept(by: Message(request))
        answer(call, transaction, status, phrase.raw)
    }
}

func stopOwing(_ transaction: TransactionPointer) {
    guard transaction.pointee.has(.owesError) else { return }
    transaction.pointee.flags.remove(.owesError)
    table(transaction).pointee.owingErrors -= 1
}

/// Hook "sl.local-response": the script has answered without the transaction, as with sl_reply_error().
func statelessReplySent(_ call: CallPointer) -> Outcome {
    guard table(call).pointee.owingErrors > 0, let reply = call.pointee.msg, number(reply, MT_F_STATUS) >= 200
    else { return .yes }
    // A reply has the Via of its request on top.
    guard let found = table(call).pointee.find(requestKey(reply), UInt8(number(reply, MT_F_METHOD_ID))),
        found.pointee.has(.owesError)
    else { return .yes }
    stopOwing(found)
    giveUp(call, found)
    return .yes
}

/// The next hop that a destination of the script's comes to.
func setDestination(_ message: OpaquePointer, _ to: Destination) {
    if to.uri.len > 0 { return set(message, MT_F_NEXT_HOP, to.uri) }
    var transport = to.transport
    if transport.len == 0 {
        var flow = mt_flow()
        Server.message.pointee.flow(message, &flow)
        transport = name(flow.protocol)
    }
    let line =
        to.port > 0
        ? Line("sip:\(to.host):\(to.port);transport=\(transport)")
        : Line("sip:\(to.host);transport=\(transport)")
    line.withRaw { set(message, MT_F_NEXT_HOP, $0) }
}

/// The next hop of a URI with another transport.
func setTransport(_ message: OpaquePointer, _ transport: mt_str) {
    let hop = text(message, MT_F_NEXT_HOP)
    guard let uri = URI(Text(unchecked: hop.len > 0 ? hop : text(message, MT_F_URI))) else { return }
    var to = Destination()
    to.host = uri.host.raw
    to.port = uri.port ?? 0
    to.transport = transport
    setDestination(message, to)
}

func name(_ transport: UInt32) -> mt_str {
    switch Int(transport) {
    case MT_TCP: mt_str("tcp")
    case MT_TLS: mt_str("tls")
    case MT_WS: mt_str("ws")
    case MT_WSS: mt_str("wss")
    case MT_SCTP: mt_str("sctp")
    default: mt_str("udp")
    }
}
