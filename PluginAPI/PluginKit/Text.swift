// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc

/// Bytes of somebody else's: of a message, an argument, a parameter. Nothing is copied.
///
/// It cannot outlive the callback it was given in: to return one out of a callback, or to store one, does not
/// compile. Copy what has to last: `String(text)`, or `message.keep(text)` for as long as the message lives.
/// Absent and empty are two things.
///
///     var rest = call.message.header(allow)
///     while let method = rest.take(upTo: UInt8(ascii: ",")) {
///         if method.trimmed.equals("UPDATE") { return .yes }
///     }
@frozen public struct Text: ~Escapable, BitwiseCopyable {
    /// The bytes, with nobody watching how long they are used.
    public let raw: mt_str

    /// For bytes that live as long as the process, or that you vouch for.
    @inlinable @_lifetime(immortal)
    public init(unchecked raw: mt_str) { self.raw = raw }

    @inlinable @_lifetime(borrow owner)
    public init<Owner: ~Copyable & ~Escapable>(_ raw: mt_str, in owner: borrowing Owner) { self.raw = raw }

    @inlinable @_lifetime(copy other)
    init(_ raw: mt_str, like other: Text) { self.raw = raw }

    @inlinable @_lifetime(immortal)
    public init(_ literal: StaticString) {
        raw = mt_str(
            ptr: UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self),
            len: literal.utf8CodeUnitCount)
    }

    @inlinable public static var absent: Text { @_lifetime(immortal) get { Text(unchecked: mt_str()) } }

    @inlinable public var isAbsent: Bool { raw.ptr == nil }
    /// Absent, or without a single byte.
    @inlinable public var isEmpty: Bool { raw.len == 0 }
    @inlinable public var count: Int { raw.len }

    @inlinable public subscript(index: Int) -> UInt8 {
        precondition(UInt(bitPattern: index) < UInt(bitPattern: raw.len), "index out of range")
        return UInt8(bitPattern: raw.ptr[index])
    }

    @inlinable public subscript(range: Range<Int>) -> Text {
        @_lifetime(copy self) get {
            precondition(range.lowerBound >= 0 && range.upperBound <= raw.len, "range out of range")
            return Text(part(range.lowerBound, range.count), like: self)
        }
    }

    @inlinable public var span: Span<UInt8> {
        @_lifetime(copy self) get {
            let bytes = UnsafeBufferPointer(
                start: UnsafeRawPointer(raw.ptr)?.assumingMemoryBound(to: UInt8.self), count: raw.len)
            return _overrideLifetime(Span(_unsafeElements: bytes), copying: self)
        }
    }

    @inlinable func part(_ offset: Int, _ count: Int) -> mt_str {
        raw.ptr == nil ? raw : mt_str(ptr: raw.ptr + offset, len: count)
    }
}

// MARK: Cutting

extension Text {
    @inlinable @_lifetime(copy self) public func dropFirst(_ count: Int = 1) -> Text {
        let count = min(max(count, 0), raw.len)
        return Text(part(count, raw.len - count), like: self)
    }

    @inlinable @_lifetime(copy self) public func dropLast(_ count: Int = 1) -> Text {
        Text(part(0, raw.len - min(max(count, 0), raw.len)), like: self)
    }

    @inlinable @_lifetime(copy self) public func prefix(_ count: Int) -> Text {
        Text(part(0, min(max(count, 0), raw.len)), like: self)
    }

    @inlinable @_lifetime(copy self) public func suffix(_ count: Int) -> Text { dropFirst(raw.len - count) }

    /// Without the spaces, tabs and line ends around it.
    @inlinable public var trimmed: Text {
        @_lifetime(copy self) get {
            var from = 0
            var end = raw.len
            while from < end, Text.isSpace(raw.ptr[from]) { from += 1 }
            while from < end, Text.isSpace(raw.ptr[end - 1]) { end -= 1 }
            return Text(part(from, end - from), like: self)
        }
    }

    /// Takes what stands before the next such byte off the front, and the byte too. Nil when nothing is left;
    /// what has no such byte is taken whole.
    @inlinable @_lifetime(copy self) public mutating func take(upTo byte: UInt8) -> Text? {
        guard raw.len > 0 else { return nil }
        let taken: Text
        if let at = firstIndex(of: byte) {
            taken = prefix(at)
            self = dropFirst(at + 1)
        } else {
            taken = self
            self = dropFirst(raw.len)
        }
        return taken
    }

    @inlinable static func isSpace(_ byte: CChar) -> Bool {
        byte == 32 || byte == 9 || byte == 13 || byte == 10
    }
}

// MARK: Looking

extension Text {
    @inlinable public func firstIndex(of byte: UInt8) -> Int? {
        guard raw.len > 0, let at = memchr(raw.ptr, Int32(byte), raw.len) else { return nil }
        return UnsafeRawPointer(at) - UnsafeRawPointer(raw.ptr)
    }

    @inlinable public func lastIndex(of byte: UInt8) -> Int? {
        var at = raw.len
        while at > 0 {
            at -= 1
            if raw.ptr[at] == CChar(bitPattern: byte) { return at }
        }
        return nil
    }

    /// Where the other one starts in this one.
    @inlinable public func find(_ other: some Textual & ~Escapable) -> Int? {
        other.withRaw { other in
            if other.len == 0 { return 0 }
            var from = 0
            while raw.len - from >= other.len {
                guard let first = memchr(raw.ptr + from, Int32(other.ptr[0]), raw.len - from - other.len + 1)
                else {
                    return nil
                }
                from = UnsafeRawPointer(first) - UnsafeRawPointer(raw.ptr)
                if memcmp(first, other.ptr, other.len) == 0 { return from }
                from += 1
            }
            return nil
        }
    }

    @inlinable public func contains(_ byte: UInt8) -> Bool { firstIndex(of: byte) != nil }

    /// Byte for byte. Absent equals empty.
    @_disfavoredOverload @inlinable public func equals(_ other: some Textual & ~Escapable) -> Bool {
        other.withRaw { $0.len == raw.len && (raw.len == 0 || memcmp(raw.ptr, $0.ptr, raw.len) == 0) }
    }

    /// Whatever the case of A to Z.
    @_disfavoredOverload @inlinable public func equalsIgnoringCase(_ other: some Textual & ~Escapable) -> Bool
    {
        other.withRaw {
            $0.len == raw.len && (raw.len == 0 || Text.sameIgnoringCase(raw.ptr, $0.ptr, raw.len))
        }
    }

    @_disfavoredOverload @inlinable public func hasPrefix(_ other: some Textual & ~Escapable) -> Bool {
        other.withRaw { $0.len <= raw.len && ($0.len == 0 || memcmp(raw.ptr, $0.ptr, $0.len) == 0) }
    }

    @_disfavoredOverload @inlinable public func hasPrefixIgnoringCase(_ other: some Textual & ~Escapable)
        -> Bool
    {
        other.withRaw { $0.len <= raw.len && ($0.len == 0 || Text.sameIgnoringCase(raw.ptr, $0.ptr, $0.len)) }
    }

    @inlinable public func hasSuffix(_ other: some Textual & ~Escapable) -> Bool {
        other.withRaw {
            $0.len <= raw.len && ($0.len == 0 || memcmp(raw.ptr + (raw.len - $0.len), $0.ptr, $0.len) == 0)
        }
    }

    @inlinable public static func == (text: Text, other: some Textual & ~Escapable) -> Bool {
        text.equals(other)
    }

    @inlinable public static func != (text: Text, other: some Textual & ~Escapable) -> Bool {
        !text.equals(other)
    }

    /// The number that it starts with, however it goes on: 90 of "90;refresher=uac".
    @inlinable public var leadingInt: Int? {
        let number = mt_number(raw)
        return number == Int64.min ? nil : Int(number)
    }

    /// The number that it is: digits, with a sign at most, and nothing else.
    @inlinable public var integer: Int? {
        var value = 0
        var at = 0
        let negative = raw.len > 1 && raw.ptr[0] == 45
        if raw.len > 1, negative || raw.ptr[0] == 43 { at = 1 }
        guard at < raw.len, raw.len - at <= 18 else { return nil }
        while at < raw.len {
            let digit = Int(raw.ptr[at]) - 48
            guard digit >= 0, digit <= 9 else { return nil }
            value = value * 10 + digit
            at += 1
        }
        return negative ? -value : value
    }

    /// The same for the same bytes in one process (FNV-1a).
    @inlinable public var hash: UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for at in 0..<raw.len { hash = (hash ^ UInt64(UInt8(bitPattern: raw.ptr[at]))) &* 0x100_0000_01b3 }
        return hash
    }

    // A literal is one of these, and not a String, whose end is looked for and which is released.

    @inlinable public func equals(_ literal: StaticString) -> Bool {
        let other = Text(literal).raw
        return other.len == raw.len && (raw.len == 0 || memcmp(raw.ptr, other.ptr, raw.len) == 0)
    }

    @inlinable public func equalsIgnoringCase(_ literal: StaticString) -> Bool {
        let other = Text(literal).raw
        return other.len == raw.len && (raw.len == 0 || Text.sameIgnoringCase(raw.ptr, other.ptr, raw.len))
    }

    @inlinable public func hasPrefix(_ literal: StaticString) -> Bool {
        let other = Text(literal).raw
        return other.len <= raw.len && (other.len == 0 || memcmp(raw.ptr, other.ptr, other.len) == 0)
    }

    @inlinable public func hasPrefixIgnoringCase(_ literal: StaticString) -> Bool {
        let other = Text(literal).raw
        return other.len <= raw.len
            && (other.len == 0 || Text.sameIgnoringCase(raw.ptr, other.ptr, other.len))
    }

    @inlinable static func sameIgnoringCase(
        _ a: UnsafePointer<CChar>, _ b: UnsafePointer<CChar>, _ count: Int
    ) -> Bool {
        for at in 0..<count where lower(a[at]) != lower(b[at]) { return false }
        return true
    }

    @inlinable static func lower(_ byte: CChar) -> CChar { byte >= 65 && byte <= 90 ? byte | 32 : byte }
}

extension String {
    /// A copy that lasts. What is not UTF-8 is repaired.
    public init(_ text: Text) {
        let bytes = UnsafeBufferPointer(
            start: UnsafeRawPointer(text.raw.ptr)?.assumingMemoryBound(to: UInt8.self), count: text.raw.len)
        self.init(decoding: bytes, as: UTF8.self)
    }
}
