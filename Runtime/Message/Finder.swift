// SPDX-License-Identifier: Apache-2.0

/// Looks for separators in a stretch of text, sixteen bytes at once, and takes parameters off it.
///
/// Safe on any text: a load never leaves `begin ..< end`. What is left at the end is looked at together with what
/// came before it.
struct Finder {
    let begin: UnsafePointer<UInt8>
    let end: UnsafePointer<UInt8>

    @inline(__always) init(_ text: Slice, _ base: UnsafePointer<UInt8>) {
        begin = base
        end = base + text.count
    }

    /// Where a byte that is sought first stands at or after `start`; `end` when none does.
    @inline(__always) func first(
        from start: UnsafePointer<UInt8>, _ sought: (Lanes) -> Marks
    ) -> UnsafePointer<UInt8> {
        var at = start
        var left = end - at
        while left >= 16 {
            let found = sought(Lanes(at)).bits
            if found != 0 { return at + found.trailingZeroBitCount }
            at += 16
            left &-= 16
        }
        if left <= 0 { return end }
        let count = end - begin
        let lanes = count >= 16 ? Lanes(end - 16) : Lanes(short: begin, count)
        let found = sought(lanes).bits &>> UInt32(truncatingIfNeeded: 16 &- left)
        return found != 0 ? at + found.trailingZeroBitCount : end
    }

    @inline(__always) func first(_ byte: UInt8, from start: UnsafePointer<UInt8>) -> UnsafePointer<UInt8> {
        first(from: start) { $0.are(byte) }
    }

    @inline(__always) func has(_ byte: UInt8, at place: UnsafePointer<UInt8>) -> Bool {
        place < end && place.pointee == byte
    }

    @inline(__always) func afterSpace(_ start: UnsafePointer<UInt8>) -> UnsafePointer<UInt8> {
        var at = start
        while at < end, at.pointee <= 0x20, at.pointee.isSpace { at += 1 }
        return at
    }

    /// Behind the quote that closes the string that opens at `start`; nil when none does.
    @inline(__always) func afterQuoted(_ start: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
        var at = start + 1
        while at < end {
            at = first(from: at) { $0.are(UInt8(ascii: "\"")) | $0.are(UInt8(ascii: "\\")) }
            if at >= end { return nil }
            if at.pointee == UInt8(ascii: "\"") { return at + 1 }
            at += 2
        }
        return nil
    }

    struct Param {
        var name: Slice
        /// Absent without "=".
        var value: Slice
        /// The separator that follows, or the end.
        var next: UnsafePointer<UInt8>
    }

    /// The parameter that starts at `start`, up to a semicolon or to a comma; nil when a quote in it stays open. The
    /// usual name is looked for first.
    @inline(__always) func param(from start: UnsafePointer<UInt8>, usual: StaticString) -> Param? {
        var at = start + usual.utf8CodeUnitCount
        var name = Slice(base: start, count: usual.utf8CodeUnitCount)
        if !has(UInt8(ascii: "="), at: at) || !name.isWord(usual) {
            let begin = afterSpace(start)
            at = first(from: begin) {
                $0.are(UInt8(ascii: "=")) | $0.are(UInt8(ascii: ";")) | $0.are(UInt8(ascii: ","))
            }
            name = Slice(begin, upTo: Self.withoutSpace(begin, at))
            guard has(UInt8(ascii: "="), at: at) else { return Param(name: name, value: .absent, next: at) }
        }
        let value = afterSpace(at + 1)
        at = value
        while true {
            at = first(from: at) {
                $0.are(UInt8(ascii: "\"")) | $0.are(UInt8(ascii: ";")) | $0.are(UInt8(ascii: ","))
            }
            guard has(UInt8(ascii: "\""), at: at) else { break }
            guard let after = afterQuoted(at) else { return nil }
            at = after
        }
        return Param(name: name, value: Slice(value, upTo: Self.withoutSpace(value, at)), next: at)
    }

    /// The end of what stands before `end` once blanks are taken off.
    @inline(__always) static func withoutSpace(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8> {
        var end = end
        while end > start, end[-1] <= 0x20, end[-1].isSpace { end -= 1 }
        return end
    }
}

extension Slice {
    /// Nothing, but there: what a name without a value has as its value.
    @inline(__always) var atEnd: Slice {
        guard let base else { return self }
        return Slice(base + count, upTo: base + count)
    }
}
