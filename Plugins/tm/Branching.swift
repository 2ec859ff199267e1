// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

/// Makes a branch of the Request-URI, if it has not been taken yet, and of each destination that was added, and sends
/// them. Answers how many went out, or are about to.
func addBranches(
    _ call: CallPointer, _ transaction: TransactionPointer, _ message: OpaquePointer, _ to: Destination
) -> Int {
    let targets = Int(number(message, MT_F_TARGETS))
    let state = MessageState.make(message)
    let destination = destination(message)
    let takesURI = state.pointee.destination != destination && !isTarget(message, targets)
    state.pointee.destination = destination
    guard takesURI || targets > 0 else { return 0 }

    var sent = 0
    // Alone it needs no copy of its own, unless branch_route may change it and a route for what failed may want it as it was.
    let isLeftAlone =
        transaction.pointee.routes.branch == 0
        || transaction.pointee.routes.failure == 0 && transaction.pointee.routes.branchFailure == 0
    let isAlone =
        takesURI && targets == 0 && transaction.pointee.branchCount == 0 && isLeftAlone
        && transaction.pointee.request == message
    unshare(transaction)
    if takesURI, let branch = newBranch(transaction) {
        if isAlone {
            branch.pointee.flags.insert(.sharesRequest)
            branch.pointee.message = message
        } else {
            branch.pointee.message = copy(transaction, branch, message)
        }
        if prepare(call, transaction, branch, to) { sent += 1 }
    }
    for index in 0..<targets {
        guard let target = Server.message.pointee.target(message, UInt32(index)),
            let branch = newBranch(transaction)
        else { break }
        guard let own = copy(transaction, branch, message) else { continue }
        branch.pointee.message = own
        set(own, MT_F_URI, target.pointee.uri)
        set(own, MT_F_NEXT_HOP, target.pointee.next_hop)
        set(own, MT_F_PATH, target.pointee.path)
        _ = Server.message.pointee.set_number(
            own, UInt32(MT_F_OUT_SOCKET),
            target.pointee.socket == UInt32.max ? Int64.min : Int64(target.pointee.socket))
        set(own, MT_F_BRANCH_FLAGS, Int(truncatingIfNeeded: target.pointee.flags))
        setContact(own, target.pointee)
        Server.message.pointee.clear_targets(own)
        if prepare(call, transaction, branch, to) { sent += 1 }
    }
    Server.message.pointee.clear_targets(message)
    return sent
}

/// Which registered contact a destination is.
func setContact(_ message: OpaquePointer, _ target: mt_target) {
    set(message, MT_F_RUID, target.ruid)
    set(message, MT_F_INSTANCE, target.instance)
    set(message, MT_F_USER_AGENT, target.user_agent)
    _ = Server.message.pointee.set_number(message, UInt32(MT_F_REG_ID), Int64(target.reg_id))
    _ = Server.message.pointee.set_number(message, UInt32(MT_F_Q), target.q < 0 ? Int64.min : Int64(target.q))
    _ = Server.message.pointee.set_number(
        message, UInt32(MT_F_CONNECTION),
        target.connection == 0 ? Int64.min : Int64(bitPattern: target.connection))
    // A client that keeps its flow to this server is reached by it or not at all (RFC 5626, 5.3).
    if target.reg_id > 0, target.connection != 0, target.path.len == 0 {
        set(message, MT_F_OPTIONS, number(message, MT_F_OPTIONS) | Int(MT_O_FLOW))
    }
}

/// Two destinations that differ in nothing are one.
private func isTarget(_ message: OpaquePointer, _ targets: Int) -> Bool {
    guard targets > 0, transaction(message).map({ $0.pointee.branchCount > 0 }) ?? false else { return false }
    let uri = Text(unchecked: text(message, MT_F_URI))
    for index in 0..<targets {
        guard let target = Server.message.pointee.target(message, UInt32(index)) else { break }
        if uri == Text(unchecked: target.pointee.uri) { return true }
    }
    return false
}

/// Of the Request-URI and the next hop: whether they were changed since they were taken.
func destination(_ message: OpaquePointer) -> UInt64 {
    var key = Mixing(key: Words.key)
    key.add(text(message, MT_F_URI))
    key.add(text(message, MT_F_NEXT_HOP))
    return key.hash | 1
}

private func newBranch(_ transaction: TransactionPointer) -> BranchPointer? {
    guard transaction.pointee.branchCount < maxBranches.value else {
        Host.log(.error, "no more than \(maxBranches.value) branches")
        return nil
    }
    return table(transaction).pointee.addBranch(transaction)
}

/// A request of the branch's own, with the attributes of the transaction.
func copy(_ transaction: TransactionPointer, _ branch: BranchPointer, _ message: OpaquePointer)
    -> OpaquePointer?
{
    guard let own = Server.message.pointee.copy(message) else { return nil }
    _ = Server.attribute.pointee.share(own, message)
    let state = MessageState.make(own)
    state.pointee.handle = transaction.pointee.handle
    state.pointee.branch = branch.pointee.number
    return own
}

/// A branch that goes on while the request is being changed gets a copy of it as it went out: there may be an ACK to send
/// even when it has its answer.
func unshare(_ transaction: TransactionPointer) {
    guard let branch = transaction.pointee.first, branch.pointee.has(.sharesRequest),
        branch.pointee.client.isAlive,
        let request = branch.pointee.message, let own = copy(transaction, branch, request)
    else { return }
    branch.pointee.flags.remove(.sharesRequest)
    branch.pointee.message = own
    setVia(transaction, branch, own)
}

/// Runs branch_route, and sends. False: this branch is none.
private func prepare(
    _ call: CallPointer, _ transaction: TransactionPointer, _ branch: BranchPointer, _ to: Destination
) -> Bool {
    guard let message = branch.pointee.message else { return false }
    if to.isFixed {
        setDestination(message, to)
    } else if to.transport.len > 0 {
        setTransport(message, to.transport)
    }
    let route = transaction.pointee.routes.branch
    guard route != 0 else { return complete(call, transaction, branch) }
    branch.pointee.flags.insert(.preparing)
    MessageState.make(message).pointee.branch = branch.pointee.number
    let token = Token(transaction.pointee.handle, Int(branch.pointee.number)).user
    let outcome = Server.script.pointee.run(call, message, route, branchRouteEnded, token)
    switch outcome {
    case mt_result(MT_SUSPEND): return true
    case mt_result(MT_STOP):
        drop(branch)
        return false
    default:
        leave(branch)
        if transaction.pointee.branchCount == 1 { share(transaction, branch) }
        return complete(call, transaction, branch)
    }
}

/// branch_route has left the only branch as it was: the request itself will do.
private func share(_ transaction: TransactionPointer, _ branch: BranchPointer) {
    guard let own = branch.pointee.message, let request = transaction.pointee.request, own != request,
        number(request, MT_F_TARGETS) == 0, Server.message.pointee.number(own, UInt32(MT_F_EDITED)) == 0,
        isSame(own, request, text: [MT_F_NEXT_HOP, MT_F_PATH]),
        isSame(own, request, number: [MT_F_OUT_SOCKET, MT_F_FLAGS, MT_F_BRANCH_FLAGS, MT_F_OPTIONS])
    else { return }
    branch.pointee.message = request
    branch.pointee.flags.insert(.sharesRequest)
    Server.message.pointee.release(own)
}

private func isSame(_ a: OpaquePointer, _ b: OpaquePointer, text fields: InlineArray<2, Int>) -> Bool {
    for index in fields.indices {
        let field = fields[index]
        if Text(unchecked: text(a, field)) != Text(unchecked: text(b, field)) { return false }
    }
    return true
}

private func isSame(_ a: OpaquePointer, _ b: OpaquePointer, number fields: InlineArray<4, Int>) -> Bool {
    for index in fields.indices where number(a, fields[index]) != number(b, fields[index]) { return false }
    return true
}

/// The request is none of the branch's own when the route is through.
private func leave(_ branch: BranchPointer) {
    guard branch.pointee.has(.sharesRequest), let message = branch.pointee.message else { return }
    MessageState.make(message).pointee.branch = -1
}

/// branch_route has waited for something, and has ended now.
private let branchRouteEnded: mt_fn = { call in
    guard let call, let transaction = Token(call.pointee.user).transaction,
        let branch = Token(call.pointee.user).branch, branch.pointee.has(.preparing)
    else { return 1 }
    transaction.pointee.pins += 1
    if call.pointee.result == mt_result(MT_STOP) {
        drop(branch)
    } else {
        leave(branch)
        _ = complete(call, transaction, branch)
    }
    chooseReply(call, transaction)
    unpin(call, transaction)
    return 1
}

/// The script wanted it not to be.
private func drop(_ branch: BranchPointer) {
    leave(branch)
    branch.pointee.flags.remove(.preparing)
    branch.pointee.flags.formUnion([.dropped, .faked])
    branch.pointee.status = 478
}

private func complete(
    _ call: CallPointer, _ transaction: TransactionPointer, _ branch: BranchPointer
) -> Bool {
    branch.pointee.flags.remove(.preparing)
    branch.pointee.routes = transaction.pointee.routes
    guard !transaction.pointee.has(.cancelled), let message = branch.pointee.message else {
        drop(branch)
        return false
    }
    setVia(transaction, branch, message)
    return sendFirst(call, transaction, branch)
}

/// Our Via gets the branch that leads its replies here.
func setVia(_ transaction: TransactionPointer, _ branch: BranchPointer, _ message: OpaquePointer) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: BranchName.longest) { room in
        guard let start = room.baseAddress else { return }
        let count = Words.names.write(
            transaction.pointee.handle, branch: Int(branch.pointee.number), into: start)
        let bytes = UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self)
        set(message, MT_F_VIA_BRANCH, mt_str(ptr: bytes, len: count))
    }
}

/// Serial forking: which of the earlier replies still count.
func startLeg(_ transaction: TransactionPointer, _ first: Int32) {
    let mode = Int(
        transaction.pointee.dropMode == 0 ? UInt8(failureReplyMode.value) : transaction.pointee.dropMode - 1)
    let before = transaction.pointee.leg
    transaction.pointee.leg = first
    transaction.pointee.dropMode = 0
    transaction.eachBranch { branch in
        guard branch.pointee.number < first, branch.pointee.hasFinal else { return }
        let isLast = branch.pointee.number >= before
        if mode == 1 || mode == 3 || mode == 2 && isLast { branch.pointee.flags.insert(.dropped) }
    }
}
