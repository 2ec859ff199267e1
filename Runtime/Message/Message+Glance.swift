// SPDX-License-Identifier: Apache-2.0

extension Message {
    /// The hash of the Call-ID, found without indexing.
    public static func glance(_ bytes: Slice) -> UInt32? { callID(in: bytes)?.hash }

    /// The Call-ID, found without indexing: what chooses the worker. nil when there is none.
    ///
    /// Equal to `callID` of the indexed message, however the field is spelled or folded; of a Call-ID with
    /// blanks in it, which is none, only the first word counts. The bytes may end anywhere: nothing behind is read.
    public static func callID(in bytes: Slice) -> Slice? {
        guard let start = bytes.base else { return nil }
        let finder = Finder(bytes, start)
        var at = start
        while at < finder.end, at.pointee == 13 || at.pointee == 10 { at += 1 }
        while true {
            at = finder.first(10, from: at) + 1
            guard at < finder.end else { return nil }
            switch look(at, finder) {
            case .callID(let value): return value
            case .end: return nil
            case .other: break
            }
        }
    }

    private enum Look {
        case callID(Slice)
        case end, other
    }

    /// What the line that starts at `line` is.
    @inline(__always) private static func look(_ line: UnsafePointer<UInt8>, _ finder: Finder) -> Look {
        switch line.pointee {
        case 10, 13: return .end
        case UInt8(ascii: "i"), UInt8(ascii: "I"):
            if let body = finder.firstWord(line + 1) { return .callID(body) }
        case UInt8(ascii: "c"), UInt8(ascii: "C"):
            if Slice(line, upTo: finder.end).prefix(7).equalsIgnoringCase("call-id"),
                let body = finder.firstWord(line + 7)
            {
                return .callID(body)
            }
        default: break
        }
        return .other
    }
}

extension Finder {
    /// Of the body, if a colon follows the name that ends at `place`.
    @inline(never) fileprivate func firstWord(_ place: UnsafePointer<UInt8>) -> Slice? {
        var at = place
        while at < end, at.pointee == 0x20 || at.pointee == 9 { at += 1 }
        guard has(UInt8(ascii: ":"), at: at) else { return nil }
        at += 1
        // Folding may stand before the value, never in it: a Call-ID has no blanks.
        while at < end, at.pointee.isSpace {
            at += 1
            if at[-1] == 10, at == end || at.pointee != 0x20 && at.pointee != 9 { return .empty }
        }
        return Slice(at, upTo: first(from: at) { $0.areSpace })
    }
}
