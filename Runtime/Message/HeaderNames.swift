// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// The table that turns a header's name into its number: open hashing over the length and the first eight bytes.
///
/// It lives in memory of its own that is never freed and never moves, so messages keep a plain pointer to it.
/// Entries are only added: an entry is complete before its slot is published, so readers need no lock.
@usableFromInline struct HeaderNames: @unchecked Sendable {
    /// One spelling: its lower-cased bytes in words; the first eight, the last eight, and the middle. A short name
    /// is at the upper end of the first word, and the last one is the same.
    struct Entry {
        var head: UInt64 = 0
        var tail: UInt64 = 0
        /// The bit 0x20 of each letter: what a spelling in another letter case may lack.
        var headLetters: UInt64 = 0
        var tailLetters: UInt64 = 0
        var middle: UInt64 = 0
        var inner: UInt64 = 0
        var count: Int = 0
        var id: UInt16 = 0
    }

    static let shared = HeaderNames()

    private static let places = 4096
    private static let limit = 2048
    private static let mutex = Mutex(())

    /// The places, each with the number of an entry or 0, and behind them the entries: one address is one register.
    private let table: UnsafeMutableRawPointer
    private let used: UnsafeMutablePointer<Int>
    private let next: UnsafeMutablePointer<UInt16>
    /// The spelling to show, by number.
    private let spelling: UnsafeMutablePointer<Slice>

    private init() {
        table = .allocate(
            byteCount: Self.places * 2 + Self.limit * MemoryLayout<Entry>.stride, alignment: 64)
        let slots = table.bindMemory(to: Atomic<UInt16>.self, capacity: Self.places)
        for i in 0..<Self.places { (slots + i).initialize(to: Atomic(0)) }
        (table + Self.places * 2).bindMemory(to: Entry.self, capacity: Self.limit)
            .initialize(repeating: Entry(), count: Self.limit)
        spelling = .allocate(capacity: Self.limit)
        spelling.initialize(repeating: .absent, count: Self.limit)
        used = .allocate(capacity: 1)
        used.initialize(to: 1)
        next = .allocate(capacity: 1)
        next.initialize(to: 1)
        for (name, compact) in HeaderID.table {
            let id = next.pointee
            next.pointee += 1
            spelling[Int(id)] = Slice(name)
            add(Slice(name), id: id)
            if compact.utf8CodeUnitCount > 0 { add(Slice(compact), id: id) }
        }
    }

    private var slots: UnsafeMutablePointer<Atomic<UInt16>> {
        table.assumingMemoryBound(to: Atomic<UInt16>.self)
    }

    private var entries: UnsafeMutablePointer<Entry> {
        (table + Self.places * 2).assumingMemoryBound(to: Entry.self)
    }

    func find(_ name: Slice) -> HeaderID {
        guard let base = name.base, name.count > 0 else { return .other }
        if name.count > 32 { return .other }
        if name.count >= 8 { return find(padded: base, count: name.count) }
        // Copied, for the look-up reads words of eight bytes.
        var copy: UInt64 = 0
        return withUnsafeMutableBytes(of: &copy) { bytes in
            let start = bytes.baseAddress.unsafelyUnwrapped
            for i in 0..<name.count { bytes[i] = base[i] }
            return find(padded: start, count: name.count)
        }
    }

    /// The same for a name of up to 32 bytes after which at least seven more may be read.
    ///
    /// Safe because every load below lies inside `name ..< name + max(count, 8)`.
    func find(padded name: UnsafeRawPointer, count: Int) -> HeaderID {
        let (head, tail) = Self.ends(name, count)
        return search(name, head, tail, count, from: Self.place(head, count))
    }

    /// The same for what is in its first place, and has no more than sixteen bytes: nearly each name there is.
    @inline(__always) func findFirst(padded name: UnsafeRawPointer, count: Int) -> HeaderID? {
        let (head, tail) = Self.ends(name, count)
        // Entry 0 is empty, and no name is like it.
        let entry = entries + Int(slots[Self.place(head, count)].load(ordering: .acquiring))
        guard Self.isLike(entry, head, tail, count), count <= 16 else { return nil }
        return HeaderID(rawValue: entry.pointee.id)
    }

    @inline(__always) private static func ends(_ name: UnsafeRawPointer, _ count: Int) -> (UInt64, UInt64) {
        let head = name.loadUnaligned(as: UInt64.self)
        guard count < 8 else {
            return (head, name.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self))
        }
        let all = head &<< (UInt64(truncatingIfNeeded: 8 &- count) &* 8)
        return (all, all)
    }

    @inline(__always) private static func isLike(
        _ entry: UnsafePointer<Entry>, _ head: UInt64, _ tail: UInt64, _ count: Int
    ) -> Bool {
        entry.pointee.count == count && head | entry.pointee.headLetters == entry.pointee.head
            && tail | entry.pointee.tailLetters == entry.pointee.tail
    }

    /// Place by place, and a long name with what is between its ends.
    @inline(never) private func search(
        _ name: UnsafeRawPointer, _ head: UInt64, _ tail: UInt64, _ count: Int, from start: Int
    ) -> HeaderID {
        var place = start
        while true {
            let slot = Int(slots[place].load(ordering: .acquiring))
            if slot == 0 { return .other }
            let entry = entries + slot
            if Self.isLike(entry, head, tail, count), count <= 16 || Self.hasMiddle(name, count, entry) {
                return HeaderID(rawValue: entry.pointee.id)
            }
            place = (place &+ 1) & (Self.places &- 1)
        }
    }

    /// The second eight bytes and the last but eight.
    private static func hasMiddle(
        _ name: UnsafeRawPointer, _ count: Int, _ entry: UnsafePointer<Entry>
    ) -> Bool {
        let middle = name.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        let inner = name.loadUnaligned(fromByteOffset: count &- 16, as: UInt64.self)
        return middle | letters(of: entry.pointee.middle) == entry.pointee.middle
            && inner | letters(of: entry.pointee.inner) == entry.pointee.inner
    }

    func intern(_ name: String) -> HeaderID {
        var name = name
        return name.withUTF8 { utf8 in
            let text = Slice(base: utf8.baseAddress, count: utf8.count)
            guard text.count > 0, text.count <= 32 else { return .other }
            return Self.mutex.withLock { _ in
                let known = find(text)
                guard known == .other, used.pointee < Self.limit else { return known }
                // Never freed: the spelling is handed out as a slice.
                let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: text.count)
                for i in 0..<text.count { copy[i] = text[i] }
                let id = next.pointee
                next.pointee += 1
                spelling[Int(id)] = Slice(base: copy, count: text.count)
                add(Slice(base: copy, count: text.count), id: id)
                return HeaderID(rawValue: id)
            }
        }
    }

    func name(of id: HeaderID) -> Slice {
        Int(id.rawValue) < Self.limit ? spelling[Int(id.rawValue)] : .absent
    }

    private func add(_ name: Slice, id: UInt16) {
        func word(_ start: Int, _ n: Int) -> UInt64 {
            var word: UInt64 = 0
            for i in 0..<n { word |= UInt64(name[start + i].lowercased) << UInt64(i * 8) }
            return word
        }
        let n = name.count
        var entry = Entry(count: n, id: id)
        entry.head = word(0, min(n, 8)) << UInt64(max(8 - n, 0) * 8)
        entry.tail = n < 8 ? entry.head : word(n - 8, 8)
        entry.headLetters = Self.letters(of: entry.head)
        entry.tailLetters = Self.letters(of: entry.tail)
        if n > 16 {
            entry.middle = word(8, 8)
            entry.inner = word(n - 16, 8)
        }
        entries[used.pointee] = entry
        var place = Self.place(entry.head, n)
        while slots[place].load(ordering: .relaxed) != 0 { place = (place + 1) & (Self.places - 1) }
        slots[place].store(UInt16(used.pointee), ordering: .releasing)
        used.pointee += 1
    }

    /// Letters are compared without case, everything else exactly: a letter is what has the bit 0x40 set.
    private static func letters(of lower: UInt64) -> UInt64 { (lower & 0x4040_4040_4040_4040) >> 1 }

    @inline(__always) private static func place(_ head: UInt64, _ count: Int) -> Int {
        // The same for both letter cases, which differ in one bit of each byte.
        let mixed = (head | 0x2020_2020_2020_2020) &+ UInt64(truncatingIfNeeded: count)
        return Int(truncatingIfNeeded: (mixed &* 0x9E37_79B9_7F4A_7C15) &>> 52)
    }
}

extension HeaderNames {
    /// The same table at a fixed address.
    nonisolated(unsafe) static let pointer: UnsafePointer<HeaderNames> = {
        let place = UnsafeMutablePointer<HeaderNames>.allocate(capacity: 1)
        place.initialize(to: shared)
        return UnsafePointer(place)
    }()
}
