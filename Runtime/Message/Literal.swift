// SPDX-License-Identifier: Apache-2.0

/// IP addresses as text, and as the 16 bytes of `mt_flow`: IPv6, or IPv4 mapped into it.
public enum Literal {
    public static func isV4(_ text: Slice) -> Bool { v4(text) != nil }

    /// With or without brackets.
    public static func isV6(_ text: Slice) -> Bool {
        var bytes: (UInt64, UInt64) = (0, 0)
        return withUnsafeMutableBytes(of: &bytes) { v6(withoutBrackets(text), $0) }
    }

    /// Reads a literal of either family into 16 bytes; false when it is none.
    public static func bytes(of text: Slice, into place: UnsafeMutableRawBufferPointer) -> Bool {
        guard place.count >= 16 else { return false }
        if let address = v4(text) {
            for i in 0..<10 { place[i] = 0 }
            place[10] = 0xFF
            place[11] = 0xFF
            for i in 0..<4 { place[12 + i] = UInt8(truncatingIfNeeded: address >> UInt32(24 - i * 8)) }
            return true
        }
        return v6(withoutBrackets(text), place)
    }

    /// The text of 16 bytes, IPv6 as RFC 5952 says and without brackets. Answers its length, at most 45; `place` has
    /// to have as much room, or nothing is written.
    public static func write(_ address: UnsafeRawBufferPointer, into place: UnsafeMutableRawBufferPointer)
        -> Int
    {
        guard address.count >= 16, place.count >= 45 else { return 0 }
        var out = Output(place: place)
        if address[0..<10].allSatisfy({ $0 == 0 }), address[10] == 0xFF, address[11] == 0xFF {
            for i in 12..<16 {
                if i > 12 { out.put(UInt8(ascii: ".")) }
                out.decimal(address[i])
            }
            return out.count
        }
        // The longest run of zero groups, two at least, the first of equals.
        var run = (start: 8, count: 1)
        var i = 0
        while i < 8 {
            var n = 0
            while i + n < 8, address[(i + n) * 2] == 0, address[(i + n) * 2 + 1] == 0 { n += 1 }
            if n > run.count { run = (i, n) }
            i += Swift.max(n, 1)
        }
        i = 0
        while i < 8 {
            if i == run.start {
                out.put(UInt8(ascii: ":"))
                out.put(UInt8(ascii: ":"))
                i += run.count
                continue
            }
            if i > 0, i != run.start + run.count { out.put(UInt8(ascii: ":")) }
            out.hex(UInt16(address[i * 2]) << 8 | UInt16(address[i * 2 + 1]))
            i += 1
        }
        return out.count
    }

    private static func withoutBrackets(_ text: Slice) -> Slice {
        text[0] == UInt8(ascii: "[") && text[text.count - 1] == UInt8(ascii: "]")
            ? text[1..<(text.count - 1)] : text
    }

    private static func v4(_ text: Slice) -> UInt32? {
        guard text.count >= 7, text.count <= 15 else { return nil }
        var address: UInt32 = 0
        var part: UInt32 = 0
        var digits = 0
        var dots = 0
        for i in 0..<text.count {
            let byte = text[i]
            if byte == UInt8(ascii: ".") {
                guard digits > 0, dots < 3 else { return nil }
                address = address << 8 | part
                part = 0
                digits = 0
                dots += 1
            } else {
                guard byte.isDigit, digits < 3 else { return nil }
                part = part * 10 + UInt32(byte & 15)
                guard part < 256 else { return nil }
                digits += 1
            }
        }
        return dots == 3 && digits > 0 ? address << 8 | part : nil
    }

    private static func v6(_ text: Slice, _ place: UnsafeMutableRawBufferPointer) -> Bool {
        guard text.count >= 2, text.count <= 45, place.count >= 16 else { return false }
        var groups = (UInt64(0), UInt64(0))
        return withUnsafeMutableBytes(of: &groups) { raw in
            var n = 0
            var gap: Int?
            var at = 0
            if text[0] == UInt8(ascii: ":") {
                guard text[1] == UInt8(ascii: ":") else { return false }
                gap = 0
                at = 2
            }
            while at < text.count {
                guard n <= 14 else { return false }
                let end = text.firstIndex(of: UInt8(ascii: ":"), from: at) ?? text.count
                let piece = text[at..<end]
                if end == text.count, piece.firstIndex(of: UInt8(ascii: ".")) != nil {
                    guard n <= 12, let last = v4(piece) else { return false }
                    for i in 0..<4 { raw[n + i] = UInt8(truncatingIfNeeded: last >> UInt32(24 - i * 8)) }
                    n += 4
                    break
                }
                guard piece.count >= 1, piece.count <= 4 else { return false }
                var value: UInt16 = 0
                for i in 0..<piece.count {
                    guard piece[i].isHex else { return false }
                    value = value << 4 | UInt16(piece[i].hexValue)
                }
                raw[n] = UInt8(value >> 8)
                raw[n + 1] = UInt8(truncatingIfNeeded: value)
                n += 2
                at = end
                if at < text.count {
                    at += 1
                    guard at < text.count else { return false }
                    if text[at] == UInt8(ascii: ":") {
                        guard gap == nil else { return false }
                        gap = n
                        at += 1
                    }
                }
            }
            guard gap != nil ? n <= 14 : n == 16 else { return false }
            let split = gap ?? n
            let tail = n - split
            for i in 0..<16 { place[i] = 0 }
            for i in 0..<split { place[i] = raw[i] }
            for i in 0..<tail { place[16 - tail + i] = raw[split + i] }
            return true
        }
    }

    private struct Output {
        let place: UnsafeMutableRawBufferPointer
        var count = 0

        mutating func put(_ byte: UInt8) {
            place[count] = byte
            count += 1
        }

        mutating func decimal(_ value: UInt8) {
            if value >= 100 { put(UInt8(ascii: "0") + value / 100) }
            if value >= 10 { put(UInt8(ascii: "0") + value / 10 % 10) }
            put(UInt8(ascii: "0") + value % 10)
        }

        mutating func hex(_ value: UInt16) {
            var shift: UInt16 = 12
            while shift > 0, value >> shift == 0 { shift -= 4 }
            while true {
                let digit = UInt8(truncatingIfNeeded: value >> shift) & 15
                put(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
                if shift == 0 { return }
                shift -= 4
            }
        }
    }
}
