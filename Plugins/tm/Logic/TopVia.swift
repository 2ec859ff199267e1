// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc

/// Of the topmost Via of a request, what tells its client from others, and says where replies go.
public struct TopVia {
    public var sentBy = mt_str()
    /// 0: none is written.
    public var port: UInt16 = 0
    public var asksForPort = false
    public var hasOtherAddress = false
    /// The body that it was read from.
    public private(set) var whole = mt_str()
    private var rest = mt_str()

    public init() {}

    /// The body of the header; what follows the first value is not looked at. Of the parameters nothing is known yet.
    public init(_ body: mt_str) {
        whole = body
        guard let start = body.ptr else { return }
        let bytes = UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self)
        let count = body.len
        // "SIP/2.0/UDP": three words with slashes, perhaps spaces around them.
        let isUsual = count > 16 && memcmp(bytes, "SIP/2.0/", 8) == 0
        var at = isUsual ? 8 : 0
        var slashes = isUsual ? 2 : 0
        while at < count, slashes < 2 {
            if bytes[at] == UInt8(ascii: "/") { slashes &+= 1 }
            at &+= 1
        }
        while at < count, Self.isSpace(bytes[at]) { at &+= 1 }
        while at < count, !Self.isSpace(bytes[at]) { at &+= 1 }
        while at < count, Self.isSpace(bytes[at]) { at &+= 1 }
        let host = at
        if at < count, bytes[at] == UInt8(ascii: "[") {
            while at < count, bytes[at] != UInt8(ascii: "]") { at &+= 1 }
            if at < count { at &+= 1 }
        } else {
            while at < count, !Self.endsHost(bytes[at]) { at &+= 1 }
        }
        sentBy = mt_str(ptr: start + host, len: at - host)
        while at < count, Self.isSpace(bytes[at]) { at &+= 1 }
        if at < count, bytes[at] == UInt8(ascii: ":") {
            at &+= 1
            while at < count, Self.isSpace(bytes[at]) { at &+= 1 }
            var number = 0
            while at < count, bytes[at] >= 48, bytes[at] <= 57, number <= 65_535 {
                number = number * 10 + Int(bytes[at] - 48)
                at &+= 1
            }
            port = UInt16(clamping: number)
        }
        rest = mt_str(ptr: start + at, len: count - at)
    }

    public mutating func readParams() {
        guard let start = rest.ptr else { return }
        let bytes = UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self)
        let count = rest.len
        var at = 0
        while at < count {
            while at < count, bytes[at] != UInt8(ascii: ";") {
                if bytes[at] == UInt8(ascii: ",") { return }
                at &+= 1
            }
            at &+= 1
            while at < count, Self.isSpace(bytes[at]) { at &+= 1 }
            guard at + 5 <= count else { return }
            if Self.begins(bytes + at, "rport", count - at) { asksForPort = true }
            if Self.begins(bytes + at, "maddr", count - at) { hasOtherAddress = true }
        }
    }

    private static func begins(_ bytes: UnsafePointer<UInt8>, _ name: StaticString, _ room: Int) -> Bool {
        let name = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        guard room >= name.count else { return false }
        for at in 0..<name.count where bytes[at] | 32 != name[at] { return false }
        guard room > name.count else { return true }
        let next = bytes[name.count]
        return next == UInt8(ascii: ";") || next == UInt8(ascii: "=") || next == UInt8(ascii: ",")
            || isSpace(next)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }
    private static func endsHost(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ":") || byte == UInt8(ascii: ";") || byte == UInt8(ascii: ",") || isSpace(byte)
    }
}
