// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// Somebody who may have to fetch something before a request inside a dialog is routed: `dialog`, where servers share
/// a database.
enum Gate {
    /// Written on the main thread before traffic.
    nonisolated(unsafe) private static var gate: rr_gate?

    static func set(_ new: rr_gate?) { gate = new }

    /// loose_route(), at once or when the gate opens.
    static func pass(_ call: borrowing Call, mode: Int) -> Outcome {
        guard let gate, !call.message.toTag.isEmpty, call.message.first(route) != nil else {
            return looseRoute(call, call.message, mode: mode)
        }
        // The mode goes along as a number.
        let user = UnsafeMutableRawPointer(bitPattern: mode &+ 1)
        if gate(call.raw, call.message.raw, opened, user) == mt_result(MT_SUSPEND) { return .suspended }
        return looseRoute(call, call.message, mode: mode)
    }

    private static let opened: mt_fn = { raw in
        guard let raw else { return Outcome.error.code }
        let call = Call(raw)
        return looseRoute(call, call.message, mode: Int(bitPattern: raw.pointee.user) &- 1).code
    }
}
