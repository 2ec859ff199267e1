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
    /// Fields so far, and one: they stand in the order in which they were added.
    private var count = 1
    private var isWhole = true

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
    @inline(__always) @discardableResult mutating func append(_ bytes: Slice) -> Slice {
        guard let base = bytes.base, bytes.count <= limit - end else {
            isWhole = false
            return .absent
        }
        memcpy(end, base, bytes.count)
        defer { end += bytes.count }
        return Slice(base: end, count: bytes.count)
    }

    /// One that is not negative.
    mutating func append(number: Int) {
        guard limit - end > 20 else {
            isWhole = false
            return
        }
        var digits = 1
        var rest = UInt(bitPattern: number)
        while rest >= 10 {
            rest /= 10
            digits &+= 1
        }
        rest = UInt(bitPattern: number)
        end += digits
        for i in 1...digits {
            end[-i] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }

    @inline(__always) mutating func startLine(_ write: (inout Builder) -> Void) {
        let begin = end
        write(&self)
        message.store.pointee.startLine = Slice(UnsafePointer(begin), upTo: UnsafePointer(end))
    }

    /// A copy of another message's field, which keeps what is known about it. Answers by how much it moved; nil when
    /// it had to be read again.
    @inline(__always) @discardableResult mutating func add(field: UnsafeMutablePointer<Field>) -> Int? {
        let line = field.pointee.line
        let copy = append(Slice(base: line, count: Int(field.pointee.length)))
        guard let base = copy.base else { return nil }
        let offset = field.pointee.body - line
        // The body of a field that was unfolded stands elsewhere.
        guard offset >= 0, offset + field.pointee.bodyLength <= copy.count, let new = place() else {
            add(parsing: copy)
            return nil
        }
        new.initialize(to: field.pointee)
        new.pointee.line = base
        new.pointee.body = base + offset
        link(new)
        return base - line
    }

    /// A line whose name has that length, and that has one blank before its body and none behind it.
    @inline(__always) mutating func add(line: Slice, id: HeaderID, nameLength: Int) {
        let copy = append(line)
        guard let base = copy.base else { return }
        index(base, upTo: base + copy.count, id, nameLength)
    }

    /// The name with its colon and a blank.
    mutating func add(_ id: HeaderID, _ name: StaticString, _ value: Slice) {
        let begin = end
        append(Slice(name))
        append(value)
        append("\r\n")
        index(begin, upTo: end, id, name.utf8CodeUnitCount - 2)
    }

    mutating func addLength(_ length: Int) {
        let begin = end
        append("Content-Length: ")
        append(number: length)
        append("\r\n")
        index(begin, upTo: end, .contentLength, 14)
    }

    /// Any number of whole lines.
    mutating func add(lines: Slice) {
        var rest = lines
        while !rest.isEmpty {
            let line = rest.prefix(rest.endOfHeaderLine)
            let copy = append(line)
            if copy.count > 0 { add(parsing: copy) }
            rest = rest.dropFirst(line.count)
        }
    }

    mutating func finish(blank: Slice, body: Slice) {
        let store = message.store
        store.pointee.blank = append(blank.isPresent ? blank : "\r\n")
        store.pointee.body = body.isEmpty ? Slice(end, upTo: end) : append(body)
        store.pointee.received = Slice(UnsafePointer(start), upTo: end)
        store.pointee.isIntact = isWhole
        store.pointee.fieldCount = Int32(truncatingIfNeeded: count)
        guard count > 1, let fields = store.pointee.fields else { return }
        fields[count &- 1].next = 0
        store.pointee.head = 1
        store.pointee.tail = UInt16(truncatingIfNeeded: count &- 1)
    }

    // MARK: Index

    private mutating func index(
        _ line: UnsafePointer<UInt8>, upTo end: UnsafePointer<UInt8>, _ id: HeaderID, _ nameLength: Int
    ) {
        guard end - line >= nameLength + 4, let new = place() else {
            isWhole = false
            return
        }
        let body = line + nameLength + 2
        new.initialize(
            to: Field(
                line: line, body: body, length: UInt32(truncatingIfNeeded: end - line),
                bodyAndFold: UInt32(truncatingIfNeeded: end - body - 2), id: id.rawValue,
                nameLength: UInt16(truncatingIfNeeded: nameLength), next: 0, previous: 0))
        link(new)
    }

    private mutating func add(parsing line: Slice) {
        message.store.pointee.fieldCount = Int32(truncatingIfNeeded: count)
        guard message.makeField(line) != nil, let new = place() else {
            isWhole = false
            return
        }
        link(new)
    }

    /// The place of the next field, while there is one.
    @inline(__always) private mutating func place() -> UnsafeMutablePointer<Field>? {
        if count >= Int(message.store.pointee.fieldCapacity), message.growFields() == nil {
            isWhole = false
            return nil
        }
        return message.store.pointee.fields.map { $0 + count }
    }

    /// At the end, where nothing has to be searched for.
    @inline(__always) private mutating func link(_ field: UnsafeMutablePointer<Field>) {
        field.pointee.previous = UInt16(truncatingIfNeeded: count &- 1)
        field.pointee.next = UInt16(truncatingIfNeeded: count &+ 1)
        let id = Int(field.pointee.id)
        let first = message.store.pointee.firstOfKind
        if id <= HeaderID.known, first[id] == 0 { first[id] = UInt16(truncatingIfNeeded: count) }
        count &+= 1
    }
}
