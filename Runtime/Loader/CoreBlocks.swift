// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Script

/// The blocks of the script that the server runs by itself, by number; 0 where there is none. Plain words, for each
/// message looks at them.
struct CoreBlocks {
    var request: UInt32 = 0, reply: UInt32 = 0, onsend: UInt32 = 0
    /// event_route[core:msg-received], before anything else; `drop` ends the message.
    var received: UInt32 = 0
    /// event_route[core:pre-routing], before the request route; `drop` ends the request.
    var preRouting: UInt32 = 0
    /// event_route[core:receive-parse-error], for what is no SIP.
    var parseError: UInt32 = 0
    /// event_route[core:worker-one-init], once, before the first message.
    var firstWorker: UInt32 = 0
    var startup: UInt32 = 0

    static let names = [
        "core:msg-received", "core:pre-routing", "core:receive-parse-error", "core:worker-one-init",
    ]

    init() {}

    init(_ program: Program) {
        request = program.request
        reply = program.reply
        onsend = program.onsend
        func event(_ name: String) -> UInt32 { program.route(UInt32(MT_IN_EVENT), named: name) }
        received = event("core:msg-received")
        preRouting = event("core:pre-routing")
        parseError = event("core:receive-parse-error")
        firstWorker = event("core:worker-one-init")
        startup = event("startup_route")
    }
}
