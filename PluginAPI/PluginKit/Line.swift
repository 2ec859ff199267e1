// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// A header line, or any other text, put together from literals, text and numbers without allocation.
///
///     call.message.append(Line("Min-SE", least))                              // Min-SE: 90
///     call.message.append("Record-Route: <sip:\(host):\(port);lr>")
///     call.message.set(.uri, Line("sip:\(user)@\(host)"))
///     let contact = Line("<\(uri)>;q=0.\(tenths)").kept(by: call.message)     // a Text
///
/// It borrows its parts and does not check for how long: build it where it is used. It takes up to eight values.
@frozen public struct Line: ExpressibleByStringInterpolation, Sendable {
    @usableFromInline var pieces: InlineArray<17, Piece>
    @usableFromInline var used = 0
    /// In bytes.
    @inlinable public var count: Int { length }
    @usableFromInline var length = 0

    @inlinable init() { pieces = InlineArray(repeating: Piece(mt_str())) }

    /// "Name: value"
    @inlinable public init(_ name: StaticString, _ value: Int) {
        self.init()
        add(name, Piece(value))
    }
    @inlinable public init(_ name: StaticString, _ value: Text) {
        self.init()
        add(name, Piece(value.raw))
    }
    @inlinable public init(_ name: StaticString, _ value: StaticString) {
        self.init()
        add(name, Piece(Text(value).raw))
    }
    /// A whole line, or any text, as it is.
    @inlinable public init(_ whole: Text) {
        self.init()
        add(Piece(whole.raw))
    }
    @inlinable public init(_ whole: Line) { self = whole }
    @inlinable public init(stringLiteral whole: StaticString) {
        self.init()
        add(Piece(Text(whole).raw))
    }
    @inlinable public init(stringInterpolation parts: Parts) { self = parts.line }

    @inlinable mutating func add(_ name: StaticString, _ value: Piece) {
        add(Piece(Text(name).raw))
        add(Piece(Text(": ").raw))
        add(value)
    }

    @inlinable mutating func add(_ piece: Piece) {
        precondition(used < 17, "a Line takes up to eight values")
        pieces[used] = piece
        used += 1
        length += piece.count
    }

    @inlinable func fill(_ start: UnsafeMutablePointer<CChar>) {
        var at = start
        for index in 0..<used { at = pieces[index].write(at) }
    }

    /// Into the message's own memory, where it lives as long as the message.
    @inlinable @_lifetime(copy message) public func kept(by message: Message) -> Text {
        let memory = message.allocate(count)
        guard let start = memory.baseAddress?.assumingMemoryBound(to: CChar.self) else { return Text.absent }
        fill(start)
        return _overrideLifetime(Text(unchecked: mt_str(ptr: UnsafePointer(start), len: count)), copying: message)
    }

    /// What stands between the quotes.
    @frozen public struct Parts: StringInterpolationProtocol {
        @usableFromInline var line = Line()

        @inlinable public init(literalCapacity: Int, interpolationCount: Int) {}
        @inlinable public mutating func appendLiteral(_ literal: StaticString) {
            if literal.utf8CodeUnitCount > 0 { line.add(Piece(Text(literal).raw)) }
        }
        @inlinable public mutating func appendInterpolation(_ text: Text) { line.add(Piece(text.raw)) }
        @inlinable public mutating func appendInterpolation(_ text: mt_str) { line.add(Piece(text)) }
        @inlinable public mutating func appendInterpolation(_ number: Int) { line.add(Piece(number)) }
        @inlinable public mutating func appendInterpolation(_ literal: StaticString) {
            line.add(Piece(Text(literal).raw))
        }
    }
}

extension Line: Textual {
    /// On the stack.
    @inlinable public func withRaw<Result>(_ body: (mt_str) throws -> Result) rethrows -> Result {
        try withUnsafeTemporaryAllocation(of: CChar.self, capacity: count + 1) { room in
            let start = room.baseAddress.unsafelyUnwrapped
            fill(start)
            return try body(mt_str(ptr: UnsafePointer(start), len: count))
        }
    }
}

/// Text, or a number: then the pointer is a mark that no text can have.
@frozen @usableFromInline struct Piece: BitwiseCopyable, @unchecked Sendable {
    @usableFromInline let raw: mt_str

    @inlinable init(_ text: mt_str) { raw = text }
    @inlinable init(_ number: Int) { raw = mt_str(ptr: Piece.numberMark, len: number) }

    @inlinable static var numberMark: UnsafePointer<CChar>? { UnsafePointer(bitPattern: 1) }

    @inlinable var count: Int {
        guard raw.ptr == Piece.numberMark else { return raw.len }
        var count = raw.len < 0 ? 2 : 1
        var rest = raw.len.magnitude
        while rest >= 10 {
            rest /= 10
            count += 1
        }
        return count
    }

    /// Writes it and returns where it ends.
    @inlinable func write(_ to: UnsafeMutablePointer<CChar>) -> UnsafeMutablePointer<CChar> {
        let count = count
        if raw.ptr != Piece.numberMark {
            if count > 0 { to.update(from: raw.ptr, count: count) }
            return to + count
        }
        var rest = raw.len.magnitude
        var at = count
        repeat {
            at -= 1
            to[at] = CChar(48 + rest % 10)
            rest /= 10
        } while rest > 0
        if raw.len < 0 { to[0] = 45 }
        return to + count
    }
}

extension DefaultStringInterpolation {
    /// Text in a String, for logs and errors: "no answer from \(name)".
    public mutating func appendInterpolation(_ text: Text) { appendInterpolation(String(text)) }
}
