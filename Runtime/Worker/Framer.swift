// SPDX-License-Identifier: Apache-2.0
import Glibc
import Message

/// Where messages begin and end in a stream (RFC 3261, 18.3): headers up to the blank line, then as much as
/// Content-Length says.
///
/// It sees the bytes that are there and remembers how far it has looked, so that a message that arrives byte by byte is
/// searched once.
struct Framer {
    enum Step: Equatable {
        /// `skip` bytes that are nothing, then a whole message.
        case message(skip: Int, count: Int)
        /// A keep-alive to be answered, at the end of `skip` bytes that are nothing else.
        case ping(skip: Int)
        /// `skip` bytes are nothing; for the rest, more has to come. Of `expected` bytes in all, when that is known.
        case more(skip: Int, expected: Int)
        /// The stream cannot be followed any further; `head` bytes after `skip` may be read for an answer.
        case fault(skip: Int, head: Int, Problem)
    }
    enum Problem { case noContentLength, badContentLength, tooLarge }

    private var scanned: UInt32 = 0
    private var lengthLine: UInt32 = 0
    private var total: UInt32 = 0
    /// How much of CRLFCRLF has come.
    private var blank: UInt8 = 0

    /// Half a keep-alive is forgotten after a pause: two pongs are no ping.
    mutating func pause() { blank = 0 }

    mutating func step(_ bytes: UnsafePointer<UInt8>, _ count: Int, limit: Int, lengthOptional: Bool) -> Step {
        var skip = 0
        if scanned == 0, total == 0 {
            while skip < count, bytes[skip] == 13 || bytes[skip] == 10 {
                blank = bytes[skip] == (blank & 1 == 0 ? 13 : 10) ? blank + 1 : 0
                skip += 1
                if blank == 4 {
                    blank = 0
                    return .ping(skip: skip)
                }
            }
            if skip == count { return .more(skip: skip, expected: 0) }
            blank = 0
        }
        let start = bytes + skip
        let there = count - skip
        if total == 0 {
            guard let head = endOfHead(start, there) else {
                if there >= limit { return .fault(skip: skip, head: there, .tooLarge) }
                return .more(skip: skip, expected: 0)
            }
            var body = 0
            if lengthLine > 0 {
                guard let length = Framer.contentLength(start, head, Int(lengthLine) - 1) else {
                    return .fault(skip: skip, head: head, .badContentLength)
                }
                body = length
            } else if !lengthOptional {
                return .fault(skip: skip, head: head, .noContentLength)
            }
            // No sum of two Ints that small overflows: contentLength has nine digits at most.
            if head + body > limit { return .fault(skip: skip, head: head, .tooLarge) }
            total = UInt32(head + body)
        }
        let whole = Int(total)
        guard there >= whole else { return .more(skip: skip, expected: whole) }
        scanned = 0
        lengthLine = 0
        total = 0
        return .message(skip: skip, count: whole)
    }

    /// Line by line, from where it stopped: the size of the head with its blank line. Notes where Content-Length is.
    private mutating func endOfHead(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int? {
        var line = Int(scanned)
        while line < count {
            let first = bytes[line]
            // The blank line, also after a bare line feed.
            if first == 10 { return line + 1 }
            if first == 13 {
                guard line + 1 < count else { break }
                if bytes[line + 1] == 10 { return line + 2 }
            }
            guard let found = memchr(bytes + line, 10, count - line) else { break }
            let end = UnsafeRawPointer(found) - UnsafeRawPointer(bytes)
            if lengthLine == 0, line > 0, Framer.isContentLength(bytes + line, end - line) {
                lengthLine = UInt32(line) + 1
            }
            line = end + 1
        }
        scanned = UInt32(line)
        return nil
    }

    private static func isContentLength(_ line: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        var colon: Int
        switch line[0] | 0x20 {
        case UInt8(ascii: "l"): colon = 1
        case UInt8(ascii: "c"):
            let name: StaticString = "content-length"
            guard count > 14,
                strncasecmp(
                    UnsafeRawPointer(line).assumingMemoryBound(to: CChar.self),
                    UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self), 14) == 0
            else { return false }
            colon = 14
        default: return false
        }
        while colon < count, line[colon] == 32 || line[colon] == 9 { colon += 1 }
        return colon < count && line[colon] == UInt8(ascii: ":")
    }

    /// The number after the colon, folding allowed.
    private static func contentLength(_ bytes: UnsafePointer<UInt8>, _ head: Int, _ line: Int) -> Int? {
        var at = line
        while at < head, bytes[at] != UInt8(ascii: ":") { at += 1 }
        at += 1
        func skipSpace() {
            while at < head {
                let folds =
                    (bytes[at] == 13 && at + 2 < head && bytes[at + 1] == 10 && (bytes[at + 2] == 32 || bytes[at + 2] == 9))
                    || (bytes[at] == 10 && at + 1 < head && (bytes[at + 1] == 32 || bytes[at + 1] == 9))
                guard folds || bytes[at] == 32 || bytes[at] == 9 || (bytes[at] == 10 && at > 0 && bytes[at - 1] == 13 && at + 1 < head && (bytes[at + 1] == 32 || bytes[at + 1] == 9)) else { return }
                at += 1
            }
        }
        skipSpace()
        let first = at
        var number = 0
        while at < head, bytes[at] >= UInt8(ascii: "0"), bytes[at] <= UInt8(ascii: "9") {
            number = number * 10 + Int(bytes[at] - UInt8(ascii: "0"))
            at += 1
            if at - first > 9 { return nil }
        }
        guard at > first else { return nil }
        skipSpace()
        return at < head && (bytes[at] == 13 || bytes[at] == 10) ? number : nil
    }
}
