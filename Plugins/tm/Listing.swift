// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import Synchronization
import TmLogic

/// tm.list goes round the workers again and again, and takes a slice of each table at a time: traffic goes on meanwhile.
final class Listing: Sendable {
    private static let slice: UInt32 = 512
    private let gathering = Gathering()
    private let place = Atomic<UInt32>(1)
    private let hasMore = Atomic<Bool>(false)

    static func run(_ answer: borrowing Answer) -> Outcome {
        let listing = Listing()
        return answer.call.wait(
            upTo: .seconds(60),
            then: Action { call in
                let answer = Answer(call)
                guard call.result != .timeout else { return answer.fault(500, "the workers do not answer") }
                listing.gathering.tell(answer)
                return .yes
            }
        ) { ticket in listing.goRound(ticket) }
    }

    private func goRound(_ ticket: Ticket) {
        hasMore.store(false, ordering: .relaxed)
        let first = place.load(ordering: .relaxed)
        Loop.visit(
            each: { [self] call in
                let isMore = table(call.raw).pointee.each(from: first, Self.slice) { gathering.add(row($0)) }
                if isMore { hasMore.store(true, ordering: .relaxed) }
                return .yes
            },
            done: { [self] _ in
                place.store(first + Self.slice, ordering: .relaxed)
                if hasMore.load(ordering: .relaxed) { goRound(ticket) } else { ticket.resume(.yes) }
                return .yes
            })
    }
}

private func row(_ transaction: TransactionPointer) -> [(String, Gathering.RowValue)] {
    let handle = transaction.pointee.handle
    var row: [(String, Gathering.RowValue)] = [
        ("cell", .text(String(UInt(bitPattern: transaction), radix: 16))),
        ("tindex", .number(Int(handle.entry))), ("tlabel", .number(Int(handle.label))),
    ]
    if let request = transaction.pointee.request {
        func word(_ field: Int) -> Gathering.RowValue { .text(String(Text(unchecked: text(request, field)))) }
        row.append(("method", word(MT_F_METHOD)))
        row.append(("from", word(MT_F_FROM_URI)))
        row.append(("to", word(MT_F_TO_URI)))
        row.append(("callid", word(MT_F_CALL_ID)))
        row.append(("cseq", .number(number(request, MT_F_CSEQ))))
    }
    row.append(("uas_request", .text(transaction.pointee.has(.local) ? "no" : "yes")))
    row.append(("tflags", .number(Int(transaction.pointee.flags.rawValue))))
    row.append(("outgoings", .number(Int(transaction.pointee.branchCount))))
    row.append(("ref_count", .number(Int(transaction.pointee.pins))))
    row.append(("lifetime", .number(Int((milliseconds() &- transaction.pointee.created) / 1000))))
    return row
}
