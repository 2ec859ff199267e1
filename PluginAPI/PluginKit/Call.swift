// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// One call of the server into the plugin. It cannot be copied and cannot outlive the callback, and neither
/// can what it lends: its message, arguments and text.
///
///     Hook("core.request", order: -100) { call in call.message.method == .ack ? .stop : .yes }
@frozen public struct Call: ~Copyable, ~Escapable {
    public let raw: UnsafeMutablePointer<mt_call>

    /// For the C functions of an `Offer`, which get the pointer.
    @inlinable @_lifetime(immortal)
    public init(_ raw: UnsafeMutablePointer<mt_call>) { self.raw = raw }

    /// The message. Callbacks without one (timers, commands) must not ask; see `hasMessage`.
    @inlinable public var message: Message {
        @_lifetime(borrow self) get { _overrideLifetime(Message(raw.pointee.msg!), borrowing: self) }
    }
    @inlinable public var hasMessage: Bool { raw.pointee.msg != nil }

    /// Index for what is kept per worker: 0 ..< Host.workers.
    @inlinable public var worker: Int { Int(raw.pointee.worker) }
    /// The kind of block that runs, or empty.
    @inlinable public var place: Where { Where(rawValue: raw.pointee.route) }
    /// Continuations: what `resume` passed.
    @inlinable public var result: Outcome { Outcome(code: raw.pointee.result) }

    /// Hooks: the event's own struct, as its header says, or nil.
    @inlinable public func data<Data>(as type: Data.Type) -> UnsafePointer<Data>? {
        raw.pointee.data?.assumingMemoryBound(to: Data.self)
    }

    @inlinable public var argumentCount: Int { Int(raw.pointee.argc) }
    /// An argument as it came. `Function`'s closure gets them typed; this is for continuations, which see
    /// them again.
    @inlinable @_lifetime(borrow self) public func argument(_ index: Int) -> Value {
        guard index < argumentCount else { return Value(unchecked: mt_value()) }
        return _overrideLifetime(Value(unchecked: raw.pointee.args[index]), borrowing: self)
    }

    /// Variables: gives the value, and yes. Text must live as long as the message (`message.keep`) or longer.
    @inlinable public func answer(_ number: Int) -> Outcome {
        raw.pointee.out.pointee = mt_value(number)
        return .yes
    }
    @inlinable public func answer(_ text: Text) -> Outcome {
        raw.pointee.out.pointee = text.isAbsent ? mt_value() : mt_value(text.raw)
        return .yes
    }
    @inlinable public func answer(_ literal: StaticString) -> Outcome { answer(Text(literal)) }
    @inlinable public func answer(_ value: Value) -> Outcome {
        raw.pointee.out.pointee = value.raw
        return .yes
    }
    /// Variables: there is no value, which a script sees as $null.
    @inlinable public func answerNull() -> Outcome {
        raw.pointee.out.pointee = mt_value()
        return .yes
    }
}
