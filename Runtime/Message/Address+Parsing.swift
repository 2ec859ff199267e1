// SPDX-License-Identifier: Apache-2.0

/// name-addr and addr-spec (RFC 3261, 20.10 and 25.1).
///
/// More is borne with than is written there: any characters in a display name without quotes, blanks inside the
/// angle brackets. A quote that is not closed, or anything but parameters after the bracket, is not.
extension Address {
    /// All of the text is one address, as in From and To: a comma before the bracket belongs to the name.
    public init?(parsing text: Slice) {
        var rest = text
        self.init(&rest, inList: false)
        guard rest.isEmpty else { return nil }
    }

    /// Takes the first address, and the comma behind it, off a list; nil at its end and where it is broken.
    public init?(taking list: inout Slice) {
        var rest = list
        self.init(&rest, inList: true)
        list = rest
    }

    private init?(_ rest: inout Slice, inList: Bool) {
        self.init()
        guard let base = rest.base else { return nil }
        let end = base + rest.count
        var at = base
        while at < end, at.pointee.isSpace { at += 1 }
        guard at < end else { return nil }
        let start = at

        // Up to the bracket, or to what ends an addr-spec.
        while at < end, at.pointee != UInt8(ascii: "<") {
            let byte = at.pointee
            if byte == UInt8(ascii: "\"") {
                guard let close = Self.endOfQuoted(at, end) else { return nil }
                at = close
                continue
            }
            if byte == UInt8(ascii: ";") || byte == UInt8(ascii: ",") && inList { break }
            at += 1
        }
        if at < end, at.pointee == UInt8(ascii: "<") {
            let name = Slice(start, upTo: at).trimmed
            if !name.isEmpty { display = name }
            let open = at + 1
            while at < end, at.pointee != UInt8(ascii: ">") { at += 1 }
            guard at < end else { return nil }
            uri = Slice(open, upTo: at).trimmed
            at += 1
        } else {
            uri = Slice(start, upTo: at).trimmed
            guard uri.firstIndex(of: UInt8(ascii: "\"")) == nil, uri.firstIndex(of: UInt8(ascii: ",")) == nil
            else { return nil }
        }
        guard !uri.isEmpty else { return nil }
        while at < end, at.pointee.isSpace { at += 1 }
        if at < end, at.pointee == UInt8(ascii: ";") {
            let begin = at + 1
            at = begin
            while at < end, at.pointee != UInt8(ascii: ",") {
                if at.pointee == UInt8(ascii: "\"") {
                    guard let close = Self.endOfQuoted(at, end) else { return nil }
                    at = close
                } else {
                    at += 1
                }
            }
            params = Slice(begin, upTo: at).trimmed
        }
        whole = Slice(start, upTo: at).trimmed
        if at < end {
            guard inList, at.pointee == UInt8(ascii: ",") else { return nil }
            at += 1
        }
        rest = Slice(at, upTo: end)
    }

    /// Behind the quote that closes the string that opens at `start`.
    private static func endOfQuoted(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8>? {
        var at = start + 1
        while at < end {
            if at.pointee == UInt8(ascii: "\"") { return at + 1 }
            at += at.pointee == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }
}

extension Slice {
    /// Parameters with nothing between two separators, or nothing behind the last one.
    var hasEmptyParam: Bool {
        guard isPresent else { return false }
        var rest = self
        while true {
            let end = rest.endOfValue(before: UInt8(ascii: ";"))
            if rest.prefix(end).trimmed.isEmpty { return true }
            if end >= rest.count { return false }
            rest = rest.dropFirst(end + 1)
        }
    }
}
