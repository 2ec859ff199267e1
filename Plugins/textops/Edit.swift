// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// Changes header lines and the body of a message with one and the same function from text to text.
///
/// Each header line is a text of its own, "Name: body", and so is the body. What comes back replaces it.
struct Edit {
    struct Scope: OptionSet {
        let rawValue: Int
        static let headers = Scope(rawValue: 1)
        static let body = Scope(rawValue: 2)
    }

    let scope: Scope
    /// Goes on behind the first text that was changed.
    let everywhere: Bool

    /// How many texts were changed. The closure answers nil where there is nothing to change.
    func run(_ message: Message, _ change: (mt_str) -> mt_str?) -> Int {
        var count = 0
        if scope.contains(.headers) {
            var index = 0
            while let field = field(message, index) {
                let line = Line("\(field.text): \(field.body)").kept(by: message)
                if let changed = change(line.raw) {
                    count += 1
                    index += put(Text(unchecked: changed), for: field, in: message)
                    if !everywhere { return count }
                } else {
                    index += 1
                }
            }
        }
        if scope.contains(.body), !message.body.isEmpty, let changed = change(message.body.raw) {
            message.set(.body, changed)
            count += 1
        }
        return count
    }

    /// The header at a place, counted anew: a header that was replaced is no place to go on from.
    private func field(_ message: Message, _ index: Int) -> mt_header? {
        var at = mt_header()
        for _ in 0...index {
            guard Server.message.pointee.header(message.raw, 0, &at) else { return nil }
        }
        return at
    }

    /// Puts lines in the place of a header; how many they are.
    private func put(_ lines: Text, for field: mt_header, in message: Message) -> Int {
        var field = field
        var rest = lines.trimmed
        if !rest.contains(10), let colon = rest.firstIndex(of: UInt8(ascii: ":")),
            rest.prefix(colon).trimmed.equals(field.text)
        {
            _ = Server.message.pointee.replace(message.raw, &field, rest.dropFirst(colon + 1).trimmed.raw)
            return 1
        }
        var count = 0
        while let line = rest.take(upTo: 10) {
            guard !line.trimmed.isEmpty else { continue }
            if Server.message.pointee.insert(message.raw, UInt32(MT_BEFORE), &field, line.trimmed.raw) > 0 {
                count += 1
            }
        }
        _ = Server.message.pointee.remove(message.raw, &field)
        return count
    }
}
