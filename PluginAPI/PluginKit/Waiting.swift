// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// The right to answer a call that waits. A number: it may go to any thread, and one that comes too late does
/// nothing.
@frozen public struct Ticket: Sendable {
    public let number: UInt64
    @inlinable public init(number: UInt64) { self.number = number }

    /// From any thread, once. `.gone` when the timeout came first.
    @inlinable @discardableResult public func resume(_ outcome: Outcome) -> Outcome {
        Outcome(code: Server.script.pointee.resume(number, outcome.code))
    }
}

extension Call {
    /// Waits for an answer, while the worker goes on with other messages. The function has to be declared
    /// with `suspends: true`, and returns what this returns.
    ///
    ///     Function("ask", in: .request, suspends: true, "Does the directory know the caller?") { call in
    ///         let id = String(call.message.callID)          // copied: it has to outlive the call
    ///         return call.wait(upTo: .seconds(2)) { ticket in
    ///             Task { ticket.resume(await directory.knows(id) ? .yes : .no) }
    ///         }
    ///     }
    ///
    /// - Parameter then: runs on the same worker when the answer is there, or the time is up (`call.result`
    ///   is `.timeout`), and decides what the function answers. Without it, what `resume` passed.
    public func wait(
        upTo limit: Milliseconds, then: Action? = nil, _ start: (Ticket) -> Void
    ) -> Outcome {
        let user = then.map { Unmanaged.passRetained($0) }
        let number = Server.script.pointee.suspend(
            raw, limit.word, then == nil ? nil : Action.enterOnce, user?.toOpaque())
        guard number != 0 else {
            user?.release()
            return .error
        }
        start(Ticket(number: number))
        return .suspended
    }
}
