// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// Lists of option tags: "100rel, foo".
public enum Options {
    /// Is the tag in the list?
    public static func contains(_ tag: Text, in list: Text) -> Bool {
        var start = 0
        while start <= list.count {
            var end = start
            while end < list.count, list[end] != UInt8(ascii: ",") { end += 1 }
            if list[start..<end].trimmed.equalsIgnoringCase(tag) { return true }
            start = end + 1
        }
        return false
    }

    /// Where the next tag of the list stands, blanks around it left out; nil at the end. `at` goes behind it.
    public static func next(in list: Text, at: inout Int) -> Range<Int>? {
        while at < list.count {
            var start = at
            var end = at
            while end < list.count, list[end] != UInt8(ascii: ",") { end += 1 }
            at = end + 1
            while start < end, Values.isBlank(list[start]) { start += 1 }
            while end > start, Values.isBlank(list[end - 1]) { end -= 1 }
            if end > start { return start..<end }
        }
        return nil
    }
}
