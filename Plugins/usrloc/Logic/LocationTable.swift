// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Synchronization

/// Who is registered where: contacts by address of record, for any number of threads. Time is an argument.
///
/// Nothing in here does I/O. Those that change something tell what in closures, in the order in which it
/// happened to a contact, so that a database can follow.
public final class LocationTable: Sendable {
    public struct Options: Sendable {
        public var matching = Matching.contact
        /// In seconds.
        public var cseqDelay = 20
        /// Newest first, whatever their q.
        public var byTime = false
        public init() {}
    }

    public let name: String
    public let options: Options
    public let ruids: RUID
    let shards: [Shard]
    /// The same, without counting references: they live as long as the table, and which they are never changes.
    nonisolated(unsafe) private let borrowed: UnsafeMutablePointer<Unmanaged<Shard>>
    private static let shardBits = 8
    /// Into how many parts every table is divided.
    public static let partCount = 1 << shardBits
    private let users = Atomic<Int>(0)
    private let all = Atomic<Int>(0)
    private let gone = Atomic<Int>(0)
    private let tally: @Sendable (_ users: Int, _ contacts: Int, _ expired: Int) -> Void

    /// - Parameter tally: hears by how much the three counts change.
    public init(
        _ name: String, _ options: Options, _ ruids: RUID,
        tally: @escaping @Sendable (_ users: Int, _ contacts: Int, _ expired: Int) -> Void = { _, _, _ in }
    ) {
        self.tally = tally
        self.name = name
        self.options = options
        self.ruids = ruids
        shards = (0..<LocationTable.partCount).map { _ in Shard() }
        borrowed = .allocate(capacity: shards.count)
        for (index, shard) in shards.enumerated() {
            (borrowed + index).initialize(to: .passUnretained(shard))
        }
    }

    deinit { borrowed.deallocate() }

    /// Records, contacts, and how many contacts have expired so far.
    public var userCount: Int { users.load(ordering: .relaxed) }
    public var contactCount: Int { all.load(ordering: .relaxed) }
    public var expiredCount: Int { gone.load(ordering: .relaxed) }
    /// Slots of the hash tables.
    public var slotCount: Int { shards.reduce(0) { $0 + $1.slotCount } }

    private static func place(_ hash: UInt32) -> Int { Int(hash >> UInt32(32 - shardBits)) }

    func shard(_ hash: UInt32) -> Shard { shards[LocationTable.place(hash)] }

    /// Where each REGISTER comes by.
    @inline(__always) func withShard<Result>(_ hash: UInt32, _ body: (Shard) -> Result) -> Result {
        borrowed[LocationTable.place(hash)]._withUnsafeGuaranteedRef(body)
    }

    func counted(users change: Int, contacts: Int, expired: Int = 0) {
        if change != 0 { users.add(change, ordering: .relaxed) }
        if contacts != 0 { all.add(contacts, ordering: .relaxed) }
        if expired != 0 { gone.add(expired, ordering: .relaxed) }
        tally(change, contacts, expired)
    }
}

// Its shards have their own locks.
extension Shard: @unchecked Sendable {}

// MARK: Reading

extension LocationTable {
    /// Copies the contacts of a record that have not expired, in their order. `room` is asked once, while the
    /// record is locked, for that many contacts and that many bytes of text; it may answer nil.
    public func read(
        _ aor: mt_str, now: Int,
        into room: (_ contacts: Int, _ bytes: Int) -> (
            UnsafeMutablePointer<ul_contact>, UnsafeMutablePointer<CChar>
        )?
    ) -> Int {
        let hash = hashOfAoR(aor)
        return withShard(hash) { shard in
            shard.linking {
                guard let record = shard.find(aor, hash) else { return 0 }
                var count = 0
                var bytes = 0
                record.each(now) {
                    count += 1
                    bytes += $0.textSize + record.key.len
                }
                guard count > 0, let (contacts, texts) = room(count, bytes) else { return 0 }
                var place = texts
                var index = 0
                record.each(now) {
                    let view = $0.view(aor: record.key)
                    (contacts + index).initialize(to: view.moved(to: place))
                    place += view.textSize
                    index += 1
                }
                return count
            }
        }
    }

    /// The same for one contact that is known by its name.
    public func find(
        hash: UInt32, ruid: mt_str, now: Int,
        into room: (_ bytes: Int) -> (UnsafeMutablePointer<ul_contact>, UnsafeMutablePointer<CChar>)?
    ) -> Bool {
        let shard = shard(hash)
        return shard.linking {
            var next = shard.slots[Int(hash) & (shard.slotCount - 1)]
            while let record = next {
                next = record.pointee.next
                guard record.pointee.hash == hash else { continue }
                var found: ul_contact?
                record.each(now) {
                    let view = $0.view(aor: record.key)
                    if found == nil, sameText(view.ruid, ruid) { found = view }
                }
                guard let found else { continue }
                guard let (contact, texts) = room(found.textSize) else { return false }
                contact.initialize(to: found.moved(to: texts))
                return true
            }
            return false
        }
    }

    public func has(_ aor: mt_str) -> Bool {
        let hash = hashOfAoR(aor)
        let shard = shard(hash)
        return shard.linking { shard.find(aor, hash) != nil }
    }

    public var shardCount: Int { shards.count }

    /// Where a visit to a shard stands.
    public struct Place {
        /// How many slots the shard had when it began: what is in one of them then is later in that one and those that
        /// are a multiple of so many further on.
        fileprivate var slots = 0
        fileprivate var next = 0
        public init() {}

        /// Of that many slots, so some hundred records.
        fileprivate static let portion = 256
    }

    /// A portion of the contacts of a shard, record by record, those that have expired too; lent while a lock is held
    /// that only those who change something wait for. Who goes on until it answers false has seen all that were there all
    /// the while, each once.
    public func visit(
        shard index: Int, from place: inout Place, _ body: (_ contact: ul_contact, _ isFirst: Bool) -> Void
    ) -> Bool {
        let shard = shards[index]
        shard.writing {
            if place.slots == 0 { place.slots = shard.slotCount }
            let end = min(place.next + Place.portion, place.slots)
            while place.next < end {
                for slot in stride(from: place.next, to: shard.slotCount, by: place.slots) {
                    shard.visit(slot: slot, body)
                }
                place.next += 1
            }
        }
        return place.next < place.slots
    }

    /// All of them.
    public func visit(shard index: Int, _ body: (_ contact: ul_contact, _ isFirst: Bool) -> Void) {
        var place = Place()
        while visit(shard: index, from: &place, body) {}
    }
}

extension Shard {
    fileprivate func visit(slot: Int, _ body: (_ contact: ul_contact, _ isFirst: Bool) -> Void) {
        var next = slots[slot]
        while let record = next {
            next = record.pointee.next
            var contact = record.pointee.first
            var isFirst = true
            while let one = contact {
                contact = one.pointee.next
                body(one.view(aor: record.key), isFirst)
                isFirst = false
            }
        }
    }
}

extension Record.Pointer {
    @inline(__always) func each(_ now: Int, _ body: (Contact.Pointer) -> Void) {
        var next = pointee.first
        while let contact = next {
            next = contact.pointee.next
            if contact.pointee.lives(at: Int64(now)) { body(contact) }
        }
    }
}
