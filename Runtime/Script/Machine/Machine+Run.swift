// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

extension UnsafeMutablePointer where Pointee == MachineState {
    /// Runs a block from its beginning.
    func start(_ route: UInt32, _ kind: UInt32) -> Machine.Run {
        let entry = pointee.entries[Int(route) - 1]
        let kind = kind == 0 ? entry.kind : kind
        pointee.context.route = kind
        pointee.context.rc = 0
        pointee.call.route = kind
        pointee.call.msg = pointee.context.message.opaque
        pointee.call.result = 0
        pointee.call.data = nil
        pointee.call.out = nil
        pointee.position = Int(entry.entry)
        pointee.top = 0
        pointee.base = 0
        pointee.depth = 0
        pointee.answer = 1
        pointee.result = 1
        pointee.isDropped = false
        pointee.isHeld = false
        pointee.waiting = .no
        pointee.serial &+= 1
        makeRoom(Int(entry.depth))
        return go()
    }

    @inline(__always)
    var context: Context { withUnsafeMutablePointer(to: &pointee.context) { $0 } }

    /// Goes on with what the function that waited came to.
    func resume(_ result: mt_result, _ then: mt_fn?, _ user: UnsafeMutableRawPointer?) -> Machine.Run {
        guard pointee.waiting != .no else { return .suspended }
        let pool = pointee.pool.state
        pool.pointee.waiting -= 1
        pointee.context.values.pointee.restoreVariables(pointee.variables)
        pointee.variables = nil
        let outer = pool.pointee.running
        pool.pointee.running = self
        defer { pool.pointee.running = outer }
        pointee.serial &+= 1
        pointee.isHeld = false
        var result = result
        if let then {
            readClock()
            let call = UnsafeMutableRawPointer(self).assumingMemoryBound(to: mt_call.self)
            pointee.call.result = result
            pointee.call.user = user
            result = called { then(call) }
        }
        if result == mt_result(MT_SUSPEND) {
            if pointee.isHeld { return stop(pointee.waiting) }
            complainOfSuspension()
            result = mt_result(MT_ERROR)
        }
        if pointee.isHeld { letGo() }
        let waited = pointee.waiting
        pointee.waiting = .no
        if waited == .core { result = result >= 0 ? 1 : result } else { pointee.context.rc = result }
        pointee.answer = result
        if pointee.isStatement { pointee.result = result }
        if result == 0 { return .ended(value: 0, isDropped: false) }
        return interpret()
    }

    private func go() -> Machine.Run {
        let pool = pointee.pool.state
        let outer = pool.pointee.running
        pool.pointee.running = self
        let run = interpret()
        pool.pointee.running = outer
        return run
    }

    /// Remembers where it stands.
    func stop(_ waiting: MachineState.Waiting) -> Machine.Run {
        pointee.waiting = waiting
        pointee.pool.state.pointee.waiting += 1
        pointee.variables = pointee.context.values.pointee.saveVariables(pointee.context.message)
        return .suspended
    }

    /// Calls into a plugin: leaves the note, and looks at how long it took.
    @inline(__always)
    func called(_ body: () -> mt_result) -> mt_result {
        let note = pointee.note
        let outer = note.pointee
        note.pointee.site = pointee.site
        note.pointee.message = UnsafeRawPointer(pointee.context.message.opaque)
        let result = body()
        note.pointee = outer
        let now = pointee.pool.state.pointee.clock()
        if now != pointee.clock { clockWentOn(to: now) }
        return result
    }

    /// Before functions are called.
    @inline(__always)
    func readClock() {
        let pool = pointee.pool.state
        pointee.clock = pool.pointee.clock()
        if pointee.clock != pool.pointee.slowness.lookedAt { pool.pointee.slowness.look(at: pointee.clock) }
    }

    @inline(never)
    private func clockWentOn(to now: Int64) {
        let complaint = pointee.pool.state.pointee.slowness.complaint(
            of: pointee.site.map { UnsafeRawPointer($0) }, took: now &- pointee.clock, at: now)
        pointee.clock = now
        if let complaint { log(Int(MT_LOG_WARNING), "\(siteName) \(complaint)") }
    }

    /// At least one frame more than now.
    @inline(never)
    func makeFrames() {
        let frames = UnsafeMutablePointer<MachineState.Frame>.allocate(
            capacity: Int(pointee.frameCapacity) * 2)
        frames.update(from: pointee.frames, count: Int(pointee.depth))
        pointee.frames.deallocate()
        pointee.frames = frames
        pointee.frameCapacity *= 2
    }

    /// At least so many values more than now.
    func makeRoom(_ count: Int) {
        guard pointee.top + count > pointee.capacity else { return }
        var capacity = pointee.capacity
        while pointee.top + count > capacity { capacity *= 2 }
        let stack = UnsafeMutablePointer<ScriptValue>.allocate(capacity: capacity)
        stack.update(from: pointee.stack, count: pointee.top)
        pointee.stack.deallocate()
        pointee.stack = stack
        pointee.capacity = capacity
    }

    /// The number of a block whose name was computed; 0 is none.
    func route(_ kind: UInt32, named name: Slice) -> UInt32 {
        for number in 0..<pointee.pool.state.pointee.routes {
            let entry = pointee.entries[Int(number)]
            if entry.kind == kind, entry.name == name { return number + 1 }
        }
        return 0
    }

    /// Where to go on when the expression at this position cannot be computed.
    @inline(never)
    func recovery(at position: Int) -> (position: Int, top: Int) {
        guard let recovery = pointee.pool.program.recovery(at: UInt32(position)) else {
            return (position + 1, pointee.base)
        }
        return (Int(recovery.target), pointee.base + Int(recovery.depth))
    }

    /// A function asked to wait, and then answered all the same: nobody may continue the script.
    @inline(never)
    func letGo() {
        pointee.isHeld = false
        pointee.context.services.pointee.letGo(UnsafeMutableRawPointer(context))
    }

    // MARK: - Complaints

    func log(_ level: Int, _ text: String) {
        var text = text
        let context = UnsafeMutableRawPointer(context)
        text.withUTF8 { bytes in
            let slice = Slice(base: bytes.baseAddress, count: bytes.count)
            pointee.context.services.pointee.log(context, Int32(level), slice.mt)
        }
    }

    func complainOfSuspension() {
        log(Int(MT_LOG_ERROR), "\(siteName) answered MT_SUSPEND without a call of suspend()")
    }

    /// "plugin: function", of the call in progress.
    private var siteName: String {
        guard let site = pointee.site else { return "a function" }
        return "\(String(cString: site.pointee.plugin)): \(String(cString: site.pointee.function))"
    }
}
