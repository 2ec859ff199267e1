// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

@Declarations func commands() -> [any Declaration] {
    Command("stats", "How many transactions there are and were, and their replies.") { answer in
        answer.structure { tellStatistics($0) }
        return .yes
    }
    Command("hash_stats", "How the transactions are spread over the workers.") { answer in
        Gathering.run(answer) { gathering, call in
            gathering.add([
                ("worker", .number(Int(call.pointee.worker))),
                ("transactions", .number(table(call).pointee.count)),
            ])
        } then: { gathering, answer in
            gathering.tell(answer)
            return .yes
        }
    }
    Command("list", "The transactions.") { answer in
        Gathering.run(answer) { gathering, call in
            table(call).pointee.each { gathering.add(row($0)) }
        } then: { gathering, answer in
            gathering.tell(answer)
            return .yes
        }
    }
    Command("clean", "Accepted: transactions end by themselves.") { _ in .yes }
    Command(
        "cancel", "Cancels the INVITE with that Call-ID and CSeq.", Arg("callid", Text.self),
        Arg("cseq", Text.self)
    ) { answer, callID, sequence in
        byName(answer, callID, sequence) { call, transaction in
            transaction.pointee.pins += 1
            cancelBranches(call, transaction)
            chooseReply(call, transaction)
            unpin(call, transaction)
            return true
        }
    }
    Command(
        "reply_callid", "Answers the transaction with that Call-ID and CSeq.", Arg("callid", Text.self),
        Arg("cseq", Text.self), Arg("code", Int.self, in: 100...699), Arg("reason", Text.self),
        Arg("totag", Text?.self), Arg("headers", Text?.self)
    ) { answer, callID, sequence, code, reason, _, headers in
        let (reason, headers) = (String(reason), headerLines(headers))
        return byName(answer, callID, sequence) { call, transaction in
            reply(call, transaction, code, reason, headers)
        }
    }
    Command(
        "reply", "Answers a transaction.", Arg("code", Int.self, in: 100...699), Arg("reason", Text.self),
        Arg("transaction", Text.self, "Its two numbers, index:label."), Arg("totag", Text?.self),
        Arg("headers", Text?.self), Arg("body", Text?.self)
    ) { answer, code, reason, name, _, headers, body in
        guard let handle = handle(name) else { return answer.fault(400, "Invalid transaction ID") }
        let (reason, headers) = (String(reason), headerLines(headers))
        return Gathering.run(answer) { gathering, call in
            guard handle.worker == call.pointee.worker, let transaction = transaction(handle) else { return }
            if reply(call, transaction, code, reason, headers) { gathering.hit() }
        } then: { gathering, answer in
            gathering.hits > 0 ? .yes : answer.fault(404, "Transaction not found")
        }
    }
    for name in ["retransmit_reply", "retransmit_reply_callid"] as [StaticString] {
        Command(
            name, "Sends the last reply of a transaction again.", Arg("callid", Text.self),
            Arg("cseq", Text.self)
        ) { answer, callID, sequence in
            byName(answer, callID, sequence) { _, transaction in
                sendLastReply(transaction)
                return true
            }
        }
    }
}

private func tellStatistics(_ answer: borrowing Answer) {
    answer.put("current", Statistics.present.value)
    answer.put("waiting", max(Statistics.present.value - Statistics.active.value, 0))
    answer.put("total", Statistics.requests.value)
    answer.put("total_local", Statistics.local.value)
    answer.put("rpl_received", Statistics.received.value)
    answer.put("rpl_generated", Statistics.generated.value)
    answer.put("rpl_sent", Statistics.sent.value)
    answer.put("6xx", Statistics.class6.value)
    answer.put("5xx", Statistics.class5.value)
    answer.put("4xx", Statistics.class4.value)
    answer.put("3xx", Statistics.class3.value)
    answer.put("2xx", Statistics.class2.value)
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

/// Does something with the one that is asked for by Call-ID and CSeq number, wherever it is.
private func byName(
    _ answer: borrowing Answer, _ callID: Text, _ sequence: Text,
    _ body: @escaping @Sendable (CallPointer, TransactionPointer) -> Bool
) -> Outcome {
    guard let number = sequence.trimmed.leadingInt else { return answer.fault(400, "Invalid CSeq") }
    let callID = String(callID)
    return Gathering.run(answer) { gathering, call in
        guard let found = find(call, callID, number) else { return }
        if body(call, found) { gathering.hit() }
    } then: { gathering, answer in
        gathering.hits > 0 ? .yes : answer.fault(404, "Transaction not found")
    }
}

func find(_ call: CallPointer, _ callID: String, _ sequence: Int) -> TransactionPointer? {
    var found: TransactionPointer?
    table(call).pointee.each { transaction in
        guard found == nil, !transaction.pointee.has(.local), let request = transaction.pointee.request,
            number(request, MT_F_CSEQ) == sequence, Text(unchecked: text(request, MT_F_CALL_ID)) == callID
        else { return }
        found = transaction
    }
    return found
}

/// "index:label", in decimal as $T(id_index) and $T(id_label) give them.
private func handle(_ name: Text) -> Handle? {
    guard let colon = name.firstIndex(of: UInt8(ascii: ":")), let entry = name.prefix(colon).integer,
        let label = name.dropFirst(colon + 1).integer, let index = UInt32(exactly: entry),
        let generation = UInt32(exactly: label)
    else { return nil }
    return Handle(entry: index, label: generation)
}

private func headerLines(_ headers: Text?) -> String {
    guard let headers, !headers.isEmpty, headers != mt_str(".") else { return "" }
    return String(headers)
}

private func reply(
    _ call: CallPointer, _ transaction: TransactionPointer, _ code: Int, _ reason: String, _ headers: String
) -> Bool {
    guard transaction.pointee.isUnanswered, let request = transaction.pointee.request else { return false }
    if !headers.isEmpty { headers.withRaw { set(request, MT_F_REPLY_LINES, $0) } }
    transaction.pointee.flags.insert(.cared)
    return reason.withRaw { answer(call, transaction, code, $0) }
}
