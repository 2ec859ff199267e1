// SPDX-License-Identifier: Apache-2.0

/// Reads JSON as RFC 8259 has it, and nothing else: no comments, no commas too many, no numbers such as 01.
public struct JSONReader {
    public struct Fault: Error, Equatable, Sendable {
        /// In bytes, from the beginning.
        public let place: Int
        public let what: String
    }

    /// Nobody who asks for a command nests deeper.
    public static let deepest = 64

    private let bytes: [UInt8]
    private var at = 0
    private var depth = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The one value that the bytes are.
    public static func read(_ bytes: [UInt8]) throws(Fault) -> JSON {
        var reader = JSONReader(bytes)
        let value = try reader.value()
        reader.skipBlanks()
        guard reader.at == bytes.count else { throw reader.fault("something follows the value") }
        return value
    }

    private func fault(_ what: String) -> Fault { Fault(place: at, what: what) }
    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func skipBlanks() {
        while let byte = next, byte == 32 || byte == 9 || byte == 10 || byte == 13 { at += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        at += 1
        return true
    }

    private mutating func value() throws(Fault) -> JSON {
        skipBlanks()
        guard let byte = next else { throw fault("a value is missing") }
        switch byte {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .text(try text())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        default: throw fault("no value begins like this")
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(Fault) -> JSON {
        let count = word.utf8CodeUnitCount
        guard at + count <= bytes.count,
            bytes[at..<at + count].elementsEqual(UnsafeBufferPointer(start: word.utf8Start, count: count))
        else { throw fault("no value begins like this") }
        at += count
        return value
    }

    private mutating func enter() throws(Fault) {
        depth += 1
        guard depth <= Self.deepest else { throw fault("it is nested too deeply") }
        at += 1
        skipBlanks()
    }

    private mutating func object() throws(Fault) -> JSON {
        try enter()
        defer { depth -= 1 }
        var members: [JSON.Member] = []
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipBlanks()
            guard next == UInt8(ascii: "\"") else { throw fault("the name of a member is missing") }
            let name = try text()
            skipBlanks()
            guard take(UInt8(ascii: ":")) else { throw fault("a colon is missing") }
            members.append(JSON.Member(name, try value()))
            skipBlanks()
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "}")) else { throw fault("a comma or a brace is missing") }
            return .object(members)
        }
    }

    private mutating func array() throws(Fault) -> JSON {
        try enter()
        defer { depth -= 1 }
        var values: [JSON] = []
        if take(UInt8(ascii: "]")) { return .array(values) }
        while true {
            values.append(try value())
            skipBlanks()
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "]")) else { throw fault("a comma or a bracket is missing") }
            return .array(values)
        }
    }

    private mutating func digits() -> Int {
        let start = at
        while let byte = next, byte >= 48, byte <= 57 { at += 1 }
        return at - start
    }

    private mutating func number() throws(Fault) -> String {
        let start = at
        _ = take(UInt8(ascii: "-"))
        let leading = next
        let whole = digits()
        guard whole > 0, whole == 1 || leading != 48 else { throw fault("no number looks like this") }
        if take(UInt8(ascii: ".")), digits() == 0 { throw fault("no number looks like this") }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            if digits() == 0 { throw fault("no number looks like this") }
        }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }

    private mutating func text() throws(Fault) -> String {
        at += 1
        var collected: [UInt8] = []
        while let byte = next {
            at += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: collected, as: UTF8.self) else {
                    throw fault("the text is not UTF-8")
                }
                return text
            case UInt8(ascii: "\\"): collected += Array(String(try escape()).utf8)
            case ..<32: throw fault("a control character stands in a text")
            default: collected.append(byte)
            }
        }
        throw fault("the end of a text is missing")
    }

    private mutating func escape() throws(Fault) -> Unicode.Scalar {
        guard let byte = next else { throw fault("the end of a text is missing") }
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let first = try unit()
            if let scalar = Unicode.Scalar(first) { return scalar }
            // Beyond the first plane: two units, the higher one first (RFC 8259, 7).
            guard first < 0xdc00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
                throw fault("half of a character")
            }
            let second = try unit()
            guard second >= 0xdc00, second <= 0xdfff,
                let scalar = Unicode.Scalar(
                    0x10000 + (UInt32(first - 0xd800) << 10) + UInt32(second - 0xdc00))
            else { throw fault("half of a character") }
            return scalar
        default: throw fault("no escape looks like this")
        }
    }

    private mutating func unit() throws(Fault) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 128
            else {
                throw fault("no escape looks like this")
            }
            unit = unit << 4 | UInt16(digit)
            at += 1
        }
        return unit
    }
}
