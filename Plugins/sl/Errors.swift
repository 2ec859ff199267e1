// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

// The last error of a routing function, as an answer: "478 Unresolvable destination (478/SL)". The suffix
// says which code it was and who answered.

/// Statelessly, whatever there is.
func replyErrorStateless(_ call: borrowing Call) -> Outcome {
    let (status, reason) = lastError(call.message, suffix: "/SL)")
    let outcome = replyStateless(call, status, reason)
    if outcome.isYes { Statistics.sentError() }
    return outcome
}

/// In the transaction when there is one.
func replyError(_ call: borrowing Call) -> Outcome {
    if tm.isThere, bindTM.value != 0 {
        let (status, reason) = lastError(call.message, suffix: "/TM)")
        let outcome = tm.reply(call, call.message, status, reason)
        if outcome != .no { return outcome }
    }
    guard call.place != .reply else { return .no }
    return replyErrorStateless(call)
}

private func lastError(_ message: Message, suffix: StaticString) -> (status: Int, reason: mt_str) {
    guard let status = message.number(.error), status >= 400, status < 700 else {
        // Nothing was recorded: the words and the code that Kamailio's users know.
        return (500, Line("I'm terribly sorry, server error occurred (1\(suffix)").kept(by: message).raw)
    }
    let recorded = message.text(.errorReason)
    if recorded.isEmpty {
        return (status, Line("Server Error (\(status)\(suffix)").kept(by: message).raw)
    }
    return (status, Line("\(recorded) (\(status)\(suffix)").kept(by: message).raw)
}
