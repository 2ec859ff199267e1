// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// Text as the numbers that arguments may be: one rule for what is written and for what is computed.
enum ArgumentValue {
    /// nil when it is none.
    static func number(of text: Slice, type: UInt32) -> Int64? {
        switch Int(type) {
        case Int(MT_BOOL): boolean(text)
        case Int(MT_MS): milliseconds(text)
        default: integer(text)
        }
    }

    static func wanted(_ type: UInt32) -> String {
        switch Int(type) {
        case Int(MT_BOOL): "yes or no"
        case Int(MT_MS): "a time, as 500, \"500ms\" or \"2s\""
        default: "a number"
        }
    }

    /// Decimal, or hexadecimal after 0x, with a sign.
    static func integer(_ text: Slice) -> Int64? {
        var index = 0
        let isNegative = text[0] == UInt8(ascii: "-")
        if isNegative || text[0] == UInt8(ascii: "+") { index = 1 }
        var radix: Int64 = 10
        if text[index] == UInt8(ascii: "0"), text[index + 1] | 0x20 == UInt8(ascii: "x") {
            radix = 16
            index += 2
        }
        guard index < text.count, text.count - index <= 18 else { return nil }
        var value: Int64 = 0
        while index < text.count {
            let byte = text[index]
            let digit: Int64
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = Int64(byte &- UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = Int64(byte &- UInt8(ascii: "a")) + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = Int64(byte &- UInt8(ascii: "A")) + 10
            default: return nil
            }
            guard digit < radix else { return nil }
            value = value &* radix &+ digit
            index += 1
        }
        return isNegative ? -value : value
    }

    private static func boolean(_ text: Slice) -> Int64? {
        if let number = integer(text) { return number == 0 ? 0 : 1 }
        if text == "yes" || text == "true" || text == "on" || text == "enable" { return 1 }
        if text == "no" || text == "false" || text == "off" || text == "disable" { return 0 }
        return nil
    }

    private static func milliseconds(_ text: Slice) -> Int64? {
        var digits = 0
        while text[digits] >= UInt8(ascii: "0"), text[digits] <= UInt8(ascii: "9") { digits += 1 }
        guard digits > 0, let number = integer(text.prefix(digits)) else { return nil }
        let unit = text.dropFirst(digits)
        let factor: Int64
        if unit.isEmpty || unit == "ms" {
            factor = 1
        } else if unit == "s" {
            factor = 1000
        } else if unit == "m" || unit == "min" {
            factor = 60_000
        } else if unit == "h" {
            factor = 3_600_000
        } else if unit == "d" {
            factor = 86_400_000
        } else {
            return nil
        }
        let (product, overflows) = number.multipliedReportingOverflow(by: factor)
        return overflows ? nil : product
    }
}
