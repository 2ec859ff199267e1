// SPDX-License-Identifier: Apache-2.0

/// Numbers as lower-case hexadecimal digits, and back.
public enum Hexadecimal {
    /// Writes 16 digits.
    public static func write(_ number: UInt64, into bytes: UnsafeMutablePointer<UInt8>) {
        write8(number >> 32, into: bytes)
        write8(number, into: bytes + 8)
    }

    /// Writes the lower 32 bits as 8 digits, all at once.
    public static func write8(_ number: UInt64, into bytes: UnsafeMutablePointer<UInt8>) {
        var word = number & 0xFFFF_FFFF
        word = (word | word << 16) & 0x0000_FFFF_0000_FFFF
        word = (word | word << 8) & 0x00FF_00FF_00FF_00FF
        word = (word | word << 4) & 0x0F0F_0F0F_0F0F_0F0F
        let isLetter = (word &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        word = word &+ 0x3030_3030_3030_3030 &+ isLetter &* 39
        UnsafeMutableRawPointer(bytes).storeBytes(of: word.byteSwapped, as: UInt64.self)
    }

    /// Exactly 16 digits, or nil.
    public static func read16(_ bytes: UnsafePointer<UInt8>) -> UInt64? {
        guard let high = read8(bytes), let low = read8(bytes + 8) else { return nil }
        return high << 32 | low
    }

    /// Exactly 8 digits, all at once, or nil.
    public static func read8(_ bytes: UnsafePointer<UInt8>) -> UInt64? {
        let word = UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self).byteSwapped
        // 0x40 is set in letters only, and a letter is worth 9 more than its lower four bits.
        let letters = word >> 6 & 0x0101_0101_0101_0101
        var digits = (word & 0x0f0f_0f0f_0f0f_0f0f) &+ letters &* 9
        digits = (digits | digits >> 4) & 0x00ff_00ff_00ff_00ff
        digits = (digits | digits >> 8) & 0x0000_ffff_0000_ffff
        digits = (digits | digits >> 16) & 0xffff_ffff
        // Whatever else stood there is written otherwise.
        var written: UInt64 = 0
        withUnsafeMutableBytes(of: &written) {
            write8(digits, into: $0.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self))
        }
        return written.byteSwapped == word ? digits : nil
    }
}
