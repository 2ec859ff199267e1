// SPDX-License-Identifier: Apache-2.0
import Message

/// SHA-1 (FIPS 180-4), for `{s.sha1}`.
enum SHA1 {
    /// Writes 20 bytes.
    static func digest(_ text: Slice, into out: UnsafeMutablePointer<UInt8>) {
        var state: [5 of UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
        var words = [80 of UInt32](repeating: 0)
        DigestBlocks.forEach(text, size: 64, lengthBytes: 8, bigEndian: true) { block in
            for index in 0..<16 {
                words[index] = UInt32(
                    bigEndian: block.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
            }
            for index in 16..<80 {
                let word = words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16]
                words[index] = word << 1 | word >> 31
            }
            var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
            for index in 0..<80 {
                let mixed: UInt32
                switch index / 20 {
                case 0: mixed = ((b & c) | (~b & d)) &+ 0x5A82_7999
                case 1: mixed = (b ^ c ^ d) &+ 0x6ED9_EBA1
                case 2: mixed = ((b & c) | (b & d) | (c & d)) &+ 0x8F1B_BCDC
                default: mixed = (b ^ c ^ d) &+ 0xCA62_C1D6
                }
                let next = (a << 5 | a >> 27) &+ mixed &+ e &+ words[index]
                (a, b, c, d, e) = (next, a, b << 30 | b >> 2, c, d)
            }
            state[0] &+= a
            state[1] &+= b
            state[2] &+= c
            state[3] &+= d
            state[4] &+= e
        }
        for index in 0..<5 {
            UnsafeMutableRawPointer(out).storeBytes(
                of: state[index].bigEndian, toByteOffset: index * 4, as: UInt32.self)
        }
    }
}
