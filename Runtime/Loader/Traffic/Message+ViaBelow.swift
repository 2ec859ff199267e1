// SPDX-License-Identifier: Apache-2.0
import Message

extension Message {
    /// The Via below the top one, in the same line or the next.
    var viaBelowTop: Via? {
        let first = header(.via)
        let line = body(of: first)
        let top = topVia.whole
        guard let start = line.base, let stands = top.base, stands >= start,
            stands - start + top.count <= line.count
        else { return nil }
        // The top one has been read already; most have a line to themselves.
        var list = line.dropFirst(stands - start + top.count).trimmed
        if list.count > 1 {
            list = list.dropFirst()
            return Via(taking: &list)
        }
        let second = header(.via, after: first)
        guard second.exists else { return nil }
        var rest = body(of: second)
        return Via(taking: &rest)
    }
}
