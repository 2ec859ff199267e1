// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

// RFC 3263, 4.3: a name may lead to several places. When one of them answers 503, says nothing at all, or cannot be
// connected to, the request goes to the next as a branch of its own.

/// Sends what came to nothing to the next place that its name leads to. False: there is none, or none is wanted.
func goesElsewhere(_ call: CallPointer, _ transaction: TransactionPointer, _ branch: BranchPointer) -> Bool {
    guard mayGoElsewhere(transaction, branch), let message = branch.pointee.message,
        number(message, MT_F_PLACES) > 0, transaction.pointee.branchCount < maxBranches.value
    else { return false }
    let next = table(transaction).pointee.addBranch(transaction)
    guard let own = copy(transaction, next, message) else {
        comeBack(transaction, next)
        return false
    }
    next.pointee.message = own
    next.pointee.routes = branch.pointee.routes
    next.pointee.insteadOf = branch.pointee.number
    branch.pointee.flags.formUnion([.replaced, .dropped])
    setVia(transaction, next, own)
    if sendFirst(call, transaction, next) {
        arm(transaction)
        return true
    }
    comeBack(transaction, next)
    return false
}

/// There was no other place after all: what became of the first one counts. nil: it is nobody's substitute.
@discardableResult
func comeBack(_ transaction: TransactionPointer, _ branch: BranchPointer) -> BranchPointer? {
    branch.pointee.flags.formUnion([.dropped, .faked])
    if branch.pointee.status == 0 { branch.pointee.status = 478 }
    guard branch.pointee.insteadOf >= 0, let first = transaction.branch(Int(branch.pointee.insteadOf))
    else { return nil }
    first.pointee.flags.remove(.dropped)
    return first
}

private func mayGoElsewhere(_ transaction: TransactionPointer, _ branch: BranchPointer) -> Bool {
    guard transaction.pointee.isUnanswered, !transaction.pointee.has(.cancelled),
        !transaction.pointee.has(.noFailover), !branch.pointee.has(.replaced), branch.pointee.has(.sent)
    else { return false }
    // 408 stands for silence, as long as nothing was heard; a 503 that is faked for a connection.
    return branch.pointee.status == 503
        || failoverCodes.contains(Int(branch.pointee.status)) && !branch.pointee.has(.faked)
        || branch.pointee.has(.timedOut) && !branch.pointee.has(.heardOf)
}
