// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import SstLogic

/// What is kept with each dialog, and what becomes of its lifetime.
enum Sessions {
    static func state(_ number: UInt64) -> SessionState {
        SessionState(word: dialog.table.pointee.word(number, Settings.owner))
    }

    static func keep(_ state: SessionState, _ number: UInt64) {
        _ = dialog.table.pointee.set_word(number, Settings.owner, state.word)
    }

    /// It ends that many seconds from now, or from its 2xx on, unless it is refreshed or something ends it before.
    static func time(_ call: borrowing Call, _ number: UInt64, _ state: inout SessionState, for interval: Int)
    {
        state.interval = interval
        state.alive = []
        keep(state, number)
        let lifetime = dialog.table.pointee.set_lifetime(
            call.raw, number, UInt32(clamping: interval), Settings.owner)
        guard lifetime > 0 else { return }
        _ = dialog.table.pointee.warn(call.raw, number, UInt32(state.grace(gracePeriod.value)))
        if let variable = Settings.lifetime { call.write(variable, Int(lifetime)) }
    }

    /// Ends the call: with BYEs if the dialog is one that ends so.
    static func end(_ call: borrowing Call, _ number: UInt64, _ reason: String) {
        Host.log(.warning, "the session ends: \(reason)")
        reason.withRaw { reason in
            _ = dialog.table.pointee.terminate(
                call.raw, number, UInt32(DLG_BOTH), UInt32(DLG_UNREACHABLE), reason, mt_str())
        }
    }

    // MARK: who is who

    private static func isUpstream(_ event: dlg_event) -> Bool { event.direction == UInt32(DLG_UPSTREAM) }

    static func sender(_ event: dlg_event) -> SessionState.Parties { isUpstream(event) ? .callee : .caller }
    static func receiver(_ event: dlg_event) -> SessionState.Parties { isUpstream(event) ? .caller : .callee }

    static func side(of refresher: Refresher?, _ event: dlg_event) -> SessionState.Side {
        switch refresher {
        case nil: .unknown
        case .uac: isUpstream(event) ? .callee : .caller
        case .uas: isUpstream(event) ? .caller : .callee
        }
    }
}
