// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

/// The name of a block, or "0" for none; looked up when the file is read.
struct ArmedRoute: Scriptable {
    let number: UInt32
    /// It was a constant, so it has been looked up.
    let isKnown: Bool

    static var type: UInt32 { UInt32(MT_STR) }
    static func read(_ value: UnsafePointer<mt_value>) -> ArmedRoute {
        let word = UInt(bitPattern: value.pointee.ptr)
        return ArmedRoute(number: UInt32(truncatingIfNeeded: word >> 1), isKnown: word & 1 != 0)
    }

    static func prepare(_ call: CallPointer?, _ kind: Int, _ prefix: StaticString, _ word: String)
        -> mt_result
    {
        guard let call else { return mt_result(MT_ERROR) }
        let name = String(Text(unchecked: call.pointee.args.pointee.str))
        var number: UInt32 = 0
        if name != "0" {
            number = "\(prefix)\(name)".withRaw { Server.script.pointee.route(Server.host, UInt32(kind), $0) }
            guard number != 0 else {
                return Host.fail(
                    "there is no \(word)[\(prefix)\(name)]", help: "write that block, or \"0\" for none"
                ).code
            }
        }
        call.pointee.out.pointee.ptr = UnsafeMutableRawPointer(bitPattern: UInt(number) << 1 | 1)
        return mt_result(MT_OK)
    }
}

@Declarations func armingFunctions() -> [any Declaration] {
    Function(
        "t_on_failure", in: anywhere, "The failure_route for when no branch is answered with 2xx.",
        Arg("route", ArmedRoute.self, prepare: { ArmedRoute.prepare($0, MT_IN_FAILURE, "", "failure_route") })
    ) { call, route in arm(call, route) { $0.failure = $1 } }
    Function(
        "t_on_reply", in: anywhere, "The onreply_route for replies to the branches to come.",
        Arg("route", ArmedRoute.self, prepare: { ArmedRoute.prepare($0, MT_IN_REPLY, "", "onreply_route") })
    ) { call, route in arm(call, route) { $0.reply = $1 } }
    Function(
        "t_on_branch", in: anywhere, "The branch_route for each branch to come.",
        Arg("route", ArmedRoute.self, prepare: { ArmedRoute.prepare($0, MT_IN_BRANCH, "", "branch_route") })
    ) { call, route in arm(call, route) { $0.branch = $1 } }
    Function(
        "t_on_branch_failure", in: anywhere,
        "The event_route[tm:branch-failure:NAME] for a branch that fails.",
        Arg(
            "route", ArmedRoute.self,
            prepare: { ArmedRoute.prepare($0, MT_IN_EVENT, "tm:branch-failure:", "event_route") })
    ) { call, route in arm(call, route) { $0.branchFailure = $1 } }
    Function(
        "t_is_set", in: .any, "Is a block armed? branch_route, failure_route or onreply_route.",
        Arg("what", Text.self)
    ) { call, what in
        guard call.hasMessage else { return .no }
        let routes =
            transaction(call.message.raw)?.pointee.routes ?? MessageState.find(call.message.raw)?.pointee
            .routes
            ?? Routes()
        if what == mt_str("branch_route") { return Outcome(routes.branch != 0) }
        if what == mt_str("failure_route") { return Outcome(routes.failure != 0) }
        if what == mt_str("onreply_route") { return Outcome(routes.reply != 0) }
        return .no
    }
}

/// In the transaction; before there is one, for the one that will be made in this run.
private func arm(_ call: borrowing Call, _ route: ArmedRoute, _ set: (inout Routes, UInt32) -> Void)
    -> Outcome
{
    guard route.isKnown else {
        Host.log(.error, "the name of a block to arm has to be a constant")
        return .no
    }
    let message = call.message.raw
    if let transaction = transaction(message) {
        set(&transaction.pointee.routes, route.number)
    } else {
        set(&MessageState.make(message).pointee.routes, route.number)
    }
    return .yes
}
