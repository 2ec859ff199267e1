// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message
import Script
import Worker

/// Scripts that wait: how a function suspends one, and how an answer or the end of its time continues it.
enum Waiting {
    /// Of commands, which wait on the main thread: beyond every worker's number.
    static let commandOwner: UInt8 = 255

    static func suspend(
        _ call: UnsafeMutablePointer<mt_call>, _ milliseconds: UInt32, _ then: mt_fn?,
        _ user: UnsafeMutableRawPointer?
    ) -> UInt64 {
        guard let state = WorkerState.current else {
            return host.commands?.takeUnretainedValue().suspend(call, milliseconds, then, user) ?? 0
        }
        guard let machine = state.pointee.scripts.hold(call),
            let (ticket, slot) = state.pointee.tickets.take()
        else {
            return 0
        }
        // Asked for twice in one call: the second one counts.
        revoke(machine)
        machine.ticket = ticket
        slot.pointee.machine = machine.opaque
        slot.pointee.then = then
        slot.pointee.user = user
        slot.pointee.owner = call.pointee.host
        slot.pointee.timer = 0
        if milliseconds > 0 {
            let job = Job(
                { ticket, _, _ in _ = Waiting.answer(UInt64(UInt(bitPattern: ticket)), mt_result(MT_TIMEOUT))
                },
                UnsafeMutableRawPointer(bitPattern: UInt(ticket)))
            slot.pointee.timer = state.pointee.worker._withUnsafeGuaranteedRef { $0.after(milliseconds, job) }
        }
        return ticket
    }

    /// Nobody may continue it any more; there is none, or it has been continued, most of the time.
    static func revoke(_ machine: Machine) {
        let ticket = machine.ticket
        machine.ticket = 0
        guard ticket != 0, let state = WorkerState.current else { return }
        guard let slot = Tickets.claim(ticket, in: state.pointee.tickets.blocks) else {
            return machine.awaitsLateAnswer()
        }
        if slot.pointee.timer != 0 {
            let timer = slot.pointee.timer
            state.pointee.worker._withUnsafeGuaranteedRef { _ = $0.cancel(timer) }
        }
        slot.pointee.machine = nil
        state.pointee.tickets.give(UInt32(ticket & 0xff_ffff))
    }

    /// [any] MT_GONE when it has been answered, or its time was up.
    static func answer(_ ticket: UInt64, _ result: mt_result) -> mt_result {
        let owner = Tickets.owner(of: ticket)
        if owner == commandOwner {
            return host.commands?.takeUnretainedValue().resume(ticket, result) ?? mt_result(MT_GONE)
        }
        guard let state = WorkerState.of(UInt32(owner)),
            Tickets.claim(ticket, in: state.pointee.tickets.blocks) != nil
        else {
            return mt_result(MT_GONE)
        }
        let index = UnsafeMutableRawPointer(bitPattern: UInt(ticket & 0xff_ffff) + 1)
        let outcome = UnsafeMutableRawPointer(bitPattern: Int(result))
        // Always from the loop: whoever answers inside of a callback has not returned yet.
        state.pointee.worker._withUnsafeGuaranteedRef {
            $0.post(
                Job(
                    { index, result, _ in
                        Waiting.goOn(UInt32(UInt(bitPattern: index) - 1), mt_result(Int(bitPattern: result)))
                    }, index, outcome))
        }
        return mt_result(MT_OK)
    }

    /// On the worker: the script goes on.
    private static func goOn(_ index: UInt32, _ result: mt_result) {
        guard let state = WorkerState.current, let slot = state.pointee.tickets.slot(index),
            let raw = slot.pointee.machine
        else { return }
        let (then, user, timer) = (slot.pointee.then, slot.pointee.user, slot.pointee.timer)
        slot.pointee.machine = nil
        state.pointee.tickets.give(index)
        if timer != 0, result != mt_result(MT_TIMEOUT) {
            state.pointee.worker._withUnsafeGuaranteedRef { _ = $0.cancel(timer) }
        }
        let machine = Machine(opaque: raw)
        // The function answered after all, while somebody else was about to continue it.
        guard machine.ticket == state.pointee.tickets.ticket(of: index, slot) else {
            return machine.lateAnswerCame()
        }
        machine.ticket = 0
        ended(machine, machine.resume(result, then: then, user: user), on: state)
    }

    /// A block that has waited has gone on, and perhaps ended.
    static func ended(_ machine: Machine, _ run: Machine.Run, on state: WorkerState.Pointer) {
        guard case .ended(let value, let isDropped) = run else { return }
        let message = machine.message
        let (then, user, owner) = (machine.then, machine.user, machine.host)
        message.retain()
        machine.finish()
        if then == nil, user == AfterBlock.request.word { state.pointee.absorbed.leave(message) }
        if let then, let owner {
            _ = invoke(
                then, owner, user, as: HostBlock.of(owner).pointee.continuation, on: state,
                message: message.opaque,
                result: isDropped ? mt_result(MT_STOP) : value)
        } else if then == nil, let after = AfterBlock(rawValue: UInt(bitPattern: user)) {
            Traffic.goOn(after, message, isDropped: isDropped, on: state)
        }
        message.release()
    }
}

/// What the server itself does when a block has ended that had to wait.
enum AfterBlock: UInt {
    case request = 1
    case reply

    var word: UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: rawValue) }
}

/// The requests of one worker whose scripts wait: what is sent again meanwhile is absorbed, for it will be answered.
struct WaitingRequests {
    private var keys: Set<UInt64> = []

    @inline(__always) var isEmpty: Bool { keys.isEmpty }

    mutating func enter(_ request: Message) { keys.insert(Self.key(request)) }
    mutating func leave(_ request: Message) { keys.remove(Self.key(request)) }
    func holds(_ request: Message) -> Bool { keys.contains(Self.key(request)) }

    /// What a repeated request has in common with the first (RFC 3261, 17.2.3).
    private static func key(_ request: Message) -> UInt64 {
        let via = request.topVia
        var key = Branch.fold(host.secret, via.branch)
        key = Branch.fold(key, via.host)
        key = Branch.fold(key, request.callID)
        return Branch.mix(key, UInt64(request.cseq) << 8 | UInt64(request.method.rawValue))
    }
}
