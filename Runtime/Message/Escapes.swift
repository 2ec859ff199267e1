// SPDX-License-Identifier: Apache-2.0

/// Escapes: `%40` in URIs, `\"` in quoted strings.
extension Slice {
    /// With `%40` turned into `@`, written to `place`; absent when that is too small. Broken escapes stay.
    public func unescaped(into place: UnsafeMutableRawBufferPointer) -> Slice {
        guard let base, let out = place.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return self }
        var i = 0
        var n = 0
        while i < count {
            guard n < place.count else { return .absent }
            if base[i] == UInt8(ascii: "%"), let value = escape(at: i) {
                out[n] = value
                i += 3
            } else {
                out[n] = base[i]
                i += 1
            }
            n += 1
        }
        return Slice(base: out, count: n)
    }

    /// The text of a quoted string, without its quotes and backslashes, written to `place`; absent when that is too
    /// small. Text without quotes is copied as it is.
    public func unquoted(into place: UnsafeMutableRawBufferPointer) -> Slice {
        guard base != nil, let out = place.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
            return self
        }
        let inner = withoutQuotes
        let quoted = inner.count != count
        var i = 0
        var n = 0
        while i < inner.count {
            guard n < place.count else { return .absent }
            if quoted, inner[i] == UInt8(ascii: "\\"), i + 1 < inner.count { i += 1 }
            out[n] = inner[i]
            i += 1
            n += 1
        }
        return Slice(base: out, count: n)
    }

    /// The byte that the escape at `index` stands for, if it is one.
    func escape(at index: Int) -> UInt8? {
        guard index + 2 < count, self[index + 1].isHex, self[index + 2].isHex else { return nil }
        return self[index + 1].hexValue << 4 | self[index + 2].hexValue
    }

    /// The same, with escapes read as what they stand for. A reserved character differs from its escape
    /// (RFC 3261, 19.1.4): `a%3Bb` is a user, `a;b` may be something else. Absent equals only absent.
    public func equalsUnescaped(_ other: Slice, ignoringCase: Bool = false) -> Bool {
        guard isPresent == other.isPresent else { return false }
        var i = 0
        var j = 0
        while i < count, j < other.count {
            let a = taken(&i)
            let b = other.taken(&j)
            if a.byte != b.byte, !ignoringCase || a.byte.lowercased != b.byte.lowercased { return false }
            if a.escaped != b.escaped, a.byte.isReserved { return false }
        }
        return i >= count && j >= other.count
    }

    private func taken(_ index: inout Int) -> (byte: UInt8, escaped: Bool) {
        if self[index] == UInt8(ascii: "%"), let value = escape(at: index) {
            index += 3
            return (value, true)
        }
        index += 1
        return (self[index - 1], false)
    }
}

extension UInt8 {
    @inlinable var hexValue: UInt8 { isDigit ? self & 15 : (self & 15) + 9 }

    var isReserved: Bool {
        switch self {
        case UInt8(ascii: ";"), UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: ":"), UInt8(ascii: "@"),
            UInt8(ascii: "&"), UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "$"), UInt8(ascii: ","):
            true
        default: false
        }
    }
}
