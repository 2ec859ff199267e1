// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// A run of a block: a handle of one pointer. It can stop in the middle of anything, and go on later.
public struct Machine {
    typealias State = UnsafeMutablePointer<MachineState>
    let state: State

    /// What came of running, or of going on.
    public enum Run: Equatable, Sendable {
        /// The block's value, and whether the script said `drop`.
        case ended(value: Int32, isDropped: Bool)
        /// A function waits for something.
        case suspended
    }

    init(state: State) { self.state = state }

    /// For tickets, which have to be plain words.
    public var opaque: UnsafeMutableRawPointer { UnsafeMutableRawPointer(state) }
    public init(opaque: UnsafeMutableRawPointer) { state = opaque.assumingMemoryBound(to: MachineState.self) }

    /// The message it runs on. A machine that waits keeps a reference to it.
    public var message: Message { state.pointee.context.message }
    public var context: Context { state.context }
    public var isWaiting: Bool { state.pointee.waiting != .no }
    /// A number that no other wait of this machine has: a ticket remembers it to know when it is stale.
    public var serial: UInt64 { state.pointee.serial }
    /// Who may continue it: nothing to the machine, kept for whoever made it wait.
    public var ticket: UInt64 {
        get { state.pointee.ticket }
        nonmutating set { state.pointee.ticket = newValue }
    }
    /// The call that waits, as the function saw it.
    public var call: UnsafeMutablePointer<mt_call> {
        UnsafeMutableRawPointer(state).assumingMemoryBound(to: mt_call.self)
    }
    /// Where the script stands; prints as "modules.conf:88:5".
    public var place: Place? { state.pointee.pool.program.place(at: state.pointee.context.place) }

    /// What whoever started the block wants done once it has ended, if it has to wait; nothing to the
    /// machine.
    public var then: mt_fn? {
        get { state.pointee.then }
        nonmutating set { state.pointee.then = newValue }
    }
    public var user: UnsafeMutableRawPointer? {
        get { state.pointee.user }
        nonmutating set { state.pointee.user = newValue }
    }
    public var host: UnsafePointer<mt_host>? {
        get { state.pointee.host }
        nonmutating set { state.pointee.host = newValue }
    }

    /// The machine whose script asks a service for something; nil for a context that is no machine's.
    public static func running(_ context: UnsafeMutableRawPointer) -> Machine? {
        context.assumingMemoryBound(to: EvaluationContext.self).pointee.user.map(Machine.init(opaque:))
    }

    /// A service that cannot answer yet, such as forward, says so before it returns MT_SUSPEND.
    public func hold() { state.pointee.isHeld = true }

    /// The answer has come: `then`, if any, makes it the function's result, and the script goes on.
    ///
    /// On the machine's own worker, and only while it waits. After `.ended`, read what you need and call
    /// `finish`.
    public func resume(_ result: mt_result, then: mt_fn? = nil, user: UnsafeMutableRawPointer? = nil) -> Run {
        state.resume(result, then, user)
    }

    /// Somebody has answered whose answer counts no more, and comes back to the machine once.
    public func awaitsLateAnswer() { state.pointee.awaited += 1 }
    public func lateAnswerCame() { state.pointee.awaited -= 1 }

    /// Gives the machine and its reference to the message back, after `resume` has answered `.ended`.
    public func finish() {
        let message = state.pointee.context.message
        state.pointee.pool.give(state)
        message.release()
    }

    /// Gives up a script that waits, as at the end of the process.
    public func abandon() {
        guard isWaiting else { return }
        state.pointee.waiting = .no
        state.pointee.pool.state.pointee.waiting -= 1
        finish()
    }
}
