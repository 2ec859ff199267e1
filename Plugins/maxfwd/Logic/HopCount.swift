// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// What the value of a Max-Forwards header means for this hop.
public enum HopCount: Equatable {
    /// Not a number, or one beyond 32 bits.
    case malformed
    case number(Int)

    public init(_ body: Text) {
        var end = body.count
        var at = 0
        if end > 0, body[0] <= 32 || body[end - 1] <= 32 {
            while at < end, body[at] <= 32 { at += 1 }
            while end > at, body[end - 1] <= 32 { end -= 1 }
        }
        var value = 0
        while at < end {
            let digit = Int(body[at]) - 48
            guard digit >= 0, digit <= 9, value < 1 << 32 else {
                self = .malformed
                return
            }
            value = value * 10 + digit
            at += 1
        }
        // An empty value counts as none left, as it does in Kamailio.
        self = value < 1 << 32 ? .number(value) : .malformed
    }

    /// The value for the next hop: one less, and never more than the limit.
    public static func next(after value: Int, limit: Int) -> Int { value > limit ? limit : value - 1 }

    /// Writes the number right-aligned into as many bytes as the old value had, so that the message keeps its
    /// size: 10 becomes " 9". The next value never has more digits than the old one.
    public static func write(_ value: Int, into bytes: UnsafeMutableBufferPointer<UInt8>) {
        var rest = value
        var at = bytes.count
        repeat {
            guard at > 0 else { return }
            at -= 1
            bytes[at] = UInt8(truncatingIfNeeded: 48 + rest % 10)
            rest /= 10
        } while rest > 0
        while at > 0 {
            at -= 1
            bytes[at] = UInt8(ascii: " ")
        }
    }
}
