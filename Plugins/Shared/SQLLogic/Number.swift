// SPDX-License-Identifier: Apache-2.0

/// Numbers as databases have them, which are not always numbers that fit: PostgreSQL has NaN and infinity, and everybody
/// has 1e300.
public enum Number {
    /// Of what a database writes for a number or a truth value; without its fraction. 0 when it is none, or too great.
    public static func whole(_ text: String) -> Int {
        if let number = Int(text) { return number }
        if let number = Double(text) { return Int(exactly: number.rounded(.towardZero)) ?? 0 }
        return text == "t" ? 1 : 0
    }

    /// Nil when there are none: it stands for a value that is absent.
    public static func thousandths(_ number: Double) -> Int? { Int(exactly: (number * 1000).rounded()) }
    public static func thousandths(_ text: String) -> Int? { Double(text).flatMap { thousandths($0) } }
}
