// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Glibc

/// An IP address and a port. IPv4 addresses are held as IPv6 ones, `::ffff:192.0.2.1`, as `mt_flow` holds
/// them.
@frozen public struct Endpoint: Hashable, Sendable {
    /// The first and the last eight bytes of the address, as they lie in memory.
    public var high, low: UInt64
    public var port: UInt16
    /// The interface of a link-local IPv6 address, or 0.
    public var scope: UInt32

    @inlinable public init(high: UInt64, low: UInt64, port: UInt16, scope: UInt32 = 0) {
        self.high = high
        self.low = low
        self.port = port
        self.scope = scope
    }

    /// From the 16 bytes of a `mt_flow`.
    @inlinable public init(bytes: UnsafeRawPointer, port: UInt16, scope: UInt32 = 0) {
        high = bytes.loadUnaligned(as: UInt64.self)
        low = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        self.port = port
        self.scope = scope
    }

    /// A literal: `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]`, `fe80::1%eth0`.
    public init?(_ text: String, port: UInt16 = 0) {
        var text = text[...]
        if text.first == "[", text.last == "]" { text = text.dropFirst().dropLast() }
        var scope: UInt32 = 0
        if let percent = text.firstIndex(of: "%") {
            let zone = String(text[text.index(after: percent)...])
            scope = UInt32(zone) ?? if_nametoindex(zone)
            text = text[..<percent]
        }
        guard
            let found = text.utf8.withContiguousStorageIfAvailable({ Endpoint(literal: $0, port: port) })
                ?? nil
        else {
            var copy = String(text)
            guard let found = copy.withUTF8({ Endpoint(literal: $0, port: port) }) else { return nil }
            self = found
            self.scope = scope
            return
        }
        self = found
        self.scope = scope
    }

    /// A literal in a message, brackets allowed. Allocates nothing.
    public init?(literal text: UnsafeBufferPointer<UInt8>, port: UInt16) {
        guard let start = text.baseAddress else { return nil }
        if let low = Endpoint.v4(start, text.count) {
            self.init(high: 0, low: low, port: port)
            return
        }
        var bytes = start
        var count = text.count
        if count > 2, bytes[0] == UInt8(ascii: "["), bytes[count - 1] == UInt8(ascii: "]") {
            bytes += 1
            count -= 2
        }
        // No name is both short enough to be a literal and made of these letters only, so most stop here.
        guard count >= 2, count < 46 else { return nil }
        for i in 0..<count {
            switch bytes[i] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: ":"): continue
            case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): continue
            default: return nil
            }
        }
        let found: (UInt64, UInt64)? = withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { room in
            let text = room.baseAddress.unsafelyUnwrapped
            let address = text + 48
            text.copyMemory(from: bytes, byteCount: count)
            text.storeBytes(of: 0, toByteOffset: count, as: UInt8.self)
            guard inet_pton(AF_INET6, text.assumingMemoryBound(to: CChar.self), address) == 1 else {
                return nil
            }
            return (address.load(as: UInt64.self), address.load(fromByteOffset: 8, as: UInt64.self))
        }
        guard let found else { return nil }
        self.init(high: found.0, low: found.1, port: port)
    }

    /// Four numbers up to 255, none with a zero in front (which some read as octal): the last eight bytes of the
    /// address.
    @inline(__always) private static func v4(_ text: UnsafePointer<UInt8>, _ count: Int) -> UInt64? {
        guard count >= 7, count <= 15 else { return nil }
        var low: UInt64 = 0x0000_0000_ffff_0000
        var shift: UInt64 = 32
        var part: UInt32 = 0
        var digits = 0
        for i in 0..<count {
            let digit = UInt32(text[i] &- UInt8(ascii: "0"))
            if digit < 10 {
                guard digits == 0 || part != 0 else { return nil }
                part = part &* 10 &+ digit
                guard part < 256 else { return nil }
                digits = 1
            } else {
                guard text[i] == UInt8(ascii: "."), digits == 1, shift < 56 else { return nil }
                low |= UInt64(part) << shift
                shift += 8
                part = 0
                digits = 0
            }
        }
        return shift == 56 && digits == 1 ? low | UInt64(part) << shift : nil
    }

    /// `::ffff:0:0/96`
    @inlinable public var isV4: Bool { high == 0 && UInt32(truncatingIfNeeded: low) == 0xffff_0000 }

    /// `0.0.0.0` or `::`
    @inlinable public var isWildcard: Bool { high == 0 && (low == 0 || low == 0x0000_0000_ffff_0000) }

    public var isLoopback: Bool {
        isV4 ? UInt8(truncatingIfNeeded: low >> 32) == 127 : high == 0 && low == UInt64(1).bigEndian
    }

    /// `fe80::/10`: means something on one link only.
    public var isLinkLocal: Bool { UInt16(truncatingIfNeeded: high).bigEndian & 0xffc0 == 0xfe80 }

    @inlinable public func sameAddress(as other: Endpoint) -> Bool { high == other.high && low == other.low }

    /// The address as in a URI, an IPv6 one in brackets.
    public var host: String { isV4 ? address : "[\(address)]" }

    /// `192.0.2.1` or `2001:db8::1`
    public var address: String {
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { room in
            let bytes = room.baseAddress.unsafelyUnwrapped
            bytes.storeBytes(of: high, as: UInt64.self)
            bytes.storeBytes(of: low, toByteOffset: 8, as: UInt64.self)
            let text = (bytes + 16).assumingMemoryBound(to: CChar.self)
            let family = isV4 ? AF_INET : AF_INET6
            guard inet_ntop(family, isV4 ? bytes + 12 : bytes, text, 48) != nil else { return "" }
            return String(cString: text)
        }
    }

    /// `192.0.2.1:5060` or `[2001:db8::1]:5060`
    public var text: String { "\(host):\(port)" }
}

extension Endpoint {
    init(_ raw: cl_address) {
        self = withUnsafeBytes(of: raw.bytes) {
            Endpoint(bytes: $0.baseAddress.unsafelyUnwrapped, port: raw.port, scope: raw.scope)
        }
    }

    var raw: cl_address {
        var raw = cl_address()
        withUnsafeMutableBytes(of: &raw.bytes) {
            $0.storeBytes(of: high, as: UInt64.self)
            $0.storeBytes(of: low, toByteOffset: 8, as: UInt64.self)
        }
        raw.port = port
        raw.scope = scope
        return raw
    }

    static let anyV4 = Endpoint(high: 0, low: 0x0000_0000_ffff_0000, port: 0)
    static let anyV6 = Endpoint(high: 0, low: 0, port: 0)
}
