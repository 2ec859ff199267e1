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
        let finder = Finder(rest, base)
        let start = finder.afterSpace(base)
        var at = start
        let comma = UInt8(ascii: ",")

        // Up to the bracket, or to what ends an addr-spec.
        while true {
            at = finder.first(
                of: UInt8(ascii: "<"), UInt8(ascii: "\""), UInt8(ascii: ";"),
                inList ? comma : UInt8(ascii: ";"),
                from: at)
            guard at < finder.end, at.pointee == UInt8(ascii: "\"") else { break }
            guard let after = finder.afterQuoted(at) else { return nil }
            at = after
        }
        if at < finder.end, at.pointee == UInt8(ascii: "<") {
            let name = Slice(start, upTo: Finder.withoutSpace(start, at))
            if !name.isEmpty { display = name }
            let open = finder.afterSpace(at + 1)
            let close = UInt8(ascii: ">")
            at = finder.first(of: close, close, close, close, from: open)
            guard at < finder.end else { return nil }
            uri = Slice(open, upTo: Finder.withoutSpace(open, at))
            at += 1
        } else {
            uri = Slice(start, upTo: Finder.withoutSpace(start, at))
            guard uri.firstIndex(of: UInt8(ascii: "\"")) == nil, uri.firstIndex(of: comma) == nil else {
                return nil
            }
        }
        guard !uri.isEmpty else { return nil }
        at = finder.afterSpace(at)
        if at < finder.end, at.pointee == UInt8(ascii: ";") {
            guard let after = takeParams(finder, at, before: comma) else { return nil }
            at = after
        }
        whole = Slice(start, upTo: Finder.withoutSpace(start, at))
        if at < finder.end {
            guard inList, at.pointee == comma else { return nil }
            at += 1
        }
        rest = Slice(at, upTo: finder.end)
    }

    /// From the semicolon at `start` on; answers where they end.
    private mutating func takeParams(
        _ finder: Finder, _ start: UnsafePointer<UInt8>, before stop: UInt8
    ) -> UnsafePointer<UInt8>? {
        var at = start
        while at < finder.end, at.pointee == UInt8(ascii: ";") {
            guard let param = finder.param(from: at + 1, before: stop) else { return nil }
            if param.name.isEmpty { hasEmptyParam = true }
            if param.name.count == 3, tag.isAbsent, param.name.equalsIgnoringCase("tag") {
                tag = param.value.isAbsent ? param.name.suffix(0) : param.value
            }
            at = param.next
        }
        params = Slice(start + 1, upTo: Finder.withoutSpace(start + 1, at))
        return at
    }
}
