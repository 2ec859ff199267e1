// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit

/// The To tag of replies that are made here: 32 hexadecimal digits for this life of the server, '-', and 8 for the
/// transaction: where it stands and the last bits of its generation, shuffled with a key. So the ACK to a 2xx, which has
/// a branch of its own, leads back to it. The plugin sl has a full stop where we have '-', so neither takes the other's.
public struct LocalTag: @unchecked Sendable {
    public static let length = 41

    /// The first 33 bytes: written once and never freed, so that all workers may read them.
    private let life: UnsafePointer<UInt8>?
    private let key: UInt64

    public init() {
        life = nil
        key = 0
    }

    public init(life high: UInt64, _ low: UInt64, key: UInt64) {
        let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 33)
        Hexadecimal.write(high, into: bytes)
        Hexadecimal.write(low, into: bytes + 16)
        bytes[32] = UInt8(ascii: "-")
        life = UnsafePointer(bytes)
        self.key = key
    }

    public static func random() -> LocalTag {
        let all = UInt64.min...UInt64.max
        return LocalTag(life: .random(in: all), .random(in: all), key: .random(in: all))
    }

    /// Writes the 41 bytes.
    public func write(_ handle: Handle, into bytes: UnsafeMutablePointer<UInt8>) {
        guard let life else { return }
        memcpy(bytes, life, 33)
        Hexadecimal.write8(UInt64(shuffled(handle.index | handle.generation << 24)), into: bytes + 33)
    }

    /// Where the transaction stands that a tag of ours is of, and the last 8 bits of its generation.
    public func read(_ tag: mt_str) -> (index: UInt32, generation: UInt8)? {
        guard let life, tag.len == Self.length, let text = tag.ptr, memcmp(text, life, 33) == 0 else {
            return nil
        }
        let bytes = UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self)
        guard let digits = Hexadecimal.read8(bytes + 33) else { return nil }
        let word = unshuffled(UInt32(truncatingIfNeeded: digits))
        return (word & 0xff_ffff, UInt8(word >> 24))
    }

    /// Four rounds of a Feistel network: every word becomes another one, and back.
    private func shuffled(_ word: UInt32) -> UInt32 {
        var (left, right) = (UInt16(word >> 16), UInt16(truncatingIfNeeded: word))
        for round in 0..<4 { (left, right) = (right, left ^ turned(right, round)) }
        return UInt32(left) << 16 | UInt32(right)
    }

    private func unshuffled(_ word: UInt32) -> UInt32 {
        var (left, right) = (UInt16(word >> 16), UInt16(truncatingIfNeeded: word))
        for round in (0..<4).reversed() { (left, right) = (right ^ turned(left, round), left) }
        return UInt32(left) << 16 | UInt32(right)
    }

    private func turned(_ half: UInt16, _ round: Int) -> UInt16 {
        UInt16(truncatingIfNeeded: Mixing.fold(UInt64(half) | UInt64(round) << 16, key))
    }
}
