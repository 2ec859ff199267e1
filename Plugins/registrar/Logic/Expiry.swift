// SPDX-License-Identifier: Apache-2.0

/// How long a contact stays.
public struct Expiry: Sendable {
    public enum Verdict: Equatable, Sendable {
        case seconds(Int)
        /// It is taken away.
        case gone
        case tooBrief(least: Int)
    }

    public var fallback = 3600
    public var least = 60
    /// Too short a time is refused, not raised.
    public var refusesBrief = false
    /// 0: no limit.
    public var most = 0
    /// By how many percent a time may be shortened, so that not everybody comes back at once.
    public var range = 0
    public var fallbackRange = 0

    public init() {}

    /// Whether a random number is of any use.
    public var varies: Bool { range > 0 || fallbackRange > 0 }

    /// - Parameters:
    ///   - parameter: of the Contact; it goes before the header.
    ///   - random: 0 ..< 1; nil: the time is not varied.
    public func verdict(parameter: Int?, header: Int?, random: Double?) -> Verdict {
        let asked = parameter ?? header
        if asked == 0 { return .gone }
        var seconds = asked ?? fallback
        let percent = asked == nil ? fallbackRange : range
        if let random, percent > 0 {
            seconds -= Int(Double(seconds) * Double(min(percent, 100)) / 100 * random)
        }
        if seconds < least {
            if refusesBrief, asked != nil { return .tooBrief(least: least) }
            seconds = least
        }
        if most > 0, seconds > most { seconds = most }
        return .seconds(max(seconds, 1))
    }
}
