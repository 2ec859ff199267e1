// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Where messages begin and end in a stream (RFC 3261, 18.3): headers up to the blank line, then as much as
/// Content-Length says.
///
/// It sees the bytes that are there and remembers how far it has looked, so that a message that arrives byte
/// by byte is searched once.
struct Framer {
    enum Step: Equatable {
        /// `skip` bytes that are nothing, then a whole message.
        case message(skip: Int, count: Int)
        /// A keep-alive to be answered, at the end of `skip` bytes that are nothing else.
        case ping(skip: Int)
        /// `skip` bytes that are nothing, then a STUN message (RFC 5626, 4.4.2).
        case stun(skip: Int, count: Int)
        /// `skip` bytes are nothing; for the rest, more has to come. Of `expected` bytes in all, when that is
        /// known.
        case more(skip: Int, expected: Int)
        /// The stream cannot be followed any further; `head` bytes after `skip` may be read for an answer.
        case fault(skip: Int, head: Int, Problem)
    }
    enum Problem { case noContentLength, badContentLength, tooLarge }

    /// Where the first line begins that is not there as a whole.
    private var scanned: UInt32 = 0
    /// Where the first Content-Length is, plus one.
    private var lengthLine: UInt32 = 0
    private var hasManyLengths = false
    /// How much of CRLFCRLF has come.
    private var blank: UInt8 = 0
    private var total: UInt32 = 0

    private static let CR = UInt8(ascii: "\r"), LF = UInt8(ascii: "\n")

    /// Half a keep-alive is forgotten after a pause: two pongs are no ping.
    mutating func pause() { blank = 0 }

    /// `bytes` are all that is there and was not taken by an earlier step.
    mutating func step(_ bytes: UnsafePointer<UInt8>, _ count: Int, limit: Int, lengthOptional: Bool) -> Step
    {
        var skip = 0
        if scanned == 0, total == 0 {
            while skip < count, bytes[skip] == Framer.CR || bytes[skip] == Framer.LF {
                blank = bytes[skip] == (blank & 1 == 0 ? Framer.CR : Framer.LF) ? blank + 1 : 0
                skip += 1
                if blank == 4 {
                    blank = 0
                    return .ping(skip: skip)
                }
            }
            if skip == count { return .more(skip: skip, expected: 0) }
            blank = 0
            if bytes[skip] < 0x40, let step = Framer.stun(bytes + skip, count - skip) {
                return step.count == 0
                    ? .more(skip: skip, expected: step.expected) : .stun(skip: skip, count: step.count)
            }
        }
        let there = count - skip
        if total == 0 {
            guard let head = endOfHead(bytes + skip, there) else {
                if there >= limit { return .fault(skip: skip, head: there, .tooLarge) }
                return .more(skip: skip, expected: 0)
            }
            guard lengthLine > 0 || lengthOptional || Framer.isHTTP(bytes + skip, head) else {
                return .fault(skip: skip, head: head, .noContentLength)
            }
            guard let body = lengthLine == 0 ? 0 : bodyLength(bytes + skip, head) else {
                return .fault(skip: skip, head: head, .badContentLength)
            }
            guard head + body <= limit else { return .fault(skip: skip, head: head, .tooLarge) }
            total = UInt32(head + body)
        }
        let whole = Int(total)
        guard there >= whole else { return .more(skip: skip, expected: whole) }
        self = Framer()
        return .message(skip: skip, count: whole)
    }

    /// A request of HTTP/1.x: without a Content-Length it has no body (RFC 9112, 6.3).
    private static func isHTTP(_ bytes: UnsafePointer<UInt8>, _ head: Int) -> Bool {
        guard let feed = memchr(bytes, Int32(LF), head) else { return false }
        var end = UnsafeRawPointer(feed) - UnsafeRawPointer(bytes)
        if end > 0, bytes[end - 1] == CR { end -= 1 }
        return end > 11 && memcmp(bytes + (end - 9), " HTTP/1.", 8) == 0
    }

    /// RFC 5389, 6: two bits of zero, a length that is a multiple of four, and the cookie. nil: it is something else.
    private static func stun(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> (count: Int, expected: Int)? {
        guard bytes[0] < 2 else { return nil }
        guard count >= 8 else { return (0, 20) }
        let length = Int(bytes[2]) << 8 | Int(bytes[3])
        guard bytes[4] == 0x21, bytes[5] == 0x12, bytes[6] == 0xa4, bytes[7] == 0x42, length & 3 == 0 else {
            return nil
        }
        return count < 20 + length ? (0, 20 + length) : (20 + length, 20 + length)
    }

    /// Line by line, from where it stopped: the size of the head with its blank line. Notes where
    /// Content-Length is.
    private mutating func endOfHead(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int? {
        var line = Int(scanned)
        while line < count {
            // Some end their lines with a bare line feed.
            if bytes[line] == Framer.LF { return line + 1 }
            if bytes[line] == Framer.CR, line + 1 < count, bytes[line + 1] == Framer.LF { return line + 2 }
            guard let found = memchr(bytes + line, Int32(Framer.LF), count - line) else { break }
            let end = UnsafeRawPointer(found) - UnsafeRawPointer(bytes)
            if line > 0, Framer.colon(bytes + line, end - line) != nil {
                if lengthLine > 0 { hasManyLengths = true } else { lengthLine = UInt32(line) + 1 }
            }
            line = end + 1
        }
        scanned = UInt32(line)
        return nil
    }

    /// Of a head that is there as a whole. nil when it is no number, or there are two of them.
    private func bodyLength(_ bytes: UnsafePointer<UInt8>, _ head: Int) -> Int? {
        let first = Framer.number(bytes, head, Int(lengthLine) - 1)
        guard hasManyLengths else { return first }
        var line = Int(lengthLine) - 1
        while let found = memchr(bytes + line, Int32(Framer.LF), head - line) {
            line = UnsafeRawPointer(found) - UnsafeRawPointer(bytes) + 1
            guard line < head else { break }
            if Framer.colon(bytes + line, head - line) != nil, Framer.number(bytes, head, line) != first {
                return nil
            }
        }
        return first
    }

    /// Where the colon is, if the line is one of Content-Length, or of its short form.
    private static func colon(_ line: UnsafePointer<UInt8>, _ count: Int) -> Int? {
        var at: Int
        switch line[0] | 0x20 {
        case UInt8(ascii: "l"): at = 1
        case UInt8(ascii: "c"):
            guard count > 14,
                strncasecmp(UnsafeRawPointer(line).assumingMemoryBound(to: CChar.self), "content-length", 14)
                    == 0
            else { return nil }
            at = 14
        default: return nil
        }
        while at < count, isSpace(line[at]) { at += 1 }
        return at < count && line[at] == UInt8(ascii: ":") ? at : nil
    }

    /// The number in a line, which may be folded. At most nine digits, so no sum of it overflows.
    private static func number(_ bytes: UnsafePointer<UInt8>, _ head: Int, _ line: Int) -> Int? {
        guard let colon = colon(bytes + line, head - line) else { return nil }
        var at = skipSpace(bytes, head, line + colon + 1)
        let first = at
        var number = 0
        while at < head, case let digit = Int(bytes[at]) - 48, (0...9).contains(digit) {
            number = number * 10 + digit
            at += 1
            if at - first > 9 { return nil }
        }
        guard at > first else { return nil }
        at = skipSpace(bytes, head, at)
        return at < head && (bytes[at] == CR || bytes[at] == LF) ? number : nil
    }

    /// Spaces, tabs and folds.
    private static func skipSpace(_ bytes: UnsafePointer<UInt8>, _ head: Int, _ start: Int) -> Int {
        var at = start
        while at < head {
            if isSpace(bytes[at]) {
                at += 1
                continue
            }
            let next = bytes[at] == CR && at + 1 < head && bytes[at + 1] == LF ? at + 2 : at + 1
            guard bytes[at] == CR || bytes[at] == LF, next < head, isSpace(bytes[next]) else { break }
            at = next
        }
        return at
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }
}
