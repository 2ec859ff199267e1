// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

// Flags of a branch that go into no message: what the script notes in branch_route or onreply_route about one destination
// is there when that branch has failed, whatever became of its other flags.

@Declarations func branchFlagFunctions() -> [any Declaration] {
    Function(
        "t_vbflag_set", in: .any, "Sets a flag that the branch keeps.", Arg("flag", Int.self, in: 0...31),
        Arg("branch", Int?.self, "Its number; without: the one that is meant here.")
    ) { call, flag, index in
        guard let branch = meant(call.raw, index) else { return .no }
        branch.pointee.ownFlags |= 1 << UInt32(flag)
        return .yes
    }
    Function(
        "t_vbflag_reset", in: .any, "Takes it back.", Arg("flag", Int.self, in: 0...31),
        Arg("branch", Int?.self)
    ) { call, flag, index in
        guard let branch = meant(call.raw, index) else { return .no }
        branch.pointee.ownFlags &= ~(1 << UInt32(flag))
        return .yes
    }
    for name in ["t_vbflag_isset", "t_vbflag_is_set"] as [StaticString] {
        Function(
            name, in: .any, "Is it set?", Arg("flag", Int.self, in: 0...31), Arg("branch", Int?.self)
        ) { call, flag, index in
            guard let branch = meant(call.raw, index) else { return .no }
            return Outcome(branch.pointee.ownFlags & 1 << UInt32(flag) != 0)
        }
    }
}

/// The branch of that number, or that a block runs for, or that failed.
private func meant(_ call: CallPointer, _ index: Int?) -> BranchPointer? {
    guard let index else { return branch(call.pointee.msg) ?? picked(call) }
    return current(call)?.branch(index)
}
