// SPDX-License-Identifier: Apache-2.0
import Glibc

/// RFC 1321. Broken as a hash; digest authentication still asks for it.
enum MD5 {
    private static let blocks = Blocks(size: 64, lengthSize: 8, isBigEndian: false)
    /// The whole part of 2^32 |sin(i)|.
    private static let sines: [UInt32] = (1...64).map { UInt32(abs(sin(Double($0))) * 4_294_967_296) }
    private static let shifts: [UInt32] = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]

    /// 16 bytes.
    static func hash(_ bytes: UnsafeRawBufferPointer, into out: UnsafeMutableRawPointer) {
        var a: UInt32 = 0x6745_2301
        var b: UInt32 = 0xefcd_ab89
        var c: UInt32 = 0x98ba_dcfe
        var d: UInt32 = 0x1032_5476
        sines.withUnsafeBufferPointer { sines in
            shifts.withUnsafeBufferPointer { shifts in
                blocks.each(of: bytes) { block in
                    let before = (a, b, c, d)
                    for round in 0..<64 {
                        let mix: UInt32
                        let word: Int
                        switch round >> 4 {
                        case 0: (mix, word) = (d ^ (b & (c ^ d)), round)
                        case 1: (mix, word) = (c ^ (d & (b ^ c)), (5 * round + 1) & 15)
                        case 2: (mix, word) = (b ^ c ^ d, (3 * round + 5) & 15)
                        default: (mix, word) = (c ^ (b | ~d), 7 * round & 15)
                        }
                        let value = UInt32(
                            littleEndian: block.loadUnaligned(fromByteOffset: word * 4, as: UInt32.self))
                        let sum = a &+ mix &+ sines[round] &+ value
                        a = d
                        d = c
                        c = b
                        b = b &+ sum.rotatedLeft(shifts[(round >> 4) << 2 | round & 3])
                    }
                    a = a &+ before.0
                    b = b &+ before.1
                    c = c &+ before.2
                    d = d &+ before.3
                }
            }
        }
        for (index, word) in [a, b, c, d].enumerated() {
            out.storeBytes(of: word.littleEndian, toByteOffset: index * 4, as: UInt32.self)
        }
    }
}
