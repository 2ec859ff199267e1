// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// $avp, $xavp, $xavu and $xavi of a message: they belong to the request and are there again in its replies,
/// failure and branch routes.
///
///     let caller = call.message.attributes(.avp)
///     caller.add("caller", call.message.fromURI)
///     if let value = caller.get("caller") { ... }
@frozen public struct Attributes: ~Escapable, BitwiseCopyable {
    @frozen public struct Kind: Sendable {
        public let number: UInt32
        @inlinable public init(number: Int) { self.number = UInt32(number) }
        @inlinable public static var avp: Kind { Kind(number: MT_A_AVP) }
        @inlinable public static var xavp: Kind { Kind(number: MT_A_XAVP) }
        @inlinable public static var xavu: Kind { Kind(number: MT_A_XAVU) }
        @inlinable public static var xavi: Kind { Kind(number: MT_A_XAVI) }
    }

    @usableFromInline let message: OpaquePointer
    @usableFromInline let kind: UInt32

    @inlinable @_lifetime(copy message) init(_ message: Message, _ kind: Kind) {
        self.message = message.raw
        self.kind = kind.number
    }

    /// The value of a root ("name" or "name[index]"), or nil.
    @inlinable @_lifetime(copy self)
    public func get(_ root: some Textual & ~Escapable, index: Int = 0) -> Value? {
        let found = root.withRaw { value($0, mt_str(), index) }
        return found.isThere ? _overrideLifetime(Value(unchecked: found.value), copying: self) : nil
    }
    /// The value of a member of a root, or nil.
    @inlinable @_lifetime(copy self)
    public func get(
        _ root: some Textual & ~Escapable, _ member: some Textual & ~Escapable, index: Int = 0
    ) -> Value? {
        let found = root.withRaw { root in member.withRaw { value(root, $0, index) } }
        return found.isThere ? _overrideLifetime(Value(unchecked: found.value), copying: self) : nil
    }
    @inlinable func value(_ root: mt_str, _ member: mt_str, _ index: Int) -> (isThere: Bool, value: mt_value)
    {
        var value = mt_value()
        let code = Server.attribute.pointee.get(message, kind, root, member, UInt32(index), &value)
        return (code > 0, value)
    }

    /// In front of those of that name.
    @inlinable @discardableResult
    public func add(
        _ root: some Textual & ~Escapable, member: Text = Text.absent,
        _ value: some Answerable & ~Escapable
    ) -> Outcome {
        root.withRaw { root in
            value.withValue { value in
                var value = value
                return Outcome(code: Server.attribute.pointee.add(message, kind, root, member.raw, &value))
            }
        }
    }
    @inlinable @discardableResult
    public func set(
        _ root: some Textual & ~Escapable, member: Text = Text.absent, index: Int = 0,
        _ value: some Answerable & ~Escapable
    ) -> Outcome {
        root.withRaw { root in
            value.withValue { value in
                var value = value
                return Outcome(
                    code: Server.attribute.pointee.set(message, kind, root, member.raw, UInt32(index), &value)
                )
            }
        }
    }
    /// One, or all of that name.
    @inlinable @discardableResult
    public func remove(
        _ root: some Textual & ~Escapable, member: Text = Text.absent, index: Int? = nil
    ) -> Outcome {
        root.withRaw {
            Outcome(
                code: Server.attribute.pointee.remove(
                    message, kind, $0, member.raw, index.map { UInt32($0) } ?? UInt32.max))
        }
    }
    @inlinable public func count(
        _ root: some Textual & ~Escapable, member: Text = Text.absent
    ) -> Int {
        root.withRaw { Int(Server.attribute.pointee.count(message, kind, $0, member.raw)) }
    }
    /// The name of the index-th root, or of the index-th member of a root; absent behind the last.
    @inlinable @_lifetime(copy self) public func name(_ index: Int, of root: Text = Text.absent) -> Text {
        _overrideLifetime(
            Text(unchecked: Server.attribute.pointee.name(message, kind, root.raw, UInt32(index))),
            copying: self)
    }
}

extension Message {
    @inlinable @_lifetime(copy self) public func attributes(_ kind: Attributes.Kind) -> Attributes {
        Attributes(self, kind)
    }
    /// Uses those of another message from now on.
    @inlinable @discardableResult public func shareAttributes(of other: Message) -> Outcome {
        Outcome(code: Server.attribute.pointee.share(raw, other.raw))
    }
}
