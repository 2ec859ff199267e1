// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

// An onreply_route finds the flags of the request and of the branch in the reply, and what it changes counts.

/// Before the route runs: flags, and attributes too. A reply has no flags of its own.
func lendFlags(_ transaction: TransactionPointer, _ branch: BranchPointer, _ reply: OpaquePointer) {
    var flags = transaction.pointee.keptFlags
    var branchFlags = branch.pointee.keptFlags
    if let request = transaction.pointee.request {
        _ = Server.attribute.pointee.share(reply, request)
        flags = number(request, MT_F_FLAGS)
        branchFlags = branch.pointee.message.map { number($0, MT_F_BRANCH_FLAGS) } ?? 0
    } else if let kept = transaction.pointee.keptAttributes {
        Server.attribute.pointee.lend(reply, kept)
    }
    if flags != 0 { set(reply, MT_F_FLAGS, flags) }
    if branchFlags != 0 { set(reply, MT_F_BRANCH_FLAGS, branchFlags) }
}

/// After it.
func takeFlags(_ transaction: TransactionPointer, _ branch: BranchPointer, _ reply: OpaquePointer) {
    let flags = number(reply, MT_F_FLAGS)
    let branchFlags = number(reply, MT_F_BRANCH_FLAGS)
    transaction.pointee.keptFlags = flags
    branch.pointee.keptFlags = branchFlags
    guard let request = transaction.pointee.request else { return }
    if flags != number(request, MT_F_FLAGS) { set(request, MT_F_FLAGS, flags) }
    guard let own = branch.pointee.message, branchFlags != number(own, MT_F_BRANCH_FLAGS) else { return }
    set(own, MT_F_BRANCH_FLAGS, branchFlags)
}
