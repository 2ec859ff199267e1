// SPDX-License-Identifier: Apache-2.0

/// What somebody may have meant.
public enum Suggestion {
    /// The name nearest to a mistyped one, or nil when none is near: up to a third of its letters may differ.
    /// Letter case counts for less than a letter.
    public static func nearest(to name: String, in names: some Sequence<String>) -> String? {
        let wanted = Array(name.utf8.prefix(64))
        guard !wanted.isEmpty else { return nil }
        let lower = wanted.map(lowered)
        var best: (distance: Int, name: String)?
        for candidate in names where candidate != name {
            let letters = Array(candidate.utf8)
            let limit = max(1, max(wanted.count, letters.count) / 3)
            guard abs(letters.count - wanted.count) <= limit else { continue }
            let distance = distance(lower, letters.map(lowered))
            guard distance <= limit else { continue }
            let better = best.map { (distance, candidate) < ($0.distance, $0.name) } ?? true
            if better { best = (distance, candidate) }
        }
        return best?.name
    }

    /// `did you mean "x"?`, ready for a diagnostic's help.
    public static func help(for name: String, in names: some Sequence<String>) -> String? {
        nearest(to: name, in: names).map { "did you mean \"\($0)\"?" }
    }

    /// Whether two names differ by one letter, or two that were swapped.
    static func isSlip(_ name: String, of other: String) -> Bool {
        distance(name.utf8.map(lowered), other.utf8.map(lowered)) <= 1
    }

    private static func lowered(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte + 32 : byte }

    /// Damerau and Levenshtein: letters to add, drop, change, or swap with their neighbour.
    static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var before: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, before[j - 1] + 1) }
                row.append(cost)
            }
            (before, last) = (last, row)
        }
        return last[b.count]
    }
}
