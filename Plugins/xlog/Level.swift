// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// What a script calls a level: a word of which the third letter counts, or a number.
enum Level {
    /// Nil when it is neither.
    static func of(_ value: Value) -> Host.Level? {
        if let number = value.int { return of(number) }
        let word = value.text
        guard word.count >= 3, word.hasPrefix("L_") else { return word.integer.flatMap { of($0) } }
        switch word[2] {
        case UInt8(ascii: "A"), UInt8(ascii: "B"), UInt8(ascii: "C"), UInt8(ascii: "E"): return .error
        case UInt8(ascii: "W"): return .warning
        case UInt8(ascii: "N"): return .notice
        case UInt8(ascii: "I"): return .info
        case UInt8(ascii: "D"): return .debug
        default: return nil
        }
    }

    /// As `debug` counts them: 3 is the most talkative.
    static func of(_ number: Int) -> Host.Level {
        switch number {
        case ...(-1): .error
        case 0: .warning
        case 1: .notice
        case 2: .info
        default: .debug
        }
    }
}
