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
        guard let base = list.base else { return nil }
        let finder = Finder(list, base)
        let end = finder.end
        let start = finder.afterSpace(base)
        guard let afterProtocol = takeSentProtocol(finder, start) else { return nil }
        var at = finder.afterSpace(afterProtocol)
        guard at > afterProtocol, let afterHost = URI.endOfHost(at, end) else { return nil }
        host = Slice(at, upTo: afterHost)
        at = finder.afterSpace(afterHost)
        if at < end, at.pointee == UInt8(ascii: ":") {
            let digits = finder.afterSpace(at + 1)
            at = digits
            while at < end, at.pointee.isDigit { at += 1 }
            guard let number = Slice(digits, upTo: at).natural(), number <= 65_535 else { return nil }
            port = number
            at = finder.afterSpace(at)
        }
        if at < end, at.pointee == UInt8(ascii: ";") {
            guard let after = takeParams(finder, at) else { return nil }
            at = after
        }
        whole = Slice(start, upTo: Finder.withoutSpace(start, at))
        if at < end {
            guard at.pointee == UInt8(ascii: ",") else { return nil }
            at += 1
        }
        list = Slice(at, upTo: end)
    }

    /// From the semicolon at `start` on; answers where they end.
    private mutating func takeParams(_ finder: Finder, _ start: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>?
    {
        var at = start
        while at < finder.end, at.pointee == UInt8(ascii: ";") {
            guard let param = finder.param(from: at + 1, before: UInt8(ascii: ",")) else { return nil }
            let name = param.name
            // Empty, not absent: the name is there.
            let value = param.value.isAbsent ? name.suffix(0) : param.value
            switch name.count {
            case 0: hasEmptyParam = true
            case 6 where branch.isAbsent && name.equalsIgnoringCase("branch"): branch = value
            case 8 where received.isAbsent && name.equalsIgnoringCase("received"): received = value
            case 5 where rport.isAbsent && name.equalsIgnoringCase("rport"): rport = value
            default: break
            }
            at = param.next
        }
        params = Slice(start + 1, upTo: Finder.withoutSpace(start + 1, at))
        return at
    }

    /// `SIP/2.0/UDP`; answers where it ends.
    private mutating func takeSentProtocol(
        _ finder: Finder, _ start: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8>? {
        var at = start
        if finder.end - at > 8, UnsafeRawPointer(at).loadUnaligned(as: UInt64.self).littleEndian == Self.usual
        {
            at += 8
        } else {
            for _ in 0..<2 {
                let token = at
                while at < finder.end, at.pointee.isToken { at += 1 }
                guard at > token else { return nil }
                at = finder.afterSpace(at)
                guard at < finder.end, at.pointee == UInt8(ascii: "/") else { return nil }
                at = finder.afterSpace(at + 1)
            }
        }
        at = finder.afterSpace(at)
        let name = at
        while at < finder.end, at.pointee.isToken { at += 1 }
        transport = Slice(name, upTo: at)
        return transport.isEmpty ? nil : at
    }

    /// `SIP/2.0/`
    private static var usual: UInt64 { 0x2F30_2E32_2F50_4953 }
}
