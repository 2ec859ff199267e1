// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

// Places that answer 503, or nothing, and what is not sent to them for a while. The list is the server's (use_dst_blocklist);
// without it nothing of this has an effect.

/// A branch was answered.
func blockOverloaded(_ branch: BranchPointer, _ reply: OpaquePointer) {
    guard blst503.value != 0 else { return }
    let penalty = Penalty(
        otherwise: blst503Default.value, least: blst503Least.value, most: blst503Most.value)
    let asked = header(reply, Words.retryAfter).flatMap { Text(unchecked: $0.body).leadingInt }
    block(branch, penalty.time(asked: asked), Int(MT_BLOCK_503))
}

/// Nothing was heard of it in time.
func blockSilent(_ transaction: TransactionPointer, _ branch: BranchPointer) {
    guard branch.pointee.has(.sent), !branch.pointee.has(.heardOf),
        blstMethodsAdd.value & MethodBits.bit(Int(transaction.pointee.method)) != 0
    else { return }
    block(branch, -1, Int(MT_BLOCK_SILENT))
}

private func block(_ branch: BranchPointer, _ seconds: Int, _ why: Int) {
    guard seconds != 0 else { return }
    _ = Server.net.pointee.block(&branch.pointee.flow, Int32(clamping: seconds), UInt32(why))
}

/// Whether this request may go where nobody is to be troubled.
func passBlocklist(_ message: OpaquePointer, _ method: Int) {
    guard blstMethodsLookup.value & MethodBits.bit(method) == 0 else { return }
    set(message, MT_F_OPTIONS, number(message, MT_F_OPTIONS) | Int(MT_O_UNBLOCKED))
}
