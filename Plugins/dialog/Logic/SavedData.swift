// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// What of a dialog has no column of its own, as one JSON object in the column xdata: its lifetime and limits, the
/// words of its owners, its profiles, and ways that a Contact does not tell.
public struct SavedData: Equatable, Sendable {
    public struct Membership: Equatable, Sendable {
        public var profile, value: String
        public init(_ profile: String, _ value: String) {
            self.profile = profile
            self.value = value
        }
    }

    /// "lifetime" and the like; words of owners have "@" in front of the owner's name.
    public var numbers: [String: Int] = [:]
    public var texts: [String: String] = [:]
    public var profiles: [Membership] = []

    public init() {}

    public var text: String {
        var parts: [String] = []
        for (name, number) in numbers.sorted(by: { $0.key < $1.key }) {
            parts.append("\(Self.quoted(name)):\(number)")
        }
        for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
            parts.append("\(Self.quoted(name)):\(Self.quoted(text))")
        }
        if !profiles.isEmpty {
            let list = profiles.map { "[\(Self.quoted($0.profile)),\(Self.quoted($0.value))]" }
            parts.append("\"profiles\":[\(list.joined(separator: ","))]")
        }
        return "{\(parts.joined(separator: ","))}"
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\u{0}"..<" ":
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// What is not understood, as what other servers write there, is passed over.
    public init(_ text: String) {
        var reader = Reader(text: Array(text.utf8))
        _ = reader.skip(123)
        while let name = reader.string() {
            guard reader.skip(58) else { return }
            if let number = reader.number() {
                numbers[name] = number
            } else if let value = reader.string() {
                texts[name] = value
            } else if name == "profiles", reader.skip(91) {
                while reader.skip(91), let profile = reader.string(), reader.skip(44),
                    let value = reader.string(), reader.skip(93)
                {
                    profiles.append(Membership(profile, value))
                    _ = reader.skip(44)
                }
                guard reader.skip(93) else { return }
            } else {
                return
            }
            guard reader.skip(44) else { return }
        }
    }

    private struct Reader {
        let text: [UInt8]
        var at = 0

        mutating func blanks() { while at < text.count, text[at] <= 32 { at += 1 } }

        mutating func skip(_ byte: UInt8) -> Bool {
            blanks()
            guard at < text.count, text[at] == byte else { return false }
            at += 1
            return true
        }

        mutating func number() -> Int? {
            blanks()
            let start = at
            var end = at
            if end < text.count, text[end] == 45 { end += 1 }
            while end < text.count, text[end] >= 48, text[end] <= 57 { end += 1 }
            guard end > start, let number = Int(String(decoding: text[start..<end], as: UTF8.self)) else {
                return nil
            }
            at = end
            return number
        }

        mutating func string() -> String? {
            guard skip(34) else { return nil }
            var bytes: [UInt8] = []
            while at < text.count, text[at] != 34 {
                if text[at] == 92, at + 1 < text.count {
                    at += 1
                    if text[at] == 117, at + 4 < text.count {
                        let digits = String(decoding: text[at + 1...at + 4], as: UTF8.self)
                        bytes.append(UInt8(truncatingIfNeeded: UInt32(digits, radix: 16) ?? 63))
                        at += 5
                        continue
                    }
                }
                bytes.append(text[at])
                at += 1
            }
            guard at < text.count else { return nil }
            at += 1
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
