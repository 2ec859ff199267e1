// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

// An INVITE of our own that was sent without an ACK of its own, as t_uac_send("INVITE.", ...) does: the script sends that
// itself, perhaps later and with a body, for the answer may be in it (RFC 3261, 13.2.1). Copies of the 2xx get the same
// ACK again.

@Declarations func localACKFunctions() -> [any Declaration] {
    Function(
        "t_uac_ack_local", in: .any, "Sends the ACK to the 2xx of an INVITE of our own.",
        Arg("callid", Text.self), Arg("cseq", Text.self),
        Arg("headers", Text?.self, "Header lines of it."), Arg("body", Text?.self)
    ) { call, callID, sequence, headers, body in
        guard let number = sequence.leadingInt else { return .no }
        let worker = Server.loop.pointee.worker(callID.raw)
        let id = String(callID)
        var lines = ""
        var content = ""
        if let headers { lines = String(headers) }
        if let body { content = String(body) }
        if worker == call.raw.pointee.worker {
            return Outcome(acknowledge(call.raw, id, number, lines, content))
        }
        // That INVITE belongs to another worker.
        return send(id, number, lines, content, to: Int(worker))
    }
}

private func send(_ id: String, _ number: Int, _ lines: String, _ content: String, to worker: Int) -> Outcome
{
    Loop.post(to: worker) { call in
        if !acknowledge(call.raw, id, number, lines, content) {
            Host.log(.warning, "t_uac_ack_local: there is no 2xx without an ACK for \(id)")
        }
        return .yes
    }
}

/// The 2xx stays until its ACK is sent; a copy of it gets that again.
func keepForACK(
    _ call: CallPointer, _ transaction: TransactionPointer, _ branch: BranchPointer, _ reply: OpaquePointer
) {
    if let ack = transaction.pointee.ack {
        _ = Server.net.pointee.send(call, ack, nil, nil, nil)
    } else if branch.pointee.reply == nil {
        branch.pointee.reply = Server.message.pointee.keep(reply)
    }
}

/// False: there is no such 2xx, or its ACK has been sent.
private func acknowledge(
    _ call: CallPointer, _ callID: String, _ sequence: Int, _ headers: String, _ body: String
) -> Bool {
    var found: TransactionPointer?
    table(call).pointee.each { transaction in
        guard found == nil, transaction.pointee.has(.scriptACK), transaction.pointee.ack == nil,
            let request = transaction.pointee.request,
            number(request, MT_F_CSEQ) == sequence, Text(unchecked: text(request, MT_F_CALL_ID)) == callID
        else { return }
        found = transaction
    }
    guard let transaction = found else { return false }
    var branch = transaction.pointee.first
    while let here = branch, here.pointee.reply == nil || here.pointee.status >= 300 {
        branch = here.pointee.next
    }
    guard let branch, let reply = branch.pointee.reply, let ack = dialogACK(branch, reply) else {
        return false
    }
    for line in headers.split(whereSeparator: \.isNewline) {
        _ = String(line).withRaw { Server.message.pointee.insert(ack, UInt32(MT_LAST), nil, $0) }
    }
    if !body.isEmpty { body.withRaw { set(ack, MT_F_BODY, $0) } }
    transaction.pointee.ack = ack
    sendACK(call, transaction, branch, reply, ack)
    return true
}
