// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc

/// Messages of our own: copies, requests, replies. Each has one reference, that of the caller.
extension Message {
    /// One to edit apart: its header and body as they now stand, and where it is to go. The plugins' words, the
    /// attributes, and the caches stay with the original.
    public func copy(in pool: MessagePool) -> Message {
        let copy = pool.take()
        let size = write(into: copy.store.pointee.buffer, room: 0)
        var builder = Builder(message: copy, room: size)
        let to = copy.store
        to.pointee.isRequest = store.pointee.isRequest
        to.pointee.method = store.pointee.method
        to.pointee.status = store.pointee.status
        to.pointee.stream = store.pointee.stream
        builder.startLine {
            if store.pointee.startEdited {
                _ = $0.append(startText)
            } else {
                _ = $0.append(store.pointee.startLine)
            }
        }
        copy.readStart()
        eachField { builder.add(field: $0) }
        builder.finish(blank: store.pointee.blank, body: store.pointee.body)
        to.pointee.receivedURI = copy.keepBytes(store.pointee.receivedURI)
        copy.takeRouting(from: self)
        return copy
    }

    /// A request with a start line and nothing else; what it needs is inserted by whoever asked for it, who also sees
    /// to it that method and URI are what may stand there: see `isStartWord`.
    public static func request(_ pool: MessagePool, method: Slice, uri: Slice) -> Message {
        let request = pool.take()
        var builder = Builder(message: request, room: method.count + uri.count + 32)
        request.store.pointee.isRequest = true
        request.store.pointee.method = Method(method).rawValue
        builder.startLine {
            _ = $0.append(method)
            _ = $0.append(" ")
            _ = $0.append(uri)
            _ = $0.append(" SIP/2.0\r\n")
        }
        request.readStart()
        builder.finish(blank: .absent, body: .empty)
        return request
    }

    /// A reply to a request: its Via values (the first one stamped), From, To, Call-ID, CSeq, Record-Route where the
    /// reply may start a dialog, Timestamp in a 100; then the request's reply lines and reply body. The To tag is left
    /// to the caller. Works also for requests that `index` found fault with, as far as they could be read.
    public static func reply(_ pool: MessagePool, to request: Message, status: Int, reason: Slice) -> Message
    {
        let reply = pool.take()
        let from = request.store
        let body = from.pointee.replyBody
        let server = serverHeader.map { Slice($0) } ?? .absent
        let kinds = repeated(request, status)
        let stamped = request.stampedVia(force: request.has(option: MT_O_FORCE_RPORT))
        let top = request.field(request.header(.via))

        var room = reason.count + from.pointee.replyLines.count + body.count + from.pointee.replyType.count
        room += server.count + stamped.count + 128
        request.eachField { if kinds.has($0.pointee.id) { room += Int($0.pointee.length) } }

        var builder = Builder(message: reply, room: room)
        reply.store.pointee.isRequest = false
        let code = min(max(status, 100), 699)
        reply.store.pointee.status = Int32(code)
        builder.startLine {
            _ = $0.append("SIP/2.0 ")
            $0.append(number: code)
            _ = $0.append(" ")
            _ = $0.append(reason.firstIndex(of: 10) == nil ? reason : "")
            _ = $0.append("\r\n")
        }
        reply.readStart()
        request.eachField { field in
            guard kinds.has(field.pointee.id), field.pointee.length > 0 else { return }
            if field == top, stamped.isPresent { return builder.add(line: stamped) }
            // Of what may stand once only, the first counts.
            let isFirst = request.field(request.header(HeaderID(rawValue: field.pointee.id))) == field
            if isFirst || field.pointee.id == HeaderID.via.rawValue
                || field.pointee.id == HeaderID.recordRoute.rawValue
            {
                builder.add(field: field)
            }
        }
        builder.add(lines: from.pointee.replyLines)
        builder.add(lines: server)
        if body.count > 0, from.pointee.replyType.count > 0 {
            builder.add(name: "Content-Type", value: from.pointee.replyType)
        }
        builder.addLength(body.count)
        builder.finish(blank: .absent, body: body)
        reply.store.pointee.flow = from.pointee.flow
        reply.store.pointee.worker = from.pointee.worker
        reply.store.pointee.options = from.pointee.options
        return reply
    }

    /// What a reply repeats (RFC 3261, 8.2.6 and 12.1.1).
    private static func repeated(_ request: Message, _ status: Int) -> Kinds {
        var kinds = Kinds.always
        let dialog =
            switch request.method {
            case .invite, .subscribe, .refer, .notify, .update: true
            default: false
            }
        if dialog, status > 100, status < 300 { kinds.insert(.recordRoute) }
        if status == 100 { kinds.insert(.timestamp) }
        return kinds
    }

    /// The parts of the start line that was just built.
    private func readStart() {
        let line = store.pointee.startLine.withoutLineEnd
        if store.pointee.isRequest {
            let first = line.firstIndex(of: 0x20) ?? line.count
            let last = line.lastIndex(of: 0x20) ?? line.count
            store.pointee.methodText = line.prefix(first)
            store.pointee.uri = line[(first + 1)..<max(last, first + 1)]
            store.pointee.version = line.dropFirst(last + 1)
            store.pointee.receivedURI = store.pointee.uri
        } else {
            let first = line.firstIndex(of: 0x20) ?? line.count
            store.pointee.version = line.prefix(first)
            store.pointee.reason = line.dropFirst(first + 5)
        }
    }

    /// The edited start line, as `write` puts it.
    private var startText: Slice {
        isRequest
            ? keep(keep(store.pointee.methodText, " ", store.pointee.uri, " "), store.pointee.version, "\r\n")
            : keep(keep(store.pointee.version, " ", digits(status), " "), store.pointee.reason, "\r\n")
    }

    private func takeRouting(from other: Message) {
        let from = other.store
        store.pointee.flow = from.pointee.flow
        store.pointee.flags = from.pointee.flags
        store.pointee.scriptFlags = from.pointee.scriptFlags
        store.pointee.branchFlags = from.pointee.branchFlags
        store.pointee.options = from.pointee.options
        store.pointee.worker = from.pointee.worker
        store.pointee.hasOutSocket = from.pointee.hasOutSocket
        store.pointee.outSocket = from.pointee.outSocket
        store.pointee.errorStatus = from.pointee.errorStatus
        nextHop = from.pointee.nextHop
        path = from.pointee.path
        errorReason = from.pointee.errorReason
        store.pointee.replyLines = keepBytes(from.pointee.replyLines)
        replyBody = from.pointee.replyBody
        replyType = from.pointee.replyType
        var node = from.pointee.firstTarget
        while let here = node {
            addTarget(here.pointee.target)
            node = here.pointee.next
        }
    }
}

/// A set of the header kinds with small numbers.
private struct Kinds {
    private var bits: UInt64 = 0

    static var always: Kinds {
        var kinds = Kinds()
        kinds.insert(.via)
        kinds.insert(.from)
        kinds.insert(.to)
        kinds.insert(.callID)
        kinds.insert(.cseq)
        return kinds
    }

    mutating func insert(_ id: HeaderID) { bits |= 1 << UInt64(id.rawValue & 63) }
    @inline(__always) func has(_ id: UInt16) -> Bool { id < 64 && bits >> UInt64(id) & 1 != 0 }
}
