// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message
import Script
import Worker

/// A message on its way to a name: it is sent to the first place that the name leads to and that can be sent to, and
/// remembers the others. Rare beside those that go to an address, so it is an object of its own.
///
/// Only its worker touches it; what is asked for comes back there.
final class Journey: @unchecked Sendable {
    private let message: Message
    private let worker: UInt32
    private let outcome: Sending.Outcome?
    private let machine: Machine?
    /// For the log.
    private let name: String
    /// Where the records were looked up.
    private let domain: String?
    private var itinerary: Itinerary
    /// What has been learnt on the way. It counts here also when it may not be kept.
    private var answers: [Question: Answer] = [:]
    /// A script has forwarded it, and nobody else sees to it that it gets somewhere.
    private let isScripted: Bool
    /// It has been sent somewhere before.
    private var isFurther = false
    private var failure: (result: mt_result, flow: mt_flow)?

    private init(_ sending: Sending, _ name: String, _ domain: String?, _ itinerary: Itinerary) {
        message = sending.message
        worker = sending.state.pointee.index
        outcome = sending.outcome
        machine = sending.machine
        isScripted = sending.machine != nil || sending.isScripted
        self.name = name
        self.domain = domain
        self.itinerary = itinerary
    }

    /// Sends at once when all is known that has to be. Otherwise a script waits for it; for anybody else the message
    /// is sent later as it then stands.
    static func start(_ sending: Sending, _ destination: Destination) -> mt_result {
        Remaining.forget(sending.message)
        let target = destination.target
        let itinerary = Itinerary(
            to: target, by: preferences(sending), random: seed(sending))
        return Journey(sending, target.host, target.host, itinerary).begin(sending)
    }

    /// The same with what a message had left.
    static func goOn(_ sending: Sending, along steps: [Itinerary.Step]) -> mt_result {
        let itinerary = Itinerary(
            steps: steps, by: preferences(sending), random: seed(sending))
        let journey = Journey(sending, "the next place", sending.nextDomain, itinerary)
        journey.isFurther = true
        return journey.begin(sending)
    }

    private static func preferences(_ sending: Sending) -> Preferences {
        sending.state.pointee.worker._withUnsafeGuaranteedRef { $0.group.resolver.settings.preferences }
    }

    /// Nobody outside knows it.
    private static func seed(_ sending: Sending) -> UInt64 {
        let ticks = sending.state.pointee.worker._withUnsafeGuaranteedRef { $0.ticks }
        return Branch.mix(host.secret ^ sending.message.serial, ticks)
    }

    // MARK: - on the way

    private enum Step {
        case done(mt_result, mt_flow)
        case ask(Question)
        case nothing
    }

    private func begin(_ sending: Sending) -> mt_result {
        switch step(sending) {
        case .done(let result, let flow):
            let outcome = sending.finish(result, flow)
            // "No" is the word for that there is no next.
            return isFurther && outcome == mt_result(MT_NO) ? mt_result(MT_ERROR) : outcome
        case .nothing where isFurther: return mt_result(MT_NO)
        case .nothing: return sending.give(up: sending.fail(478, "Unresolvable destination"))
        case .ask(let question):
            message.retain()
            machine?.hold()
            ask(question, sending.state)
            return mt_result(machine == nil ? MT_OK : MT_SUSPEND)
        }
    }

    /// Until it has left, cannot leave, or has to wait.
    private func step(_ sending: Sending) -> Step {
        let worker = sending.state.pointee.worker
        let failsOver = Self.preferences(sending).failsOver
        while true {
            let next = itinerary.next { question in
                answers[question] ?? worker._withUnsafeGuaranteedRef { $0.group.resolver.known(question) }
            }
            switch next {
            case .ask(let question): return .ask(question)
            case .end:
                guard let failure else { return .nothing }
                return .done(failure.result, failure.flow)
            case .go(let endpoint, let transport):
                var flow = mt_flow()
                let result = attempt(endpoint, transport, sending, &flow)
                // Without a socket nothing was tried.
                if result == mt_result(MT_ERROR), failsOver || flow.socket == .max {
                    failure = (result, flow)
                    continue
                }
                if result == mt_result(MT_OK), failure != nil {
                    message.errorStatus = 0
                    message.errorReason = .absent
                }
                if failsOver { Remaining.keep(itinerary.steps, on: message) }
                if result == mt_result(MT_OK), isScripted, failsOver, flow.transport.isStream {
                    Connecting.add(message, flow.connection, on: sending.state)
                }
                return .done(result, flow)
            }
        }
    }

    /// Over TLS the other side has to be the domain, whatever servers its records name (RFC 5922, 4).
    private func attempt(
        _ endpoint: Endpoint, _ transport: Transport, _ sending: Sending, _ flow: inout mt_flow
    ) -> mt_result {
        guard transport.isSecure, let domain else { return sending.attempt(endpoint, transport, &flow) }
        var sending = sending
        let bytes = Array(domain.utf8)
        return bytes.withUnsafeBufferPointer {
            guard let base = $0.baseAddress else { return sending.attempt(endpoint, transport, &flow) }
            sending.peerName = Slice(base: base, count: $0.count)
            return sending.attempt(endpoint, transport, &flow)
        }
    }

    private func ask(_ question: Question, _ state: WorkerState.Pointer) {
        let worker = state.pointee.worker.takeUnretainedValue()
        worker.group.resolver.ask(question) { [self] answer in
            let news = Unmanaged.passRetained(News(self, question, answer))
            worker.post(
                Job(
                    { news, _, _ in
                        guard let news else { return }
                        Unmanaged<News>.fromOpaque(news).takeRetainedValue().tell()
                    }, news.toOpaque()))
        }
    }

    /// An answer on its way to the worker.
    private final class News {
        private let journey: Journey
        private let question: Question
        private let answer: Answer

        init(_ journey: Journey, _ question: Question, _ answer: Answer) {
            self.journey = journey
            self.question = question
            self.answer = answer
        }

        func tell() { journey.arrived(question, answer) }
    }

    private func arrived(_ question: Question, _ answer: Answer) {
        guard let state = WorkerState.of(worker) else { return }
        answers[question] = answer
        var sending = Sending(message, on: state)
        sending.outcome = outcome
        let result: mt_result
        switch step(sending) {
        case .ask(let question): return ask(question, state)
        case .done(let outcome, let flow): result = sending.finish(outcome, flow)
        case .nothing where isFurther: result = sending.give(up: mt_result(MT_NO))
        case .nothing: result = sending.give(up: sending.fail(478, "Unresolvable destination"))
        }
        if let machine {
            if result == mt_result(MT_OK) { count(host.counters.forwardedRequests) }
            Waiting.ended(machine, machine.resume(result), on: state)
        } else if result < 0 {
            Log.write(.info, "cannot send to \(name): \(message.errorReason.string)")
        }
        message.release()
    }
}
