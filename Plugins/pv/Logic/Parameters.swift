// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// Taking texts apart that become lists of attributes.
public enum Parameters {
    /// Calls the closure for each of "a=b;c;d=\"e;f\"", with an empty value where there is none. False when a
    /// value has no name.
    public static func each(in text: Text, _ body: (_ name: Text, _ value: Text) -> Void) -> Bool {
        var start = 0
        var quoted = false
        for at in 0...text.count {
            if at < text.count, text[at] == UInt8(ascii: "\"") { quoted.toggle() }
            guard at == text.count || (text[at] == UInt8(ascii: ";") && !quoted) else { continue }
            let pair = text[start..<at].trimmed
            start = at + 1
            guard !pair.isEmpty else { continue }
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.count
            let name = pair.prefix(equals).trimmed
            guard !name.isEmpty else { return false }
            var value = pair.dropFirst(equals + 1).trimmed
            if value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") {
                value = value.dropFirst().dropLast()
            }
            body(name, value)
        }
        return true
    }

    /// Calls the closure for each part between separators that is not empty.
    public static func parts(of text: Text, _ separators: Text, trim: Bool, _ body: (Text) -> Void) {
        var start = 0
        for at in 0...text.count {
            guard at == text.count || separators.contains(text[at]) else { continue }
            let part = trim ? text[start..<at].trimmed : text[start..<at]
            if !part.isEmpty { body(part) }
            start = at + 1
        }
    }
}
