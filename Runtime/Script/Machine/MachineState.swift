// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// Everything a script that runs, or waits, needs to remember. Made once, kept in its worker's pool.
///
/// The call comes first: so a call that a plugin holds in its hands leads back to the machine.
struct MachineState {
    /// The call in progress. It stays as it is while the function waits: its continuation gets it again.
    var call = mt_call()
    var context: EvaluationContext
    let code: UnsafePointer<Instruction>
    let entries: UnsafePointer<RouteEntry>
    let note: UnsafeMutablePointer<CallNote>
    let pool: MachinePool

    var stack: UnsafeMutablePointer<ScriptValue>
    var capacity: Int
    var frames: UnsafeMutablePointer<Frame>
    var frameCapacity: UInt32
    /// `max_recursive_level`.
    let maxDepth: UInt32
    let maxTurns: Int64
    /// Where the computed arguments of the call in progress are.
    let arguments: UnsafeMutablePointer<mt_value>

    /// Where to go on, and how many values there are; written when it stops.
    var position = 0
    var top = 0
    /// Where the running block's values start, and how many blocks called it.
    var base = 0
    var depth: UInt32 = 0
    /// What the last call came to.
    var answer: Int32 = 1
    /// The value of the last action.
    var result: Int32 = 1
    var isDropped = false
    var waiting = Waiting.no
    /// Somebody holds a ticket for the call in progress.
    var isHeld = false
    /// The ticket of whoever may continue it; the loader's.
    var ticket: UInt64 = 0
    /// Answers on their way to it that come too late: as long as there are any it stays where it is.
    var awaited: UInt32 = 0
    /// The call that waits is a statement, so its answer becomes the result.
    var isStatement = false
    /// Changes each time the machine starts or goes on: what is left over from earlier is recognised by it.
    var serial: UInt64 = 0
    var site: UnsafePointer<CallSite>?
    /// Milliseconds, of when control was last given to a plugin or came back.
    var clock: Int64 = 0
    /// `$var` as it was when the script stopped.
    var variables: UnsafeMutableRawPointer?

    var then: mt_fn?
    var user: UnsafeMutableRawPointer?
    var host: UnsafePointer<mt_host>?
    var next: UnsafeMutablePointer<MachineState>?

    enum Waiting: UInt8 {
        case no
        /// For a plugin's function, and for one of the language.
        case function, core
    }

    /// A block that called another.
    struct Frame {
        var position: UInt32
        var base: UInt32
        var isStatement: Bool
    }

    static let maxArguments = 32
    /// Enough for nearly every script; what calls itself gets more as it goes.
    static let usualCapacity = 48
    static let usualFrames: UInt32 = 8
}
