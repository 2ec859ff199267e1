// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// What a variable, an expression or an argument is worth: nothing, a number, or text.
///
/// Some variables are both at once (`$rs` is 200 and "200"); `kind` then says which of the two a comparison
/// takes. Text is borrowed: from the message, its arena, or a constant of the program; it holds as long as
/// the message does. Trivially copyable.
public struct ScriptValue: BitwiseCopyable {
    public enum Kind: UInt8, BitwiseCopyable {
        case null, number, text
        /// Both; compared and added as text.
        case textWithNumber
        /// Both; compared and added as a number.
        case numberWithText
    }

    public let text: Slice
    public let number: Int64
    public let kind: Kind

    private init(kind: Kind, number: Int64, text: Slice) {
        self.kind = kind
        self.number = number
        self.text = text
    }

    public static var null: ScriptValue { ScriptValue(kind: .null, number: 0, text: .absent) }

    public init(_ number: Int64) {
        self.init(kind: .number, number: number, text: .absent)
    }

    /// Absent text is null; empty text is not.
    public init(_ text: Slice) {
        self.init(kind: text.base == nil ? .null : .text, number: 0, text: text)
    }

    public init(_ text: Slice, number: Int64) {
        self.init(kind: text.base == nil ? .null : .textWithNumber, number: number, text: text)
    }

    public init(number: Int64, text: Slice) {
        self.init(kind: .numberWithText, number: number, text: text)
    }

    /// The value of an argument or of a plugin's variable.
    public init(_ value: mt_value) {
        switch value.type {
        case UInt32(MT_NULL): self = .null
        case UInt32(MT_STR): self.init(Slice(value.str))
        case UInt32(MT_INT), UInt32(MT_BOOL), UInt32(MT_MS):
            if value.str.ptr == nil {
                self.init(value.num)
            } else {
                self.init(number: value.num, text: Slice(value.str))
            }
        default: if value.str.ptr == nil { self.init(value.num) } else { self.init(Slice(value.str)) }
        }
    }

    public var isNull: Bool { kind == .null }
    public var hasText: Bool { kind == .text || kind == .textWithNumber || kind == .numberWithText }
    public var hasNumber: Bool { kind == .number || kind == .textWithNumber || kind == .numberWithText }
    /// Does it take part in a comparison or an addition as a number?
    public var isNumberFirst: Bool { kind == .number || kind == .numberWithText }

    /// As a number: undefined is 0, text its leading number (decimal, or hex after 0x), other text 0.
    public var asNumber: Int64 { hasNumber ? number : kind == .null ? 0 : ScriptValue.number(of: text) }

    /// As text: undefined is "", a number its decimal digits, written to the message's arena.
    public func asText(_ message: Message) -> Slice {
        switch kind {
        case .null: .empty
        case .number: message.decimal(number)
        case .text, .textWithNumber, .numberWithText: text
        }
    }

    /// As a plugin sees it.
    public var mt: mt_value {
        var value = mt_value()
        switch kind {
        case .null: value.type = UInt32(MT_NULL)
        case .number: value.type = UInt32(MT_INT)
        case .text, .textWithNumber: value.type = UInt32(MT_STR)
        case .numberWithText: value.type = UInt32(MT_INT)
        }
        value.num = number
        value.str = text.mt
        return value
    }

    /// Text as a number the way an expression converts it: all of it must be one, or it is 0.
    public static func number(of text: Slice) -> Int64 {
        guard let base = text.base else { return 0 }
        var index = 0
        let negative = text.count > 0 && base[0] == UInt8(ascii: "-")
        if negative || (text.count > 0 && base[0] == UInt8(ascii: "+")) { index = 1 }
        var radix: Int64 = 10
        if text.count > index + 2, base[index] == UInt8(ascii: "0"),
            base[index + 1] | 0x20 == UInt8(ascii: "x")
        {
            radix = 16
            index += 2
        }
        guard index < text.count else { return 0 }
        var value: Int64 = 0
        while index < text.count {
            let byte = base[index]
            let digit: Int64
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = Int64(byte &- UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = Int64(byte &- UInt8(ascii: "a")) + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = Int64(byte &- UInt8(ascii: "A")) + 10
            default: return 0
            }
            guard digit < radix, value < 1 << 56 else { return 0 }
            value = value &* radix &+ digit
            index += 1
        }
        return negative ? -value : value
    }
}

extension Message {
    /// Decimal digits in the arena.
    func decimal(_ number: Int64) -> Slice {
        let room = alloc(20).assumingMemoryBound(to: UInt8.self)
        var index = 20
        var rest = number.magnitude
        repeat {
            index -= 1
            room[index] = UInt8(truncatingIfNeeded: rest % 10) &+ UInt8(ascii: "0")
            rest /= 10
        } while rest != 0
        if number < 0 {
            index -= 1
            room[index] = UInt8(ascii: "-")
        }
        return Slice(base: UnsafePointer(room + index), count: 20 - index)
    }
}
