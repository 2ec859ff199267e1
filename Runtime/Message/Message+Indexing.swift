// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Finding the start line, the header fields and the body: one pass, sixteen bytes at a time.
///
/// The pass may read up to 64 bytes behind the text: every buffer it is used on has that much padding. A line feed
/// is put there as a sentinel, so looking for the end of a line always ends.
extension Message {
    /// Indexes `count` bytes in the receive buffer, and judges them. Once per message.
    ///
    /// Over a stream, the bytes have to be one message exactly; a datagram may have more, which is ignored.
    public func index(count: Int, stream: Bool = false) -> Fault? {
        index(store.pointee.buffer, min(max(count, 0), Layout.bufferSize), stream)
    }

    /// Copies bytes in, of any number, and indexes them.
    public func load(_ bytes: UnsafeRawBufferPointer, stream: Bool = false) -> Fault? {
        var place = store.pointee.buffer
        if bytes.count > Layout.bufferSize {
            place = alloc(bytes.count + Layout.padding).assumingMemoryBound(to: UInt8.self)
        }
        if let base = bytes.baseAddress { memcpy(place, base, bytes.count) }
        return index(place, bytes.count, stream)
    }

    public func load(_ bytes: Slice, stream: Bool = false) -> Fault? { load(bytes.bytes, stream: stream) }

    private func index(_ start: UnsafeMutablePointer<UInt8>, _ count: Int, _ stream: Bool) -> Fault? {
        if isIndexed { forgetIndex() }
        let end = start + count
        UnsafeMutableRawPointer(end).storeBytes(of: SIMD64<UInt8>(), as: SIMD64<UInt8>.self)
        end.pointee = 10
        store.pointee.start = start
        store.pointee.stream = stream
        // RFC 3261, 7.5: empty lines before the start line are ignored.
        var at = UnsafePointer(start)
        while at < end, at.pointee == 13 || at.pointee == 10 { at += 1 }
        var doubts = Doubts()
        let line = at
        at = Scan.line(from: at, &doubts).next
        guard at <= end, at > line else {
            // Whoever takes what is no SIP wants to see it.
            store.pointee.received = Slice(line, upTo: UnsafePointer(end))
            return .drop("not a SIP message: no start line")
        }
        store.pointee.startLine = Slice(line, upTo: at)
        store.pointee.received = Slice(line, upTo: UnsafePointer(end))
        let startDoubts = doubts
        doubts = Doubts()
        at = indexFields(from: at, to: end, &doubts)
        return judge(Slice(at, upTo: UnsafePointer(end)), startDoubts, doubts)
    }

    /// Fills the index. Answers where the body starts.
    private func indexFields(
        from start: UnsafePointer<UInt8>, to end: UnsafePointer<UInt8>, _ doubts: inout Doubts
    ) -> UnsafePointer<UInt8> {
        let names = store.pointee.names.pointee
        // Where `firstOfKind` points to, without a register of its own.
        let firstOfKind = (UnsafeMutableRawPointer(store) + Layout.firstOfKind)
            .assumingMemoryBound(to: UInt16.self)
        guard var fields = store.pointee.fields else { return end }
        var capacity = Int(store.pointee.fieldCapacity)
        var n = 1
        var duplicates: UInt32 = 0
        var at = start
        while true {
            let byte = at.pointee
            if byte <= 13, byte == 10 || byte == 13 && at[1] == 10 {
                let after = at + (byte == 10 ? 1 : 2)
                if after > end { break }
                store.pointee.blank = Slice(at, upTo: after)
                at = after
                break
            }
            let colon = Scan.colon(from: at)
            let line = Scan.line(from: at, &doubts)
            // The end that was found is the sentinel: the last line is not complete.
            if line.next > end { break }
            if n == capacity {
                guard let larger = growFields() else {
                    doubts.tooMany = true
                    break
                }
                fields = larger
                capacity = Int(store.pointee.fieldCapacity)
            }
            var nameLength = colon
            var id: UInt16 = 0
            var body = at
            if nameLength < line.end - at {
                body += nameLength &+ 1
                // A line has one before it, so there is a byte in front of an empty name.
                if at[nameLength &- 1] <= 0x20 { nameLength = Self.trimmed(at, nameLength) }
                if let known = names.findFirst(padded: at, count: nameLength) {
                    id = known.rawValue
                } else {
                    if nameLength <= 32 { id = names.find(padded: at, count: nameLength).rawValue }
                    if id == 0, !Slice(base: at, count: nameLength).isToken { doubts.badName = true }
                }
            } else {
                nameLength = 0
                doubts.noColon = true
            }
            // One blank in front, and none at the end, is what nearly all have.
            var last = line.end
            if body.pointee == 0x20 { body += 1 }
            if body.pointee <= 0x20 || last[-1] <= 0x20 { (body, last) = Self.trimmed(body, last) }
            (fields + n).initialize(
                to: Field(
                    line: at, body: body, length: UInt32(truncatingIfNeeded: line.next - at),
                    bodyAndFold: UInt32(truncatingIfNeeded: last - body) | (line.isFolded ? Field.folded : 0),
                    id: id, nameLength: UInt16(truncatingIfNeeded: nameLength),
                    next: UInt16(truncatingIfNeeded: n &+ 1), previous: UInt16(truncatingIfNeeded: n &- 1)))
            if Int(id) <= HeaderID.known {
                if firstOfKind[Int(id)] == 0 {
                    firstOfKind[Int(id)] = UInt16(truncatingIfNeeded: n)
                } else {
                    duplicates |= id < 32 ? 1 << UInt32(id) : 0
                }
            }
            n &+= 1
            at = line.next
        }
        store.pointee.fieldCount = Int32(n)
        store.pointee.duplicates = duplicates
        if n > 1 {
            fields[n - 1].next = 0
            store.pointee.head = 1
            store.pointee.tail = UInt16(n - 1)
        }
        return at
    }

    /// The length of a name without blanks at its end.
    @inline(never) private static func trimmed(_ name: UnsafePointer<UInt8>, _ count: Int) -> Int {
        var count = count
        while count > 0, name[count &- 1].isSpace { count &-= 1 }
        return count
    }

    @inline(never) private static func trimmed(_ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>)
        -> (UnsafePointer<UInt8>, UnsafePointer<UInt8>)
    {
        var (start, end) = (start, end)
        while start < end, start.pointee.isSpace { start += 1 }
        while end > start, end[-1].isSpace { end -= 1 }
        return (start, end)
    }

    /// Twice the room for fields; nil at 65,535.
    func growFields() -> UnsafeMutablePointer<Field>? {
        let old = Int(store.pointee.fieldCapacity)
        let new = min(old * 2, Int(UInt16.max))
        guard new > old, let fields = store.pointee.fields,
            let raw = malloc(new * MemoryLayout<Field>.stride)
        else { return nil }
        memcpy(raw, fields, old * MemoryLayout<Field>.stride)
        if fields != store.pointee.firstFields { free(fields) }
        let larger = raw.bindMemory(to: Field.self, capacity: new)
        store.pointee.fields = larger
        store.pointee.fieldCapacity = Int32(new)
        return larger
    }

    func forgetIndex() {
        store.pointee.fieldCount = 1
        store.pointee.head = 0
        store.pointee.tail = 0
        store.pointee.parsed = []
        store.pointee.startEdited = false
        store.pointee.isIntact = false
        store.pointee.blank = .absent
        store.pointee.body = .absent
        store.pointee.uri = .absent
        store.pointee.reason = .absent
        store.pointee.status = 0
        store.pointee.stampedVia = .absent
        memset(store.pointee.firstOfKind, 0, Layout.kinds * 2)
    }

    /// The body without line ends: each fold becomes one blank (RFC 3261, 7.3.1). Done once per field.
    @usableFromInline func unfold(_ field: UnsafeMutablePointer<Field>) {
        let body = Slice(base: field.pointee.body, count: field.pointee.bodyLength)
        let copy = alloc(body.count).assumingMemoryBound(to: UInt8.self)
        var n = 0
        var i = 0
        while i < body.count {
            let byte = body[i]
            if byte == 10 || byte == 13 && body[i + 1] == 10 {
                i += byte == 10 ? 1 : 2
                while body[i] == 0x20 || body[i] == 9 { i += 1 }
                copy[n] = 0x20
            } else {
                copy[n] = byte
                i += 1
            }
            n += 1
        }
        field.pointee.body = UnsafePointer(copy)
        field.pointee.bodyAndFold = UInt32(truncatingIfNeeded: n)
    }
}

/// What the pass over the bytes stumbled upon.
struct Doubts {
    var control = false
    var noColon = false
    var badName = false
    var tooMany = false
}

extension Slice {
    /// RFC 3261, 25.1: one or more of alphanum and - . ! % * _ + ` ' ~
    @inline(never) var isToken: Bool {
        guard let base, count > 0, count <= 16_383 else { return false }
        let finder = Finder(self, base)
        return finder.first(from: base) { ~$0.areToken } == finder.end
    }
}
