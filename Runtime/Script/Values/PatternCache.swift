// SPDX-License-Identifier: Apache-2.0
import Message

/// Patterns that are only known while the script runs, the last few of one worker.
public struct PatternCache {
    private struct Entry {
        var text: [UInt8]
        var ignoresCase: Bool
        var storage: CodeStorage
        var pattern: Pattern
        var used: UInt64
    }

    private static let limit = 32
    private var entries: [Entry] = []
    private var clock: UInt64 = 0

    init() {}

    /// Compiled now, or found. It may go at the next call.
    mutating func pattern(_ text: Slice, ignoringCase: Bool) -> Result<Pattern, VariableError> {
        clock += 1
        for index in entries.indices
        where entries[index].ignoresCase == ignoringCase && entries[index].text.elementsEqual(text.bytes) {
            entries[index].used = clock
            return .success(entries[index].pattern)
        }
        let storage = CodeStorage()
        let bytes = [UInt8](text.bytes)
        switch Pattern.compile(bytes, ignoringCase: ignoringCase, in: storage) {
        case .failure(let error): return .failure(error)
        case .success(let pattern):
            let entry = Entry(
                text: bytes, ignoresCase: ignoringCase, storage: storage, pattern: pattern, used: clock)
            if entries.count < Self.limit {
                entries.append(entry)
            } else if let oldest = entries.indices.min(by: { entries[$0].used < entries[$1].used }) {
                entries[oldest] = entry
            }
            return .success(pattern)
        }
    }
}

extension WorkerValues {
    /// `text =~ pattern` with a pattern that is computed. nil: it is no pattern.
    public mutating func matches(_ text: Slice, pattern: Slice, ignoringCase: Bool = true) -> Bool? {
        switch patterns.pattern(pattern, ignoringCase: ignoringCase) {
        case .success(let pattern): pattern.matches(text)
        case .failure: nil
        }
    }
}
