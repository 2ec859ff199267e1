// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// Messages of our own: requests and replies. Each has one reference, that of the caller.
extension Message {
    /// A request with a start line and nothing else; what it needs is inserted by whoever asked for it, who also sees
    /// to it that method and URI are what may stand there: see `isStartWord`.
    public static func request(_ pool: MessagePool, method: Slice, uri: Slice) -> Message {
        let request = pool.take()
        var builder = Builder(message: request, room: method.count + uri.count + 32)
        request.store.pointee.isRequest = true
        request.store.pointee.method = Method(method).rawValue
        builder.startLine {
            $0.append(method)
            $0.append(" ")
            $0.append(uri)
            $0.append(" SIP/2.0\r\n")
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
        var room = reason.count + from.pointee.replyLines.count + body.count + from.pointee.replyType.count
        room += server.count + stamped.count + 128
        if from.pointee.isIntact {
            room += from.pointee.received.count
        } else {
            request.eachField { room += Int($0.pointee.length) }
        }

        var builder = Builder(message: reply, room: room)
        let code = min(max(status, 100), 699)
        reply.store.pointee.status = Int32(truncatingIfNeeded: code)
        builder.startLine {
            $0.append("SIP/2.0 ")
            $0.append(number: code)
            $0.append(" ")
            $0.append(reason.firstIndex(of: 10) == nil ? reason : "")
            $0.append("\r\n")
        }
        let line = reply.store.pointee.startLine
        reply.store.pointee.version = line.prefix(7)
        reply.store.pointee.reason = line[12..<(line.count - 2)]
        request.repeatFields(kinds, stamped, &builder)
        builder.add(lines: from.pointee.replyLines)
        builder.add(lines: server)
        if body.count > 0, from.pointee.replyType.count > 0 {
            builder.add(.contentType, "Content-Type: ", from.pointee.replyType)
        }
        builder.addLength(body.count)
        builder.finish(blank: .absent, body: body)
        reply.store.pointee.flow = from.pointee.flow
        reply.store.pointee.worker = from.pointee.worker
        reply.store.pointee.options = from.pointee.options
        return reply
    }

    /// The fields of a request that its reply repeats, with the stamp in the first Via. What is known about To goes
    /// along, for nearly each reply is given a tag.
    private func repeatFields(_ kinds: Kinds, _ stamped: Slice, _ builder: inout Builder) {
        guard let fields = store.pointee.fields else { return }
        let first = store.pointee.firstOfKind
        var index = Int(store.pointee.head)
        while index != 0 {
            let field = fields + index
            let id = field.pointee.id
            let isFirst = id < 64 && Int(first[Int(id)]) == index
            index = Int(field.pointee.next)
            guard kinds.has(id) else { continue }
            switch HeaderID(rawValue: id) {
            case .via where isFirst && stamped.isPresent:
                builder.add(line: stamped, id: .via, nameLength: Int(field.pointee.nameLength))
            case .to where isFirst:
                guard let move = builder.add(field: field), store.pointee.parsed.contains(.to) else { break }
                builder.message.store.pointee.to = store.pointee.to.moved(by: move)
                builder.message.store.pointee.parsed.insert(.to)
            case .via, .recordRoute: builder.add(field: field)
            // Of what may stand once only, the first counts.
            default: if isFirst { builder.add(field: field) }
            }
        }
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
    func readStart() {
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
