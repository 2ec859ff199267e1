// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

@Declarations func commands() -> [any Declaration] {
    Command("stats", "How many transactions there are and were, and their replies.") { answer in
        answer.structure { tellStatistics($0) }
        return .yes
    }
    for name in ["hash_stats", "t_hash"] as [StaticString] {
        Command(name, "How the transactions are spread over the workers.") { answer in
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
    }
    Command("list", "The transactions.") { answer in Listing.run(answer) }
    Command("clean", "Accepted: transactions end by themselves.") { _ in .yes }
    for name in ["cancel", "t_uac_cancel"] as [StaticString] {
        Command(
            name, "Cancels the INVITE with that Call-ID and CSeq.", Arg("callid", Text.self),
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
    }
    Command(
        "reply_callid", "Answers the transaction with that Call-ID and CSeq.", Arg("callid", Text.self),
        Arg("cseq", Text.self), Arg("code", Int.self, in: 100...699), Arg("reason", Text.self),
        Arg("totag", Text?.self), Arg("headers", Text?.self)
    ) { answer, callID, sequence, code, reason, tag, headers in
        let order = OrderedReply(code, reason, tag, headers, nil)
        return byName(answer, callID, sequence) { call, transaction in order.send(call, transaction) }
    }
    Command(
        "reply", "Answers a transaction.", Arg("code", Int.self, in: 100...699), Arg("reason", Text.self),
        Arg("transaction", Text.self, "Its two numbers, index:label."), Arg("totag", Text?.self),
        Arg("headers", Text?.self), Arg("body", Text?.self)
    ) { answer, code, reason, name, tag, headers, body in
        guard let handle = handle(name) else { return answer.fault(400, "Invalid transaction ID") }
        let order = OrderedReply(code, reason, tag, headers, body)
        return Gathering.run(answer) { gathering, call in
            guard handle.worker == call.pointee.worker, let transaction = transaction(handle) else { return }
            if order.send(call, transaction) { gathering.hit() }
        } then: { gathering, answer in
            gathering.hits > 0 ? .yes : answer.fault(404, "Transaction not found")
        }
    }
    Command(
        "retransmit_reply_callid", "Sends the last reply of a transaction again.", Arg("callid", Text.self),
        Arg("cseq", Text.self)
    ) { answer, callID, sequence in
        byName(answer, callID, sequence) { _, transaction in
            sendLastReply(transaction)
            return true
        }
    }
    Command(
        "retransmit_reply", "Sends the last reply of a transaction again.",
        Arg("transaction", Text.self, "Its two numbers, index:label.")
    ) { answer, name in
        guard let handle = handle(name) else { return answer.fault(400, "Invalid transaction ID") }
        return Gathering.run(answer) { gathering, call in
            guard handle.worker == call.pointee.worker, let transaction = transaction(handle) else { return }
            sendLastReply(transaction)
            gathering.hit()
        } then: { gathering, answer in
            gathering.hits > 0 ? .yes : answer.fault(404, "Transaction not found")
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
