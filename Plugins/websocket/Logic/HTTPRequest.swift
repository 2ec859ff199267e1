// SPDX-License-Identifier: Apache-2.0

/// The head of an HTTP request (RFC 9112, 3 and 5), as a handshake begins with one.
public struct HTTPRequest: Equatable, Sendable {
    public enum Problem: Error, Equatable {
        case requestLine, version, field, tooManyFields
    }
    public struct Field: Equatable, Sendable {
        /// In small letters.
        public let name: String
        public let value: String
    }

    public let method: String
    /// As written: "/ws?user=1", or a whole URL.
    public let target: String
    /// 1 of HTTP/1.1.
    public let minor: Int
    public let fields: [Field]

    /// More header lines than a browser would ever send.
    public static let mostFields = 100

    /// - Parameter head: up to the empty line, with it or without; what is behind it is not looked at.
    public init(head: some Sequence<UInt8>) throws(Problem) {
        var lines = Lines(Array(head))
        // RFC 9112, 2.2: at least one empty line in front is overlooked.
        var start = lines.next()
        while let line = start, line.isEmpty { start = lines.next() }
        let words = (start ?? []).split(separator: 0x20, omittingEmptySubsequences: false)
        guard words.count == 3, !words[0].isEmpty, words[0].allSatisfy(Self.isToken), !words[1].isEmpty,
            words[1].allSatisfy({ $0 > 0x20 && $0 < 0x7f })
        else { throw .requestLine }
        let version = Array(words[2])
        guard version.count == 8, version[0..<7].elementsEqual("HTTP/1.".utf8),
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(version[7])
        else { throw .version }
        var fields: [Field] = []
        while let line = lines.next(), !line.isEmpty {
            // No folding (5.2), no blank before the colon (5.1): both are used to smuggle.
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
                line[..<colon].allSatisfy(Self.isToken)
            else { throw .field }
            let value = line[(colon + 1)...]
            guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 9 }) else { throw .field }
            guard fields.count < Self.mostFields else { throw .tooManyFields }
            fields.append(
                Field(
                    name: String(decoding: line[..<colon], as: UTF8.self).lowercased(),
                    value: Self.trimmed(value)))
        }
        method = String(decoding: words[0], as: UTF8.self)
        target = String(decoding: words[1], as: UTF8.self)
        minor = Int(version[7]) - 48
        self.fields = fields
    }

    /// All values of a header, one per line of it. The name in small letters.
    public func values(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

    /// The value of a header that may stand there once. Nil: not, or more than once.
    public func single(_ name: String) -> String? {
        let all = values(name)
        return all.count == 1 ? all[0] : nil
    }

    /// The members of a list, whatever lines it is spread over, as written.
    public func list(_ name: String) -> [String] {
        values(name).flatMap { $0.split(separator: ",") }.map { Self.trimmed($0.utf8) }.filter { !$0.isEmpty }
    }

    /// Is the word in a list? Whatever its case.
    public func list(_ name: String, has word: String) -> Bool {
        list(name).contains { $0.lowercased() == word }
    }

    /// The value of a cookie (RFC 6265, 4.2), without quotes.
    public func cookie(_ name: String) -> String? {
        for pair in values("cookie").flatMap({ $0.split(separator: ";") }) {
            guard let equals = pair.firstIndex(of: "="), Self.trimmed(pair[..<equals].utf8) == name else {
                continue
            }
            let value = Self.trimmed(pair[pair.index(after: equals)...].utf8)
            let isQuoted = value.count > 1 && value.hasPrefix("\"") && value.hasSuffix("\"")
            return isQuoted ? String(value.dropFirst().dropLast()) : value
        }
        return nil
    }

    /// Without blanks and tabs around it.
    static func trimmed(_ bytes: some BidirectionalCollection<UInt8>) -> String {
        let tail = bytes.drop { $0 == 0x20 || $0 == 9 }
        var end = tail.endIndex
        while end > tail.startIndex, case let last = tail[tail.index(before: end)], last == 0x20 || last == 9
        {
            end = tail.index(before: end)
        }
        return String(decoding: tail[..<end], as: UTF8.self)
    }

    /// RFC 9110, 5.6.2.
    static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        case 0x21, 0x23...0x27, 0x2a, 0x2b, 0x2d, 0x2e, 0x5e...0x60, 0x7c, 0x7e: true
        default: false
        }
    }

    private struct Lines {
        private let bytes: [UInt8]
        private var at = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        /// Without its end: CRLF, or a bare LF. Nil: no more.
        mutating func next() -> ArraySlice<UInt8>? {
            guard at < bytes.count else { return nil }
            let end = bytes[at...].firstIndex(of: 10) ?? bytes.count
            defer { at = end + 1 }
            return end > at && bytes[end - 1] == 13 ? bytes[at..<end - 1] : bytes[at..<end]
        }
    }
}

/// Where the head of an HTTP request ends, in bytes that come in pieces: each is looked at once.
public struct HeadFinder: Sendable {
    /// Of the end of line, and the empty line behind it, so many bytes have come: LF, LF CR.
    private var ended = 0
    private var seen = 0
    private var hasText = false

    public init() {}

    /// How many of these bytes belong to the head, when it ends with them. Nil: more has to come.
    public mutating func end(in bytes: UnsafeRawBufferPointer) -> Int? {
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case 10:
                if hasText, ended > 0 { return index + 1 }
                ended = 1
            case 13 where ended == 1: ended = 2
            case 13: break
            default:
                ended = 0
                hasText = true
            }
        }
        return nil
    }
}
