// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// Header names, whose compact forms name the same header.
public enum HeaderNames {
    public static func isSame(_ a: Text, _ b: Text) -> Bool {
        if a.count == 1, let long = long(a[0]) {
            return b.count == 1 ? a.equalsIgnoringCase(b) : b.equalsIgnoringCase(long)
        }
        if b.count == 1, let long = long(b[0]) { return a.equalsIgnoringCase(long) }
        return a.equalsIgnoringCase(b)
    }

    /// The compact forms that IANA lists.
    private static func long(_ letter: UInt8) -> StaticString? {
        switch letter | 32 {
        case UInt8(ascii: "a"): "Accept-Contact"
        case UInt8(ascii: "b"): "Referred-By"
        case UInt8(ascii: "c"): "Content-Type"
        case UInt8(ascii: "d"): "Request-Disposition"
        case UInt8(ascii: "e"): "Content-Encoding"
        case UInt8(ascii: "f"): "From"
        case UInt8(ascii: "i"): "Call-ID"
        case UInt8(ascii: "j"): "Reject-Contact"
        case UInt8(ascii: "k"): "Supported"
        case UInt8(ascii: "l"): "Content-Length"
        case UInt8(ascii: "m"): "Contact"
        case UInt8(ascii: "n"): "Identity-Info"
        case UInt8(ascii: "o"): "Event"
        case UInt8(ascii: "r"): "Refer-To"
        case UInt8(ascii: "s"): "Subject"
        case UInt8(ascii: "t"): "To"
        case UInt8(ascii: "u"): "Allow-Events"
        case UInt8(ascii: "v"): "Via"
        case UInt8(ascii: "x"): "Session-Expires"
        case UInt8(ascii: "y"): "Identity"
        default: nil
        }
    }
}
