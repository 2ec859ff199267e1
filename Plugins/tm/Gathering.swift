// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import Synchronization

/// What a command collects from all workers, one after the other, and then tells. Off the path of messages.
final class Gathering: Sendable {
    private let rows = Mutex<[[(String, RowValue)]]>([])
    private let count = Atomic<Int>(0)

    enum RowValue: Sendable {
        case number(Int)
        case text(String)
    }

    func add(_ row: [(String, RowValue)]) { rows.withLock { $0.append(row) } }
    func hit() { count.add(1, ordering: .relaxed) }
    var hits: Int { count.load(ordering: .relaxed) }

    /// Visits every worker, and answers when all have been asked.
    static func run(
        _ answer: borrowing Answer, each: @escaping @Sendable (Gathering, CallPointer) -> Void,
        then: @escaping @Sendable (Gathering, borrowing Answer) -> Outcome
    ) -> Outcome {
        let gathering = Gathering()
        return answer.call.wait(
            upTo: .seconds(10),
            then: Action { call in
                let answer = Answer(call)
                return call.result == .timeout
                    ? answer.fault(500, "the workers do not answer") : then(gathering, answer)
            }
        ) { ticket in
            Loop.visit(
                each: { call in
                    each(gathering, call.raw)
                    return .yes
                },
                done: { _ in
                    ticket.resume(.yes)
                    return .yes
                })
        }
    }

    func tell(_ answer: borrowing Answer) {
        for row in rows.withLock({ $0 }) {
            answer.structure { answer in
                for (name, value) in row {
                    switch value {
                    case .number(let number): answer.put(named: name, number)
                    case .text(let text): answer.put(named: name, text)
                    }
                }
            }
        }
    }
}
