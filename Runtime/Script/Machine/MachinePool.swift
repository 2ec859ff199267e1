// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// The machines of one worker: a handle of one pointer, used by that worker only.
public struct MachinePool {
    struct State {
        unowned(unsafe) let program: Program
        let routes: UInt32
        let worker: UInt32
        let values: UnsafeMutablePointer<WorkerValues>
        let services: UnsafePointer<ScriptServices>
        let note: UnsafeMutablePointer<CallNote>
        let clock: @convention(c) () -> Int64
        var slowness: Slowness
        var free: Machine.State?
        var freeCount = 0
        /// The machine that runs at this moment, the innermost one.
        var running: Machine.State?
        var waiting = 0
        var made = 0
    }

    let state: UnsafeMutablePointer<State>
    /// So many are kept ready, three megabytes; what a burst of waiting scripts needed beyond that goes back at once.
    static let most = 1_024
    /// So many stay when the burst is over.
    static let usual = 64

    /// `services`, `values` and `note` have to live as long. The program is kept until `close`. `clock` counts
    /// milliseconds, and with `used` finds out which function held up the worker.
    public init(
        program: Program, worker: UInt32, values: UnsafeMutablePointer<WorkerValues>,
        services: UnsafePointer<ScriptServices>, note: UnsafeMutablePointer<CallNote>,
        clock: @escaping @convention(c) () -> Int64 = CoarseClock.milliseconds,
        used: @escaping @Sendable () -> ThreadUse = { ThreadUse.now() }
    ) {
        _ = Unmanaged.passRetained(program)
        state = .allocate(capacity: 1)
        state.initialize(
            to: State(
                program: program, routes: program.routeCount, worker: worker, values: values,
                services: services, note: note, clock: clock, slowness: Slowness(used)))
    }

    /// Before something is called that no script calls, at this time of the coarse clock.
    @inline(__always)
    public func watch(from now: Int64) {
        if now != state.pointee.slowness.lookedAt { state.pointee.slowness.look(at: now) }
    }

    /// After it: what is to be said of how long it took, if anything is.
    public func complaint(of site: UnsafePointer<CallSite>, from start: Int64, to end: Int64) -> String? {
        guard end != start else { return nil }
        return state.pointee.slowness.complaint(of: UnsafeRawPointer(site), took: end &- start, at: end)
    }

    public var program: Program { state.pointee.program }
    /// Scripts that wait for something.
    public var waiting: Int { state.pointee.waiting }
    /// Machines that there are: those that run or wait, and those that are kept ready.
    public var made: Int { state.pointee.made }

    /// Runs a block on a message. `kind` is the MT_IN_ bit that functions see; 0 for that of the block.
    /// `sending` is the way a message is about to take, for onsend_route.
    ///
    /// With `.suspended` comes the machine, which keeps a reference to the message.
    public func run(
        _ route: UInt32, on message: Message, as kind: UInt32 = 0, sending: UnsafePointer<mt_flow>? = nil
    ) -> (run: Machine.Run, machine: Machine?) {
        guard route >= 1, route <= state.pointee.routes else {
            return (.ended(value: -1, isDropped: false), nil)
        }
        let machine = take(message)
        machine.pointee.context.sending = sending
        let run = machine.start(route, kind)
        guard run == .suspended else {
            give(machine)
            return (run, nil)
        }
        message.retain()
        return (run, Machine(state: machine))
    }

    /// A function called `suspend`: the machine that will wait, if this is the call of a script's function.
    public func hold(_ call: UnsafeRawPointer) -> Machine? {
        guard let running = state.pointee.running, UnsafeRawPointer(running) == call else { return nil }
        running.pointee.isHeld = true
        return Machine(state: running)
    }

    /// The context of the script that makes this call, with `$rc` and the way of onsend_route in it; nil for the
    /// calls of others.
    public func context(of call: UnsafeRawPointer) -> Context? {
        guard let running = state.pointee.running, UnsafeRawPointer(running) == call else { return nil }
        return running.context
    }

    /// Gives all memory back, unless a script waits or runs; otherwise answers false and leaves everything as it is.
    @discardableResult
    public func close() -> Bool {
        guard state.pointee.waiting == 0, state.pointee.running == nil else { return false }
        while let machine = state.pointee.free {
            state.pointee.free = machine.pointee.next
            destroy(machine)
        }
        Unmanaged.passUnretained(state.pointee.program).release()
        state.deallocate()
        return true
    }

    /// Gives back those that are kept ready beyond the usual, but for those that a late answer may look at yet.
    public func trim() {
        var next = state.pointee.free
        state.pointee.free = nil
        state.pointee.freeCount = 0
        while let machine = next {
            next = machine.pointee.next
            guard state.pointee.freeCount < Self.usual || machine.pointee.awaited > 0 else {
                destroy(machine)
                continue
            }
            machine.pointee.next = state.pointee.free
            state.pointee.free = machine
            state.pointee.freeCount += 1
        }
    }

    private func take(_ message: Message) -> Machine.State {
        guard let machine = state.pointee.free else { return make(message) }
        state.pointee.free = machine.pointee.next
        state.pointee.freeCount -= 1
        machine.pointee.context.message = message
        return machine
    }

    func give(_ machine: Machine.State) {
        guard state.pointee.freeCount < Self.most || machine.pointee.awaited > 0 else {
            return destroy(machine)
        }
        state.pointee.freeCount += 1
        machine.pointee.next = state.pointee.free
        machine.pointee.then = nil
        machine.pointee.user = nil
        state.pointee.free = machine
    }

    private func destroy(_ machine: Machine.State) {
        machine.pointee.stack.deallocate()
        machine.pointee.frames.deallocate()
        machine.pointee.arguments.deallocate()
        machine.deallocate()
        state.pointee.made -= 1
    }

    private func make(_ message: Message) -> Machine.State {
        let program = state.pointee.program
        let machine = Machine.State.allocate(capacity: 1)
        machine.initialize(
            to: MachineState(
                context: EvaluationContext(
                    message: message, values: state.pointee.values, services: state.pointee.services,
                    worker: state.pointee.worker, route: 0),
                code: program.code, entries: program.entries, note: state.pointee.note, pool: self,
                stack: .allocate(capacity: MachineState.usualCapacity), capacity: MachineState.usualCapacity,
                frames: .allocate(capacity: Int(MachineState.usualFrames)),
                frameCapacity: MachineState.usualFrames,
                maxDepth: UInt32(clamping: max(program.maxRecursiveLevel, 1)),
                maxTurns: Int64(program.maxWhileLoops),
                arguments: .allocate(capacity: MachineState.maxArguments)))
        machine.pointee.context.user = UnsafeMutableRawPointer(machine)
        machine.pointee.call.worker = state.pointee.worker
        state.pointee.made += 1
        return machine
    }
}
