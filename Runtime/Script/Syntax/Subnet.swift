// SPDX-License-Identifier: Apache-2.0
import Glibc

extension Subnet {
    /// `192.0.2.1`, `192.0.2.0/24`, `192.0.2.0/255.255.255.0`, `2001:db8::/32`, also in brackets. Nil for
    /// anything else, also for a mask with holes. Bits that do not count are 0.
    public init?(parsing text: String) {
        let halves = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        var address = String(halves[0])
        if address.hasPrefix("["), address.hasSuffix("]") { address = String(address.dropFirst().dropLast()) }
        guard let bytes = Self.bytes(of: address) else { return nil }
        self.bytes = bytes
        isIPv6 = bytes.count == 16
        bits = bytes.count * 8
        if halves.count == 2 {
            guard let bits = Self.bits(of: String(halves[1]), family: bytes.count) else { return nil }
            self.bits = bits
            for index in bytes.indices {
                self.bytes[index] &= UInt8(truncatingIfNeeded: 0xFF00 >> min(max(bits - index * 8, 0), 8))
            }
        }
    }

    private static func bytes(of text: String) -> [UInt8]? {
        guard !text.utf8.contains(0) else { return nil }
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            if inet_pton(family, text, &bytes) == 1 { return bytes }
        }
        return nil
    }

    private static func bits(of mask: String, family count: Int) -> Int? {
        if let bits = Int(mask), mask.utf8.allSatisfy({ (48...57).contains($0) }) {
            return bits <= count * 8 ? bits : nil
        }
        guard let bytes = bytes(of: mask), bytes.count == count else { return nil }
        let ones = bytes.reduce(0) { $0 + $1.nonzeroBitCount }
        let straight = (0..<count).map { index in
            let set = min(max(ones - index * 8, 0), 8)
            return UInt8(truncatingIfNeeded: 0xFF00 >> set)
        }
        return bytes == straight ? ones : nil
    }
}
