// SPDX-License-Identifier: Apache-2.0
import Message

/// A set of bytes.
struct ByteSet: Hashable {
    private var words: SIMD4<UInt64> = .zero

    static var all: ByteSet {
        var set = ByteSet()
        set.words = SIMD4(repeating: .max)
        return set
    }

    func contains(_ byte: UInt8) -> Bool { words[Int(byte >> 6)] >> UInt64(byte & 63) & 1 != 0 }
    mutating func insert(_ byte: UInt8) { words[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }
    mutating func remove(_ byte: UInt8) { words[Int(byte >> 6)] &= ~(1 << UInt64(byte & 63)) }
    mutating func insert(where condition: (UInt8) -> Bool) {
        for byte in UInt8.min...UInt8.max where condition(byte) { insert(byte) }
    }

    var inverted: ByteSet {
        var set = self
        set.words = ~words
        return set
    }

    /// Every byte whose upper case is in the set: glibc compares upper-cased text with an upper-cased
    /// pattern.
    var ignoringCase: ByteSet {
        var set = ByteSet()
        set.insert { contains($0.uppercased) }
        return set
    }
}

/// A regular expression as a tree.
indirect enum PatternTree {
    case empty, start, end
    case bytes(ByteSet)
    case sequence([PatternTree])
    case choice([PatternTree])
    /// `most` nil: without limit.
    case repeated(PatternTree, least: Int, most: Int?)
}

/// Reads POSIX extended regular expressions as glibc does in the C locale. Gives up, rather than guess, on
/// everything that is rare or glibc's own: then glibc does the matching.
struct PatternReader {
    struct GivesUp: Error {}

    private let bytes: [UInt8]
    private let ignoresCase: Bool
    private var index = 0
    private var depth = 0

    init(_ bytes: [UInt8], ignoringCase: Bool) {
        self.bytes = bytes
        ignoresCase = ignoringCase
    }

    mutating func tree() throws(GivesUp) -> PatternTree {
        let tree = try choice()
        guard index == bytes.count else { throw GivesUp() }
        return tree
    }

    private var here: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func choice() throws(GivesUp) -> PatternTree {
        var branches = [try sequence()]
        while here == UInt8(ascii: "|") {
            index += 1
            branches.append(try sequence())
        }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence() throws(GivesUp) -> PatternTree {
        var items: [PatternTree] = []
        while let byte = here, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") || depth == 0 {
            items.append(try repetition())
        }
        return items.isEmpty ? .empty : items.count == 1 ? items[0] : .sequence(items)
    }

    private mutating func repetition() throws(GivesUp) -> PatternTree {
        var item = try atom()
        while let byte = here {
            let bounds: (Int, Int?)
            switch byte {
            case UInt8(ascii: "*"): bounds = (0, nil)
            case UInt8(ascii: "+"): bounds = (1, nil)
            case UInt8(ascii: "?"): bounds = (0, 1)
            case UInt8(ascii: "{"): bounds = try interval()
            default: return item
            }
            switch item {
            case .start, .end: throw GivesUp()
            default: break
            }
            index += 1
            item = .repeated(item, least: bounds.0, most: bounds.1)
        }
        return item
    }

    /// `{m}`, `{m,}`, `{m,n}`; leaves the index at the closing brace.
    private mutating func interval() throws(GivesUp) -> (Int, Int?) {
        guard let close = bytes[index...].firstIndex(of: UInt8(ascii: "}")) else { throw GivesUp() }
        let parts = bytes[(index + 1)..<close].split(
            separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        let numbers = parts.map { Int(String(decoding: $0, as: UTF8.self)) }
        guard let least = numbers[0], 0...60 ~= least, parts.count <= 2 else { throw GivesUp() }
        index = close
        if parts.count == 1 { return (least, least) }
        if parts[1].isEmpty { return (least, nil) }
        guard let most = numbers[1], least...60 ~= most else { throw GivesUp() }
        return (least, most)
    }

    private mutating func atom() throws(GivesUp) -> PatternTree {
        guard let byte = here else { throw GivesUp() }
        index += 1
        switch byte {
        case UInt8(ascii: "^"): return .start
        case UInt8(ascii: "$"): return .end
        case UInt8(ascii: "."):
            var set = ByteSet.all
            set.remove(0)
            return .bytes(set)
        case UInt8(ascii: "["): return .bytes(try bracket())
        case UInt8(ascii: "("):
            depth += 1
            let inner = try choice()
            guard here == UInt8(ascii: ")") else { throw GivesUp() }
            index += 1
            depth -= 1
            return inner
        case UInt8(ascii: "\\"): return .bytes(try escape())
        case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "{"): throw GivesUp()
        default: return .bytes(literal(byte))
        }
    }

    private func literal(_ byte: UInt8) -> ByteSet {
        var set = ByteSet()
        set.insert(ignoresCase ? byte.uppercased : byte)
        return ignoresCase ? set.ignoringCase : set
    }

    private mutating func escape() throws(GivesUp) -> ByteSet {
        guard let byte = here else { throw GivesUp() }
        index += 1
        var set = ByteSet()
        switch byte {
        case UInt8(ascii: "w"): set.insert { $0.isAlpha || $0.isDigit || $0 == UInt8(ascii: "_") }
        case UInt8(ascii: "W"): set.insert { !($0.isAlpha || $0.isDigit || $0 == UInt8(ascii: "_")) }
        case UInt8(ascii: "s"): set.insert { $0 == 0x20 || (9...13).contains($0) }
        case UInt8(ascii: "S"): set.insert { !($0 == 0x20 || (9...13).contains($0)) }
        // Back-references, and the edges of words and of the text.
        case UInt8(ascii: "1")...UInt8(ascii: "9"), UInt8(ascii: "b"), UInt8(ascii: "B"), UInt8(ascii: "<"),
            UInt8(ascii: ">"), UInt8(ascii: "`"), UInt8(ascii: "'"):
            throw GivesUp()
        default:
            // glibc takes an escaped letter as it is, and then compares it with upper-cased text: `\d`
            // matches nothing.
            set.insert(byte)
        }
        return ignoresCase ? set.ignoringCase : set
    }

    private mutating func bracket() throws(GivesUp) -> ByteSet {
        var set = ByteSet()
        let inverts = here == UInt8(ascii: "^")
        if inverts { index += 1 }
        var isFirst = true
        while true {
            guard let byte = here else { throw GivesUp() }
            index += 1
            if byte == UInt8(ascii: "]"), !isFirst { break }
            let mayBeDash = isFirst || here == UInt8(ascii: "]")
            isFirst = false
            if byte == UInt8(ascii: "["), let kind = here, ":=.".utf8.contains(kind) {
                guard kind == UInt8(ascii: ":") else { throw GivesUp() }
                try namedClass(&set)
                if here == UInt8(ascii: "-"), index + 1 < bytes.count, bytes[index + 1] != UInt8(ascii: "]") {
                    throw GivesUp()
                }
                continue
            }
            if byte == UInt8(ascii: "-"), !mayBeDash { throw GivesUp() }
            if here == UInt8(ascii: "-"), index + 1 < bytes.count, bytes[index + 1] != UInt8(ascii: "]") {
                let last = bytes[index + 1]
                guard last != UInt8(ascii: "["), last != UInt8(ascii: "-") else { throw GivesUp() }
                index += 2
                let (low, high) = ignoresCase ? (byte.uppercased, last.uppercased) : (byte, last)
                guard low <= high else { throw GivesUp() }
                set.insert { low <= $0 && $0 <= high }
            } else {
                set.insert(ignoresCase ? byte.uppercased : byte)
            }
        }
        if inverts { set = set.inverted }
        return ignoresCase ? set.ignoringCase : set
    }

    /// `[:alpha:]`, after its first bracket.
    private mutating func namedClass(_ set: inout ByteSet) throws(GivesUp) {
        let start = index + 1
        var end = start
        while end < bytes.count, bytes[end].isAlpha { end += 1 }
        guard end + 1 < bytes.count, bytes[end] == UInt8(ascii: ":"), bytes[end + 1] == UInt8(ascii: "]")
        else {
            throw GivesUp()
        }
        index = end + 2
        func isGraph(_ byte: UInt8) -> Bool { (0x21...0x7E).contains(byte) }
        var name = String(decoding: bytes[start..<end], as: UTF8.self)
        if ignoresCase, name == "upper" || name == "lower" { name = "alpha" }
        switch name {
        case "alpha": set.insert { $0.isAlpha }
        case "digit": set.insert { $0.isDigit }
        case "alnum": set.insert { $0.isAlpha || $0.isDigit }
        case "upper": set.insert { $0.isAlpha && $0.uppercased == $0 }
        case "lower": set.insert { $0.isAlpha && $0.lowercased == $0 }
        case "space": set.insert { $0 == 0x20 || (9...13).contains($0) }
        case "blank": set.insert { $0 == 0x20 || $0 == 9 }
        case "punct": set.insert { isGraph($0) && !$0.isAlpha && !$0.isDigit }
        case "print": set.insert { isGraph($0) || $0 == 0x20 }
        case "graph": set.insert { isGraph($0) }
        case "cntrl": set.insert { $0 < 0x20 || $0 == 0x7F }
        case "xdigit":
            set.insert { $0.isDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0 | 0x20) }
        default: throw GivesUp()
        }
    }
}
