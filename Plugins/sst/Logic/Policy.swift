// SPDX-License-Identifier: Apache-2.0

/// What the operator wants of session timers.
public struct Policy: Equatable, Sendable {
    /// No session may be refreshed more often (RFC 4028, 5), in seconds.
    public static let least = 90

    /// The shortest session interval that passes, in seconds.
    public let minimum: Int
    /// What is asked for when nobody asked, in seconds.
    public let wanted: Int
    /// Too short ones are refused, where their sender would understand that.
    public let refuses: Bool

    /// - Parameters:
    ///   - minimum: below 90 it is 90.
    ///   - interval: what to ask for; below the minimum it is the minimum.
    public init(minimum: Int, interval: Int = 0, refuses: Bool = true) {
        self.minimum = min(max(minimum, Policy.least), DeltaSeconds.most)
        wanted = min(max(interval, self.minimum), DeltaSeconds.most)
        self.refuses = refuses
    }
}
