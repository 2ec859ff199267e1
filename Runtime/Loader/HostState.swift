// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Message
import Script
import Worker

/// What the functions of the ABI work on: one server per process, so they need no context of their own.
///
/// Plain words only, written on the main thread before the workers start and read by everyone afterwards; that is
/// what makes `nonisolated(unsafe)` safe. Objects are unmanaged: they live as long as the process, and a message is
/// not to count references.
struct HostState {
    var group: Unmanaged<WorkerGroup>?
    var network: Unmanaged<Network>?
    var statistics: Unmanaged<Statistics>?
    var control: Unmanaged<Control>?
    var program: Unmanaged<Program>?
    var routes: Unmanaged<RouteTable>?
    var flags: Unmanaged<Flags>?
    var parser: Unmanaged<RunningParser>?
    var commands: Unmanaged<Commands>?
    var failures: Unmanaged<Failures>?
    var settings: Unmanaged<RunningSettings>?
    var services: UnsafePointer<ScriptServices>?
    /// The workers' loops, from before the plugins are initialised; their states, once the script is compiled.
    var loops: UnsafeMutablePointer<Unmanaged<Worker>>?
    var workers: UnsafeMutablePointer<WorkerState>?
    var blocks = CoreBlocks()
    var workerCount: UInt32 = 0
    var events: UnsafeMutablePointer<Events.Entry>?
    var counters = CoreCounters()
    var options = TrafficOptions()
    var prefix: UnsafePointer<LogPrefix>?
    /// Mixed into branches and tags, so that nobody can tell them beforehand.
    var secret: UInt64 = 0
    var isStrict = false
    /// A plugin keeps transactions, so that every reply belongs to one of them or to a request that we forwarded
    /// without one, and has a branch that says so.
    var keepsTransactions = false
}

nonisolated(unsafe) var host = HostState()

/// What one worker has besides its loop: the scripts it runs and what they need.
struct WorkerState {
    let index: UInt32
    let worker: Unmanaged<Worker>
    let messages: MessagePool
    let scripts: MachinePool
    let values: UnsafeMutablePointer<WorkerValues>
    let note: UnsafeMutablePointer<CallNote>
    /// What blocks run on that no message started, such as event_route[htable:mod-init].
    var idle: Message?
    var tickets: Tickets
    var absorbed = WaitingRequests()
    var connecting = Connecting()

    typealias Pointer = UnsafeMutablePointer<WorkerState>

    /// Of the worker whose thread this is; nil on any other thread.
    @inline(__always) static var current: Pointer? {
        guard cl_worker() != nil, let workers = host.workers else { return nil }
        return workers + Int(cl_worker_index())
    }

    @inline(__always) static func of(_ index: UInt32) -> Pointer? {
        guard index < host.workerCount else { return nil }
        return host.workers.map { $0 + Int(index) }
    }
}

extension CallNote {
    /// The note of a thread that is no worker: who is being initialised, stopped, answering a command, or doing what
    /// would hold up a worker. Two pointers, in the thread's own two words.
    static var ofThread: UnsafeMutablePointer<CallNote> {
        UnsafeMutableRawPointer(cl_own_words()!).assumingMemoryBound(to: CallNote.self)
    }
}

/// Settings that are looked at for each message.
struct TrafficOptions {
    var forcesRport = false
    var addsRport = false
    var runsOnsendForReplies = false
    var connects = true
    var usesBlocklist = false
    var acceptsAliases = false
}
