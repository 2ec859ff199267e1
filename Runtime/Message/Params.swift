// SPDX-License-Identifier: Apache-2.0

/// Parameters: `;lr;transport=tcp;reason="a;b"`, of a URI, an address or a Via.
///
/// With another separator it reads the headers of a URI (`&`) or the parts of a challenge (`,`).
@frozen public struct Params: Sequence, IteratorProtocol, Sendable {
    public struct Param: Sendable, Equatable {
        public var name: Slice
        /// As written, quotes included; absent without "=".
        public var value: Slice
        /// Name and value, without the separator.
        public var whole: Slice
    }

    public var rest: Slice
    public let separator: UInt8

    @inlinable public init(_ text: Slice, separator: UInt8 = UInt8(ascii: ";")) {
        self.rest = text
        self.separator = separator
    }

    /// The next one. Empty ones, as in `;;`, are passed over.
    public mutating func next() -> Param? {
        while let base = rest.base, rest.count > 0 {
            let end = rest.endOfValue(before: separator)
            let piece = Slice(base: base, count: end).trimmed
            rest = rest.dropFirst(end + 1)
            if piece.isEmpty { continue }
            guard let equals = piece.firstIndex(of: UInt8(ascii: "=")) else {
                return Param(name: piece, value: .absent, whole: piece)
            }
            return Param(
                name: piece.prefix(equals).trimmed, value: piece.dropFirst(equals + 1).trimmed, whole: piece)
        }
        return nil
    }

    /// The value of the first one of that name, in any letter case: absent when there is none, empty when it has
    /// no value. Quotes around it are taken off.
    public func value(named name: Slice) -> Slice {
        guard let param = param(named: name) else { return .absent }
        return param.value.isAbsent ? param.name.suffix(0) : param.value.withoutQuotes
    }

    /// Names are compared where they stand; only the one that is meant is taken apart.
    public func param(named name: Slice) -> Param? {
        guard let base = rest.base, name.count > 0 else { return nil }
        let count = rest.count
        var at = 0
        while at < count {
            while at < count, base[at] == separator || base[at].isSpace { at &+= 1 }
            let start = at
            while at < count, base[at] != separator, !Params.endsName(base[at]) { at &+= 1 }
            if at &- start == name.count, Slice(base: base + start, count: name.count).equalsIgnoringCase(name) {
                var found = Params(rest.dropFirst(start), separator: separator)
                return found.next()
            }
            at &+= Slice(base: base + at, count: count &- at).endOfValue(before: separator)
        }
        return nil
    }

    @inline(__always) private static func endsName(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "=") || byte == UInt8(ascii: "\"") || byte.isSpace
    }

    public func has(_ name: Slice) -> Bool { param(named: name) != nil }
}

extension Slice {
    /// Where the separator stands outside of quoted strings, else the end.
    func endOfValue(before separator: UInt8) -> Int {
        guard let base else { return 0 }
        var i = 0
        var quoted = false
        while i < count {
            let byte = base[i]
            if byte == UInt8(ascii: "\"") {
                quoted.toggle()
            } else if quoted {
                if byte == UInt8(ascii: "\\") { i += 1 }
            } else if byte == separator {
                return i
            }
            i += 1
        }
        return count
    }

    /// What stands between the quotes of a quoted string, escapes kept; anything else as it is.
    public var withoutQuotes: Slice {
        count >= 2 && self[0] == UInt8(ascii: "\"") && self[count - 1] == UInt8(ascii: "\"")
            ? self[1..<(count - 1)] : self
    }
}
