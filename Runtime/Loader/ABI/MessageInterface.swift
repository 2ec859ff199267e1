// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// "martlet.message": the floor below behind C functions.
extension mt_message_api {
    /// Written once, read by everyone: that makes `unsafe` safe.
    nonisolated(unsafe) static let made: UnsafePointer<mt_message_api> = {
        let table = UnsafeMutablePointer<mt_message_api>.allocate(capacity: 1)
        var api = mt_message_api()
        api.head = mt_head(size: UInt32(MemoryLayout<mt_message_api>.size), major: 1, minor: 0)
        api.read()
        api.edit()
        api.own()
        table.initialize(to: api)
        return UnsafePointer(table)
    }()

    private mutating func read() {
        text = { message, field in
            guard let message else { return mt_str() }
            return Message(message).text(field).mt
        }
        number = { message, field in
            guard let message else { return Int64.min }
            if field == UInt32(MT_F_PLACES) { return Int64(Remaining.count(on: Message(message))) }
            // What our Via is to say is no byte of it yet.
            if field == UInt32(MT_F_EDITED), OwnVia.of(Message(message)) != nil { return 1 }
            return Message(message).number(field)
        }
        header = { message, name, at in
            guard let message, let at else { return false }
            let subject = Message(message)
            let before = FieldRef(rawValue: at.pointee.place)
            let found =
                name == 0
                ? (before.exists ? subject.next(after: before) : subject.firstField)
                : subject.header(HeaderID(rawValue: UInt16(truncatingIfNeeded: name)), after: before)
            guard found.exists else { return false }
            at.pointee.name = UInt32(subject.id(of: found).rawValue)
            at.pointee.place = found.rawValue
            at.pointee.text = subject.name(of: found).mt
            at.pointee.body = subject.body(of: found).mt
            return true
        }
        flow = { message, out in
            guard let message, let out else { return }
            out.pointee = Message(message).flow
        }
        target = { message, index in
            guard let message else { return nil }
            return Message(message).target(Int(index)).map { UnsafePointer($0) }
        }
    }

    private mutating func edit() {
        set_text = { message, field, text in
            guard let message else { return mt_result(MT_ERROR) }
            if field == UInt32(MT_F_VIA_BRANCH) { return answer(OwnVia.setBranch(Message(message), Slice(text))) }
            return answer(Message(message).setText(field, Slice(text)))
        }
        set_number = { message, field, number in
            guard let message else { return mt_result(MT_ERROR) }
            return answer(Message(message).setNumber(field, number))
        }
        insert = { message, place, at, line in
            guard let message else { return mt_result(MT_ERROR) }
            let ref = FieldRef(rawValue: at?.pointee.place ?? 0)
            let where_: FieldPlace
            switch Int(place) {
            case MT_FIRST: where_ = .first
            case MT_LAST: where_ = .last
            case MT_BEFORE: where_ = .before(ref)
            case MT_AFTER: where_ = .after(ref)
            default: return mt_result(MT_ERROR)
            }
            return answer(Message(message).insert(line: Slice(line), at: where_).exists)
        }
        replace = { message, at, body in
            guard let message, let at else { return mt_result(MT_ERROR) }
            return answer(Message(message).replace(FieldRef(rawValue: at.pointee.place), body: Slice(body)))
        }
        remove = { message, at in
            guard let message, let at else { return mt_result(MT_ERROR) }
            return answer(Message(message).remove(FieldRef(rawValue: at.pointee.place)))
        }
        add_target = { message, target in
            guard let message, let target, target.pointee.size >= 8 else { return mt_result(MT_ERROR) }
            Message(message).addTarget(mt_message_api.wide(target))
            return mt_result(MT_OK)
        }
        clear_targets = { message in
            guard let message else { return }
            Message(message).clearTargets()
        }
        alloc = { message, size in
            guard let message, size < Int.max else { return nil }
            return Message(message).alloc(size)
        }
        slot = { message, owner in
            guard let message, let owner else { return nil }
            return Message(message).slot(HostBlock.of(owner).pointee.slot)
        }
    }

    private mutating func own() {
        keep = { message in
            guard let message else { return nil }
            Message(message).retain()
            return message
        }
        copy = { message in
            guard let message, let state = WorkerState.current else { return nil }
            let original = Message(message)
            let copy = original.copy(in: state.pointee.messages)
            OwnVia.copy(from: original, to: copy)
            Remaining.copy(from: original, to: copy)
            _ = runHooks(.copied, copy, UnsafeRawPointer(message), on: state)
            return copy.opaque
        }
        request = { _, method, uri in
            guard let state = WorkerState.current else { return nil }
            let method = Slice(method)
            let uri = Slice(uri)
            guard method.isStartWord, uri.isStartWord else { return nil }
            return Message.request(state.pointee.messages, method: method, uri: uri).opaque
        }
        reply = { request, status, reason in
            guard let request, let state = WorkerState.current, (100...699).contains(status) else {
                return nil
            }
            return Message.localReply(
                state.pointee.messages, to: Message(request), status: Int(status), reason: Slice(reason)
            ).opaque
        }
        release = { message in
            guard let message else { return }
            Message(message).release()
        }
        write = { message, buffer, room in
            guard let message else { return 0 }
            guard let buffer, room > 0 else {
                var nothing: UInt8 = 0
                return Message(message).write(into: &nothing, room: 0)
            }
            return Message(message).write(into: buffer, room: room)
        }
    }

    /// A plugin's target, which may be shorter than ours.
    private static func wide(_ target: UnsafePointer<mt_target>) -> mt_target {
        var whole = mt_target()
        whole.socket = .max
        let size = min(Int(target.pointee.size), MemoryLayout<mt_target>.size)
        withUnsafeMutableBytes(of: &whole) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: target, count: size))
        }
        whole.size = UInt32(MemoryLayout<mt_target>.size)
        return whole
    }
}

@inline(__always) func answer(_ isDone: Bool) -> mt_result { mt_result(isDone ? MT_OK : MT_NO) }

extension Message {
    /// A bit of the options that only the server knows: this reply is ours, so no Via of it is to be taken off.
    private static let local: UInt32 = 1 << 31

    var isLocal: Bool { options & Message.local != 0 }

    static func localReply(_ pool: MessagePool, to request: Message, status: Int, reason: Slice) -> Message {
        let reply = Message.reply(pool, to: request, status: status, reason: reason)
        reply.options |= Message.local
        return reply
    }
}
