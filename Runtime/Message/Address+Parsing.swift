// SPDX-License-Identifier: Apache-2.0

/// name-addr and addr-spec (RFC 3261, 20.10 and 25.1).
///
/// More is borne with than is written there: any characters in a display name without quotes, blanks inside the
/// angle brackets. A quote that is not closed, or anything but parameters after the bracket, is not.
extension Address {
    /// All of the text is one address, as in From and To: a comma before the bracket belongs to the name.
    public init?(parsing text: Slice) {
        self.init()
        guard let rest = take(text, inList: false), rest.isEmpty else { return nil }
    }

    /// Takes the first address, and the comma behind it, off a list; nil at its end and where it is broken.
    public init?(taking list: inout Slice) {
        self.init()
        guard let rest = take(list, inList: true) else { return nil }
        list = rest
    }

    /// The same into a value that has no parts yet; they are of no use afterwards when it answers nil.
    mutating func take(_ text: Slice, inList: Bool) -> Slice? {
        guard let base = text.base else { return nil }
        let finder = Finder(text, base)
        let start = finder.afterSpace(base)
        guard let bracket = Self.endOfName(finder, start, inList) else { return nil }
        var at = bracket
        if finder.has(UInt8(ascii: "<"), at: at) {
            let name = Slice(start, upTo: Finder.withoutSpace(start, at))
            if !name.isEmpty { display = name }
            let open = finder.afterSpace(at + 1)
            at = finder.first(UInt8(ascii: ">"), from: open)
            guard at < finder.end else { return nil }
            uri = Slice(open, upTo: Finder.withoutSpace(open, at))
            at += 1
        } else {
            uri = Slice(start, upTo: Finder.withoutSpace(start, at))
            guard uri.firstIndex(of: UInt8(ascii: "\"")) == nil, uri.firstIndex(of: UInt8(ascii: ",")) == nil
            else { return nil }
        }
        guard !uri.isEmpty else { return nil }
        at = finder.afterSpace(at)
        if finder.has(UInt8(ascii: ";"), at: at) {
            guard let after = takeParams(finder, at) else { return nil }
            at = after
        }
        whole = Slice(start, upTo: Finder.withoutSpace(start, at))
        if at < finder.end {
            guard inList, at.pointee == UInt8(ascii: ",") else { return nil }
            at += 1
        }
        return Slice(at, upTo: finder.end)
    }

    /// Up to the bracket, or to what ends an addr-spec; nil when a quote stays open.
    @inline(__always) private static func endOfName(
        _ finder: Finder, _ start: UnsafePointer<UInt8>, _ inList: Bool
    ) -> UnsafePointer<UInt8>? {
        var at = start
        while !finder.has(UInt8(ascii: "<"), at: at) {
            at = finder.first(from: at) {
                $0.are(UInt8(ascii: "<")) | $0.are(UInt8(ascii: "\"")) | $0.are(UInt8(ascii: ";"))
                    | $0.are(UInt8(ascii: ","))
            }
            guard at < finder.end else { break }
            if at.pointee == UInt8(ascii: "\"") {
                guard let after = finder.afterQuoted(at) else { return nil }
                at = finder.afterSpace(after)
            } else if at.pointee == UInt8(ascii: ","), !inList {
                at += 1
            } else {
                break
            }
        }
        return at
    }

    /// From the semicolon at `start` on; answers where they end.
    @inline(__always) private mutating func takeParams(
        _ finder: Finder, _ start: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8>? {
        var at = start
        while finder.has(UInt8(ascii: ";"), at: at) {
            guard let param = finder.param(from: at + 1, usual: "tag") else { return nil }
            if param.name.isEmpty { hasEmptyParam = true }
            if tag.isAbsent, param.name.isWord("tag") {
                tag = param.value.isAbsent ? param.name.atEnd : param.value
            }
            at = param.next
        }
        params = Slice(start + 1, upTo: Finder.withoutSpace(start + 1, at))
        return at
    }
}
