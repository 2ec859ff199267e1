// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What an item holds. Text is lent: copy it before the closure it came to returns.
public enum ItemValue {
    case number(Int)
    case text(UnsafeRawBufferPointer)
}

/// A table of items by key, for any number of threads.
///
/// A slot is a list of items, and some slots share a lock, which is held while one item is looked at and
/// never while calling out. Time is an argument, in milliseconds. An item whose time is over counts as
/// missing, and goes at the next `sweep`.
public final class Table: @unchecked Sendable {
    /// One item. Its key follows it in memory; the newest of a slot comes first.
    struct Item {
        var next: UnsafeMutablePointer<Item>?
        let hash: UInt
        /// Larger than those of the items behind it, so that a walk can go on where it was whatever goes.
        let serial: UInt
        let keyCount: Int
        /// 0: never.
        var expires: Int
        var number: Int
        /// The text, malloced; without one it is the number that counts.
        var text: UnsafeMutableRawPointer?
        var textCount: Int
    }

    public let definition: TableDefinition
    public let slotCount: Int
    private let slots: UnsafeMutablePointer<UnsafeMutablePointer<Item>?>
    private let locks: UnsafeMutablePointer<pthread_mutex_t>
    private let serials: UnsafeMutablePointer<UInt>
    private let lockCount: Int

    public init(_ definition: TableDefinition) {
        self.definition = definition
        slotCount = 1 << definition.size
        lockCount = min(slotCount, 64)
        slots = .allocate(capacity: slotCount)
        slots.initialize(repeating: nil, count: slotCount)
        locks = .allocate(capacity: lockCount)
        serials = .allocate(capacity: lockCount)
        serials.initialize(repeating: 0, count: lockCount)
        for index in 0..<lockCount { pthread_mutex_init(locks + index, nil) }
    }

    deinit {
        _ = removeAll { _, _ in true }
        slots.deallocate()
        locks.deallocate()
        serials.deallocate()
    }

    // MARK: One item

    /// Nil when there is none; the table's `initval` is not looked at.
    public func get<Result>(
        _ key: UnsafeRawBufferPointer, now: Int, _ body: (ItemValue) -> Result
    ) -> Result? {
        locked(key) { slot, hash in
            find(slot, hash, key).flatMap { $0.pointee.lives(at: now) ? body($0.pointee.value) : nil }
        }
    }

    public func set(_ key: UnsafeRawBufferPointer, _ value: ItemValue, now: Int) {
        locked(key) { slot, hash in
            let item = reusable(slot, hash, key, now)
            item.pointee.put(value)
        }
    }

    /// The same, with a time of its own.
    public func set(_ key: UnsafeRawBufferPointer, _ value: ItemValue, seconds: Int, now: Int) {
        locked(key) { slot, hash in
            let item = reusable(slot, hash, key, now)
            item.pointee.put(value)
            item.pointee.expires = Table.expiry(seconds, now)
        }
    }

    /// Adds to a number, starting from `initval`. Nil when there is no number to add to.
    public func add(_ key: UnsafeRawBufferPointer, _ count: Int, now: Int) -> Int? {
        locked(key) { slot, hash in
            if let item = find(slot, hash, key), item.pointee.lives(at: now) {
                guard item.pointee.text == nil else { return nil }
                item.pointee.number &+= count
                refresh(item, now)
                return item.pointee.number
            }
            guard let initval = definition.initval else { return nil }
            let item = reusable(slot, hash, key, now)
            item.pointee.put(.number(initval &+ count))
            return initval &+ count
        }
    }

    @discardableResult
    public func remove(_ key: UnsafeRawBufferPointer) -> Bool {
        locked(key) { slot, hash in
            guard let item = find(slot, hash, key) else { return false }
            unlink(item, slot)
            return true
        }
    }

    /// How many seconds it has left; 0 when it stays, or is not there.
    public func seconds(_ key: UnsafeRawBufferPointer, now: Int) -> Int {
        locked(key) { slot, hash in
            guard let item = find(slot, hash, key), item.pointee.expires > now else { return 0 }
            return (item.pointee.expires - now + 999) / 1000
        }
    }

    @discardableResult
    public func setSeconds(_ key: UnsafeRawBufferPointer, _ seconds: Int, now: Int) -> Bool {
        locked(key) { slot, hash in
            guard let item = find(slot, hash, key), item.pointee.lives(at: now) else { return false }
            item.pointee.expires = Table.expiry(seconds, now)
            return true
        }
    }

    /// When it goes, in milliseconds: 0 for never. Nil when it is not there.
    public func expires(_ key: UnsafeRawBufferPointer, now: Int) -> Int? {
        locked(key) { slot, hash in
            find(slot, hash, key).flatMap { $0.pointee.lives(at: now) ? $0.pointee.expires : nil }
        }
    }

    // MARK: Many items

    /// Which slot a key belongs to: what a lock of the script's is about.
    public func slot(of key: UnsafeRawBufferPointer) -> Int {
        Int(bitPattern: Table.hash(key)) & (slotCount - 1)
    }

    /// Calls the closure for each item of a slot while its lock is held, until it answers false.
    public func visit(slot: Int, now: Int, _ body: (_ key: UnsafeRawBufferPointer, ItemValue) -> Bool) {
        lock(slot)
        defer { unlock(slot) }
        var next = slots[slot]
        while let item = next {
            next = item.pointee.next
            if item.pointee.lives(at: now), !body(Table.key(item), item.pointee.value) { return }
        }
    }

    /// How many the closure answers true for; the search ends at `enough`.
    public func count(
        enough: Int = .max, now: Int, _ matches: (_ key: UnsafeRawBufferPointer, ItemValue) -> Bool
    ) -> Int {
        var count = 0
        for slot in 0..<slotCount where count < enough {
            visit(slot: slot, now: now) { key, value in
                if matches(key, value) { count += 1 }
                return count < enough
            }
        }
        return count
    }

    /// Removes those for which the closure answers true; how many they were.
    @discardableResult
    public func removeAll(where unwanted: (_ key: UnsafeRawBufferPointer, ItemValue) -> Bool) -> Int {
        var count = 0
        for slot in 0..<slotCount {
            lock(slot)
            var next = slots[slot]
            while let item = next {
                next = item.pointee.next
                guard unwanted(Table.key(item), item.pointee.value) else { continue }
                unlink(item, slot)
                count += 1
            }
            unlock(slot)
        }
        return count
    }

    /// Removes what has had its time. The closure gets each while the lock is held: it may copy, and no more.
    public func sweep(now: Int, _ gone: (_ key: UnsafeRawBufferPointer, ItemValue) -> Void) {
        for slot in 0..<slotCount where slots[slot] != nil {
            lock(slot)
            var next = slots[slot]
            while let item = next {
                next = item.pointee.next
                guard !item.pointee.lives(at: now) else { continue }
                gone(Table.key(item), item.pointee.value)
                unlink(item, slot)
            }
            unlock(slot)
        }
    }

    /// A place in a walk over all items. No lock is held between two steps: what comes and goes meanwhile
    /// does no harm.
    public struct Position: Equatable, Sendable {
        var slot = 0
        var serial = UInt.max
        public init() {}
    }

    /// Moves to the next item and shows it; false at the end.
    public func step(
        _ position: inout Position, now: Int, _ show: (_ key: UnsafeRawBufferPointer, ItemValue) -> Void
    ) -> Bool {
        while position.slot < slotCount {
            lock(position.slot)
            var next = slots[position.slot]
            while let item = next, item.pointee.serial >= position.serial || !item.pointee.lives(at: now) {
                next = item.pointee.next
            }
            if let item = next {
                position.serial = item.pointee.serial
                show(Table.key(item), item.pointee.value)
                unlock(position.slot)
                return true
            }
            unlock(position.slot)
            position.slot += 1
            position.serial = .max
        }
        return false
    }

    // MARK: Within the lock

    private func locked<Result>(_ key: UnsafeRawBufferPointer, _ body: (_ slot: Int, _ hash: UInt) -> Result)
        -> Result
    {
        let hash = Table.hash(key)
        let slot = Int(bitPattern: hash) & (slotCount - 1)
        lock(slot)
        defer { unlock(slot) }
        return body(slot, hash)
    }

    private func lock(_ slot: Int) { pthread_mutex_lock(locks + slot & (lockCount - 1)) }
    private func unlock(_ slot: Int) { pthread_mutex_unlock(locks + slot & (lockCount - 1)) }

    private func find(_ slot: Int, _ hash: UInt, _ key: UnsafeRawBufferPointer) -> UnsafeMutablePointer<Item>?
    {
        var next = slots[slot]
        while let item = next {
            if item.pointee.hash == hash, item.pointee.keyCount == key.count, sameBytes(Table.key(item), key)
            {
                return item
            }
            next = item.pointee.next
        }
        return nil
    }

    /// The item of that key, alive: the one that is there, or a new one.
    private func reusable(
        _ slot: Int, _ hash: UInt, _ key: UnsafeRawBufferPointer, _ now: Int
    ) -> UnsafeMutablePointer<Item> {
        if let item = find(slot, hash, key) {
            if item.pointee.lives(at: now) {
                refresh(item, now)
            } else {
                item.pointee.expires = newExpiry(now)
            }
            return item
        }
        let stripe = slot & (lockCount - 1)
        serials[stripe] += 1
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: MemoryLayout<Item>.stride + key.count, alignment: MemoryLayout<Item>.alignment)
        let item = memory.bindMemory(to: Item.self, capacity: 1)
        item.initialize(
            to: Item(
                next: slots[slot], hash: hash, serial: serials[stripe], keyCount: key.count,
                expires: newExpiry(now),
                number: 0, text: nil, textCount: 0))
        if let start = key.baseAddress { memcpy(item + 1, start, key.count) }
        slots[slot] = item
        return item
    }

    private func refresh(_ item: UnsafeMutablePointer<Item>, _ now: Int) {
        if definition.updateexpire, definition.autoexpire > 0 { item.pointee.expires = newExpiry(now) }
    }

    private func newExpiry(_ now: Int) -> Int {
        definition.autoexpire > 0 ? Table.expiry(definition.autoexpire, now) : 0
    }

    private func unlink(_ item: UnsafeMutablePointer<Item>, _ slot: Int) {
        if slots[slot] == item {
            slots[slot] = item.pointee.next
        } else {
            var before = slots[slot]
            while let one = before, one.pointee.next != item { before = one.pointee.next }
            before?.pointee.next = item.pointee.next
        }
        free(item.pointee.text)
        UnsafeMutableRawPointer(item).deallocate()
    }

    private static func expiry(_ seconds: Int, _ now: Int) -> Int {
        now &+ min(max(seconds, 0), 1 << 40) &* 1000
    }

    static func key(_ item: UnsafeMutablePointer<Item>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: item + 1, count: item.pointee.keyCount)
    }

    /// Keys come from strangers, so the hash is keyed with something that they do not know.
    private static func hash(_ key: UnsafeRawBufferPointer) -> UInt {
        var hasher = Hasher()
        hasher.combine(bytes: key)
        return UInt(bitPattern: hasher.finalize())
    }
}

extension Table.Item {
    func lives(at now: Int) -> Bool { expires == 0 || expires > now }

    var value: ItemValue {
        guard let text else { return .number(number) }
        return .text(UnsafeRawBufferPointer(start: text, count: textCount))
    }

    mutating func put(_ value: ItemValue) {
        switch value {
        case .number(let number):
            free(text)
            text = nil
            self.number = number
        case .text(let bytes):
            if text == nil || textCount != bytes.count {
                free(text)
                // One byte at least: a number is told from an empty text by having no memory.
                text = malloc(max(bytes.count, 1))
                textCount = bytes.count
            }
            if let start = bytes.baseAddress, let text { memcpy(text, start, bytes.count) }
        }
    }
}

public func sameBytes(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
    guard a.count == b.count, let left = a.baseAddress, let right = b.baseAddress else {
        return a.isEmpty && b.isEmpty
    }
    return memcmp(left, right, a.count) == 0
}
