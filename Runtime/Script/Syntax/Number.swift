// SPDX-License-Identifier: Apache-2.0

/// How numbers are written: 42, 0x2A, 052, 101010b.
public enum Number {
    /// The token for letters and digits that begin with a digit.
    static func token(_ text: String) -> Token.Kind {
        value(text).map { .number($0, text) } ?? .mixed(text)
    }

    /// Not limited to 32 bits: that is for those to say who need it. Nil is no number.
    public static func value(_ text: String) -> Int? {
        let digits = Array(text.utf8)
        guard let last = digits.last else { return nil }
        if text.hasPrefix("0x") || text.hasPrefix("0X") { return value(digits.dropFirst(2), base: 16) }
        if last == UInt8(ascii: "b") { return value(digits.dropLast(), base: 2) }
        if digits.count > 1, digits[0] == UInt8(ascii: "0") { return value(digits.dropFirst(), base: 8) }
        return value(digits[...], base: 10)
    }

    private static func value(_ digits: ArraySlice<UInt8>, base: Int) -> Int? {
        guard !digits.isEmpty else { return nil }
        var result = 0
        for digit in digits {
            let value = hexadecimal(digit) ?? base
            guard value < base else { return nil }
            // Further digits do not make it smaller, and no caller takes more than this.
            result = min(result * base + value, 1 << 52)
        }
        return result
    }

    static func hexadecimal(_ byte: UInt8) -> Int? {
        switch byte {
        case 48...57: Int(byte) - 48
        case 65...70: Int(byte) - 55
        case 97...102: Int(byte) - 87
        default: nil
        }
    }
}
