// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

/// `@tm.…`: what Kamailio's selects say of a transaction. Behind `uas.request`, `uac[n].request` and `uac[n].response` any
/// other select may follow, which is then asked of that message.
@Declarations func selects() -> [any Declaration] {
    Variable(
        "@tm", "A select of the transaction, as @tm.uas.status or @tm.uac[0].uri.",
        prepare: { SelectPath(Text(unchecked: $0.unsafelyUnwrapped.pointee.args[0].str)) == nil ? -1 : 1 }
    ) { call, key in
        guard let path = SelectPath(key.name), let transaction = current(call.raw) else {
            return call.answerNull()
        }
        switch path {
        case .method:
            guard let request = transaction.pointee.request else { return call.answerNull() }
            return call.answer(Text(unchecked: text(request, MT_F_METHOD)))
        case .branchCount: return call.answer(Int(transaction.pointee.branchCount))
        case .relayed:
            return call.answer(transaction.pointee.isUnanswered ? -1 : Int(transaction.pointee.picked))
        case .server(let part): return ofServer(call, transaction, part)
        case .request(let rest):
            return ask(call, key.name.dropFirst(rest), of: transaction.pointee.request)
        case .branch(let index, let part, let rest):
            let found =
                index.map { transaction.branch($0) } ?? branch(call.raw.pointee.msg) ?? picked(call.raw)
            guard let branch = found else { return call.answerNull() }
            return ofBranch(call, branch, part, key.name.dropFirst(rest))
        }
    }
}

private func ofServer(
    _ call: borrowing Call, _ transaction: TransactionPointer, _ part: SelectPath.Server
) -> Outcome {
    switch part {
    case .status: return call.answer(Int(transaction.pointee.lastStatus))
    case .localToTag:
        guard call.hasMessage else { return call.answerNull() }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: LocalTag.length) { room in
            transaction.pointee.writeTag(into: room.baseAddress.unsafelyUnwrapped)
            return call.answer(call.message.keep(Text(unchecked: mt_str(room))))
        }
    case .response:
        let block = transaction.pointee.lastReply
        guard let bytes = block.bytes, call.hasMessage else { return call.answerNull() }
        let whole = mt_str(UnsafeMutableBufferPointer(start: bytes, count: block.count))
        return call.answer(call.message.keep(Text(unchecked: whole)))
    case .negativeACK:
        // Its refusal is repeated until then.
        guard case .invite(let machine) = transaction.pointee.server else { return call.answer(0) }
        return call.answer(machine.state == .completed ? 1 : 0)
    }
}

private func ofBranch(
    _ call: borrowing Call, _ branch: BranchPointer, _ part: SelectPath.Branch, _ rest: Text
) -> Outcome {
    switch part {
    case .status: return call.answer(Int(branch.pointee.status))
    case .copies: return call.answer(Int(branch.pointee.copies))
    case .uri:
        guard let message = branch.pointee.message else { return call.answerNull() }
        return call.answer(Text(unchecked: text(message, MT_F_URI)))
    case .request: return ask(call, rest, of: branch.pointee.message)
    case .response:
        // A reply that is being looked at is not kept, nor is one that has been sent on.
        let isThis = call.hasMessage && !call.message.isRequest && TmPlugin.branch(call.message.raw) == branch
        return ask(call, rest, of: isThis ? call.message.raw : branch.pointee.reply)
    }
}

/// The whole text of a message, or what a further select says of it.
private func ask(_ call: borrowing Call, _ select: Text, of message: OpaquePointer?) -> Outcome {
    guard let message, call.hasMessage else { return call.answerNull() }
    guard !select.isEmpty else { return call.answer(Text(unchecked: text(message, MT_F_BYTES))) }
    let source = Line("$sel(\(select))")
    guard let compiled = source.withRaw({ Server.script.pointee.compile(Server.host, $0) }) else {
        return call.answerNull()
    }
    var value = mt_value()
    guard Server.script.pointee.read(call.raw, message, compiled, &value) > 0 else {
        return call.answerNull()
    }
    if value.type == UInt32(MT_STR) { return call.answer(call.message.keep(Text(unchecked: value.str))) }
    call.raw.pointee.out.pointee = value
    return .yes
}

extension mt_str {
    fileprivate init(_ bytes: UnsafeMutableBufferPointer<UInt8>) {
        self.init(
            ptr: UnsafeRawPointer(bytes.baseAddress.unsafelyUnwrapped).assumingMemoryBound(to: CChar.self),
            len: bytes.count)
    }
}
