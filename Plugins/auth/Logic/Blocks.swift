// SPDX-License-Identifier: Apache-2.0
import Glibc

/// How a hash sees a message: in blocks, the last of them padded with a bit, zeros and the length.
struct Blocks {
    let size: Int
    /// Bytes of the length at the end; more than eight of them are never needed.
    let lengthSize: Int
    let isBigEndian: Bool

    /// Lends one block after the other, and the last one or two put together.
    @inline(__always) func each(of bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawPointer) -> Void) {
        var at = 0
        if let start = bytes.baseAddress {
            while bytes.count - at >= size {
                body(start + at)
                at += size
            }
        }
        let rest = bytes.count - at
        let count = rest + 1 + lengthSize <= size ? size : 2 * size
        withUnsafeTemporaryAllocation(byteCount: count, alignment: 8) { last in
            guard let tail = last.baseAddress else { return }
            memset(tail, 0, count)
            if rest > 0, let start = bytes.baseAddress { memcpy(tail, start + at, rest) }
            tail.storeBytes(of: 0x80, toByteOffset: rest, as: UInt8.self)
            let bits = UInt64(bytes.count) * 8
            tail.storeBytes(
                of: isBigEndian ? bits.bigEndian : bits.littleEndian, toByteOffset: count - 8, as: UInt64.self
            )
            body(tail)
            if count > size { body(tail + size) }
        }
    }
}

extension FixedWidthInteger {
    @inline(__always) func rotatedLeft(_ count: Self) -> Self {
        self &<< count | self &>> (Self(Self.bitWidth) &- count)
    }
    @inline(__always) func rotatedRight(_ count: Self) -> Self {
        self &>> count | self &<< (Self(Self.bitWidth) &- count)
    }
}
