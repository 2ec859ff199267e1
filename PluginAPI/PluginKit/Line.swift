// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc

/// A header line, or any other text, put together from literals, text and numbers without allocation.
///
///     call.message.append(Line("Min-SE", least))                              // Min-SE: 90
///     call.message.append("Record-Route: <sip:\(host):\(port);lr>")
///     call.message.set(.uri, Line("sip:\(user)@\(host)"))
///     let contact = Line("<\(uri)>;q=0.\(tenths)").kept(by: call.message)     // a Text
///
/// It stands in scratch memory of the thread that is soon used again: build it where it is used, or keep it.
@frozen public struct Line: ExpressibleByStringInterpolation {
    @usableFromInline let scratch: UnsafeMutablePointer<Scratch>
    @usableFromInline var start: UnsafeMutablePointer<CChar>
    /// In bytes.
    @usableFromInline var count: Int

    @inlinable init() {
        scratch = Scratch.mine
        start = scratch.pointee.top
        count = 0
    }

    /// "Name: value"
    @inlinable public init(_ name: StaticString, _ value: Int) {
        self.init(name)
        add(value)
    }
    @inlinable public init(_ name: StaticString, _ value: Text) {
        self.init(name)
        add(value.raw)
    }
    @inlinable public init(_ name: StaticString, _ value: StaticString) {
        self.init(name)
        add(mt_str(value))
    }
    @inlinable init(_ name: StaticString) {
        self.init()
        add(mt_str(name))
        add(mt_str(": "))
    }
    /// Text as it is.
    @inlinable public init(_ whole: Text) {
        self.init()
        add(whole.raw)
    }
    @inlinable public init(_ whole: Line) { self = whole }
    @inlinable public init(stringLiteral whole: StaticString) {
        self.init()
        add(mt_str(whole))
    }
    @inlinable public init(stringInterpolation parts: Parts) { self = parts.line }

    /// What stands between the quotes.
    @frozen public struct Parts: StringInterpolationProtocol {
        @usableFromInline var line = Line()

        @inlinable public init(literalCapacity: Int, interpolationCount: Int) {}
        @inlinable public mutating func appendLiteral(_ literal: StaticString) { line.add(mt_str(literal)) }
        @inlinable public mutating func appendInterpolation(_ text: Text) { line.add(text.raw) }
        @inlinable public mutating func appendInterpolation(_ text: mt_str) { line.add(text) }
        @inlinable public mutating func appendInterpolation(_ number: Int) { line.add(number) }
        @inlinable public mutating func appendInterpolation(_ literal: StaticString) {
            line.add(mt_str(literal))
        }
        @inlinable public mutating func appendInterpolation(_ other: Line) { line.add(other.raw) }
    }
}

// MARK: Growing

extension Line {
    /// `Line` can also be built step by step: for lists of unknown length.
    @inlinable public mutating func append(_ more: Line) { add(more.raw) }
    @inlinable public mutating func append(_ more: Text) { add(more.raw) }

    @inlinable mutating func add(_ text: mt_str) {
        guard text.len > 0 else { return }
        memcpy(room(text.len), text.ptr, text.len)
    }

    @inlinable mutating func add(_ number: Int) {
        var digits = number < 0 ? 2 : 1
        var rest = number.magnitude
        while rest >= 10 {
            rest /= 10
            digits += 1
        }
        let place = room(digits)
        if number < 0 { place[0] = 45 }
        rest = number.magnitude
        repeat {
            digits -= 1
            place[digits] = CChar(48 + rest % 10)
            rest /= 10
        } while rest > 0
    }

    /// Place for that many more bytes behind what is there.
    @inlinable mutating func room(_ more: Int) -> UnsafeMutablePointer<CChar> {
        if start + count == scratch.pointee.top, scratch.pointee.end - scratch.pointee.top >= more {
            scratch.pointee.top += more
        } else {
            start = scratch.pointee.move(start, count, more)
        }
        count += more
        return start + (count - more)
    }

    @inlinable var raw: mt_str { mt_str(ptr: UnsafePointer(start), len: count) }
}

// MARK: Using

extension Line: Textual {
    @inlinable public func withRaw<Result>(_ body: (mt_str) throws -> Result) rethrows -> Result {
        try body(raw)
    }

    /// In the message's own memory, where it lives as long as the message.
    @inlinable @_lifetime(copy message) public func kept(by message: Message) -> Text { message.keep(self) }
}

extension DefaultStringInterpolation {
    /// Text in a String, for logs and errors: "no answer from \(name)".
    public mutating func appendInterpolation(_ text: Text) { appendInterpolation(String(text)) }
}

/// A thread's scratch memory. Lines stand in it one behind the other, and at its end it starts over: so the
/// last few stay whole, also while a line is built within another.
@frozen @usableFromInline struct Scratch {
    private var base: UnsafeMutablePointer<CChar>
    @usableFromInline var top: UnsafeMutablePointer<CChar>
    @usableFromInline var end: UnsafeMutablePointer<CChar>

    private init(_ size: Int) {
        base = .allocate(capacity: size)
        top = base
        end = base + size
    }

    /// Moves a line that cannot grow where it is: another one stands behind it, or the end is near.
    @usableFromInline mutating func move(
        _ line: UnsafeMutablePointer<CChar>, _ count: Int, _ more: Int
    ) -> UnsafeMutablePointer<CChar> {
        let needed = count + more
        if end - top < needed {
            if end - base < needed {
                // What is left behind may still be somebody's line; it is less than what it is replaced by.
                self = Scratch(max(2 * needed, 2 * (end - base)))
            }
            top = base
        }
        memmove(top, line, count)
        let moved = top
        top += needed
        return moved
    }

    nonisolated(unsafe) private static var key: pthread_key_t = .max

    /// Before the first line, on the main thread.
    static func prepare() {
        guard key == .max else { return }
        pthread_key_create(&key) { raw in
            guard let scratch = raw?.assumingMemoryBound(to: Scratch.self) else { return }
            scratch.pointee.base.deallocate()
            scratch.deallocate()
        }
    }

    @usableFromInline static var mine: UnsafeMutablePointer<Scratch> {
        if let mine = pthread_getspecific(key) { return mine.assumingMemoryBound(to: Scratch.self) }
        let new = UnsafeMutablePointer<Scratch>.allocate(capacity: 1)
        new.initialize(to: Scratch(8192))
        pthread_setspecific(key, new)
        return new
    }
}
