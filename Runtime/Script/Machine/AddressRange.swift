// SPDX-License-Identifier: Apache-2.0
import Glibc
import Message

/// An address as its 16 bytes, IPv4 in its IPv6 form.
struct NumericAddress: Equatable {
    var bytes: [UInt8]
    var isIPv6: Bool
    var width: Int { isIPv6 ? 128 : 32 }

    init?(_ text: String) {
        var bare = text[...]
        if bare.hasPrefix("["), bare.hasSuffix("]") { bare = bare.dropFirst().dropLast() }
        var four = in_addr()
        if inet_pton(AF_INET, String(bare), &four) == 1 {
            self.init(v4: withUnsafeBytes(of: four) { Array($0) })
            return
        }
        var six = in6_addr()
        guard inet_pton(AF_INET6, String(bare), &six) == 1 else { return nil }
        self.init(v6: withUnsafeBytes(of: six) { Array($0) })
    }

    init(v4: [UInt8]) {
        bytes = [UInt8](repeating: 0, count: 10) + [255, 255] + v4
        isIPv6 = false
    }

    init(v6: [UInt8]) {
        bytes = v6
        isIPv6 = true
    }

    /// What the resolver has for a name; only at start-up.
    static func lookup(_ name: String) -> [NumericAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: [NumericAddress] = []
        var next = list
        while let entry = next {
            next = entry.pointee.ai_next
            guard let address = entry.pointee.ai_addr else { continue }
            if entry.pointee.ai_family == AF_INET {
                address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    found.append(NumericAddress(v4: withUnsafeBytes(of: $0.pointee.sin_addr) { Array($0) }))
                }
            } else if entry.pointee.ai_family == AF_INET6 {
                address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                    found.append(NumericAddress(v6: withUnsafeBytes(of: $0.pointee.sin6_addr) { Array($0) }))
                }
            }
        }
        return found
    }
}

extension AddressRange {
    init(_ network: Subnet) {
        let bytes = Array(network.bytes.prefix(network.isIPv6 ? 16 : 4))
        self.init(network.isIPv6 ? NumericAddress(v6: bytes) : NumericAddress(v4: bytes), bits: network.bits)
    }

    init(_ address: NumericAddress, bits: Int) {
        let counted = address.isIPv6 ? bits : 96 + bits
        let mask = (0..<16).map { index -> UInt8 in
            let here = min(max(counted - index * 8, 0), 8)
            return UInt8(truncatingIfNeeded: 0xFF00 >> here)
        }
        self.init(address.bytes, mask)
    }

    init(_ address: NumericAddress, mask: NumericAddress) {
        self.init(
            address.bytes,
            address.isIPv6 ? mask.bytes : [UInt8](repeating: 255, count: 12) + mask.bytes.suffix(4))
    }

    private init(_ bytes: [UInt8], _ mask: [UInt8]) {
        self.mask = Self.words(mask)
        let whole = Self.words(bytes)
        address = (whole.0 & self.mask.0, whole.1 & self.mask.1)
    }

    private static func words(_ bytes: [UInt8]) -> (UInt64, UInt64) {
        bytes.withUnsafeBytes {
            ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
    }

    @inline(__always)
    func contains(_ words: (UInt64, UInt64)) -> Bool {
        words.0 & mask.0 == address.0 && words.1 & mask.1 == address.1
    }
}
