// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// A list of option tags, as Supported and Require have them.
public enum OptionTags {
    /// Is the tag in this value? Tags have no case (RFC 3261, 7.3.1).
    public static func contain(_ tag: StaticString, _ body: Text) -> Bool {
        var rest = body
        while let one = rest.take(upTo: UInt8(ascii: ",")) {
            if one.trimmed.equalsIgnoringCase(tag) { return true }
        }
        return false
    }
}
