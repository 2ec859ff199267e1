// SPDX-License-Identifier: Apache-2.0

/// Which dialog a transaction belongs to, by its number. Nothing is allocated once there were as many at a time.
public struct TransactionMap: ~Copyable {
    public struct Entry {
        /// 0: nothing is here.
        public var transaction: UInt64 = 0
        public var dialog: UInt64 = 0
        public var direction: UInt8 = 0
        /// That of the INVITE which makes the dialog.
        public var isInitial = false

        public init() {}
        public init(transaction: UInt64, dialog: UInt64, direction: UInt8, isInitial: Bool) {
            self.transaction = transaction
            self.dialog = dialog
            self.direction = direction
            self.isInitial = isInitial
        }
    }

    private var entries: UnsafeMutablePointer<Entry>
    private var mask: Int
    public private(set) var count = 0

    public init() {
        mask = 255
        entries = .allocate(capacity: 256)
        entries.initialize(repeating: Entry(), count: 256)
    }

    deinit { entries.deallocate() }

    @inline(__always) private func place(_ transaction: UInt64) -> Int {
        Int(truncatingIfNeeded: transaction &* 0x9e37_79b9_7f4a_7c15 >> 32) & mask
    }

    public func find(_ transaction: UInt64) -> Entry? {
        guard count > 0, transaction != 0 else { return nil }
        var at = place(transaction)
        while entries[at].transaction != 0 {
            if entries[at].transaction == transaction { return entries[at] }
            at = (at + 1) & mask
        }
        return nil
    }

    /// False: it is there already, and stays as it is.
    @discardableResult
    public mutating func add(_ entry: Entry) -> Bool {
        if 2 * count > mask { grow() }
        var at = place(entry.transaction)
        while entries[at].transaction != 0 {
            if entries[at].transaction == entry.transaction { return false }
            at = (at + 1) & mask
        }
        entries[at] = entry
        count += 1
        return true
    }

    public mutating func remove(_ transaction: UInt64) -> Entry? {
        guard count > 0, transaction != 0 else { return nil }
        var at = place(transaction)
        while entries[at].transaction != transaction {
            if entries[at].transaction == 0 { return nil }
            at = (at + 1) & mask
        }
        let found = entries[at]
        count -= 1
        // Those behind it that had to make way for it move up.
        var hole = at
        var next = (at + 1) & mask
        while entries[next].transaction != 0 {
            let wanted = place(entries[next].transaction)
            if (next - wanted) & mask >= (next - hole) & mask {
                entries[hole] = entries[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        entries[hole] = Entry()
        return found
    }

    private mutating func grow() {
        let old = entries
        let oldCount = mask + 1
        mask = 2 * oldCount - 1
        entries = .allocate(capacity: mask + 1)
        entries.initialize(repeating: Entry(), count: mask + 1)
        count = 0
        for index in 0..<oldCount where old[index].transaction != 0 { add(old[index]) }
        old.deallocate()
    }
}
