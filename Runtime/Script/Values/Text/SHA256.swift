// SPDX-License-Identifier: Apache-2.0
import Message

/// SHA-256 (FIPS 180-4), for `{s.sha256}`.
enum SHA256 {
    private static let constants = DigestTable<UInt32>([
        0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1,
        0x923F82A4, 0xAB1C5ED5, 0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3,
        0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174, 0xE49B69C1, 0xEFBE4786,
        0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
        0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147,
        0x06CA6351, 0x14292967, 0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13,
        0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85, 0xA2BFE8A1, 0xA81A664B,
        0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
        0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A,
        0x5B9CCA4F, 0x682E6FF3, 0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208,
        0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
    ])
    private static let start256 = DigestTable<UInt32>([
        0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C,
        0x1F83D9AB, 0x5BE0CD19,
    ])

    /// Writes 32 bytes.
    static func digest256(_ text: Slice, into out: UnsafeMutablePointer<UInt8>) {
        digest(text, start256, words: 8, into: out)
    }

    private static func digest(
        _ text: Slice, _ start: DigestTable<UInt32>, words count: Int, into out: UnsafeMutablePointer<UInt8>
    ) {
        var state = [8 of UInt32] { start[$0] }
        var words = [64 of UInt32](repeating: 0)
        DigestBlocks.forEach(text, size: 64, lengthBytes: 8, bigEndian: true) { block in
            for index in 0..<16 {
                words[index] = UInt32(
                    bigEndian: block.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
            }
            for index in 16..<64 {
                let (x, y) = (words[index - 15], words[index - 2])
                let low = (x >> 7 | x << 25) ^ (x >> 18 | x << 14) ^ (x >> 3)
                let high = (y >> 17 | y << 15) ^ (y >> 19 | y << 13) ^ (y >> 10)
                words[index] = words[index - 16] &+ low &+ words[index - 7] &+ high
            }
            var (a, b, c, d) = (state[0], state[1], state[2], state[3])
            var (e, f, g, h) = (state[4], state[5], state[6], state[7])
            for index in 0..<64 {
                let upper = (e >> 6 | e << 26) ^ (e >> 11 | e << 21) ^ (e >> 25 | e << 7)
                let first = h &+ upper &+ ((e & f) ^ (~e & g)) &+ constants[index] &+ words[index]
                let lower = (a >> 2 | a << 30) ^ (a >> 13 | a << 19) ^ (a >> 22 | a << 10)
                let second = lower &+ ((a & b) ^ (a & c) ^ (b & c))
                (h, g, f, e) = (g, f, e, d &+ first)
                (d, c, b, a) = (c, b, a, first &+ second)
            }
            state[0] &+= a
            state[1] &+= b
            state[2] &+= c
            state[3] &+= d
            state[4] &+= e
            state[5] &+= f
            state[6] &+= g
            state[7] &+= h
        }
        for index in 0..<count {
            UnsafeMutableRawPointer(out).storeBytes(
                of: state[index].bigEndian, toByteOffset: index * 4, as: UInt32.self)
        }
    }
}
