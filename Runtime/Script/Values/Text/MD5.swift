// SPDX-License-Identifier: Apache-2.0
import Message

/// MD5 (RFC 1321), for `{s.md5}` and digests.
enum MD5 {
    private static let constants = DigestTable<UInt32>([
        0xD76AA478, 0xE8C7B756, 0x242070DB, 0xC1BDCEEE, 0xF57C0FAF, 0x4787C62A,
        0xA8304613, 0xFD469501, 0x698098D8, 0x8B44F7AF, 0xFFFF5BB1, 0x895CD7BE,
        0x6B901122, 0xFD987193, 0xA679438E, 0x49B40821, 0xF61E2562, 0xC040B340,
        0x265E5A51, 0xE9B6C7AA, 0xD62F105D, 0x02441453, 0xD8A1E681, 0xE7D3FBC8,
        0x21E1CDE6, 0xC33707D6, 0xF4D50D87, 0x455A14ED, 0xA9E3E905, 0xFCEFA3F8,
        0x676F02D9, 0x8D2A4C8A, 0xFFFA3942, 0x8771F681, 0x6D9D6122, 0xFDE5380C,
        0xA4BEEA44, 0x4BDECFA9, 0xF6BB4B60, 0xBEBFBC70, 0x289B7EC6, 0xEAA127FA,
        0xD4EF3085, 0x04881D05, 0xD9D4D039, 0xE6DB99E5, 0x1FA27CF8, 0xC4AC5665,
        0xF4292244, 0x432AFF97, 0xAB9423A7, 0xFC93A039, 0x655B59C3, 0x8F0CCC92,
        0xFFEFF47D, 0x85845DD1, 0x6FA87E4F, 0xFE2CE6E0, 0xA3014314, 0x4E0811A1,
        0xF7537E82, 0xBD3AF235, 0x2AD7D2BB, 0xEB86D391,
    ])
    private static let turns = DigestTable<UInt32>([7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21])

    /// Writes 16 bytes.
    static func digest(_ text: Slice, into out: UnsafeMutablePointer<UInt8>) {
        var state: (UInt32, UInt32, UInt32, UInt32) = (0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476)
        DigestBlocks.forEach(text, size: 64, lengthBytes: 8, bigEndian: false) { block in
            let before = state
            for step in 0..<64 {
                let mixed: UInt32
                let word: Int
                switch step >> 4 {
                case 0:
                    mixed = (state.1 & state.2) | (~state.1 & state.3)
                    word = step
                case 1:
                    mixed = (state.3 & state.1) | (~state.3 & state.2)
                    word = (5 &* step &+ 1) & 15
                case 2:
                    mixed = state.1 ^ state.2 ^ state.3
                    word = (3 &* step &+ 5) & 15
                default:
                    mixed = state.2 ^ (state.1 | ~state.3)
                    word = (7 &* step) & 15
                }
                let sum = state.0 &+ mixed &+ constants[step]
                    &+ UInt32(littleEndian: block.loadUnaligned(fromByteOffset: word * 4, as: UInt32.self))
                let turn = turns[(step >> 4) * 4 + (step & 3)]
                state = (state.3, state.1 &+ (sum << turn | sum >> (32 - turn)), state.1, state.2)
            }
            state = (before.0 &+ state.0, before.1 &+ state.1, before.2 &+ state.2, before.3 &+ state.3)
        }
        let raw = UnsafeMutableRawPointer(out)
        raw.storeBytes(of: state.0.littleEndian, as: UInt32.self)
        raw.storeBytes(of: state.1.littleEndian, toByteOffset: 4, as: UInt32.self)
        raw.storeBytes(of: state.2.littleEndian, toByteOffset: 8, as: UInt32.self)
        raw.storeBytes(of: state.3.littleEndian, toByteOffset: 12, as: UInt32.self)
    }
}
