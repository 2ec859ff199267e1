// SPDX-License-Identifier: Apache-2.0

/// The parts of a multipart body (RFC 2046, 5.1), as places in its bytes. Nothing is copied.
public struct Multipart: Sequence, IteratorProtocol {
    public struct Part: Equatable, Sendable {
        /// From the delimiter line to before the next one.
        public var whole: Range<Int>
        /// The part's own header lines, and what follows them.
        public var headers: Range<Int>
        public var content: Range<Int>
    }

    private let bytes: UnsafeRawBufferPointer
    private let boundary: UnsafeRawBufferPointer
    private var position: Int

    public init(_ bytes: UnsafeRawBufferPointer, boundary: UnsafeRawBufferPointer) {
        self.bytes = bytes
        self.boundary = boundary
        position = 0
    }

    public mutating func next() -> Part? {
        guard !boundary.isEmpty, let start = delimiter(from: position), !start.last else { return nil }
        let from = start.line.upperBound
        let following = delimiter(from: from)
        // The line end before a delimiter belongs to the delimiter.
        var end = following?.line.lowerBound ?? bytes.count
        position = end
        if following != nil, end > from, bytes[end - 1] == 10 { end -= 1 }
        if following != nil, end > from, bytes[end - 1] == 13 { end -= 1 }
        let blank = blankLine(from, end)
        return Part(
            whole: start.line.lowerBound..<position, headers: from..<blank.lowerBound,
            content: blank.upperBound..<end)
    }

    /// The next delimiter line, and whether it is the one that closes.
    public func delimiter(from start: Int) -> (line: Range<Int>, last: Bool)? {
        var at = start
        while at + boundary.count + 2 <= bytes.count {
            let lineEnd = endOfLine(at)
            if bytes[at] == 45, bytes[at + 1] == 45, holds(boundary, at: at + 2) {
                let behind = at + 2 + boundary.count
                let last = behind + 1 < bytes.count && bytes[behind] == 45 && bytes[behind + 1] == 45
                if last || onlyBlanks(behind, lineEnd) { return (at..<lineEnd, last) }
            }
            at = lineEnd
        }
        return nil
    }

    private func holds(_ text: UnsafeRawBufferPointer, at place: Int) -> Bool {
        guard place + text.count <= bytes.count else { return false }
        for index in 0..<text.count where bytes[place + index] != text[index] { return false }
        return true
    }

    private func onlyBlanks(_ from: Int, _ to: Int) -> Bool {
        for at in from..<Swift.max(from, to) {
            switch bytes[at] {
            case 9, 10, 13, 32: continue
            default: return false
            }
        }
        return true
    }

    private func endOfLine(_ start: Int) -> Int {
        var at = start
        while at < bytes.count {
            at += 1
            if bytes[at - 1] == 10 { break }
        }
        return at
    }

    /// The empty line between headers and content; at the end when there is none.
    private func blankLine(_ from: Int, _ end: Int) -> Range<Int> {
        var at = from
        while at < end {
            let next = Swift.min(endOfLine(at), end)
            if bytes[at] == 10 || (bytes[at] == 13 && at + 1 < end && bytes[at + 1] == 10) {
                return at..<next
            }
            at = next
        }
        return end..<end
    }
}
