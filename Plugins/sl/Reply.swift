// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit
import SlLogic

/// Drawn by `Start`, before any request.
nonisolated(unsafe) private var tags = ReplyTag()

/// Builds the reply, sends it where its Via says, and counts it. Nothing is remembered but that an ACK may
/// come.
func replyStateless(_ call: borrowing Call, _ status: Int, _ reason: mt_str) -> Outcome {
    let request = call.message
    let method = request.method
    guard method != .ack else { return .no }  // RFC 3261, 17.1.1.3: an ACK is never answered.
    guard status >= 100, status < 700, request.isRequest else {
        Host.log(
            .error, "cannot send a reply \(status): a status is 100 to 699, and only requests are answered")
        return .no
    }
    // Whoever answered it for good, save() for one, has had the last word: two answers are an answer too
    // many.
    guard request.slot == 0 else {
        Host.log(.debug, "not answered with \(status): it has been answered")
        return Outcome(-2)
    }
    // The tables themselves: this is the reply to every keepalive, and costs no reference count.
    guard let raw = Server.message.pointee.reply(request.raw, Int32(status), reason) else {
        Statistics.failed()
        return .no
    }
    defer { Server.message.pointee.release(raw) }
    let reply = Message(raw)
    // A tag belongs to a dialog or to a final answer; 100 has none.
    let tagged = status >= 180 && request.toTag.isEmpty
    if tagged { setTag(reply, for: request) }
    if status >= 300, status < 400 { addContacts(to: reply, from: request) }

    guard Server.net.pointee.send(call.raw, raw, nil, nil, nil) > 0 else {
        Statistics.failed()
        return .no
    }
    if tagged, status >= 200, method == .invite { openWindow(call.worker) }
    if status >= 200 { request.slot = 1 }
    Statistics.sent(status)
    localResponse.emit(call, reply)
    return .yes
}

/// In the transaction when there is one and tm is bound; statelessly otherwise.
func reply(_ call: borrowing Call, _ status: Int, _ reason: mt_str) -> Outcome {
    if tm.isThere, bindTM.value != 0 {
        let outcome = tm.reply(call, call.message, status, reason)
        // What its transaction has answered is not answered again without it.
        if outcome.isYes, status >= 200, call.message.isRequest { call.message.slot = 1 }
        if outcome != .no { return outcome }
    }
    // A reply without a transaction has nobody behind it who could be answered.
    guard call.place != .reply else { return .no }
    return replyStateless(call, status, reason)
}

/// The same, with a word about the connection: the bits of `mode` add up.
func reply(_ call: borrowing Call, _ status: Int, _ reason: mt_str, mode: Int) -> Outcome {
    let request = call.message
    let before = request.number(.options) ?? 0
    let added =
        (mode & 1 != 0 ? Int(MT_O_REPLY_NO_CONNECT) : 0) | (mode & 2 != 0 ? Int(MT_O_REPLY_CLOSE) : 0)
    request.set(.options, before | added)
    let outcome = reply(call, status, reason)
    request.set(.options, before)
    return outcome
}

/// Sends the reply that arrived on its way, with another status or reason if one is given. The server
/// forwards it again at the end of the script, unless that drops it.
func forwardReply(_ call: borrowing Call, _ status: Int?, _ reason: Text?) -> Outcome {
    let message = call.message
    guard let old = message.status else { return .no }
    if status == nil, reason == nil { return message.send(call).isYes ? .yes : .no }

    if let status, status < 100 || status > 699 || status / 100 != old / 100 {
        Host.log(.error, "sl_forward_reply: \(status) is not of the class of \(old)")
        return .no
    }
    guard let copy = message.copy() else { return .no }
    if let status { copy.message.set(.status, status) }
    if let reason { copy.message.set(.reason, reason) }
    return copy.message.send(call).isYes ? .yes : .no
}

// MARK: The To tag

/// A plain number: this runs for nearly every reply. Written by `Start`, before any.
nonisolated(unsafe) var toHeader = HeaderName.any

/// The request had no tag, so neither has the reply, and the tag goes behind all that is there.
private func setTag(_ reply: Message, for request: Message) {
    guard let to = reply.first(toHeader) else { return }
    let body = to.body
    let count = body.count + 5 + ReplyTag.length
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { room in
        guard let start = room.baseAddress else { return }
        memcpy(start, body.raw.ptr, body.count)
        memcpy(start + body.count, ";tag=", 5)
        writeTag(of: request, into: start + body.count + 5)
        let bytes = UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self)
        reply.replace(to, mt_str(ptr: bytes, len: count))
    }
}

private func writeTag(of request: Message, into bytes: UnsafeMutablePointer<UInt8>) {
    tags.write(callID: request.callID, branch: request.viaBranch, cseq: request.cseq ?? 0, into: bytes)
}

/// The tag that a stateless reply to this request gets, in the request's memory.
func statelessTag(_ request: Message) -> mt_str {
    let room = request.allocate(ReplyTag.length)
    guard let start = room.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return mt_str() }
    writeTag(of: request, into: start)
    return mt_str(ptr: UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self), len: ReplyTag.length)
}

/// $ltt(x)
func localTag(_ call: borrowing Call, _ key: Text) -> Outcome {
    guard call.hasMessage, call.message.isRequest, key.isEmpty || key == "s" || key == "x" else {
        return call.answerNull()
    }
    return call.answer(Text(unchecked: statelessTag(call.message)))
}

// MARK: The ACK

/// One per worker, a cache line apart.
nonisolated(unsafe) private var windows: UnsafeMutablePointer<AckWindow>?
private let windowStride = 8

func prepare() {
    tags = ReplyTag.random()
    toHeader = HeaderName(token: Server.sip.pointee.token("To"))
    let count = max(Host.workers, 1) * windowStride
    let memory = UnsafeMutablePointer<AckWindow>.allocate(capacity: count)
    memory.initialize(repeating: AckWindow(), count: count)
    windows = memory
}

private func openWindow(_ worker: Int) { windows?[worker * windowStride].open(at: Loop.ticks) }

/// Hook "core.request": an ACK that carries our tag for this very request ends here. It has done all it is
/// for.
func absorb(_ call: borrowing Call) -> Outcome {
    let message = call.message
    guard message.method == .ack, let window = windows?[call.worker * windowStride], window.wasOpened else {
        return .yes
    }
    let tag = message.toTag
    guard
        tags.answers(tag, callID: message.callID, branch: message.viaBranch, cseq: message.cseq ?? 0),
        window.isOpen(at: Loop.ticks)
    else { return .yes }
    Statistics.receivedACK()
    filteredACK.emit(call, message)
    return .stop
}
