// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// A q value, in thousandths.
public enum Quality {
    /// Nil when it is none: RFC 3261, 25.1 allows 0 to 1 with up to three digits behind the point.
    public static func thousandths(_ text: Text) -> Int? {
        guard !text.isEmpty, text.count <= 16 else { return nil }
        let point = text.firstIndex(of: UInt8(ascii: ".")) ?? text.count
        var value = 0
        for index in 0..<point {
            guard text[index] >= 48, text[index] <= 57 else { return nil }
            value = value * 10 + Int(text[index]) - 48
            if value > 1 { return nil }
        }
        value *= 1000
        var weight = 100
        for index in min(point + 1, text.count)..<text.count {
            guard text[index] >= 48, text[index] <= 57 else { return nil }
            value += weight * (Int(text[index]) - 48)
            weight /= 10
        }
        return value <= 1000 ? value : nil
    }

    /// "0.5", "1", "0.125"
    public static func text(_ thousandths: Int) -> String {
        if thousandths >= 1000 { return "1" }
        if thousandths <= 0 { return "0" }
        var digits = String(thousandths + 1000).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "0.\(digits)"
    }
}
