// SPDX-License-Identifier: Apache-2.0

/// Which of the final replies of its branches a request is answered with (RFC 3261, 16.7, step 6). The lower number
/// wins, and of two equal ones the earlier branch:
///
///     6xx                        1000 + the last two digits
///     3xx                        3000 + ...
///     401, 407, 415, 420, 484    4000 + ...     the caller can do something about them
///     other 4xx                  4100 + ...
///     5xx                        5000 + ...
///     made here                  6000 more, and `faked_reply_prio`: a branch that is silent hides no real answer
///     none yet                   32000
public struct ReplyChoice: Equatable {
    /// The penalty on replies made here, beyond what they have already.
    public var fakedPenalty = 0
    public private(set) var best = -1
    public private(set) var priority = Int.max

    public init(fakedPenalty: Int = 0) { self.fakedPenalty = fakedPenalty }

    /// Branches are offered in their order.
    public mutating func offer(_ branch: Int, status: Int, isFaked: Bool) {
        let offered = Self.priority(status) + (isFaked ? 6000 + fakedPenalty : 0)
        guard offered < priority else { return }
        priority = offered
        best = branch
    }

    public static func priority(_ status: Int) -> Int {
        switch status {
        case ..<100: 32_000
        case ..<200: 11_000
        case ..<300: 10_000 + status % 100
        case ..<400: 3000 + status % 100
        case 401, 407, 415, 420, 484: 4000 + status % 100
        case ..<500: 4100 + status % 100
        case ..<600: 5000 + status % 100
        case ..<700: 1000 + status % 100
        default: 10_000 + status % 100
        }
    }
}
