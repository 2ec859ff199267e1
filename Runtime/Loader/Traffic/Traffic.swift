// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import Message
import Script
import Worker

/// The life of a message: hooks, the script, and what follows. Called by the workers for everything that arrives.
final class Traffic: WorkerHandler {
    func started(_ worker: Worker) { WorkerStart.run(on: worker) }

    func request(_ message: Message, _ worker: Worker) {
        guard let state = WorkerState.of(UInt32(worker.index)) else { return }
        worker.statistics.add(host.counters.receivedRequests)
        worker.statistics.add(host.counters.method(message.method))
        if !state.pointee.absorbed.isEmpty, state.pointee.absorbed.holds(message) {
            return worker.statistics.add(host.counters.absorbedRequests)
        }
        if host.options.forcesRport { message.options |= UInt32(MT_O_FORCE_RPORT) }
        if host.options.acceptsAliases { Aliasing.accept(message) }
        guard passes(host.blocks.received, message, state), runHooks(.request, message, on: state),
            passes(host.blocks.preRouting, message, state)
        else { return Traffic.finish(message, on: state) }
        let (run, machine) = state.pointee.scripts.run(host.blocks.request, on: message)
        switch run {
        case .ended: Traffic.finish(message, on: state)
        case .suspended:
            machine?.wait(.request)
            state.pointee.absorbed.enter(message)
        }
    }

    func reply(_ message: Message, _ worker: Worker) {
        guard let state = WorkerState.of(UInt32(worker.index)) else { return }
        worker.statistics.add(host.counters.receivedReplies)
        worker.statistics.add(host.counters.class(message.status))
        guard isOurs(message, worker.network) else {
            // RFC 3261, 18.1.2: it is not for us, or somebody made it up.
            worker.statistics.add(host.counters.droppedReplies)
            worker.statistics.add(host.counters.foreignReplies)
            return Log.write(
                .debug, "dropped a reply whose top Via is not ours: \(message.topVia.host.string)")
        }
        guard passes(host.blocks.received, message, state), runHooks(.reply, message, on: state) else {
            return Traffic.finish(message, on: state)
        }
        guard host.blocks.reply != 0 else {
            return Traffic.goOn(.reply, message, isDropped: false, on: state)
        }
        let (run, machine) = state.pointee.scripts.run(host.blocks.reply, on: message)
        switch run {
        case .ended(_, let isDropped): Traffic.goOn(.reply, message, isDropped: isDropped, on: state)
        case .suspended: machine?.wait(.reply)
        }
    }

    func fault(_ message: Message, _ fault: Fault, _ worker: Worker) {
        guard let state = WorkerState.of(UInt32(worker.index)) else { return }
        if case .drop = fault, let first = message.bytes.base, message.bytes.count > 0, first[0] & 0xc0 == 0 {
            // RFC 5626, 8: so STUN is told from SIP. Somebody may know what it is.
            var flow = message.flow
            let isTaken = withUnsafePointer(to: &flow) { !runHooks(.foreign, message, $0, on: state) }
            if isTaken { return }
        }
        if message.isIndexed, message.isRequest, message.flow.connection != 0,
            message.version.hasPrefixIgnoringCase("HTTP/1.")
        {
            var flow = message.flow
            let isTaken = withUnsafePointer(to: &flow) { !runHooks(.http, message, $0, on: state) }
            if isTaken { return }
        }
        Malformed.handle(message, fault, on: state)
    }

    /// One of the core's own event routes; false when it said `drop`.
    @inline(__always)
    private func passes(_ block: UInt32, _ message: Message, _ state: WorkerState.Pointer) -> Bool {
        block == 0 || HostFunctions.runBlock(block, message, on: state) != mt_result(MT_STOP)
    }

    func opened(_ flow: mt_flow, _ worker: Worker) {
        Connecting.opened(flow.connection, worker)
        tell(.opened, flow, worker)
    }
    func closed(_ flow: mt_flow, _ worker: Worker) {
        Connecting.closed(flow.connection, worker)
        tell(.closed, flow, worker)
    }

    func filter(_ stage: StagePointer, _ step: FilterStep, _ worker: Worker) -> Bool {
        var call = mt_call()
        call.host = stage.pointee.filter.pointee.host
        call.worker = UInt32(worker.index)
        guard let state = WorkerState.of(UInt32(worker.index)) else { return false }
        let note = state.pointee.note
        let outer = note.pointee
        note.pointee.site = stage.pointee.filter.pointee.note?.assumingMemoryBound(to: CallSite.self)
        note.pointee.message = nil
        let isGood = Stage.run(stage, step, &call)
        note.pointee = outer
        return isGood
    }

    private func tell(_ event: Events.Core, _ flow: mt_flow, _ worker: Worker) {
        guard let state = WorkerState.of(UInt32(worker.index)) else { return }
        var flow = flow
        withUnsafePointer(to: &flow) { _ = runHooks(event, nil, $0, on: state) }
    }

    /// A script that was suspended has an answer to give yet.
    func isWaiting(_ worker: Worker) -> Bool {
        WorkerState.of(UInt32(worker.index)).map { $0.pointee.tickets.armed > 0 } ?? false
    }

    func burstEnded(_ worker: Worker) {
        WorkerState.of(UInt32(worker.index))?.pointee.scripts.trim()
    }

    func notice(_ level: Int32, _ text: String) { Log.write(Log.Level(rawValue: level) ?? .error, text) }

    /// What follows a block of the server's, at once or after it has waited.
    static func goOn(_ after: AfterBlock, _ message: Message, isDropped: Bool, on state: WorkerState.Pointer)
    {
        if after == .reply {
            if isDropped {
                count(host.counters.droppedReplies)
            } else if host.keepsTransactions, !Branch.isOurs(message) {
                count(host.counters.droppedReplies)
                count(host.counters.foreignReplies)
                Log.write(.debug, "dropped a reply to a request that nobody sent from here")
            } else if Sending(message, on: state).send(along: nil) == mt_result(MT_OK) {
                count(host.counters.forwardedReplies)
            } else {
                count(host.counters.failedReplies)
                Log.write(
                    .info, "cannot forward a reply: \(message.errorReason.string)",
                    Log.Subject(worker: Int(state.pointee.index), callID: message.callID.string))
            }
        }
        finish(message, on: state)
    }

    @inline(__always)
    static func finish(_ message: Message, on state: WorkerState.Pointer) {
        _ = runHooks(.finished, message, on: state)
    }

    /// Whether the top Via names us. Most replies carry what we wrote, letter by letter; otherwise it is looked up.
    private func isOurs(_ reply: Message, _ network: Network) -> Bool {
        let via = reply.topVia
        guard let base = via.host.base else { return false }
        let own = network.advertised(reply.flow.socket)
        if own.count >= via.host.count, own.count > 0, let text = own.base,
            base + own.count < reply.bytes.bytes.baseAddress.unsafelyUnwrapped
                .assumingMemoryBound(to: UInt8.self) + reply.bytes.count,
            memcmp(base, text, own.count) == 0, base[own.count] == UInt8(ascii: ";")
        {
            return true
        }
        if network.isMine(
            host: via.host, port: via.port, transport: Destination.transport(named: via.transport))
        {
            return true
        }
        // What set_advertised_address wrote is known by the branch.
        var list = reply.body(of: reply.header(.via))
        guard Via(taking: &list) != nil else { return false }
        let second = reply.header(.via, after: reply.header(.via))
        var rest = list.count > 0 ? list : reply.body(of: second)
        guard let next = Via(taking: &rest) else { return false }
        return Branch.origin(of: reply, branch: via.branch, next: next) != nil
    }
}

extension Machine {
    /// It has to wait, and then the server goes on like this.
    fileprivate func wait(_ after: AfterBlock) {
        then = nil
        user = after.word
    }
}
