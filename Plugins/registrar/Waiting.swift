// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// A script that waits for usrloc: its answer comes by the loop of this very worker, so not before the script
/// has been put aside.
private final class Waiter: @unchecked Sendable {
    var ticket: Ticket?

    static let done: mt_fn = { raw in
        guard let raw, let user = raw.pointee.user else { return Outcome.error.code }
        let waiter = Unmanaged<Waiter>.fromOpaque(user).takeRetainedValue()
        _ = waiter.ticket?.resume(Outcome(code: raw.pointee.result))
        return Outcome.yes.code
    }
}

enum Waiting {
    /// Longer than that nobody waits for an answer to a REGISTER.
    static let limit = Milliseconds.seconds(10)

    /// Asks something of usrloc. What it answers at once comes back; when it answers later, the script waits
    /// and goes on with `then`, and `.suspended` comes back.
    static func ask(
        _ call: borrowing Call, _ table: Table, then: Action,
        _ ask: (mt_fn?, UnsafeMutableRawPointer?) -> mt_result
    ) -> Outcome {
        // In memory everything is answered at once.
        guard usrloc.table.pointee.waits(table.raw) else { return Outcome(code: ask(nil, nil)) }
        let waiter = Waiter()
        let held = Unmanaged.passRetained(waiter)
        let code = ask(Waiter.done, held.toOpaque())
        guard code == Outcome.suspended.code else {
            held.release()
            return Outcome(code: code)
        }
        return call.wait(upTo: limit, then: then) { waiter.ticket = $0 }
    }

    /// Makes sure that what usrloc has about somebody is there. Yes: it is; `.suspended`: `then` goes on.
    static func fetch(_ call: borrowing Call, _ table: Table, _ key: mt_str, then: Action) -> Outcome {
        let raw = call.raw
        return ask(call, table, then: then) { usrloc.table.pointee.fetch(raw, table.raw, key, $0, $1) }
    }
}
