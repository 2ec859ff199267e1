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

    /// Exactly that many digits, or nil.
    public static func read(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> UInt64? {
        var number: UInt64 = 0
        for at in 0..<count {
            let byte = bytes[at]
            switch byte {
            case 48...57: number = number << 4 | UInt64(byte &- 48)
            case 97...102: number = number << 4 | UInt64(byte &- 87)
            default: return nil
            }
        }
        return number
    }
}
