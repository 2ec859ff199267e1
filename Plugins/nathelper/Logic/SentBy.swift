// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit

/// Host and port of a Via: what its sender believes to be.
public struct SentBy {
    /// Without brackets.
    public let host: mt_str
    /// Nil when none is written.
    public let port: Int?
    public let params: mt_str

    /// Of a Via as it stands in its header; the first of several.
    public init?(_ via: Text) {
        // SIP/2.0/UDP host:port;branch=...
        guard let slash = via.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        var rest = via.dropFirst(slash + 1)
        guard let second = rest.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        rest = rest.dropFirst(second + 1).trimmed
        var at = 0
        while at < rest.count, rest[at] != 32, rest[at] != 9 { at += 1 }
        rest = rest.dropFirst(at).trimmed
        if let comma = rest.firstIndex(of: UInt8(ascii: ",")) { rest = rest.prefix(comma) }
        let end = rest.firstIndex(of: UInt8(ascii: ";")) ?? rest.count
        params = rest.dropFirst(end).raw
        let sentBy = rest.prefix(end).trimmed
        guard !sentBy.isEmpty else { return nil }
        var colon = sentBy.lastIndex(of: UInt8(ascii: ":"))
        if sentBy[0] == UInt8(ascii: "[") {
            guard let close = sentBy.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            host = sentBy[1..<close].raw
            if let place = colon, place < close { colon = nil }
        } else {
            host = sentBy.prefix(colon ?? sentBy.count).trimmed.raw
        }
        guard let colon else {
            port = nil
            return
        }
        guard let number = sentBy.dropFirst(colon + 1).trimmed.integer, (1...65_535).contains(number) else {
            return nil
        }
        port = number
    }
}

/// 16 bytes of an address: IPv6, or IPv4-mapped.
public struct AddressBytes: Equatable, Sendable {
    public let high, low: UInt64

    public init(_ bytes: UnsafeRawPointer) {
        high = UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
        low = UInt64(bigEndian: (bytes + 8).loadUnaligned(as: UInt64.self))
    }

    /// Of a literal; nil for a name. Brackets around IPv6 are as good as none.
    public init?(_ text: Text) {
        var text = text
        if text.count > 2, text[0] == UInt8(ascii: "["), text[text.count - 1] == UInt8(ascii: "]") {
            text = text.dropFirst().dropLast()
        }
        if let v4 = PrivateAddress.ipv4(text) {
            high = 0
            low = 0xffff_0000_0000 | UInt64(v4)
            return
        }
        guard text.contains(UInt8(ascii: ":")), text.count < 46 else { return nil }
        let raw = text.raw
        let parsed: AddressBytes? = withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { room in
            guard let start = room.baseAddress else { return nil }
            memcpy(start, raw.ptr, raw.len)
            room[raw.len] = 0
            let name = start.assumingMemoryBound(to: CChar.self)
            return inet_pton(AF_INET6, name, start + 48) == 1 ? AddressBytes(start + 48) : nil
        }
        guard let parsed else { return nil }
        self = parsed
    }

    public var v4: UInt32? { high == 0 && low >> 32 == 0xffff ? UInt32(truncatingIfNeeded: low) : nil }

    /// With brackets when it is IPv6, as URIs have it.
    public var host: String { v4 == nil ? "[\(text)]" : text }

    public var text: String {
        if let v4 { return "\(v4 >> 24).\(v4 >> 16 & 255).\(v4 >> 8 & 255).\(v4 & 255)" }
        return withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { room in
            guard let start = room.baseAddress else { return "" }
            start.storeBytes(of: high.bigEndian, as: UInt64.self)
            start.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            let name = (start + 16).assumingMemoryBound(to: CChar.self)
            guard inet_ntop(AF_INET6, start, name, 48) != nil else { return "" }
            return String(cString: name)
        }
    }

    /// Into the 16 bytes of a flow.
    public func write(to bytes: UnsafeMutableRawPointer) {
        bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
        bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
    }

    /// Means nothing outside somebody's network.
    public var isPrivate: Bool { v4.map { PrivateAddress.contains($0) } ?? (high >> 57 == 0x7e) }
}
