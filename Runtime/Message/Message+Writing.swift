// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// Writing a message with its edits. Each function answers the size it takes, also when that is more than `room`;
/// what is in the memory is then of no use.
extension Message {
    /// As it stands: a message that nobody edited comes out as it was received.
    public func write(into place: UnsafeMutableRawPointer, room: Int) -> Int {
        var writer = Writer(place: place, room: room)
        writeStart(&writer)
        if store.pointee.isIntact {
            writer.put(restAfterStart)
        } else {
            eachField { writer.put($0.pointee.line, Int($0.pointee.length)) }
            writeEnd(&writer)
        }
        return writer.finish()
    }

    /// To be sent on: `via`, one whole line, stands above the first Via; that one says where the request came from
    /// (RFC 3261, 18.2.1, RFC 3581). The values of `path` become a Route above the others; there is a right
    /// Content-Length.
    public func writeRequest(into place: UnsafeMutableRawPointer, room: Int, via: Slice) -> Int {
        var writer = Writer(place: place, room: room)
        writeStart(&writer)
        let firstVia = header(.via)
        let top = field(firstVia)
        var path = store.pointee.path
        if store.pointee.isIntact, let top, path.isEmpty, contentLength == store.pointee.body.count {
            let (before, behind) = around(top)
            writer.put(before)
            writer.put(via)
            writeTop(firstVia, &writer)
            writer.put(behind)
            return writer.finish()
        }
        if top == nil { writer.put(via) }
        let route = field(header(.route))
        let wrong = wrongLength
        eachField { field in
            if field == wrong { return writeLength(&writer) }
            if field == top {
                writer.put(via)
                return writeTop(firstVia, &writer)
            }
            if field == route, path.count > 0 {
                Self.writeRoute(path, &writer)
                path = .absent
            }
            writer.put(field.pointee.line, Int(field.pointee.length))
        }
        if path.count > 0 { Self.writeRoute(path, &writer) }
        if !header(.contentLength).exists { writeLength(&writer) }
        writeEnd(&writer)
        return writer.finish()
    }

    /// A reply to be sent on: without the first Via value, which is ours.
    public func writeReply(into place: UnsafeMutableRawPointer, room: Int) -> Int {
        var writer = Writer(place: place, room: room)
        writeStart(&writer)
        let top = field(header(.via))
        let rest = viaAfterFirst
        if store.pointee.isIntact, let top, rest.isEmpty, contentLength == store.pointee.body.count {
            let (before, behind) = around(top)
            writer.put(before)
            writer.put(behind)
            return writer.finish()
        }
        let wrong = wrongLength
        eachField { field in
            if field == wrong { return writeLength(&writer) }
            if field == top {
                if !rest.isEmpty {
                    writer.put(name(of: header(.via)))
                    writer.put(": ")
                    writer.put(rest)
                    writer.put("\r\n")
                }
                return
            }
            writer.put(field.pointee.line, Int(field.pointee.length))
        }
        if !header(.contentLength).exists { writeLength(&writer) }
        writeEnd(&writer)
        return writer.finish()
    }

    // MARK: Parts

    @inline(__always) func eachField(_ body: (UnsafeMutablePointer<Field>) -> Void) {
        guard let fields = store.pointee.fields else { return }
        var index = Int(store.pointee.head)
        while index != 0 {
            let field = fields + index
            body(field)
            index = Int(field.pointee.next)
        }
    }

    /// Of an intact message, all behind the start line.
    private var restAfterStart: Slice {
        store.pointee.received.dropFirst(store.pointee.startLine.count)
    }

    /// Of an intact message, what stands behind the start line before that field, and what stands behind it.
    private func around(_ field: UnsafeMutablePointer<Field>) -> (before: Slice, behind: Slice) {
        let rest = restAfterStart
        guard let start = rest.base else { return (.empty, .empty) }
        let before = field.pointee.line - start
        return (rest.prefix(before), rest.dropFirst(before + Int(field.pointee.length)))
    }

    /// The first Via, stamped if need be.
    private func writeTop(_ via: FieldRef, _ writer: inout Writer) {
        let stamped = stampedVia(force: has(option: MT_O_FORCE_RPORT))
        writer.put(stamped.isPresent ? stamped : line(of: via))
    }

    @inline(__always) func writeStart(_ writer: inout Writer) {
        guard store.pointee.startEdited else { return writer.put(store.pointee.startLine) }
        if isRequest {
            writer.put(store.pointee.methodText)
            writer.put(" ")
            writer.put(store.pointee.uri)
            writer.put(" ")
            writer.put(store.pointee.version)
        } else {
            writer.put(store.pointee.version)
            writer.put(" ")
            writer.put(number: status)
            writer.put(" ")
            writer.put(store.pointee.reason)
        }
        writer.put("\r\n")
    }

    private static func writeRoute(_ path: Slice, _ writer: inout Writer) {
        writer.put("Route: ")
        writer.put(path)
        writer.put("\r\n")
    }

    private func writeLength(_ writer: inout Writer) {
        writer.put("Content-Length: ")
        writer.put(number: store.pointee.body.count)
        writer.put("\r\n")
    }

    /// A Content-Length that somebody edited into a wrong one.
    private var wrongLength: UnsafeMutablePointer<Field>? {
        contentLength == store.pointee.body.count ? nil : field(header(.contentLength))
    }

    private func writeEnd(_ writer: inout Writer) {
        writer.put(store.pointee.blank.isPresent ? store.pointee.blank : "\r\n")
        writer.put(store.pointee.body)
    }

    private var viaAfterFirst: Slice {
        var list = body(of: header(.via))
        guard Via(taking: &list) != nil else { return .empty }
        return list.trimmed
    }
}
