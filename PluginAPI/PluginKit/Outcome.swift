// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// What a callback answers: positive is yes, negative is no, zero is "stop here".
///
/// A script sees the number, so a function with several answers gives them as they are documented:
///
///     return found ? .yes : .no
///     return Outcome(2)
@frozen public struct Outcome: Equatable, Sendable {
    public let code: mt_result

    @inlinable public init(_ code: Int) { self.code = mt_result(truncatingIfNeeded: code) }
    @inlinable public init(code: mt_result) { self.code = code }
    /// Yes or no.
    @inlinable public init(_ answer: Bool) { code = answer ? 1 : -1 }

    /// Yes; in a script, true.
    @inlinable public static var yes: Outcome { Outcome(code: 1) }
    /// Ends the script, or consumes the event.
    @inlinable public static var stop: Outcome { Outcome(code: 0) }
    /// No; in a script, false.
    @inlinable public static var no: Outcome { Outcome(code: -1) }
    /// It went wrong, and `Host.fail` said why.
    @inlinable public static var error: Outcome { Outcome(code: -2) }
    /// It took too long.
    @inlinable public static var timeout: Outcome { Outcome(code: -3) }
    /// The timer or the ticket is no more; nothing was done.
    @inlinable public static var gone: Outcome { Outcome(code: -4) }
    /// Not finished; what `Call.wait` returns.
    @inlinable public static var suspended: Outcome { Outcome(code: mt_result.min) }

    @inlinable public var isYes: Bool { code > 0 }
}

/// A span of time, as the server counts it.
///
///     Loop.after(.seconds(32)) { call in ... }
@frozen public struct Milliseconds: Equatable, Comparable, Sendable, ExpressibleByIntegerLiteral {
    public let count: Int

    @inlinable public init(_ count: Int) { self.count = count }
    @inlinable public init(integerLiteral count: Int) { self.count = count }
    @inlinable public static func milliseconds(_ count: Int) -> Milliseconds { Milliseconds(count) }
    @inlinable public static func seconds(_ count: Int) -> Milliseconds { Milliseconds(count * 1000) }
    @inlinable public static func < (a: Milliseconds, b: Milliseconds) -> Bool { a.count < b.count }

    @usableFromInline var word: UInt32 { UInt32(clamping: count) }
}

/// Where a script function may stand.
@frozen public struct Where: OptionSet, Sendable {
    public let rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    @inlinable public static var request: Where { Where(rawValue: 1 << 0) }
    @inlinable public static var reply: Where { Where(rawValue: 1 << 1) }
    @inlinable public static var failure: Where { Where(rawValue: 1 << 2) }
    @inlinable public static var branch: Where { Where(rawValue: 1 << 3) }
    @inlinable public static var send: Where { Where(rawValue: 1 << 4) }
    @inlinable public static var local: Where { Where(rawValue: 1 << 5) }
    @inlinable public static var event: Where { Where(rawValue: 1 << 6) }
    @inlinable public static var error: Where { Where(rawValue: 1 << 7) }
    @inlinable public static var any: Where { Where(rawValue: 0xff) }
}
