// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// Rows about the dialogs of all workers, for a command: a portion is gathered on a worker, told on the thread of the
/// commands, and then comes the next. So there are never many of them in memory, and each worker does what it is there
/// for in between.
final class Listing: @unchecked Sendable {
    typealias Row = @Sendable (CallPointer, DialogPointer) -> Shown?

    /// In nanoseconds.
    private static let portion: UInt64 = 500_000
    private static let mostRows = 256

    private let lastWorker: Int
    private let most: Int
    private let row: Row
    private let tell: @Sendable (Shown, borrowing Answer) -> Void
    private let end: @Sendable (borrowing Answer, Int) -> Outcome
    // The worker and the thread of the commands have these in turn: who passes on the word lets go of them.
    private var worker: Int
    private var index: UInt32 = 1
    private var rows: [Shown] = []
    private var count = 0

    private init(
        _ workers: ClosedRange<Int>, _ most: Int, _ row: @escaping Row,
        _ tell: @escaping @Sendable (Shown, borrowing Answer) -> Void,
        _ end: @escaping @Sendable (borrowing Answer, Int) -> Outcome
    ) {
        worker = workers.lowerBound
        lastWorker = workers.upperBound
        self.most = most
        self.row = row
        self.tell = tell
        self.end = end
    }

    /// - Parameters:
    ///   - worker: only its dialogs; nil: those of all.
    ///   - most: no more rows than that.
    ///   - row: nil: it is not wanted.
    ///   - end: gets how many rows there were.
    static func run(
        _ answer: borrowing Answer, on worker: Int? = nil, most: Int = .max, _ row: @escaping Row,
        tell: @escaping @Sendable (Shown, borrowing Answer) -> Void = { $0.tell($1) },
        end: @escaping @Sendable (borrowing Answer, Int) -> Outcome = { _, _ in .yes }
    ) -> Outcome {
        let workers = worker.map { $0...$0 } ?? 0...max(Host.workers, 1) - 1
        return Listing(workers, most, row, tell, end).goOn(answer)
    }

    private func goOn(_ answer: borrowing Answer) -> Outcome {
        answer.call.wait(
            upTo: .seconds(30),
            then: Action { [self] call in
                let answer = Answer(call)
                guard call.result != .timeout else { return answer.fault(500, "a worker does not answer") }
                for row in rows.prefix(most - count) { tell(row, answer) }
                count += min(rows.count, most - count)
                rows.removeAll(keepingCapacity: true)
                return worker > lastWorker || count >= most ? end(answer, count) : goOn(answer)
            }
        ) { ticket in
            Loop.post(to: worker) { [self] call in
                gather(call.raw)
                ticket.resume(.yes)
                return .yes
            }
        }
    }

    private func gather(_ call: CallPointer) {
        let end = Loop.ticks + Self.portion
        repeat {
            let hasMore = table(call).pointee.each(from: index, 16) { dialog in
                if let row = row(call, dialog) { rows.append(row) }
            }
            index += 16
            guard hasMore else {
                worker += 1
                index = 1
                return
            }
        } while rows.count < Self.mostRows && Loop.ticks < end
    }
}
