// SPDX-License-Identifier: Apache-2.0

/// What becomes of a branch that nobody needs any more (RFC 3261, 9.1): a CANCEL may only follow a provisional
/// answer, and what is done before one came is `cancel_b_method`.
public enum CancelChoice: Equatable, Sendable {
    /// It is over anyhow.
    case nothing
    case now
    /// Go on with the INVITE, and send the CANCEL with the first provisional answer.
    case whenHeardOf
    /// As if it had said 487.
    case pretend

    public init(isOpen: Bool, wasHeardOf: Bool, method: Int) {
        if !isOpen {
            self = .nothing
        } else if wasHeardOf || method == 2 {
            self = .now
        } else {
            self = method == 0 ? .pretend : .whenHeardOf
        }
    }
}
