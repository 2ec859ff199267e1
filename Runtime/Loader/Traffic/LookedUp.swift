// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message
import Script
import Worker

/// A message that waits for the address of a name. Rare, so it is an object of its own.
final class LookedUp {
    private let message: Message
    private let worker: UInt32
    private let host: Slice
    private let port: Int
    private let transport: Transport
    private let outcome: Sending.Outcome?
    private let machine: Machine?

    private init(_ sending: Sending, _ destination: Destination, _ message: Message) {
        self.message = message
        worker = sending.state.pointee.index
        host = message.keepBytes(destination.host)
        port = destination.port
        transport = destination.transport
        outcome = sending.outcome
        machine = sending.machine
    }

    /// Sends at once when the address is known. Otherwise a script waits for it; for anybody else the message is sent
    /// later as it now stands.
    static func start(_ sending: Sending, _ destination: Destination) -> mt_result {
        let waiting = LookedUp(sending, destination, sending.message)
        let context = Unmanaged.passRetained(waiting)
        switch waiting.ask(sending.state, context) {
        case .found(let endpoint):
            context.release()
            return sending.send(to: endpoint, destination.transport)
        case .unknown:
            context.release()
            return sending.finish(sending.fail(478, "Unresolvable destination"), mt_flow())
        case .asked:
            sending.message.retain()
            guard let machine = sending.machine else { return mt_result(MT_OK) }
            machine.hold()
            return mt_result(MT_SUSPEND)
        }
    }

    private func ask(_ state: WorkerState.Pointer, _ context: Unmanaged<LookedUp>) -> Resolver.Answer {
        let then = Job(
            { context, _, _ in
                guard let context else { return }
                Unmanaged<LookedUp>.fromOpaque(context).takeRetainedValue().arrived()
            }, context.toOpaque())
        let wanted = Destination(host: host, port: port, transport: transport).wantedPort
        return state.pointee.worker._withUnsafeGuaranteedRef {
            $0.group.resolver.find(host, port: wanted, on: $0, then: then)
        }
    }

    private func arrived() {
        guard let state = WorkerState.of(worker) else { return }
        var sending = Sending(message, on: state)
        sending.outcome = outcome
        // Known now, for it has just been learnt; a third time is not waited for.
        let answer = state.pointee.worker._withUnsafeGuaranteedRef {
            $0.group.resolver.find(
                host, port: Destination(host: host, port: port, transport: transport).wantedPort, on: $0,
                then: Job({ _, _, _ in }))
        }
        let result: mt_result
        if case .found(let endpoint) = answer {
            result = sending.send(to: endpoint, transport)
        } else {
            result = sending.finish(sending.fail(478, "Unresolvable destination"), mt_flow())
        }
        if let machine {
            Waiting.ended(machine, machine.resume(result), on: state)
        } else if result < 0 {
            Log.write(.info, "cannot send to \(host.string): \(message.errorReason.string)")
        }
        message.release()
    }
}
