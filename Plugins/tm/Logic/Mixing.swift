// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// A keyed hash: whoever does not know the key cannot choose what comes out.
public struct Mixing: Equatable, Sendable {
    public private(set) var hash: UInt64

    @inlinable public init(key: UInt64) { self.init(start: key) }
    @usableFromInline init(start: UInt64) { hash = start }

    public mutating func add(_ number: UInt64) { hash = Self.fold(hash, number) }

    /// Eight bytes at a time.
    public mutating func add(_ text: mt_str) {
        var mixed = Self.fold(hash, UInt64(text.len))
        guard let base = UnsafeRawPointer(text.ptr) else {
            hash = mixed
            return
        }
        var at = 0
        while at &+ 8 <= text.len {
            mixed = Self.fold(mixed, base.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            at &+= 8
        }
        if at < text.len {
            var rest: UInt64 = 0
            while at < text.len {
                rest = rest << 8 | UInt64(base.load(fromByteOffset: at, as: UInt8.self))
                at &+= 1
            }
            mixed = Self.fold(mixed, rest)
        }
        hash = mixed
    }

    @inline(__always) static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = (a ^ 0xa076_1d64_78bd_642f).multipliedFullWidth(by: b ^ 0xe703_7ed1_a0b4_28db)
        return product.high ^ product.low
    }
}
