// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// dlg_db_load_callid(): calls that another server has written, taken over now.
final class LateLoading: @unchecked Sendable {
    private var count = 0
    private let ticket: Ticket

    private init(_ ticket: Ticket) { self.ticket = ticket }

    static func run(_ call: borrowing Call, _ callID: Text) -> Outcome {
        guard Storage.dialogs != nil else {
            Host.log(.error, "dlg_db_load_callid needs db_url and a db_mode")
            return .no
        }
        let worker = Int(Server.loop.pointee.worker(callID.raw))
        let callID = String(callID)
        return call.wait(upTo: .seconds(10)) { ticket in
            Loop.post(to: worker) { call in
                let user = Unmanaged.passRetained(LateLoading(ticket))
                let isAsked = callID.withRaw { Storage.find(call.raw, $0, row, done, user.toOpaque()) }
                if !isAsked {
                    user.release()
                    ticket.resume(.no)
                }
                return .yes
            }
        }
    }

    private static let row: mt_fn = { call in
        guard let call, let user = call.pointee.user, let row = call.pointee.args else { return 1 }
        let loading = Unmanaged<LateLoading>.fromOpaque(user).takeUnretainedValue()
        guard let dialog = Loading.restore(row, Int(call.pointee.argc)) else { return 1 }
        loading.count += 1
        dialog.pointee.marks.remove(.loaded)
        tell(.loaded, call, dialog, .none)
        return 1
    }

    private static let done: mt_fn = { call in
        guard let call, let user = call.pointee.user else { return 1 }
        let loading = Unmanaged<LateLoading>.fromOpaque(user).takeRetainedValue()
        loading.ticket.resume(loading.count > 0 ? .yes : .no)
        return 1
    }
}
