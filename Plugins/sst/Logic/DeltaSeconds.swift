// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// What stands in front of the parameters of Session-Expires and Min-SE: delta-seconds (RFC 3261, 25.1).
enum DeltaSeconds {
    /// The most that such a number may be: RFC 3261, 20.19 says so of the other one that counts seconds.
    static let most = 4_294_967_295

    /// Reads the number and what is blank behind it, and leaves `at` at what follows. Nil: there is no number, or
    /// it is beyond `most`, however many digits it has.
    static func read(_ body: Text, at: inout Int) -> Int? {
        var value = 0
        let start = at
        while at < body.count, body[at] >= 48, body[at] <= 57 {
            if value <= most { value = value * 10 + Int(body[at]) - 48 }
            at += 1
        }
        guard at > start, value <= most else { return nil }
        Blank.skip(body, at: &at)
        return value
    }
}

/// Linear white space of a header that was unfolded or not (RFC 3261, 25.1: LWS).
enum Blank {
    static func skip(_ body: Text, at: inout Int) {
        while at < body.count, body[at] == 32 || body[at] == 9 || body[at] == 13 || body[at] == 10 { at += 1 }
    }
}
