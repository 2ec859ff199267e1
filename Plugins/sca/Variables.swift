// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import ScaLogic

@Declarations func variables() -> [any Declaration] {
    Variable(
        "sca",
        "Of the appearance that the message is about: aor, index, state, before, owner, callee, uri, callid, count.",
        keys: ["", "aor", "index", "state", "before", "owner", "callee", "uri", "callid", "count"]
    ) { call, key in
        guard call.hasMessage else { return call.answerNull() }
        if key.name == "count" as StaticString { return count(call) }
        guard let shown = shown(call) else { return call.answerNull() }
        return answer(call, key.name, shown.pointee)
    }
}

private func answer(_ call: borrowing Call, _ name: Text, _ shown: sca_change) -> Outcome {
    func text(_ text: mt_str) -> Outcome {
        text.len > 0 ? call.answer(Text(unchecked: text)) : call.answerNull()
    }
    func word(_ number: UInt32) -> Outcome {
        guard let state = AppearanceState(rawValue: UInt8(truncatingIfNeeded: number)) else {
            return call.answerNull()
        }
        return call.answer(state.word)
    }
    if name.isEmpty || name == "state" as StaticString { return word(shown.after) }
    if name == "before" as StaticString { return word(shown.before) }
    if name == "index" as StaticString { return call.answer(Int(shown.index)) }
    if name == "aor" as StaticString { return text(shown.aor) }
    if name == "owner" as StaticString { return text(shown.owner) }
    if name == "callee" as StaticString { return text(shown.callee) }
    if name == "uri" as StaticString { return text(shown.uri) }
    if name == "callid" as StaticString { return text(shown.call_id) }
    return call.answerNull()
}

/// In event_route[sca:state-changed] that which it is about; elsewhere the first one that the call of the message is in.
private func shown(_ call: borrowing Call) -> UnsafeMutablePointer<sca_change>? {
    let message = call.message
    if let known = UnsafeMutablePointer<sca_change>(bitPattern: UInt(message.slot)) { return known }
    guard !lines.calls.isEmpty else { return nil }
    let hash = Hash.of(message.callID)
    for place in lines.calls.find(message.callID, hash: hash) {
        guard let found = lines.with(place.group, { $0.appearance(place.index) }), let appearance = found
        else {
            continue
        }
        return Shown.make(message, place.group.aor, appearance, before: appearance.state)
    }
    return nil
}

/// How many appearances of the line in To are in use.
private func count(_ call: borrowing Call) -> Outcome {
    guard let name = LineName(call.message.toURI), let group = lines.find(name) else { return call.answer(0) }
    return call.answer(lines.with(group) { $0.appearances.count } ?? 0)
}
