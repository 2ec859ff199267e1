// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TmLogic

/// What other plugins get, as tm.h says.
func interface(_ head: mt_head) -> tm_api {
    var api = tm_api()
    api.head = head
    api.reply = { call, message, status, reason in
        guard let call, let message else { return mt_result(MT_NO) }
        return inside(call, message) { reply($0, Int(status), reason, creates: false).code }
    }
    api.find = { message in
        guard let message else { return 0 }
        return transaction(message)?.pointee.handle.number ?? 0
    }
    api.create = { call, message in
        guard let call, let message else { return mt_result(MT_ERROR) }
        if transaction(message) != nil { return mt_result(MT_NO) }
        return mt_result(create(call, message) == nil ? MT_ERROR : MT_OK)
    }
    api.relay = { call, message in
        guard let call, let message else { return mt_result(MT_ERROR) }
        return inside(call, message) { relay($0, message, Destination()).code }
    }
    addLookups(&api)
    api.cancel = { call, number, reason in
        guard let call, let transaction = transaction(Handle(number: number)) else {
            return mt_result(MT_GONE)
        }
        transaction.pointee.pins += 1
        cancelBranches(call, transaction, because: reason.len > 0 ? .given(reason) : .none)
        chooseReply(call, transaction)
        unpin(call, transaction)
        return mt_result(MT_OK)
    }
    api.hold = { number in
        guard let transaction = transaction(Handle(number: number)) else { return mt_result(MT_GONE) }
        transaction.pointee.flags.insert(.held)
        return mt_result(MT_OK)
    }
    api.send = { call, request, flow, flags, done, user in
        guard let call, let request else { return 0 }
        return sendLocal(call, request, flow, flags: flags, done, user)
    }
    return api
}

private func addLookups(_ api: inout tm_api) {
    api.answer = { call, number, status, reason in
        guard let call, let transaction = transaction(Handle(number: number)) else {
            return mt_result(MT_GONE)
        }
        guard transaction.pointee.isUnanswered else { return mt_result(MT_NO) }
        transaction.pointee.flags.insert(.cared)
        stopOwing(transaction)
        return mt_result(answer(call, transaction, Int(status), reason) ? MT_OK : MT_NO)
    }
    api.request = { number in transaction(Handle(number: number))?.pointee.request }
    api.status = { number in transaction(Handle(number: number))?.pointee.lastStatus ?? 0 }
    api.tag = { number, message in
        guard let message, let room = Server.message.pointee.alloc(message, LocalTag.length) else {
            return mt_str()
        }
        Words.tag.write(Handle(number: number), into: room.assumingMemoryBound(to: UInt8.self))
        return mt_str(ptr: UnsafePointer(room.assumingMemoryBound(to: CChar.self)), len: LocalTag.length)
    }
}

/// With another message than that of the call.
private func inside(_ call: CallPointer, _ message: OpaquePointer, _ body: (CallPointer) -> mt_result)
    -> mt_result
{
    let before = call.pointee.msg
    call.pointee.msg = message
    defer { call.pointee.msg = before }
    return body(call)
}
