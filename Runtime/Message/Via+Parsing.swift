// SPDX-License-Identifier: Apache-2.0

/// RFC 3261, 20.42, with blanks wherever the grammar allows them.
extension Via {
    /// All of the text is one value.
    public init?(parsing text: Slice) {
        var rest = text
        self.init(taking: &rest)
        guard rest.isEmpty else { return nil }
    }

    /// Takes the first value, and the comma behind it, off a list; nil at its end and where it is broken.
    public init?(taking list: inout Slice) {
        self.init()
        guard let rest = take(list) else { return nil }
        list = rest
    }

    /// The same into a value that has no parts yet; they are of no use afterwards when it answers nil.
    mutating func take(_ list: Slice) -> Slice? {
        guard let base = list.base else { return nil }
        let finder = Finder(list, base)
        let start = finder.afterSpace(base)
        guard let afterProtocol = takeSentProtocol(finder, start) else { return nil }
        var at = finder.afterSpace(afterProtocol)
        guard at > afterProtocol, let afterHost = URI.endOfHost(at, finder) else { return nil }
        host = Slice(at, upTo: afterHost)
        at = finder.afterSpace(afterHost)
        if finder.has(UInt8(ascii: ":"), at: at) {
            at = finder.afterSpace(at + 1)
            guard let number = finder.port(&at) else { return nil }
            port = number
            at = finder.afterSpace(at)
        }
        if finder.has(UInt8(ascii: ";"), at: at) {
            guard let after = takeParams(finder, at) else { return nil }
            at = after
        }
        whole = Slice(start, upTo: Finder.withoutSpace(start, at))
        if at < finder.end {
            guard at.pointee == UInt8(ascii: ",") else { return nil }
            at += 1
        }
        return Slice(at, upTo: finder.end)
    }

    /// From the semicolon at `start` on; answers where they end.
    @inline(__always) private mutating func takeParams(
        _ finder: Finder, _ start: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8>? {
        var at = start
        while finder.has(UInt8(ascii: ";"), at: at) {
            guard let param = finder.param(from: at + 1, usual: "branch") else { return nil }
            let name = param.name
            // Empty, not absent: the name is there.
            let value = param.value.isAbsent ? name.atEnd : param.value
            if name.isEmpty {
                hasEmptyParam = true
            } else if name.isWord("branch") {
                if branch.isAbsent { branch = value }
            } else if name.isWord("rport") {
                if rport.isAbsent { rport = value }
            } else if name.isWord("received") {
                if received.isAbsent { received = value }
            }
            at = param.next
        }
        params = Slice(start + 1, upTo: Finder.withoutSpace(start + 1, at))
        return at
    }

    /// `SIP/2.0/UDP`; answers where it ends.
    @inline(__always) private mutating func takeSentProtocol(
        _ finder: Finder, _ start: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8>? {
        var at = start
        if finder.end - at > 8, UnsafeRawPointer(at).loadUnaligned(as: UInt64.self).littleEndian == Self.usual
        {
            at += 8
        } else {
            guard let after = Self.afterProtocol(finder, start) else { return nil }
            at = after
        }
        at = finder.afterSpace(at)
        let name = at
        // Letters first: most are.
        while at < finder.end, at.pointee.isAlpha || at.pointee.isToken { at += 1 }
        transport = Slice(name, upTo: at)
        return transport.isEmpty ? nil : at
    }

    /// Behind the second slash.
    @inline(never) private static func afterProtocol(
        _ finder: Finder, _ start: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8>? {
        var at = start
        for _ in 0..<2 {
            let token = at
            while at < finder.end, at.pointee.isToken { at += 1 }
            guard at > token else { return nil }
            at = finder.afterSpace(at)
            guard finder.has(UInt8(ascii: "/"), at: at) else { return nil }
            at = finder.afterSpace(at + 1)
        }
        return at
    }

    /// `SIP/2.0/`
    private static var usual: UInt64 { 0x2F30_2E32_2F50_4953 }
}
