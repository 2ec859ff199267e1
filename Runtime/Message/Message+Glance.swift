// SPDX-License-Identifier: Apache-2.0

extension Message {
    /// The hash of the Call-ID, found without indexing: what chooses the worker. nil when there is none.
    ///
    /// Equal to `callID.hash` of the indexed message, however the field is spelled or folded; of a Call-ID with
    /// blanks in it, which is none, only the first word counts. The bytes may end anywhere: nothing behind is read.
    public static func glance(_ bytes: Slice) -> UInt32? {
        guard let start = bytes.base else { return nil }
        let end = start + bytes.count
        var at = start
        while at < end, at.pointee == 13 || at.pointee == 10 { at += 1 }
        while let feed = Slice(at, upTo: end).firstIndex(of: 10) {
            at += feed + 1
            let line = Slice(at, upTo: end)
            switch line[0] | 0x20 {
            case UInt8(ascii: "i"):
                if let body = line.body(afterName: 1) { return body.hash }
            case UInt8(ascii: "c"):
                if line.hasPrefixIgnoringCase("call-id"), let body = line.body(afterName: 7) {
                    return body.hash
                }
            case 10 | 0x20 where line[0] == 10, 13 | 0x20 where line[0] == 13:
                return nil
            default: break
            }
        }
        return nil
    }
}

extension Slice {
    /// The body of the line that starts here, if a colon follows its name of that length.
    fileprivate func body(afterName count: Int) -> Slice? {
        var i = count
        while self[i] == 0x20 || self[i] == 9 { i += 1 }
        guard self[i] == UInt8(ascii: ":") else { return nil }
        i += 1
        // Folding may stand before the value, never in it: a Call-ID has no blanks.
        while i < self.count, self[i].isSpace {
            i += 1
            if self[i - 1] == 10, self[i] != 0x20, self[i] != 9 { return .empty }
        }
        var end = i
        while end < self.count, !self[end].isSpace { end += 1 }
        return self[i..<end]
    }
}
