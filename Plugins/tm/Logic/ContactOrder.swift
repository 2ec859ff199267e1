// SPDX-License-Identifier: Apache-2.0

/// In which order destinations are tried one after the other: higher weights first, and among equal ones those with a
/// Path before those without, otherwise as they came.
public enum ContactOrder {
    public struct Entry: Equatable, Sendable {
        /// Where it stood.
        public var index: Int
        /// Thousandths; -1 is none, which ranks below all that are.
        public var q: Int
        public var hasPath: Bool

        public init(index: Int, q: Int, hasPath: Bool) {
            self.index = index
            self.q = q
            self.hasPath = hasPath
        }

        func goes(before other: Entry) -> Bool {
            if q != other.q { return q > other.q }
            if hasPath != other.hasPath { return hasPath }
            return index < other.index
        }
    }

    public static func sort(_ entries: UnsafeMutableBufferPointer<Entry>) {
        // There are few, and most are in order already.
        for place in 1..<max(entries.count, 1) {
            let entry = entries[place]
            var at = place
            while at > 0, entry.goes(before: entries[at - 1]) {
                entries[at] = entries[at - 1]
                at -= 1
            }
            entries[at] = entry
        }
    }

    /// Each time one is drawn of those that are left, in proportion to its weight. `random` draws less than what it is
    /// given.
    public static func draw(_ entries: UnsafeMutableBufferPointer<Entry>, _ random: (Int) -> Int) {
        for place in 0..<entries.count {
            var total = 0
            for at in place..<entries.count { total += max(entries[at].q, 1) }
            var drawn = random(total)
            for at in place..<entries.count {
                drawn -= max(entries[at].q, 1)
                guard drawn < 0 else { continue }
                entries.swapAt(place, at)
                break
            }
        }
    }
}
