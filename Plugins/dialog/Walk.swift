// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

/// Goes through the dialogs of all workers, a little at a time: in between, each worker does what it is there for.
///
/// Dialogs come and go meanwhile: each that is there from beginning to end is seen, once.
final class Walk: Sendable {
    /// False: what was looked for has been found, and there is no need to go on.
    typealias Search = @Sendable (CallPointer, DialogPointer) -> Bool
    typealias Body = @Sendable (CallPointer, DialogPointer) -> Void

    /// In nanoseconds.
    private static let portion: UInt64 = 1_000_000
    private let body: Search
    private let worker: Int?
    private let done: @Sendable () -> Void

    private init(_ worker: Int?, _ body: @escaping Search, done: @escaping @Sendable () -> Void) {
        self.worker = worker
        self.body = body
        self.done = done
    }

    /// - Parameter worker: only its dialogs; nil: those of all.
    static func go(
        on worker: Int? = nil, _ body: @escaping Search, done: @escaping @Sendable () -> Void = {}
    ) {
        Walk(worker, body, done: done).go(worker ?? 0, from: 1)
    }

    private func go(_ worker: Int, from first: UInt32) {
        Loop.post(to: worker) { [self] call in
            let table = table(call.raw)
            let end = Loop.ticks + Self.portion
            var at = first
            while Loop.ticks < end {
                var goesOn = true
                let hasMore = table.pointee.each(from: at, 16) { dialog in
                    goesOn = goesOn && body(call.raw, dialog)
                }
                guard goesOn, hasMore else {
                    if goesOn, self.worker == nil, worker + 1 < Host.workers {
                        go(worker + 1, from: 1)
                    } else {
                        done()
                    }
                    return .yes
                }
                at += 16
            }
            let next = at
            // Others come first, however many dialogs there are.
            Loop.after(1, on: worker) { [self] _ in
                go(worker, from: next)
                return .yes
            }
            return .yes
        }
    }

    /// A command that answers when all have been seen.
    static func search(
        _ answer: borrowing Answer, on worker: Int? = nil, _ goesOn: @escaping Search,
        then: @escaping @Sendable (borrowing Answer) -> Outcome
    ) -> Outcome {
        answer.call.wait(
            upTo: .seconds(120),
            then: Action { call in
                let answer = Answer(call)
                return call.result == .timeout
                    ? answer.fault(500, "the workers do not answer") : then(answer)
            }
        ) { ticket in
            go(on: worker, goesOn) { ticket.resume(.yes) }
        }
    }

    static func run(
        _ answer: borrowing Answer, on worker: Int? = nil, _ body: @escaping Body,
        then: @escaping @Sendable (borrowing Answer) -> Outcome
    ) -> Outcome {
        search(answer, on: worker) {
            body($0, $1)
            return true
        } then: {
            then($0)
        }
    }
}
