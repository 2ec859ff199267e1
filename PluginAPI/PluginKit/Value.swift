// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// A value of the script: nothing, a number, or text.
@frozen public struct Value: ~Escapable, BitwiseCopyable {
    public let raw: mt_value

    @inlinable @_lifetime(immortal)
    public init(unchecked raw: mt_value) { self.raw = raw }

    @inlinable public var isNull: Bool { raw.type == UInt32(MT_NULL) }
    /// The number, when it is one.
    @inlinable public var int: Int? { raw.type == UInt32(MT_INT) ? Int(raw.num) : nil }
    /// The text, when it is one; otherwise absent.
    @inlinable public var text: Text {
        @_lifetime(copy self) get {
            _overrideLifetime(Text(unchecked: raw.type == UInt32(MT_STR) ? raw.str : mt_str()), copying: self)
        }
    }
}

/// What can be given to the server as a value: whole numbers, Bool and text.
public protocol Answerable: ~Escapable {
    func withValue<Result>(_ body: (mt_value) throws -> Result) rethrows -> Result
}

extension mt_value: Answerable {
    @inlinable public init(_ number: Int) {
        self.init(type: UInt32(MT_INT), reserved: 0, num: Int64(number), str: mt_str(), ptr: nil)
    }
    @inlinable public init(_ text: mt_str) {
        self.init(type: UInt32(MT_STR), reserved: 0, num: 0, str: text, ptr: nil)
    }
    @inlinable public func withValue<Result>(_ body: (mt_value) throws -> Result) rethrows -> Result {
        try body(self)
    }
}

extension FixedWidthInteger where Self: Answerable {
    @inlinable public func withValue<Result>(_ body: (mt_value) throws -> Result) rethrows -> Result {
        try body(mt_value(Int(truncatingIfNeeded: self)))
    }
}
extension Int: Answerable {}
extension Int32: Answerable {}
extension Int64: Answerable {}
extension UInt16: Answerable {}
extension UInt32: Answerable {}

extension Bool: Answerable {
    @inlinable public func withValue<Result>(_ body: (mt_value) throws -> Result) rethrows -> Result {
        try body(mt_value(type: UInt32(MT_BOOL), reserved: 0, num: self ? 1 : 0, str: mt_str(), ptr: nil))
    }
}

extension Value: Answerable {
    @inlinable public func withValue<Result>(_ body: (mt_value) throws -> Result) rethrows -> Result {
        try body(raw)
    }
}
extension Text: Answerable {
    @inlinable public func withValue<Result>(_ body: (mt_value) throws -> Result) rethrows -> Result {
        try body(isAbsent ? mt_value() : mt_value(raw))
    }
}
extension mt_str: Answerable {
    @inlinable public func withValue<Result>(_ body: (mt_value) throws -> Result) rethrows -> Result {
        try body(ptr == nil ? mt_value() : mt_value(self))
    }
}
extension StaticString: Answerable {
    @inlinable public func withValue<Result>(_ body: (mt_value) throws -> Result) rethrows -> Result {
        try body(mt_value(Text(self).raw))
    }
}
extension String: Answerable {
    @inlinable public func withValue<Result>(_ body: (mt_value) throws -> Result) rethrows -> Result {
        try withRaw { try body(mt_value($0)) }
    }
}
