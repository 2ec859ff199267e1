// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit

/// The To tag of our stateless replies: 32 hexadecimal digits for this life of the server, a full stop, and 8
/// digits that follow from the request.
///
/// The ACK for a stateless reply carries it back, and the 8 digits follow from the ACK just as they did from
/// the INVITE (RFC 3261, 17.1.1.3: same Call-ID, branch and CSeq number). So nothing is remembered per reply,
/// and an ACK of ours is still told from everybody else's. The plugin tm has '-' where we have '.', so
/// neither takes the other's.
public struct ReplyTag: @unchecked Sendable {
    public static let length = 41

    /// The first 33 bytes: written once and never freed, so that all workers may read them.
    private let life: UnsafePointer<UInt8>?
    private let key: UInt64

    /// None yet: writes nothing, and owns no tag.
    public init() {
        life = nil
        key = 0
    }

    public init(life high: UInt64, _ low: UInt64, key: UInt64) {
        let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 33)
        Self.hexadecimal(high, digits: 16, into: bytes)
        Self.hexadecimal(low, digits: 16, into: bytes + 16)
        bytes[32] = UInt8(ascii: ".")
        life = UnsafePointer(bytes)
        self.key = key
    }

    /// A life that no other server and no earlier start has had. Swift draws from the kernel's generator.
    public static func random() -> ReplyTag {
        let all = UInt64.min...UInt64.max
        return ReplyTag(life: .random(in: all), .random(in: all), key: .random(in: all))
    }

    /// Writes the 41 bytes.
    public func write(
        callID: Text, branch: Text, cseq: Int, into bytes: UnsafeMutablePointer<UInt8>
    ) {
        guard let life else { return }
        memcpy(bytes, life, 33)
        Self.hexadecimal(UInt64(digest(callID, branch, cseq)), digits: 8, into: bytes + 33)
    }

    /// Might this be one of ours? Looks at the first 33 bytes only, so it costs next to nothing.
    public func isOfThisLife(_ tag: Text) -> Bool {
        guard let life, tag.count == Self.length else { return false }
        return memcmp(tag.raw.ptr, life, 33) == 0
    }

    /// Is this the tag that a reply to the request with these values got?
    public func answers(_ tag: Text, callID: Text, branch: Text, cseq: Int) -> Bool {
        guard isOfThisLife(tag) else { return false }
        var mine: UInt64 = 0
        return withUnsafeMutableBytes(of: &mine) { bytes in
            let start = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
            Self.hexadecimal(UInt64(digest(callID, branch, cseq)), digits: 8, into: start)
            return memcmp(tag.raw.ptr + 33, start, 8) == 0
        }
    }

    private func digest(_ callID: Text, _ branch: Text, _ cseq: Int) -> UInt32 {
        var hash = key ^ UInt64(truncatingIfNeeded: cseq)
        Self.mix(callID, into: &hash)
        Self.mix(branch, into: &hash)
        return UInt32(truncatingIfNeeded: hash ^ (hash >> 32))
    }

    /// Eight bytes at a time, each word multiplied and folded.
    private static func mix(_ text: Text, into hash: inout UInt64) {
        let bytes = UnsafeRawPointer(text.raw.ptr)
        let count = text.count
        hash ^= UInt64(truncatingIfNeeded: count) &* 0x9e37_79b9_7f4a_7c15
        guard let bytes, count > 0 else { return }
        var at = 0
        while at < count {
            var word: UInt64 = 0
            if count - at >= 8 {
                word = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            } else {
                memcpy(&word, bytes + at, count - at)
            }
            let product = (hash ^ word).multipliedFullWidth(by: 0xa076_1d64_78bd_642f)
            hash = product.high ^ product.low ^ 0xe703_7ed1_a0b4_28db
            at += 8
        }
    }

    private static func hexadecimal(_ value: UInt64, digits: Int, into bytes: UnsafeMutablePointer<UInt8>) {
        if digits == 16 {
            hexadecimal(value >> 32, digits: 8, into: bytes)
            hexadecimal(value, digits: 8, into: bytes + 8)
            return
        }
        // Eight nibbles, each into a byte of its own, then all into letters at once.
        var word = value & 0xFFFF_FFFF
        word = (word | word << 16) & 0x0000_FFFF_0000_FFFF
        word = (word | word << 8) & 0x00FF_00FF_00FF_00FF
        word = (word | word << 4) & 0x0F0F_0F0F_0F0F_0F0F
        let isLetter = (word &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        word = word &+ 0x3030_3030_3030_3030 &+ isLetter &* 39
        UnsafeMutableRawPointer(bytes).storeBytes(of: word.byteSwapped, as: UInt64.self)
    }
}
