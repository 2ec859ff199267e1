// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Where a new header line goes.
public enum FieldPlace: Sendable {
    /// Above everything, below everything.
    case first, last
    case before(FieldRef)
    case after(FieldRef)
}

/// Editing header fields: the new lines go to the arena, the index is linked anew, and it shows at once.
///
/// Nothing that would end a line too early is accepted: an edit cannot smuggle in a field or a body.
extension Message {
    /// Adds one line, or several, given as "Name: body" with or without the end of line. Answers the first of them;
    /// none when the text is no header line.
    @discardableResult public func insert(line text: Slice, at place: FieldPlace) -> FieldRef {
        var previous: Int
        switch place {
        case .first: previous = 0
        case .last: previous = Int(store.pointee.tail)
        case .after(let ref):
            guard ref.exists, field(ref) != nil else { return .none }
            previous = standing(Int(ref.rawValue))
        case .before(let ref):
            guard ref.exists, let field = field(ref) else { return .none }
            previous = standing(Int(field.pointee.previous))
        }
        guard text.areHeaderLines else { return .none }
        var copy =
            text[text.count - 1] == 10 ? keepBytes(text) : keep(text, "\r\n")
        var first = FieldRef.none
        while !copy.isEmpty {
            let line = copy.prefix(copy.endOfHeaderLine)
            copy = copy.dropFirst(line.count)
            guard let index = makeField(line) else { return first }
            link(index, after: previous)
            previous = index
            if !first.exists { first = FieldRef(rawValue: UInt32(index)) }
        }
        return first
    }

    /// Gives a field another body; its name stays as it is written.
    @discardableResult public func replace(_ ref: FieldRef, body: Slice) -> Bool {
        guard ref.exists, let field = field(ref), field.pointee.length != 0, body.isPresent, body.isHeaderBody
        else { return false }
        let name = Slice(base: field.pointee.line, count: Int(field.pointee.nameLength))
        let line = keep(name, ": ", body, "\r\n")
        guard let base = line.base else { return false }
        let value = line[(name.count + 2)..<(line.count - 2)].trimmed
        store.pointee.isIntact = false
        field.pointee.line = base
        field.pointee.length = UInt32(line.count)
        field.pointee.body = value.base ?? base
        field.pointee.bodyAndFold =
            UInt32(value.count) | (value.firstIndex(of: 10) != nil ? Field.folded : 0)
        forget(HeaderID(rawValue: field.pointee.id))
        return true
    }

    @discardableResult public func remove(_ ref: FieldRef) -> Bool {
        guard ref.exists, let field = field(ref), field.pointee.length != 0, let fields = store.pointee.fields
        else { return false }
        let index = UInt16(ref.rawValue)
        let (next, previous) = (field.pointee.next, field.pointee.previous)
        if previous != 0 { fields[Int(previous)].next = next } else { store.pointee.head = next }
        if next != 0 { fields[Int(next)].previous = previous } else { store.pointee.tail = previous }
        store.pointee.isIntact = false
        // Its own links stay, so that whoever stands on it can go on.
        field.pointee.length = 0
        let id = HeaderID(rawValue: field.pointee.id)
        if Int(id.rawValue) <= HeaderID.known, store.pointee.firstOfKind[Int(id.rawValue)] == index {
            findFirst(id, from: Int(next))
        }
        forget(id)
        return true
    }

    /// The first field of that kind gets this body, or a new one is put at the end. Absent takes all of them away.
    @discardableResult public func setHeader(_ id: HeaderID, body: Slice) -> Bool {
        guard body.isPresent else {
            while remove(header(id)) {}
            return true
        }
        let ref = header(id)
        if ref.exists { return replace(ref, body: body) }
        guard id.name.isPresent, body.isHeaderBody else { return false }
        return insert(line: keep(id.name, ": ", body, "\r\n"), at: .last).exists
    }

    /// The same for a number; nil takes it away.
    @discardableResult public func setNumber(_ id: HeaderID, _ number: Int?) -> Bool {
        guard let number else { return setHeader(id, body: .absent) }
        return setHeader(id, body: digits(number))
    }

    /// The number as text, in the message's arena.
    func digits(_ number: Int) -> Slice {
        let room = 20
        let text = alloc(room).assumingMemoryBound(to: UInt8.self)
        var at = room
        var rest = number.magnitude
        repeat {
            at -= 1
            text[at] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0 && at > 1
        if number < 0 {
            at -= 1
            text[at] = UInt8(ascii: "-")
        }
        return Slice(base: text + at, count: room - at)
    }

    // MARK: Links

    /// A new place in the index for a line, not linked yet; nil when there are 65,534 already.
    func makeField(_ line: Slice) -> Int? {
        guard let base = line.base, line.count > 0 else { return nil }
        let index = Int(store.pointee.fieldCount)
        if index >= Int(store.pointee.fieldCapacity), growFields() == nil { return nil }
        guard let fields = store.pointee.fields else { return nil }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? 0
        var name = line.prefix(colon)
        while name.count > 0, name[name.count - 1].isSpace { name = name.dropLast() }
        let body = line.dropFirst(colon + 1).trimmed
        (fields + index).initialize(
            to: Field(
                line: base, body: body.base ?? base, length: UInt32(truncatingIfNeeded: line.count),
                bodyAndFold: UInt32(truncatingIfNeeded: body.count)
                    | (body.firstIndex(of: 10) != nil ? Field.folded : 0),
                id: HeaderID.named(name).rawValue, nameLength: UInt16(truncatingIfNeeded: name.count),
                next: 0,
                previous: 0))
        store.pointee.fieldCount += 1
        return index
    }

    /// Puts it behind another, or in front of all when that is 0.
    func link(_ index: Int, after previous: Int) {
        guard let fields = store.pointee.fields else { return }
        store.pointee.isIntact = false
        let next = previous == 0 ? Int(store.pointee.head) : Int(fields[previous].next)
        fields[index].previous = UInt16(previous)
        fields[index].next = UInt16(next)
        if previous == 0 { store.pointee.head = UInt16(index) } else { fields[previous].next = UInt16(index) }
        if next == 0 { store.pointee.tail = UInt16(index) } else { fields[next].previous = UInt16(index) }
        let id = HeaderID(rawValue: fields[index].id)
        guard Int(id.rawValue) <= HeaderID.known else { return }
        if store.pointee.firstOfKind[Int(id.rawValue)] == 0 || previous == 0 {
            store.pointee.firstOfKind[Int(id.rawValue)] = UInt16(index)
        } else if next != 0 {
            findFirst(id, from: Int(store.pointee.head))
        }
        forget(id)
    }

    private func findFirst(_ id: HeaderID, from start: Int) {
        guard let fields = store.pointee.fields else { return }
        var at = start
        while at != 0, fields[at].id != id.rawValue { at = Int(fields[at].next) }
        store.pointee.firstOfKind[Int(id.rawValue)] = UInt16(at)
    }

    /// That place, or the nearest one before it that was not removed.
    private func standing(_ index: Int) -> Int {
        guard let fields = store.pointee.fields else { return 0 }
        var at = index
        while at != 0, fields[at].length == 0 { at = Int(fields[at].previous) }
        return at
    }
}

extension Slice {
    /// Line ends only where a line goes on after them, and none at the end.
    var isHeaderBody: Bool {
        guard let base else { return true }
        let finder = Finder(self, base)
        if finder.first(from: base, { $0.are(10) | $0.are(13) }) == finder.end { return true }
        for i in 0..<count {
            let next = self[i + 1]
            if base[i] == 13, next != 10 { return false }
            if base[i] == 10, next != 0x20, next != 9 { return false }
        }
        return true
    }

    /// Behind the line feed that ends the first header line with its continuations, else the end.
    var endOfHeaderLine: Int {
        var at = 0
        while let feed = firstIndex(of: 10, from: at) {
            at = feed + 1
            if self[at] != 0x20, self[at] != 9 { return at }
        }
        return count
    }

    /// One line or more, each with a name and a colon; no empty line, no stray CR.
    var areHeaderLines: Bool {
        var rest = self
        if rest.isEmpty { return false }
        while !rest.isEmpty {
            let line = rest.prefix(rest.endOfHeaderLine)
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), line.prefix(colon).trimmed.isToken,
                !line[0].isSpace, line.withoutLineEnd.isHeaderBody
            else { return false }
            rest = rest.dropFirst(line.count)
        }
        return true
    }
}
