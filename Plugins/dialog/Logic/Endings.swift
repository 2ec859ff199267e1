// SPDX-License-Identifier: Apache-2.0

/// Dialogs that were over lately, by entry and id in one word: another server may have taken one over at that moment.
public struct Endings: Sendable {
    private var recent: Set<UInt64> = []
    private var before: Set<UInt64> = []
    private var since = 0

    public init() {}

    /// - Parameter read: what had been noted by then, in Unix milliseconds, has been read. What is put in is there until
    ///   a minute later.
    public mutating func insert(_ key: UInt64, read: Int) {
        if read - since > Note.lastingSeconds * 1000 {
            swap(&recent, &before)
            recent.removeAll(keepingCapacity: true)
            since = read
        }
        recent.insert(key)
    }

    public func contains(_ key: UInt64) -> Bool { recent.contains(key) || before.contains(key) }
}
