// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

@Declarations func commands() -> [any Declaration] {
    listCommands()
    endCommands()
    profileCommands()
    otherCommands()
}

// MARK: - ending

@Declarations private func endCommands() -> [any Declaration] {
    Command(
        "dlg.end_dlg", "Ends the call with those numbers.", Arg("h_entry", Int.self), Arg("h_id", Int.self),
        Arg("headers", Text?.self)
    ) { answer, entry, id, headers in
        let headers = string(headers)
        let box = Box<Outcome>()
        return Walk.search(answer) { call, dialog in
            guard dialog.isNamed(entry, id) else { return true }
            let outcome = headers.withRaw {
                terminate(call, dialog, .both, .ended, reason: mt_str("Ended by an operator"), headers: $0)
            }
            box.put(outcome)
            return false
        } then: { answer in
            box.take()?.isYes == true ? .yes : answer.fault(404, "Dialog not found")
        }
    }
    Command(
        "dlg.terminate_dlg", "Ends the call with those names.", Arg("callid", Text.self),
        Arg("ftag", Text.self), Arg("ttag", Text.self)
    ) { answer, callID, fromTag, toTag in
        named(answer, callID, fromTag, toTag) { call, dialog in
            terminate(
                call, dialog, .both, .ended, reason: mt_str("Ended by an operator"), headers: mt_str())
        } then: { answer, outcome in
            outcome?.isYes == true ? .yes : answer.fault(500, "Dialog not found")
        }
    }
    Command(
        "dlg.set_state", "Sets the state of a call: confirmed, or deleted.", Arg("callid", Text.self),
        Arg("ftag", Text.self), Arg("ttag", Text.self), Arg("state", Text.self)
    ) { answer, callID, fromTag, toTag, state in
        let isDeleted = state.equalsIgnoringCase("deleted") || state.equals("5")
        let isConfirmed = state.hasPrefixIgnoringCase("confirmed") || state.equals("4")
        guard isDeleted || isConfirmed else {
            return answer.fault(400, "a call can be made confirmed or deleted; the rest follows its messages")
        }
        return named(answer, callID, fromTag, toTag) { call, dialog in
            perform(
                isDeleted
                    ? dialog.pointee.life.end(.ended, at: Now.seconds) : dialog.pointee.life.acknowledged(),
                call, dialog, .none)
            return .yes
        } then: { answer, outcome in
            outcome == nil ? answer.fault(404, "Dialog not found") : .yes
        }
    }
    Command(
        "dlg.is_alive", "Is there a call with those names?", Arg("callid", Text.self), Arg("ftag", Text.self),
        Arg("ttag", Text.self)
    ) { answer, callID, fromTag, toTag in
        named(answer, callID, fromTag, toTag) { _, dialog in
            Outcome(dialog.pointee.life.isCall)
        } then: { answer, outcome in
            guard let outcome else { return answer.fault(404, "Dialog not found") }
            guard outcome.isYes else { return answer.fault(500, "Dialog is not ongoing") }
            answer.put("state", "Alive")
            return .yes
        }
    }
}

/// What becomes of the call with those names; nil: there is none.
private func named(
    _ answer: borrowing Answer, _ callID: Text, _ fromTag: Text, _ toTag: Text,
    _ body: @escaping @Sendable (CallPointer, DialogPointer) -> Outcome,
    then: @escaping @Sendable (borrowing Answer, Outcome?) -> Outcome
) -> Outcome {
    let worker = Int(Server.loop.pointee.worker(callID.raw))
    let names = (String(callID), String(fromTag), String(toTag))
    let box = Box<Outcome>()
    return answer.call.wait(upTo: .seconds(10), then: Action { then(Answer($0), box.take()) }) { ticket in
        @Sendable func search(_ call: CallPointer) -> DialogPointer? {
            names.0.withRaw { callID in
                names.1.withRaw { fromTag in names.2.withRaw { find(call, callID, fromTag, $0) } }
            }
        }
        @Sendable func act(_ call: CallPointer) {
            if let dialog = search(call) {
                dialog.pointee.pins += 1
                box.put(body(call, dialog))
                unpin(call, dialog)
            }
            ticket.resume(.yes)
        }
        Loop.post(to: worker) { call in
            if Sharing.isOn, search(call.raw) == nil {
                // Another server's, perhaps.
                names.0.withRaw { GuestLoading.run(call.raw, $0, attempts: 1) { act($0) } }
            } else {
                act(call.raw)
            }
            return .yes
        }
    }
}

// MARK: - profiles

@Declarations private func profileCommands() -> [any Declaration] {
    Command(
        "dlg.profile_get_size", "How many calls belong to a profile.", Arg("profile", Text.self),
        Arg("value", Text?.self)
    ) { answer, name, value in
        guard let profile = Profiles.index(name) else { return answer.fault(404, "Profile not found") }
        answer.put(size(profile, string(value)))
        return .yes
    }
    Command(
        "dlg.profile_list", "The calls that do.", Arg("profile", Text.self), Arg("value", Text?.self)
    ) { answer, name, value in
        guard let profile = Profiles.index(name) else { return answer.fault(404, "Profile not found") }
        let value = string(value)
        return Listing.run(answer) { call, dialog in
            let isIn = value.withRaw { isMember(dialog, profile, $0.ptr == nil ? nil : $0) }
            return isIn ? Shown(call, dialog, isFull: false) : nil
        }
    }
    Command(
        "dlg.profile_get_values", "The values of a profile, and how many calls have each.",
        Arg("profile", Text.self)
    ) {
        answer, name in
        guard let profile = Profiles.index(name) else { return answer.fault(404, "Profile not found") }
        let now = Loop.clock / 1000
        for (value, count) in Profiles.with({ $0.values(profile, now: now) }) {
            answer.structure { answer in
                answer.put("value", value)
                answer.put("count", count)
            }
        }
        return .yes
    }
}

@Declarations private func otherCommands() -> [any Declaration] {
    Command(
        "dlg.bridge_dlg", "Calls one, and refers him to the other.", Arg("from", Text.self),
        Arg("to", Text.self), Arg("op", Text.self, default: "")
    ) { answer, from, to, hop in
        let outcome = Bridge.start(from: String(from), to: String(to), hop: String(hop))
        return outcome.isYes ? .yes : answer.fault(500, "the call cannot be made")
    }
}
