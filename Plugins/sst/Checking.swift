// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import SstLogic

/// sstCheckMin(reply): is the message's Session-Expires or Min-SE below min_se? Answers a request that is so, if told to.
func checkMinimum(_ call: borrowing Call, _ reply: Text?) -> Outcome {
    let message = call.message
    guard isSession(message) else { return .no }
    switch Reading(message) {
    case .bad(let header, let why):
        // The script goes on: what cannot be read is not too small. Whether it is refused is for later.
        Host.log(.warning, text: Line("sstCheckMin: \(header.name) \(why.what)"))
        return .no
    case .good(let request):
        guard request.isTooSmall(Settings.policy) else { return .no }
        if let reply, saysYes(reply), message.isRequest {
            Requests.refuse(call, minimum: Settings.policy.minimum)
        }
        return .yes
    }
}

/// INVITE and UPDATE, and replies to them.
private func isSession(_ message: Message) -> Bool {
    let method = message.method
    if method == .invite || method == .update { return true }
    guard message.isReply else { return false }
    let name = message.cseqMethod
    return name == "INVITE" || name == "UPDATE"
}

/// "1", 1, "yes"; not "0", 0, "".
private func saysYes(_ text: Text) -> Bool {
    let text = text.trimmed
    if let number = text.integer { return number != 0 }
    return !text.isEmpty && !text.equalsIgnoringCase("no") && !text.equalsIgnoringCase("false")
        && !text.equalsIgnoringCase("off")
}
