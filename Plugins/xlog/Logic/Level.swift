// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// What a script calls a level: a word of which the third letter counts, or a number.
public enum Level {
    /// Nil when it is neither.
    public static func of(_ value: Value) -> Host.Level? {
        if let number = value.int { return of(number) }
        if let number = value.text.integer { return of(number) }
        return of(word: value.text)
    }

    public static func of(word: Text) -> Host.Level? {
        guard looksLikeOne(word) else { return nil }
        switch word[2] {
        case UInt8(ascii: "A"), UInt8(ascii: "B"), UInt8(ascii: "C"), UInt8(ascii: "E"): return .error
        case UInt8(ascii: "W"): return .warning
        case UInt8(ascii: "N"): return .notice
        case UInt8(ascii: "I"): return .info
        case UInt8(ascii: "D"): return .debug
        default: return nil
        }
    }

    /// L_ and letters or digits: nobody logs such text.
    public static func looksLikeOne(_ text: Text) -> Bool {
        guard text.count >= 3, text.hasPrefix("L_") else { return false }
        for at in 2..<text.count {
            switch text[at] {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): continue
            default: return false
            }
        }
        return true
    }

    /// As `debug` counts them: 3 is the most talkative.
    public static func of(_ number: Int) -> Host.Level {
        switch number {
        case ...(-1): .error
        case 0: .warning
        case 1: .notice
        case 2: .info
        default: .debug
        }
    }
}
