// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit

/// The To tag of replies that are made here: 32 hexadecimal digits for this life of the server, '-', and 8 for the
/// transaction. The plugin sl has a full stop where we have '-', so neither takes the other's.
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
        let mixed = Mixing.fold(handle.number, key)
        Hexadecimal.write8(mixed ^ mixed >> 32, into: bytes + 33)
    }

    /// Does it begin like one of ours?
    public func isOurs(_ tag: mt_str) -> Bool {
        guard let life, tag.len >= Self.length, let bytes = tag.ptr else { return false }
        return memcmp(bytes, life, 33) == 0
    }
}
