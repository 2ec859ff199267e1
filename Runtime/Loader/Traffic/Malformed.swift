// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message
import Script
import Worker

/// Messages that are not SIP as the RFC has it: answered when there is somebody to answer, and always counted.
enum Malformed {
    static func handle(_ message: Message, _ fault: Fault, on state: WorkerState.Pointer) {
        if host.options.forcesRport { message.options |= UInt32(MT_O_FORCE_RPORT) }
        if host.blocks.parseError != 0, message.isIndexed {
            _ = HostFunctions.runBlock(host.blocks.parseError, message, on: state)
        }
        switch fault {
        case .drop(let why):
            count(
                message.isIndexed && message.isReply
                    ? host.counters.droppedReplies : host.counters.droppedRequests)
            count(host.counters.badHeaders)
            note(message, "dropped", why, on: state)
        case .answer(let status, let reason):
            count(host.counters.failedRequests)
            count(host.counters.badHeaders)
            guard message.isRequest, message.method != .ack, message.topVia.whole.isPresent else {
                count(host.counters.droppedRequests)
                return note(message, "dropped", reason, on: state)
            }
            let reply = Message.localReply(
                state.pointee.messages, to: message, status: status, reason: Slice(reason))
            if reply.toTag.isEmpty { setTag(reply) }
            _ = Sending(reply, on: state).send(along: nil)
            reply.release()
            note(message, "answered \(status)", reason, on: state)
        }
    }

    /// The same for a repeated request (RFC 3261, 8.2.7).
    private static func setTag(_ reply: Message) {
        withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { raw in
            let text = raw.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self)
            var at = text
            let hash = Branch.fold(Branch.fold(host.secret, reply.viaBranch), reply.callID)
            Branch.writeHex(hash, 16, &at)
            reply.setToTag(Slice(base: UnsafePointer(text), count: 16))
        }
    }

    private static func note(
        _ message: Message, _ what: @autoclosure () -> String, _ why: StaticString,
        on state: WorkerState.Pointer
    ) {
        guard Log.level <= .info else { return }
        let from =
            message.flow.protocol == 0
            ? "" : " from \(message.flow.transport.name):\(message.flow.remoteEndpoint.text)"
        let callID = message.isIndexed && message.callID.isPresent ? message.callID.string : nil
        Log.write(
            .info, "\(what()) a malformed message\(from): \(why)",
            Log.Subject(worker: Int(state.pointee.index), callID: callID))
    }
}
