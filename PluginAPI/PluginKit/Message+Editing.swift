// SPDX-License-Identifier: Apache-2.0
import CMartlet

extension Message {
    @inlinable @discardableResult
    public func set(_ field: Field, _ value: some Textual & ~Escapable) -> Outcome {
        value.withRaw { Outcome(code: Server.message.pointee.set_text(raw, field.number, $0)) }
    }
    @inlinable @discardableResult
    public func set(_ field: Field, _ value: Int) -> Outcome {
        Outcome(code: Server.message.pointee.set_number(raw, field.number, Int64(value)))
    }
    /// Takes the value away: the next hop, the socket to send from.
    @inlinable @discardableResult
    public func clear(_ field: Field) -> Outcome {
        field.number < UInt32(MT_F_STATUS)
            ? Outcome(code: Server.message.pointee.set_text(raw, field.number, mt_str()))
            : Outcome(code: Server.message.pointee.set_number(raw, field.number, Int64.min))
    }

    /// Adds a line after the last header.
    @inlinable @discardableResult public func append(_ line: Line) -> Outcome {
        line.withRaw { Outcome(code: Server.message.pointee.insert(raw, UInt32(MT_LAST), nil, $0)) }
    }
    /// Adds a line before the first header.
    @inlinable @discardableResult public func prepend(_ line: Line) -> Outcome {
        line.withRaw { Outcome(code: Server.message.pointee.insert(raw, UInt32(MT_FIRST), nil, $0)) }
    }
    @inlinable @discardableResult
    public func insert(_ line: Line, before field: HeaderField) -> Outcome {
        insert(line, UInt32(MT_BEFORE), field)
    }
    @inlinable @discardableResult
    public func insert(_ line: Line, after field: HeaderField) -> Outcome {
        insert(line, UInt32(MT_AFTER), field)
    }
    @inlinable func insert(_ line: Line, _ place: UInt32, _ field: HeaderField) -> Outcome {
        var at = field.raw
        return line.withRaw { Outcome(code: Server.message.pointee.insert(raw, place, &at, $0)) }
    }

    /// Gives a header another body.
    @inlinable @discardableResult
    public func replace(_ field: HeaderField, _ body: some Textual & ~Escapable) -> Outcome {
        var at = field.raw
        return body.withRaw { Outcome(code: Server.message.pointee.replace(raw, &at, $0)) }
    }
    @inlinable @discardableResult public func remove(_ field: HeaderField) -> Outcome {
        var at = field.raw
        return Outcome(code: Server.message.pointee.remove(raw, &at))
    }
    /// Removes all headers of that name; how many there were.
    @inlinable @discardableResult public func removeAll(_ header: Header) -> Int {
        var count = 0
        while let field = first(header.name) {
            guard remove(field).isYes else { break }
            count += 1
        }
        return count
    }
}

// MARK: Memory that goes with the message

extension Message {
    /// Bytes that live as long as the message.
    @inlinable public func allocate(_ count: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: Server.message.pointee.alloc(raw, count), count: count)
    }
    /// A copy that lives as long as the message.
    @inlinable @_lifetime(copy self) public func keep(_ text: some Textual & ~Escapable) -> Text {
        let kept = text.withRaw { text in
            guard text.len > 0 else { return text.ptr == nil ? text : mt_str("") }
            let copy = allocate(text.len)
            copy.copyMemory(from: UnsafeRawBufferPointer(start: text.ptr, count: text.len))
            return mt_str(
                ptr: UnsafePointer(copy.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: CChar.self)),
                len: text.len)
        }
        return _overrideLifetime(Text(unchecked: kept), copying: self)
    }
    /// One word of this plugin's, zero at first.
    @inlinable public var slot: UInt64 {
        get { Server.message.pointee.slot(raw, Server.host)!.pointee }
        nonmutating set { Server.message.pointee.slot(raw, Server.host)!.pointee = newValue }
    }
}

// MARK: Targets

/// One destination of a request: a branch of it.
@frozen public struct Target: ~Escapable, BitwiseCopyable {
    public var raw: mt_target

    @inlinable @_lifetime(immortal) public init(unchecked raw: mt_target) { self.raw = raw }

    @inlinable public var uri: Text { @_lifetime(copy self) get { text(raw.uri) } }
    @inlinable public var nextHop: Text { @_lifetime(copy self) get { text(raw.next_hop) } }
    @inlinable public var path: Text { @_lifetime(copy self) get { text(raw.path) } }
    @inlinable public var instance: Text { @_lifetime(copy self) get { text(raw.instance) } }
    /// Thousandths, or nil.
    @inlinable public var q: Int? { raw.q < 0 ? nil : Int(raw.q) }
    @inlinable public var flags: UInt64 { raw.flags }
    @inlinable @_lifetime(copy self) func text(_ raw: mt_str) -> Text {
        _overrideLifetime(Text(unchecked: raw), copying: self)
    }
}

extension Message {
    @inlinable public var targetCount: Int { number(.targets) ?? 0 }
    @inlinable @_lifetime(copy self) public func target(_ index: Int) -> Target? {
        guard let target = Server.message.pointee.target(raw, UInt32(index)) else { return nil }
        return _overrideLifetime(Target(unchecked: target.pointee), copying: self)
    }
    @inlinable @discardableResult
    public func addTarget(_ uri: some Textual & ~Escapable, q: Int = -1, flags: UInt64 = 0) -> Outcome {
        uri.withRaw { uri in
            var target = mt_target()
            target.uri = uri
            target.q = Int32(q)
            target.socket = UInt32.max
            target.flags = flags
            return add(&target)
        }
    }
    /// With everything a target has; `size` is filled in.
    @inlinable @discardableResult public func add(_ target: inout mt_target) -> Outcome {
        target.size = UInt32(MemoryLayout<mt_target>.size)
        return Outcome(code: Server.message.pointee.add_target(raw, &target))
    }
    @inlinable public func clearTargets() { Server.message.pointee.clear_targets(raw) }
}

// MARK: Messages of your own

/// A message that belongs to the plugin, and is given back when it goes. Not for two threads at a time.
///
///     let mine = call.message.keep()   // outlasts the callback: store it in a transaction
///     let edited = call.message.copy() // to be edited apart
@frozen public struct OwnMessage: ~Copyable, @unchecked Sendable {
    public let raw: OpaquePointer

    /// Takes over one that a C function gave.
    @inlinable public init(adopting raw: OpaquePointer) { self.raw = raw }

    @inlinable public var message: Message {
        @_lifetime(borrow self) get { _overrideLifetime(Message(raw), borrowing: self) }
    }

    @inlinable deinit { Server.message.pointee.release(raw) }

    /// A request from nothing. From any worker.
    @inlinable public static func request(
        _ method: some Textual & ~Escapable, _ uri: some Textual & ~Escapable
    ) -> OwnMessage? {
        let made = method.withRaw { method in
            uri.withRaw { Server.message.pointee.request(Server.host, method, $0) }
        }
        guard let made else { return nil }
        return OwnMessage(adopting: made)
    }
}

extension Message {
    @inlinable public func keep() -> OwnMessage? {
        guard let kept = Server.message.pointee.keep(raw) else { return nil }
        return OwnMessage(adopting: kept)
    }
    @inlinable public func copy() -> OwnMessage? {
        guard let copy = Server.message.pointee.copy(raw) else { return nil }
        return OwnMessage(adopting: copy)
    }
    /// A reply to this request.
    @inlinable public func reply(_ status: Int, _ reason: some Textual & ~Escapable) -> OwnMessage? {
        let request = raw
        guard let reply = reason.withRaw({ Server.message.pointee.reply(request, Int32(status), $0) }) else {
            return nil
        }
        return OwnMessage(adopting: reply)
    }
}
