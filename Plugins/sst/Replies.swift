// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import SstLogic

/// Replies to requests that make or refresh a session (RFC 4028, 8.2).
enum Replies {
    /// Hook "dialog.response".
    static func response(_ call: borrowing Call, _ event: dlg_event) -> Outcome {
        guard event.status >= 200, let raw = event.request else { return .yes }
        let request = Message(raw)
        guard let memory = RequestMemory(word: request.slot) else { return .yes }
        let reply = call.message
        let isReal = reply.status == Int(event.status)
        let what = SessionReply(
            status: Int(event.status), expires: isReal ? expires(call) : .absent,
            isInitial: event.flags & UInt32(DLG_INITIAL) != 0, asked: memory.asked,
            isSupported: memory.isSupported)
        // Each callee that answers has a session of its own.
        let isCopy = memory.isAnswered && event.flags & UInt32(DLG_FORKED) == 0
        var state = Sessions.state(event.dialog)
        switch what.action {
        case .nothing: break
        case .expire(let interval):
            guard !isCopy else { break }
            let refresher = (try? Reading.expires(reply))?.refresher  // What it could not say has been told.
            state.refresher = Sessions.side(of: refresher, event)
            state.supporters.insert(Sessions.receiver(event))
            begin(call, event, &state, interval)
        case .insert(let interval):
            Editing.tellToRefresh(interval, reply)
            Statistics.count(Statistics.inserted)
            guard !isCopy else { break }
            // A copy of this reply has to look the same.
            if tm.isThere { _ = tm.table.pointee.hold(event.transaction) }
            state.refresher = Sessions.side(of: .uac, event)
            begin(call, event, &state, interval)
        case .untimed:
            guard !isCopy else { break }
            state.interval = 0
            state.refresher = .unknown
            state.supporters = .nobody
            Sessions.keep(state, event.dialog)
            _ = dialog.table.pointee.set_lifetime(call.raw, event.dialog, 0, Settings.owner)
            _ = dialog.table.pointee.warn(call.raw, event.dialog, 0)
        case .end:
            Sessions.end(call, event.dialog, "\(what.status) to a session refresh")
        }
        if what.status < 300 { request.slot = memory.answered.word }
        return .yes
    }

    /// Hook "tm.failed": a 408 to anything but an INVITE is never sent on (RFC 4320, 4.2), and so is no reply that
    /// dialog could tell of.
    static func failed(_ call: borrowing Call) -> Outcome {
        guard let event = call.data(as: tm_event.self)?.pointee, event.status == 408, call.hasMessage,
            call.message.method == .update, RequestMemory(word: call.message.slot) != nil
        else { return .yes }
        let number = dialog.table.pointee.find(call.message.raw)
        if number != 0, Sessions.state(number).isManaged {
            Sessions.end(call, number, "408 to a session refresh")
        }
        return .yes
    }

    private static func begin(
        _ call: borrowing Call, _ event: dlg_event, _ state: inout SessionState, _ interval: Int
    ) {
        if event.flags & UInt32(DLG_INITIAL) == 0 { Statistics.count(Statistics.refreshed) }
        Sessions.time(call, event.dialog, &state, for: interval)
    }

    private static func expires(_ call: borrowing Call) -> SessionReply.Expires {
        do throws(Malformed) {
            guard let value = try Reading.expires(call.message) else { return .absent }
            return .seconds(value.interval)
        } catch {
            _ = Requests.tell(call, .sessionExpires, error)
            return .malformed
        }
    }
}
