// SPDX-License-Identifier: Apache-2.0

/// One header field of one message: a place in its index. 0 is none.
///
/// It stays good while the message lives. A field that was removed reads as absent.
@frozen public struct FieldRef: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
    @inlinable public static var none: FieldRef { FieldRef(rawValue: 0) }
    @inlinable public var exists: Bool { rawValue != 0 }
}

/// Walking over the header fields, in the order in which they will be written.
extension Message {
    /// The first field, or none.
    @inlinable public var firstField: FieldRef { FieldRef(rawValue: UInt32(store.pointee.head)) }
    @inlinable public var lastField: FieldRef { FieldRef(rawValue: UInt32(store.pointee.tail)) }

    /// The next field; after `.none` the first. After a removed one, what then followed it.
    @inlinable public func next(after ref: FieldRef) -> FieldRef {
        guard var field = field(ref) else { return ref.exists ? .none : firstField }
        while true {
            let next = FieldRef(rawValue: UInt32(field.pointee.next))
            // What was removed since keeps its link to what followed.
            guard let after = self.field(next), after.pointee.length == 0 else { return next }
            field = after
        }
    }

    /// The next field of a kind; for `.other` any.
    @inlinable public func header(_ id: HeaderID, after ref: FieldRef = .none) -> FieldRef {
        if id == .other { return next(after: ref) }
        var at = ref
        if !ref.exists {
            if Int(id.rawValue) <= HeaderID.known {
                return FieldRef(rawValue: UInt32(store.pointee.firstOfKind[Int(id.rawValue)]))
            }
            at = firstField
        } else {
            at = next(after: ref)
        }
        while let field = field(at), field.pointee.id != id.rawValue || field.pointee.length == 0 {
            at = FieldRef(rawValue: UInt32(field.pointee.next))
        }
        return at
    }

    /// The next field of that name, compact or not, in any letter case.
    public func header(named name: Slice, after ref: FieldRef = .none) -> FieldRef {
        let id = HeaderID.named(name)
        if id != .other { return header(id, after: ref) }
        var at = next(after: ref)
        while let field = field(at) {
            if field.pointee.length != 0, Int(field.pointee.nameLength) == name.count,
                Slice(base: field.pointee.line, count: name.count).equalsIgnoringCase(name)
            {
                return at
            }
            at = FieldRef(rawValue: UInt32(field.pointee.next))
        }
        return .none
    }

    @inlinable public func id(of ref: FieldRef) -> HeaderID {
        HeaderID(rawValue: field(ref)?.pointee.id ?? 0)
    }

    /// The name as written.
    @inlinable public func name(of ref: FieldRef) -> Slice {
        guard let field = field(ref), field.pointee.length != 0 else { return .absent }
        return Slice(base: field.pointee.line, count: Int(field.pointee.nameLength))
    }

    /// The body without folding, and without blanks around; absent for none.
    @inlinable public func body(of ref: FieldRef) -> Slice {
        guard let field = field(ref), field.pointee.length != 0 else { return .absent }
        if field.pointee.bodyAndFold & Field.folded != 0 { unfold(field) }
        return Slice(base: field.pointee.body, count: Int(field.pointee.bodyAndFold))
    }

    /// The body of the first field of a kind that has a place in the table; absent for none.
    @inline(__always) func firstBody(_ id: HeaderID) -> Slice {
        let index = Int(store.pointee.firstOfKind[Int(id.rawValue)])
        guard index != 0, let fields = store.pointee.fields else { return .absent }
        let field = fields + index
        if field.pointee.bodyAndFold & Field.folded != 0 { unfold(field) }
        return Slice(field.pointee.body, upTo: field.pointee.body + Int(field.pointee.bodyAndFold))
    }

    /// The line as it will be written, with its end of line.
    @inlinable public func line(of ref: FieldRef) -> Slice {
        guard let field = field(ref), field.pointee.length != 0 else { return .absent }
        return Slice(base: field.pointee.line, count: Int(field.pointee.length))
    }

    /// Safe because places below `fieldCount` have been filled, and only those are let through.
    @inlinable func field(_ ref: FieldRef) -> UnsafeMutablePointer<Field>? {
        guard ref.rawValue != 0, ref.rawValue < UInt32(truncatingIfNeeded: store.pointee.fieldCount),
            let fields = store.pointee.fields
        else { return nil }
        return fields + Int(ref.rawValue)
    }
}
