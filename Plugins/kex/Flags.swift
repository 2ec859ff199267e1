// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

private let range = 0...31

/// Script flags: cleared whenever a block of the script starts.
@Declarations func scriptFlagFunctions() -> [any Declaration] {
    Function("setsflag", in: .any, "Sets a script flag.", Arg("flag", Int.self, in: range)) { call, flag in
        guard let bit = bit(flag) else { return .no }
        let message = call.message
        return message.set(.scriptFlags, (message.number(.scriptFlags) ?? 0) | bit).isYes ? .yes : .no
    }
    Function("resetsflag", in: .any, "Clears a script flag.", Arg("flag", Int.self, in: range)) {
        call, flag in
        guard let bit = bit(flag) else { return .no }
        let message = call.message
        return message.set(.scriptFlags, (message.number(.scriptFlags) ?? 0) & ~bit).isYes ? .yes : .no
    }
    Function("issflagset", in: .any, "Is a script flag set?", Arg("flag", Int.self, in: range)) {
        call, flag in
        guard let bit = bit(flag) else { return .no }
        return Outcome((call.message.number(.scriptFlags) ?? 0) & bit != 0)
    }
}

/// Branch flags: branch 0 is the Request-URI, and n the n-th one that was added.
@Declarations func branchFlagFunctions() -> [any Declaration] {
    Function(
        "setbflag", in: .any, "Sets a flag of a branch.", Arg("flag", Int.self, in: range),
        Arg("branch", Int.self, default: "0")
    ) { call, flag, branch in
        change(call.message, flag, branch) { flags, bit in flags | bit }
    }
    Function(
        "resetbflag", in: .any, "Clears a flag of a branch.", Arg("flag", Int.self, in: range),
        Arg("branch", Int.self, default: "0")
    ) { call, flag, branch in
        change(call.message, flag, branch) { flags, bit in flags & ~bit }
    }
    Function(
        "isbflagset", in: .any, "Is a flag of a branch set?", Arg("flag", Int.self, in: range),
        Arg("branch", Int.self, default: "0")
    ) { call, flag, branch in
        let message = call.message
        guard let bit = bit(flag), branch >= 0, branch <= message.targetCount else { return .no }
        if branch == 0 { return Outcome((message.number(.branchFlags) ?? 0) & bit != 0) }
        guard let target = message.target(branch - 1) else { return .no }
        return Outcome(target.flags & UInt64(bit) != 0)
    }
}

/// A number from a variable may be out of range; a constant was checked when the file was read.
private func bit(_ flag: Int) -> Int? {
    guard range.contains(flag) else {
        Host.log(.error, "a flag is 0 to 31, not \(flag)")
        return nil
    }
    return 1 << flag
}

private func change(_ message: Message, _ flag: Int, _ branch: Int, _ edit: (Int, Int) -> Int) -> Outcome {
    guard let bit = bit(flag), branch >= 0, branch <= message.targetCount else { return .no }
    if branch == 0 {
        return message.set(.branchFlags, edit(message.number(.branchFlags) ?? 0, bit)).isYes ? .yes : .no
    }
    return changeTarget(message, branch - 1) { target in
        target.flags = UInt64(bitPattern: Int64(edit(Int(truncatingIfNeeded: target.flags), bit)))
    }
}

/// A target cannot be changed where it is: all of them are taken out and put back, in their order.
private func changeTarget(_ message: Message, _ index: Int, _ edit: (inout mt_target) -> Void) -> Outcome {
    let count = message.targetCount
    return withUnsafeTemporaryAllocation(of: mt_target.self, capacity: count) { targets in
        for at in 0..<count {
            guard let target = message.target(at) else { return .no }
            targets.initializeElement(at: at, to: target.raw)
        }
        edit(&targets[index])
        message.clearTargets()
        for at in 0..<count { message.add(&targets[at]) }
        return .yes
    }
}
