// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Writes a message of our own and its index at once, so that it needs no indexing afterwards.
///
/// Safe because whoever makes one says how much room all parts together need at most, and what goes beyond is
/// left away.
struct Builder {
    let message: Message
    private let start: UnsafeMutablePointer<UInt8>
    private var end: UnsafeMutablePointer<UInt8>
    private let limit: UnsafeMutablePointer<UInt8>

    /// In the receive buffer where that is large enough.
    init(message: Message, room: Int) {
        self.message = message
        let room = room + 64
        let fits = room <= Layout.bufferSize
        start =
            fits
            ? message.store.pointee.buffer
            : message.alloc(room + Layout.padding).assumingMemoryBound(to: UInt8.self)
        end = start
        limit = start + (fits ? Layout.bufferSize : room)
        message.store.pointee.start = start
    }

    /// Answers where the copy is.
    @discardableResult mutating func append(_ bytes: Slice) -> Slice {
        guard let base = bytes.base, bytes.count <= limit - end else { return .absent }
        memcpy(end, base, bytes.count)
        defer { end += bytes.count }
        return Slice(base: end, count: bytes.count)
    }

    mutating func append(number: Int) {
        append(message.digits(number))
    }

    mutating func startLine(_ write: (inout Builder) -> Void) {
        let begin = end
        write(&self)
        message.store.pointee.startLine = Slice(UnsafePointer(begin), upTo: UnsafePointer(end))
    }

    /// A copy of another message's field, which keeps what is known about it.
    mutating func add(field: UnsafeMutablePointer<Field>) {
        let line = Slice(base: field.pointee.line, count: Int(field.pointee.length))
        let copy = append(line)
        guard let base = copy.base else { return }
        let offset = field.pointee.body - field.pointee.line
        // The body of a field that was unfolded stands elsewhere.
        guard offset >= 0, offset + field.pointee.bodyLength <= line.count,
            let fields = message.store.pointee.fields,
            message.store.pointee.fieldCount < message.store.pointee.fieldCapacity
        else {
            if let index = message.makeField(copy) {
                message.link(index, after: Int(message.store.pointee.tail))
            }
            return
        }
        let index = Int(message.store.pointee.fieldCount)
        (fields + index).initialize(to: field.pointee)
        fields[index].line = base
        fields[index].body = base + offset
        message.store.pointee.fieldCount += 1
        link(index, id: Int(field.pointee.id), fields)
    }

    mutating func add(line: Slice) {
        let copy = append(line)
        if copy.count > 0, let index = message.makeField(copy) {
            message.link(index, after: Int(message.store.pointee.tail))
        }
    }

    /// Any number of whole lines.
    mutating func add(lines: Slice) {
        var rest = lines
        while !rest.isEmpty {
            let line = rest.prefix(rest.endOfHeaderLine)
            add(line: line)
            rest = rest.dropFirst(line.count)
        }
    }

    mutating func add(name: Slice, value: Slice) {
        let begin = UnsafePointer(end)
        append(name)
        append(": ")
        append(value)
        append("\r\n")
        if let index = message.makeField(Slice(begin, upTo: end)) {
            message.link(index, after: Int(message.store.pointee.tail))
        }
    }

    mutating func addLength(_ count: Int) { add(name: "Content-Length", value: message.digits(count)) }

    mutating func finish(blank: Slice, body: Slice) {
        message.store.pointee.blank = append(blank.isPresent ? blank : "\r\n")
        message.store.pointee.body = append(body.isPresent ? body : .empty)
        message.store.pointee.received = Slice(UnsafePointer(start), upTo: end)
    }

    /// At the end, where nothing has to be searched for.
    @inline(__always) private func link(_ index: Int, id: Int, _ fields: UnsafeMutablePointer<Field>) {
        let store = message.store
        let tail = Int(store.pointee.tail)
        fields[index].previous = UInt16(truncatingIfNeeded: tail)
        fields[index].next = 0
        if tail == 0 {
            store.pointee.head = UInt16(truncatingIfNeeded: index)
        } else {
            fields[tail].next = UInt16(truncatingIfNeeded: index)
        }
        store.pointee.tail = UInt16(truncatingIfNeeded: index)
        if id <= HeaderID.known, store.pointee.firstOfKind[id] == 0 {
            store.pointee.firstOfKind[id] = UInt16(truncatingIfNeeded: index)
        }
    }
}
