// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// Some of the statuses 300 to 699.
public struct StatusSet: Equatable, Sendable {
    private var words: InlineArray<7, UInt64> = .init(repeating: 0)

    public init() {}

    /// "503", "code=480;code=500-504;class=5": single ones, from one to another, and hundreds, parted by semicolons or
    /// commas. nil: it is written otherwise, or beyond 300 to 699.
    public init?(_ text: Text) {
        var rest = text
        while !rest.trimmed.isEmpty {
            let end = (0..<rest.count).first {
                rest[$0] == UInt8(ascii: ";") || rest[$0] == UInt8(ascii: ",")
            }
            let item = rest.prefix(end ?? rest.count).trimmed
            rest = rest.dropFirst(end.map { $0 + 1 } ?? rest.count)
            if item.isEmpty { continue }
            guard add(item) else { return nil }
        }
    }

    private mutating func add(_ item: Text) -> Bool {
        if item.hasPrefix("class=") {
            guard let hundreds = item.dropFirst(6).trimmed.integer, 3...6 ~= hundreds else { return false }
            return insert(hundreds * 100, hundreds * 100 + 99)
        }
        let numbers = item.hasPrefix("code=") ? item.dropFirst(5).trimmed : item
        guard let dash = numbers.firstIndex(of: UInt8(ascii: "-")) else {
            guard let one = numbers.integer else { return false }
            return insert(one, one)
        }
        guard let first = numbers.prefix(dash).trimmed.integer,
            let last = numbers.dropFirst(dash + 1).trimmed.integer
        else { return false }
        return insert(first, last)
    }

    private mutating func insert(_ first: Int, _ last: Int) -> Bool {
        guard 300 <= first, first <= last, last <= 699 else { return false }
        for status in first...last { words[(status - 300) >> 6] |= 1 << UInt64((status - 300) & 63) }
        return true
    }

    public func contains(_ status: Int) -> Bool {
        guard 300...699 ~= status else { return false }
        return words[(status - 300) >> 6] & 1 << UInt64((status - 300) & 63) != 0
    }

    public static func == (a: StatusSet, b: StatusSet) -> Bool {
        for index in a.words.indices where a.words[index] != b.words[index] { return false }
        return true
    }
}
