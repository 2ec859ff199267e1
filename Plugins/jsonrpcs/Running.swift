// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Carrier
import JsonrpcsLogic
import PluginKit
import Synchronization

/// Runs one command, and puts its answer into JSON. Lives on the commands' thread.
final class Running: CommandReader, @unchecked Sendable {
    private let id: JSON?
    private var answering: Answering
    private let then: @Sendable (JSON) -> Void

    private init(_ question: Question, _ then: @escaping @Sendable (JSON) -> Void) {
        id = question.id
        answering = Answering(question.method, id: question.id)
        self.then = then
    }

    /// From any thread; `then` is told once.
    static func start(_ question: Question, _ then: @escaping @Sendable (JSON) -> Void) {
        requests.add()
        let arguments = question.arguments.map { argument -> CommandArgument in
            switch argument {
            case .nothing: .nothing
            case .int(let number): .int(number)
            case .text(let text): .text(Array(text.utf8))
            }
        }
        let running = Running(question, then)
        if !withValues(arguments, { running.run(question.method, $0) }).isYes {
            refused.add()
            then(Answering.fault(code: 500, message: "Method Not Found", id: question.id))
        }
    }

    override func put(_ key: Text, _ value: Value) {
        let json: JSON =
            switch value.raw.type {
            case UInt32(MT_STR): .text(String(value.text))
            case UInt32(MT_NULL): .null
            default: .int(value.raw.num)
            }
        answering.put(String(key), json)
    }
    override func open(_ key: Text, list: Bool) { answering.open(String(key), list: list) }
    override func close() { answering.close() }
    override func done(_ code: Int, _ text: Text) {
        then(
            code == 0
                ? answering.finished() : Answering.fault(code: code, message: String(text), id: id))
    }
}

/// Runs what a client asks for: one command, or many.
enum Exchange {
    /// From any thread. `then` is told once, on any thread: nil when nobody is to be answered.
    static func run(_ asked: Asked, _ then: @escaping @Sendable (JSON?) -> Void) {
        switch asked {
        case .refused(let refusal):
            refused.add()
            then(refusal.answer)
        case .one(let one): start(one, then)
        case .batch(let all):
            let gathering = Gathering(all.count, then)
            for (index, one) in all.enumerated() { start(one) { gathering.take($0, at: index) } }
        }
    }

    private static func start(
        _ one: Result<Question, Refusal>, _ then: @escaping @Sendable (JSON?) -> Void
    ) {
        switch one {
        case .success(let question): Running.start(question) { then(question.isNotification ? nil : $0) }
        case .failure(let refusal):
            refused.add()
            then(refusal.answer)
        }
    }

    /// The answers of a batch, in the order of its requests (JSON-RPC 2.0, 6).
    private final class Gathering: Sendable {
        private let state: Mutex<(answers: [JSON?], missing: Int)>
        private let then: @Sendable (JSON?) -> Void

        init(_ count: Int, _ then: @escaping @Sendable (JSON?) -> Void) {
            state = Mutex((Array(repeating: nil, count: count), count))
            self.then = then
        }

        func take(_ answer: JSON?, at index: Int) {
            let all = state.withLock { state -> [JSON]? in
                state.answers[index] = answer
                state.missing -= 1
                return state.missing == 0 ? state.answers.compactMap { $0 } : nil
            }
            guard let all else { return }
            then(all.isEmpty ? nil : .array(all))
        }
    }
}
