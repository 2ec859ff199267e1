// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// Anything with $variables in it, compiled when the file was read. It lives as long as the process.
///
///     Function(
///         "copy", in: .any, "Copies.", Arg("from", Expression.self), Arg("to", Expression.self)
///     ) { call, from, to in
///         guard let value = call.read(from) else { return .no }
///         return call.write(to, value)
///     }
@frozen public struct Expression: Scriptable, @unchecked Sendable {
    public let raw: OpaquePointer
    @inlinable public init(_ raw: OpaquePointer) { self.raw = raw }

    /// On any thread. It stays as long as the process, so each source is to be compiled once. Nil when it cannot be
    /// read; the server has said why.
    public static func compile(_ source: some Textual & ~Escapable) -> Expression? {
        source.withRaw { Server.script.pointee.compile(Server.host, $0) }.map { Expression($0) }
    }

    @inlinable public static var type: UInt32 { UInt32(MT_EXPR) }
    @inlinable public static func read(_ value: UnsafePointer<mt_value>) -> Expression {
        Expression(OpaquePointer(value.pointee.ptr))
    }
}

extension Call {
    /// What the expression is now, for this call's message. Nil when it went wrong.
    @inlinable @_lifetime(borrow self) public func read(_ expression: Expression) -> Value? {
        var value = mt_value()
        guard Server.script.pointee.read(raw, raw.pointee.msg, expression.raw, &value) > 0 else { return nil }
        return _overrideLifetime(Value(unchecked: value), borrowing: self)
    }
    /// The same, for another message.
    @inlinable @_lifetime(borrow self)
    public func read(_ expression: Expression, of message: Message) -> Value? {
        var value = mt_value()
        guard Server.script.pointee.read(raw, message.raw, expression.raw, &value) > 0 else { return nil }
        return _overrideLifetime(Value(unchecked: value), borrowing: self)
    }
    /// Assigns to what the expression names: a variable that can be written.
    @inlinable @discardableResult
    public func write(_ expression: Expression, _ value: some Answerable & ~Escapable) -> Outcome {
        value.withValue { value in
            var value = value
            return Outcome(code: Server.script.pointee.write(raw, raw.pointee.msg, expression.raw, &value))
        }
    }
    /// Runs a block on a message. `.suspended` when something in it waits: then `then` is called at its end,
    /// with its value in `call.result`.
    @discardableResult
    public func run(_ route: Route, on message: Message, then: Action? = nil) -> Outcome {
        guard let then else {
            return Outcome(code: Server.script.pointee.run(raw, message.raw, route.number, nil, nil))
        }
        let user = Unmanaged.passRetained(then)
        let code = Server.script.pointee.run(
            raw, message.raw, route.number, Action.enterOnce, user.toOpaque())
        if code != Outcome.suspended.code { user.release() }
        return Outcome(code: code)
    }
}

/// A named block of the script.
@frozen public struct Route: Equatable, Sendable, Scriptable {
    public let number: UInt32
    @inlinable public init(number: UInt32) { self.number = number }

    /// On the main thread only, in `Start`. Nil when there is no such.
    public static func named(_ name: some Textual & ~Escapable, _ kind: Where) -> Route? {
        let number = name.withRaw { Server.script.pointee.route(Server.host, kind.rawValue, $0) }
        return number == 0 ? nil : Route(number: number)
    }

    /// Its name, as long as the process.
    @inlinable public var name: Text {
        @_lifetime(immortal) get { Text(unchecked: Server.script.pointee.route_name(number)) }
    }

    @inlinable public static var type: UInt32 { UInt32(MT_ROUTE) }
    @inlinable public static func read(_ value: UnsafePointer<mt_value>) -> Route {
        Route(number: UInt32(truncatingIfNeeded: value.pointee.num))
    }
}

extension Host {
    /// The message flag that scripts call so, by its number or its name: 0 to 31. On the main thread only, in `Start`.
    /// Nil when it can be none, or all are taken.
    public static func flag(named name: some Textual & ~Escapable) -> Int? {
        let number = name.withRaw { Server.script.pointee.flag(Server.host, $0) }
        return number < 0 ? nil : Int(number)
    }
}

/// A regular expression, compiled when the file was read. From any thread.
@frozen public struct Pattern: Scriptable, @unchecked Sendable {
    public let raw: OpaquePointer
    @inlinable public init(_ raw: OpaquePointer) { self.raw = raw }

    @inlinable public func matches(_ text: some Textual & ~Escapable) -> Bool {
        text.withRaw { Server.script.pointee.match(raw, $0) }
    }

    @inlinable public static var type: UInt32 { UInt32(MT_REGEX) }
    @inlinable public static func read(_ value: UnsafePointer<mt_value>) -> Pattern {
        Pattern(OpaquePointer(value.pointee.ptr))
    }
}
