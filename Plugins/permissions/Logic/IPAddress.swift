// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit

/// An IPv6 address, or an IPv4 address as one (::ffff:a.b.c.d).
public struct IPAddress: Hashable, Sendable {
    let high, low: UInt64

    /// 16 bytes.
    public init(bytes: UnsafeRawPointer) {
        high = UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
        low = UInt64(bigEndian: (bytes + 8).loadUnaligned(as: UInt64.self))
    }

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Nil when it is a name, or nothing at all. Brackets around IPv6 are as good as none.
    public init?(_ text: Text) {
        var text = text
        if text.count > 2, text[0] == UInt8(ascii: "["), text[text.count - 1] == UInt8(ascii: "]") {
            text = text.dropFirst().dropLast()
        }
        guard !text.isEmpty, text.count < 46 else { return nil }
        let raw = text.raw
        let found: IPAddress? = withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { room in
            guard let start = room.baseAddress else { return nil }
            memcpy(start, raw.ptr, raw.len)
            room[raw.len] = 0
            let name = start.assumingMemoryBound(to: CChar.self)
            let bytes = start + 48
            if inet_pton(AF_INET, name, bytes) == 1 {
                return IPAddress(v4: UInt32(bigEndian: bytes.load(as: UInt32.self)))
            }
            return inet_pton(AF_INET6, name, bytes) == 1 ? IPAddress(bytes: bytes) : nil
        }
        guard let found else { return nil }
        self = found
    }

    public init(v4: UInt32) { self.init(high: 0, low: 0xffff_0000_0000 | UInt64(v4)) }

    public var isV4: Bool { high == 0 && low >> 32 == 0xffff }

    /// With all behind the prefix cleared.
    func masked(_ length: Int) -> IPAddress {
        if length <= 0 { return IPAddress(high: 0, low: 0) }
        if length >= 128 { return self }
        if length <= 64 {
            return IPAddress(high: high & ~(length == 64 ? 0 : UInt64.max >> UInt64(length)), low: 0)
        }
        return IPAddress(high: high, low: low & ~(UInt64.max >> UInt64(length - 64)))
    }

    public var text: String {
        if isV4 {
            let value = UInt32(truncatingIfNeeded: low)
            return "\(value >> 24).\(value >> 16 & 255).\(value >> 8 & 255).\(value & 255)"
        }
        return withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { room in
            guard let start = room.baseAddress else { return "" }
            start.storeBytes(of: high.bigEndian, as: UInt64.self)
            start.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            let name = (start + 16).assumingMemoryBound(to: CChar.self)
            guard inet_ntop(AF_INET6, start, name, 48) != nil else { return "" }
            return String(cString: name)
        }
    }
}
