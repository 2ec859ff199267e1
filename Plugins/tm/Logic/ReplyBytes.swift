// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A reply as bytes, to be sent again as it was.
public enum ReplyBytes {
    /// Takes the first Via value out, in place, and answers how many bytes are left.
    public static func removeTopVia(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int) -> Int {
        var line = endOfLine(bytes, 0, count)
        while line < count, bytes[line] != 13, bytes[line] != 10 {
            guard let body = viaBody(bytes, line, count) else {
                line = endOfLine(bytes, line, count)
                continue
            }
            let end = endOfHeader(bytes, line, count)
            if memchr(bytes + body, 0x2c, end - body) == nil { return remove(bytes, line, end, count) }
            var at = body
            var isQuoted = false
            while at < end, isQuoted || bytes[at] != UInt8(ascii: ",") {
                if bytes[at] == UInt8(ascii: "\"") { isQuoted.toggle() }
                at += 1
            }
            // The only value: the whole line goes.
            return at == end ? remove(bytes, line, end, count) : remove(bytes, body, at + 1, count)
        }
        return count
    }

    private static func remove(_ bytes: UnsafeMutablePointer<UInt8>, _ from: Int, _ to: Int, _ count: Int)
        -> Int
    {
        memmove(bytes + from, bytes + to, count - to)
        return count - (to - from)
    }

    /// Behind "Via:" or "v:", when the line is such a one.
    private static func viaBody(_ bytes: UnsafeMutablePointer<UInt8>, _ line: Int, _ count: Int) -> Int? {
        guard line < count, bytes[line] | 32 == UInt8(ascii: "v") else { return nil }
        var at = line + 1
        if at + 2 < count, bytes[at] | 32 == UInt8(ascii: "i"), bytes[at + 1] | 32 == UInt8(ascii: "a") {
            at += 2
        }
        while at < count, bytes[at] == 32 || bytes[at] == 9 { at += 1 }
        return at < count && bytes[at] == UInt8(ascii: ":") ? at + 1 : nil
    }

    private static func endOfLine(_ bytes: UnsafeMutablePointer<UInt8>, _ from: Int, _ count: Int) -> Int {
        guard from < count, let end = memchr(bytes + from, 10, count - from) else { return count }
        return UnsafeRawPointer(end) - UnsafeRawPointer(bytes) + 1
    }

    /// With the lines that go on with a space.
    private static func endOfHeader(_ bytes: UnsafeMutablePointer<UInt8>, _ from: Int, _ count: Int) -> Int {
        var end = endOfLine(bytes, from, count)
        while end < count, bytes[end] == 32 || bytes[end] == 9 { end = endOfLine(bytes, end, count) }
        return end
    }
}
