// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// The lines of a session description (RFC 4566) that have an address.
public enum SessionDescription {
    /// Where the lines end that begin with a letter: ranges of their values, without the end of line.
    public static func each(_ letter: UInt8, in body: Text, _ found: (Range<Int>) -> Bool) {
        var at = 0
        while at < body.count {
            var end = at
            while end < body.count, body[end] != 10 { end += 1 }
            var last = end
            if last > at, body[last - 1] == 13 { last -= 1 }
            if last - at > 2, body[at] == letter, body[at + 1] == UInt8(ascii: "=") {
                guard found(at + 2..<last) else { return }
            }
            at = end + 1
        }
    }

    /// Where the address stands in a value like `IN IP4 10.0.0.1/127`: behind the last word IP4 or IP6.
    public static func address(in body: Text, _ line: Range<Int>) -> (place: Range<Int>, isIPv6: Bool)? {
        var at = line.lowerBound
        var isNext: Bool?
        while at < line.upperBound {
            while at < line.upperBound, body[at] == 32 || body[at] == 9 { at += 1 }
            let start = at
            while at < line.upperBound, body[at] != 32, body[at] != 9 { at += 1 }
            guard at > start else { break }
            let word = body[start..<at]
            if let isIPv6 = isNext {
                let length = word.firstIndex(of: UInt8(ascii: "/")) ?? word.count
                return length > 0 ? (start..<start + length, isIPv6) : nil
            }
            if word.equalsIgnoringCase("IP4") {
                isNext = false
            } else if word.equalsIgnoringCase("IP6") {
                isNext = true
            }
        }
        return nil
    }

    /// The first address of a connection, of all media or of the session.
    public static func connection(_ body: Text) -> Range<Int>? {
        var found: Range<Int>?
        each(UInt8(ascii: "c"), in: body) { line in
            found = address(in: body, line)?.place
            return found == nil
        }
        return found
    }

    public struct Edit: OptionSet, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }
        /// Adds a=direction:active.
        public static let direction = Edit(rawValue: 1)
        /// The address of each connection becomes the one given.
        public static let connection = Edit(rawValue: 2)
        /// Adds the line that says: no proxy for media behind us is needed.
        public static let mark = Edit(rawValue: 4)
        /// The address of the origin becomes the one given.
        public static let origin = Edit(rawValue: 8)
    }

    /// What a body becomes; nil when nothing of it changes.
    ///
    /// - Parameters:
    ///   - keepsOld: the addresses that were there are told in a=oldmediaip lines.
    ///   - mark: a whole line.
    public static func edited(
        _ body: Text, _ edit: Edit, address: String, isIPv6: Bool, keepsOld: Bool, mark: String
    ) -> String? {
        var places: [(Range<Int>, String)] = []
        var old: [String] = []
        let family = isIPv6 ? "IP6" : "IP4"
        func replace(_ letter: UInt8) {
            each(letter, in: body) { line in
                guard let (place, wasIPv6) = SessionDescription.address(in: body, line) else { return true }
                // 0.0.0.0 is somebody on hold: that stays.
                guard !body[place].equals("0.0.0.0"), !body[place].equals(address) else { return true }
                if letter == UInt8(ascii: "c") { old.append(String(body[place])) }
                if wasIPv6 != isIPv6, let word = body[line].find(wasIPv6 ? "IP6" : "IP4") {
                    places.append((line.lowerBound + word..<line.lowerBound + word + 3, family))
                }
                places.append((place, address))
                return true
            }
        }
        if edit.contains(.origin) { replace(UInt8(ascii: "o")) }
        if edit.contains(.connection) { replace(UInt8(ascii: "c")) }
        var lines = ""
        if edit.contains(.direction), body.find("a=direction:active") == nil {
            lines += "a=direction:active\r\n"
        }
        if keepsOld { for address in old { lines += "a=oldmediaip:\(address)\r\n" } }
        if edit.contains(.mark), !mark.isEmpty, body.find(mark) == nil { lines += "\(mark)\r\n" }
        guard !places.isEmpty || !lines.isEmpty else { return nil }
        var text = ""
        var at = 0
        for (place, replacement) in places.sorted(by: { $0.0.lowerBound < $1.0.lowerBound }) {
            text += String(body[at..<place.lowerBound]) + replacement
            at = place.upperBound
        }
        text += String(body[at..<body.count])
        if !lines.isEmpty, !text.hasSuffix("\n") { text += "\r\n" }
        return text + lines
    }
}
