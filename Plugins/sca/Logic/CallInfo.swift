// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// What a telephone says of an appearance in Call-Info:
/// `<sip:example.com>;appearance-index=1;appearance-state=held`.
///
/// Parameters in any order, blanks where RFC 3261 lets them stand, several values with commas between them, and
/// others than ours among them: the first value with an appearance-index counts.
public struct CallInfo: Equatable, Sendable {
    public enum Index: Equatable, Sendable {
        /// "*", and 0: whichever is free.
        case any
        case number(Int)
    }
    /// Not what RFC 3261, 20.9 lets stand there, or a number or word that does not exist.
    public struct Malformed: Error, Equatable {
        public init() {}
    }

    /// The greatest number that is taken.
    public static let greatest = 65_535

    public let index: Index
    public let state: AppearanceState?

    public init(index: Index, state: AppearanceState? = nil) {
        self.index = index
        self.state = state
    }

    /// Nil: no value of it is about an appearance.
    public static func read(_ body: Text) throws(Malformed) -> CallInfo? {
        var rest = body
        while true {
            let found = try value(&rest)
            rest = blanks(rest)
            guard rest.isEmpty || rest[0] == UInt8(ascii: ",") else { throw Malformed() }
            if found != nil || rest.isEmpty { return found }
            rest = rest.dropFirst()
        }
    }

    private static func value(_ rest: inout Text) throws(Malformed) -> CallInfo? {
        rest = blanks(rest)
        guard !rest.isEmpty, rest[0] == UInt8(ascii: "<"), let end = rest.firstIndex(of: UInt8(ascii: ">")),
            end > 1
        else { throw Malformed() }
        let uri = rest[1..<end]
        let isSIP =
            uri.hasPrefixIgnoringCase("sip:" as StaticString)
            || uri.hasPrefixIgnoringCase("sips:" as StaticString)
        rest = rest.dropFirst(end + 1)
        var index: Index?
        var state: AppearanceState?
        while true {
            rest = blanks(rest)
            guard !rest.isEmpty, rest[0] == UInt8(ascii: ";") else { break }
            rest = blanks(rest.dropFirst())
            let name = word(&rest)
            guard !name.isEmpty else { throw Malformed() }
            var value = Text.absent
            let behind = blanks(rest)
            if !behind.isEmpty, behind[0] == UInt8(ascii: "=") {
                rest = blanks(behind.dropFirst())
                value = try parameter(&rest)
            }
            guard isSIP else { continue }
            if name.equalsIgnoringCase("appearance-index" as StaticString) {
                guard index == nil else { throw Malformed() }
                index = try number(value)
            } else if name.equalsIgnoringCase("appearance-state" as StaticString) {
                guard let known = AppearanceState(value) else { throw Malformed() }
                state = known
            }
        }
        return index.map { CallInfo(index: $0, state: state) }
    }

    private static func number(_ text: Text) throws(Malformed) -> Index {
        if text.count == 1, text[0] == UInt8(ascii: "*") { return .any }
        guard !text.isEmpty, text[0] != UInt8(ascii: "-"), text[0] != UInt8(ascii: "+"),
            let number = text.integer, number <= greatest
        else { throw Malformed() }
        return number == 0 ? .any : .number(number)
    }

    @_lifetime(copy text) private static func blanks(_ text: Text) -> Text {
        var at = 0
        while at < text.count, text[at] == 32 || text[at] == 9 || text[at] == 13 || text[at] == 10 { at += 1 }
        return text.dropFirst(at)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "%"), UInt8(ascii: "*"),
            UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "`"), UInt8(ascii: "'"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// RFC 3261, 25.1: token.
    @_lifetime(copy rest) private static func word(_ rest: inout Text) -> Text {
        var at = 0
        while at < rest.count, isWord(rest[at]) { at += 1 }
        let word = rest.prefix(at)
        rest = rest.dropFirst(at)
        return word
    }

    /// A token, a host, or a quoted text, without its quotes.
    @_lifetime(copy rest) private static func parameter(_ rest: inout Text) throws(Malformed) -> Text {
        guard !rest.isEmpty else { throw Malformed() }
        guard rest[0] == UInt8(ascii: "\"") else {
            var at = 0
            while at < rest.count,
                isWord(rest[at]) || rest[at] == UInt8(ascii: ":")
                    || rest[at] == UInt8(ascii: "[") || rest[at] == UInt8(ascii: "]")
                    || rest[at] == UInt8(ascii: "/") || rest[at] == UInt8(ascii: "@")
            {
                at += 1
            }
            guard at > 0 else { throw Malformed() }
            let value = rest.prefix(at)
            rest = rest.dropFirst(at)
            return value
        }
        var at = 1
        while at < rest.count, rest[at] != UInt8(ascii: "\"") {
            at += rest[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard at < rest.count else { throw Malformed() }
        let value = rest[1..<at]
        rest = rest.dropFirst(at + 1)
        return value
    }
}

// MARK: - writing

extension CallInfo {
    /// What members are told of all appearances: the busy ones in ascending order, and that all others are idle.
    public static func body(domain: String, _ appearances: [Appearance]) -> String {
        var text = ""
        for appearance in appearances where appearance.state != .idle {
            text +=
                "<sip:\(domain)>;appearance-index=\(appearance.index);appearance-state=\(appearance.state.word)"
            if !appearance.display.isEmpty { text += ";appearance-uri=\"\(appearance.display)\"" }
            text += ","
        }
        return text + "<sip:\(domain)>;appearance-index=*;appearance-state=idle"
    }

    /// What the telephone that has seized one is told.
    public static func seizure(domain: String, index: Int) -> String {
        "<sip:\(domain)>;appearance-index=\(index)"
    }

    /// appearance-uri, between its quotes: `Bob <sip:bob@example.net>`. Quotes and backslashes of a name are
    /// escaped, and what is longer than anybody shows is cut.
    public static func display(name: Text, uri: Text) -> String {
        var bytes: [UInt8] = []
        var name = name.trimmed
        if name.count >= 2, name[0] == UInt8(ascii: "\""), name[name.count - 1] == UInt8(ascii: "\"") {
            name = name.dropFirst().dropLast()
        }
        var at = 0
        while at < name.count, bytes.count < 128 {
            var byte = name[at]
            if byte == UInt8(ascii: "\\"), at + 1 < name.count {
                at += 1
                byte = name[at]
            }
            at += 1
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
            bytes.append(byte < 32 || byte == 127 ? 32 : byte)
        }
        if !bytes.isEmpty { bytes.append(32) }
        bytes.append(UInt8(ascii: "<"))
        for at in 0..<min(uri.count, 255) {
            let byte = uri[at]
            if byte > 32, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte != 127 {
                bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: ">"))
        return String(decoding: bytes, as: UTF8.self)
    }
}
