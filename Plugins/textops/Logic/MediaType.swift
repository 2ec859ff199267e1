// SPDX-License-Identifier: Apache-2.0

/// Comparing what a Content-Type says.
public enum MediaType {
    /// Does a Content-Type body name this type? Case and parameters do not count; `application/*` and `*/*`
    /// name many.
    public static func matches(_ body: UnsafeRawBufferPointer, _ wanted: UnsafeRawBufferPointer) -> Bool {
        let have = trimmed(body, until: UInt8(ascii: ";"))
        let want = trimmed(wanted, until: UInt8(ascii: ";"))
        guard let haveSlash = have.firstIndex(of: UInt8(ascii: "/")),
            let wantSlash = want.firstIndex(of: UInt8(ascii: "/"))
        else { return false }
        return same(have[..<haveSlash], want[..<wantSlash])
            && same(have[(haveSlash + 1)...], want[(wantSlash + 1)...])
    }

    /// The value of a parameter such as `boundary`, without its quotes.
    public static func parameter(_ name: StaticString, of body: UnsafeRawBufferPointer)
        -> UnsafeRawBufferPointer?
    {
        let wanted = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        var at = body.firstIndex(of: UInt8(ascii: ";")) ?? body.count
        while at < body.count {
            at += 1
            let start = at
            var quoted = false
            while at < body.count, quoted || body[at] != UInt8(ascii: ";") {
                if body[at] == UInt8(ascii: "\"") { quoted.toggle() }
                at += 1
            }
            let parameter = UnsafeRawBufferPointer(rebasing: body[start..<at])
            guard let equals = parameter.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let key = trimmed(UnsafeRawBufferPointer(rebasing: parameter[..<equals]), until: 0)
            guard key.count == wanted.count, same(key[...], wanted[...]) else { continue }
            var value = trimmed(UnsafeRawBufferPointer(rebasing: parameter[(equals + 1)...]), until: 0)
            if value.count >= 2, value.first == UInt8(ascii: "\""), value.last == UInt8(ascii: "\"") {
                value = UnsafeRawBufferPointer(rebasing: value[1..<value.count - 1])
            }
            return value
        }
        return nil
    }

    private static func same(_ have: Slice<UnsafeRawBufferPointer>, _ want: Slice<UnsafeRawBufferPointer>)
        -> Bool
    {
        if want.count == 1, want.first == UInt8(ascii: "*") { return true }
        guard have.count == want.count else { return false }
        for (a, b) in zip(have, want) where lower(a) != lower(b) { return false }
        return true
    }

    static func lower(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 32 : byte
    }

    static func trimmed(_ text: UnsafeRawBufferPointer, until stop: UInt8) -> UnsafeRawBufferPointer {
        var from = 0
        var end = stop == 0 ? text.count : text.firstIndex(of: stop) ?? text.count
        while from < end, text[from] <= 32 { from += 1 }
        while from < end, text[end - 1] <= 32 { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: text[from..<end])
    }
}
