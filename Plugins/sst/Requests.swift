// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import SstLogic

/// Requests that make or refresh a session (RFC 4028, 8.1).
enum Requests {
    /// Hook "dialog.created". `.stop`: it has been answered.
    static func created(_ call: borrowing Call, _ event: dlg_event) -> Outcome {
        guard call.message.flags & Settings.flag != 0 else { return .yes }
        var state = SessionState()
        state.isManaged = true
        let outcome = look(call, event, &state)
        guard outcome.isYes else { return outcome }
        Sessions.keep(state, event.dialog)
        if let memory = RequestMemory(word: call.message.slot), memory.asked > 0 {
            Sessions.time(call, event.dialog, &state, for: memory.asked)
        }
        return .yes
    }

    /// Hook "dialog.request".
    static func inside(_ call: borrowing Call, _ event: dlg_event) -> Outcome {
        let method = call.message.method
        guard method == .invite || method == .update else { return .yes }
        var state = Sessions.state(event.dialog)
        guard state.isManaged || call.message.flags & Settings.flag != 0 else { return .yes }
        let old = state
        state.isManaged = true
        let outcome = look(call, event, &state)
        if state != old { Sessions.keep(state, event.dialog) }
        return outcome
    }

    /// Does to the request what is to be done, and remembers in it what it asks for.
    private static func look(_ call: borrowing Call, _ event: dlg_event, _ state: inout SessionState)
        -> Outcome
    {
        let message = call.message
        let sender = Sessions.sender(event)
        switch Reading(message) {
        case .bad(let header, let why):
            message.slot = RequestMemory(asked: 0, isSupported: false).word
            return tell(call, header, why) ? .yes : .stop
        case .good(let request):
            let action = request.action(Settings.policy)
            switch action {
            case .refuse(let minimum):
                refuse(call, minimum: minimum)
                return .stop
            case .pass: state.requester = sender
            case .insert(let interval):
                Editing.append(expires: interval, message)
                Statistics.count(Statistics.inserted)
                state.requester = .proxy
            case .raise(let interval):
                Editing.raise(expires: interval, message)
                state.requester = sender
            case .raiseBoth(let interval):
                Editing.raise(minimum: interval, message)
                Editing.raise(expires: interval, message)
                state.requester = sender
            }
            if request.isSupported { state.supporters.insert(sender) }
            message.slot = RequestMemory(asked: action.interval ?? 0, isSupported: request.isSupported).word
            return .yes
        }
    }

    /// 422 with our own minimum. In a transaction inside a dialog: its ACK would go on to the other side otherwise.
    static func refuse(_ call: borrowing Call, minimum: Int) {
        Statistics.count(Statistics.refused)
        answer(call, 422, "Session Interval Too Small", Line("Min-SE: \(minimum)\r\n"))
    }

    /// Logs what is wrong, and answers it if the operator wants that. True: the request goes on.
    static func tell(_ call: borrowing Call, _ header: Reading.Which, _ why: Malformed) -> Bool {
        Statistics.count(Statistics.malformed)
        let refuses = Settings.refusesMalformed && call.message.isRequest
        Host.log(
            .warning,
            text: Line("\(header.name) \(why.what): \(refuses ? "refused" as StaticString : "not heeded")"))
        guard refuses else { return true }
        answer(call, 400, header.refusal, nil)
        return false
    }

    private static func answer(_ call: borrowing Call, _ status: Int, _ reason: StaticString, _ line: Line?) {
        let message = call.message
        if let line { message.set(.replyLines, line) }
        if !message.toTag.isEmpty, tm.isThere, tm.table.pointee.find(message.raw) == 0 {
            _ = tm.table.pointee.create(call.raw, message.raw)
        }
        if !sl.reply(call, status, reason).isYes { Host.log(.error, "the \(status) could not be sent") }
    }
}
