// SPDX-License-Identifier: Apache-2.0
import Message

/// Texts in other alphabets: hexadecimal, base 64, base 58, seven bits. What cannot be decoded is nil.
enum Encodings {
    private static let hexDigits: StaticString = "0123456789abcdef"

    static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    static func hexadecimal(_ text: Slice, _ message: Message) -> Slice {
        let out = message.bytes(text.count * 2)
        for index in 0..<text.count {
            out[2 * index] = hexDigits.utf8Start[Int(text[index] >> 4)]
            out[2 * index + 1] = hexDigits.utf8Start[Int(text[index] & 15)]
        }
        return Slice(base: UnsafePointer(out), count: text.count * 2)
    }

    /// A digit too many at the end is left away.
    static func fromHexadecimal(_ text: Slice, _ message: Message) -> Slice? {
        let out = message.bytes(text.count / 2)
        for index in 0..<(text.count / 2) {
            guard let high = nibble(text[2 * index]), let low = nibble(text[2 * index + 1]) else {
                return nil
            }
            out[index] = high << 4 | low
        }
        return Slice(base: UnsafePointer(out), count: text.count / 2)
    }

    // MARK: base 64 (RFC 4648)

    private static let plain: StaticString =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    private static let url: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    static func base64(_ text: Slice, forURL: Bool, padded: Bool, _ message: Message) -> Slice {
        let digits = (forURL ? url : plain).utf8Start
        var out = ArenaText(message, room: (text.count + 2) / 3 * 4)
        var index = 0
        while index < text.count {
            let left = text.count - index
            let bits = UInt32(text[index]) << 16 | UInt32(text[index + 1]) << 8 | UInt32(text[index + 2])
            for position in 0..<4 {
                if position <= left {
                    out.append(digits[Int(bits >> UInt32(18 - 6 * position)) & 63])
                } else if padded {
                    out.append(UInt8(ascii: "="))
                }
            }
            index += 3
        }
        return out.slice
    }

    private static func sextet(_ byte: UInt8, forURL: Bool) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+") where !forURL, UInt8(ascii: "-") where forURL: 62
        case UInt8(ascii: "/") where !forURL, UInt8(ascii: "_") where forURL: 63
        default: nil
        }
    }

    /// With or without padding.
    static func fromBase64(_ text: Slice, forURL: Bool, _ message: Message) -> Slice? {
        var end = text.count
        while end > 0, text[end - 1] == UInt8(ascii: "=") { end -= 1 }
        guard end % 4 != 1, text.count - end <= 2 else { return nil }
        var out = ArenaText(message, room: end * 3 / 4 + 3)
        var bits: UInt32 = 0
        var held = 0
        for index in 0..<end {
            guard let value = sextet(text[index], forURL: forURL) else { return nil }
            bits = bits << 6 | UInt32(value)
            held += 6
            if held >= 8 {
                held -= 8
                out.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
            }
        }
        return out.slice
    }

    // MARK: base 58

    private static let digits58: StaticString = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

    static func base58(_ text: Slice, _ message: Message) -> Slice {
        convert(text, from: 256, to: 58, zero: UInt8(ascii: "1"), message, value: { $0 }) {
            digits58.utf8Start[Int($0)]
        } ?? .empty
    }

    static func fromBase58(_ text: Slice, _ message: Message) -> Slice? {
        convert(
            text, from: 58, to: 256, zero: 0, message,
            value: { byte in
                for index in 0..<58 where digits58.utf8Start[index] == byte { return UInt8(index) }
                return nil
            }, digit: { $0 })
    }

    /// A number written in one base into another; zeros in front stay as many.
    private static func convert(
        _ text: Slice, from: UInt32, to: UInt32, zero: UInt8, _ message: Message, value: (UInt8) -> UInt8?,
        digit: (UInt8) -> UInt8
    ) -> Slice? {
        let room = text.count * 2 + 1
        let out = message.bytes(room + text.count)
        var used = 0
        var zeros = 0
        while zeros < text.count, value(text[zeros]) == 0 { zeros += 1 }
        for index in zeros..<text.count {
            guard var carry = value(text[index]).map({ UInt32($0) }) else { return nil }
            for position in 0..<used {
                carry += UInt32(out[position]) * from
                out[position] = UInt8(carry % to)
                carry /= to
            }
            while carry > 0 {
                out[used] = UInt8(carry % to)
                used += 1
                carry /= to
            }
        }
        var result = ArenaText(message, room: zeros + used)
        for _ in 0..<zeros { result.append(zero) }
        for position in (0..<used).reversed() { result.append(digit(out[position])) }
        return result.slice
    }

    // MARK: seven bits (GSM 03.38 packing), in hexadecimal

    static func sevenBit(_ text: Slice, _ message: Message) -> Slice {
        let packed = message.bytes(text.count * 7 / 8 + 2)
        var count = 0
        var bits: UInt32 = 0
        var held: UInt32 = 0
        for index in 0..<text.count {
            bits |= UInt32(text[index] & 0x7F) << held
            held += 7
            while held >= 8 {
                packed[count] = UInt8(truncatingIfNeeded: bits)
                count += 1
                bits >>= 8
                held -= 8
            }
        }
        if held > 0 {
            packed[count] = UInt8(truncatingIfNeeded: bits)
            count += 1
        }
        return hexadecimal(Slice(base: UnsafePointer(packed), count: count), message).uppercasedInPlace
    }

    static func fromSevenBit(_ text: Slice, _ message: Message) -> Slice? {
        guard let packed = fromHexadecimal(text, message) else { return nil }
        var out = ArenaText(message, room: packed.count * 8 / 7 + 1)
        var bits: UInt32 = 0
        var held: UInt32 = 0
        for index in 0..<packed.count {
            bits |= UInt32(packed[index]) << held
            held += 8
            while held >= 7 {
                // What fills up the last byte is no character.
                if index == packed.count - 1, held < 14, bits & 0x7F == 0 { break }
                out.append(UInt8(truncatingIfNeeded: bits & 0x7F))
                bits >>= 7
                held -= 7
            }
        }
        return out.slice
    }
}
