// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a message that cannot be accepted.
public enum Fault: Equatable, Sendable {
    /// No answer is possible: count it and forget it. The text says why, for the log.
    case drop(StaticString)
    /// To be answered with this status and this reason phrase, by way of `Message.reply`.
    case answer(Int, StaticString)

    /// 0 when nothing is to be answered.
    public var status: Int { if case .answer(let status, _) = self { status } else { 0 } }

    public var reason: StaticString {
        switch self {
        case .drop(let reason), .answer(_, let reason): reason
        }
    }

    public static func == (a: Fault, b: Fault) -> Bool {
        a.status == b.status && Slice(a.reason) == Slice(b.reason)
    }
}
