// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import SstLogic

/// The end of a session that nobody refreshes (RFC 4028, 8.3), and what comes before it.
enum Expiring {
    /// Hook "dialog.expiring".
    static func soon(_ call: borrowing Call, _ event: dlg_event) -> Outcome {
        guard event.owner == Settings.owner else { return .yes }
        Statistics.count(Statistics.missed)
        var state = Sessions.state(event.dialog)
        Host.log(
            .notice,
            "the session was not refreshed, and ends in \(state.grace(gracePeriod.value)) s; it lasts \(state.interval) s"
        )
        var event = event
        refreshMissed.emit(call, call.message, &event)
        guard pingBeforeExpiry.value != 0 else { return .yes }
        state.alive = []
        Sessions.keep(state, event.dialog)
        ask(call, event.dialog, DLG_CALLER, callerAnswered)
        ask(call, event.dialog, DLG_CALLEE, calleeAnswered)
        return .yes
    }

    private static func ask(_ call: borrowing Call, _ number: UInt64, _ side: Int, _ done: mt_fn) {
        "OPTIONS".withRaw { method in
            _ = dialog.table.pointee.send(
                call.raw, number, UInt32(side), method, mt_str(), mt_str(), mt_str(), done,
                UnsafeMutableRawPointer(bitPattern: UInt(number)))
        }
    }

    /// The number of the dialog travels in place of a pointer.
    fileprivate static func answered(_ raw: UnsafeMutablePointer<mt_call>?, _ who: SessionState.Parties)
        -> mt_result
    {
        guard let raw, let user = raw.pointee.user else { return mt_result(MT_OK) }
        let number = UInt64(UInt(bitPattern: user))
        let call = Call(raw)
        let status =
            call.hasMessage
            ? call.message.status ?? 0 : Int(call.data(as: tm_event.self)?.pointee.status ?? 0)
        var state = Sessions.state(number)
        guard state.isManaged, state.interval > 0 else { return mt_result(MT_OK) }
        if status == 408 || status == 481 {
            Sessions.end(call, number, "\(status) to OPTIONS before the session expired")
            return mt_result(MT_OK)
        }
        state.alive.insert(who)
        guard state.alive == [.caller, .callee] else {
            Sessions.keep(state, number)
            return mt_result(MT_OK)
        }
        Statistics.count(Statistics.saved)
        Host.log(.info, "both ends of the session answer: it goes on for \(state.interval) s")
        Sessions.time(call, number, &state, for: state.interval)
        return mt_result(MT_OK)
    }

    /// Hook "dialog.expired".
    static func over(_ call: borrowing Call, _ event: dlg_event) -> Outcome {
        guard event.owner == Settings.owner else { return .yes }
        Statistics.count(Statistics.expired)
        Host.log(
            .warning,
            "the session timer of \(Sessions.state(event.dialog).interval) s expired: no refresh came")
        var event = event
        expired.emit(call, call.message, &event)
        return .yes
    }

    /// Hook "dialog.loaded": the lifetime goes on by itself.
    static func loaded(_ call: borrowing Call, _ event: dlg_event) -> Outcome {
        let state = Sessions.state(event.dialog)
        guard state.isManaged, state.interval > 0 else { return .yes }
        _ = dialog.table.pointee.warn(call.raw, event.dialog, UInt32(state.grace(gracePeriod.value)))
        return .yes
    }

    /// Hook "dialog.listing".
    static func listing(_ call: borrowing Call, _ event: dlg_event) -> Outcome {
        let state = Sessions.state(event.dialog)
        guard state.isManaged else { return .yes }
        show(call, "sst_requester_flags", Int(state.requester.rawValue))
        show(call, "sst_supported_flags", Int(state.supporters.rawValue))
        show(call, "sst_interval", state.interval)
        let refresher: StaticString =
            switch state.refresher {
            case .unknown: "unknown"
            case .caller: "caller"
            case .callee: "callee"
            }
        show(call, "sst_refresher", refresher)
        return .yes
    }

    private static func show(_ call: borrowing Call, _ name: StaticString, _ value: some Answerable) {
        name.withRaw { name in
            value.withValue { value in
                var value = value
                _ = dialog.table.pointee.show(call.raw, name, &value)
            }
        }
    }
}

private let callerAnswered: mt_fn = { Expiring.answered($0, .caller) }
private let calleeAnswered: mt_fn = { Expiring.answered($0, .callee) }
