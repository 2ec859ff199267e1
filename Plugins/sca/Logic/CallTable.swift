// SPDX-License-Identifier: Apache-2.0
import PluginKit
import Synchronization

/// Which appearances a call is in, by its Call-ID. For any thread.
public final class CallTable: Sendable {
    public struct Place: Sendable, Equatable {
        public let group: Group
        public let index: Int

        public init(group: Group, index: Int) {
            self.group = group
            self.index = index
        }
        public static func == (one: Place, other: Place) -> Bool {
            one.group === other.group && one.index == other.index
        }
    }
    private struct Entry {
        let callID: String
        var places: [Place]
    }
    private final class Shard: Sendable {
        let entries = Mutex<[UInt64: Entry]>([:])
    }

    private let shards = (0..<64).map { _ in Shard() }
    private let filter = Filter()

    public init() {}

    /// May be asked without a lock: it may say yes of what is not there, and never no of what is.
    @inline(__always) public func mayHave(_ hash: UInt64) -> Bool { filter.mayHave(hash) }

    public var isEmpty: Bool { filter.isEmpty }

    private func shard(_ hash: UInt64) -> Shard { shards[Int(truncatingIfNeeded: hash >> 40) & 63] }

    public static func hash(_ callID: String) -> UInt64 { callID.withRaw { Hash.of(Text(unchecked: $0)) } }

    public func find(_ callID: Text, hash: UInt64) -> [Place] {
        guard mayHave(hash) else { return [] }
        let raw = callID.raw
        return shard(hash).entries.withLock { entries in
            guard let entry = entries[hash], Text(unchecked: raw) == entry.callID else { return [] }
            return entry.places
        }
    }

    func add(_ callID: String, _ place: Place) {
        let hash = Self.hash(callID)
        shard(hash).entries.withLock { entries in
            // Two Call-IDs with one hash, which nobody can choose: the later one is not found.
            guard var entry = entries[hash] else {
                entries[hash] = Entry(callID: callID, places: [place])
                filter.add(hash)
                return
            }
            guard entry.callID == callID, !entry.places.contains(place) else { return }
            entry.places.append(place)
            entries[hash] = entry
        }
    }

    func remove(_ callID: String, _ place: Place) {
        let hash = Self.hash(callID)
        shard(hash).entries.withLock { entries in
            guard var entry = entries[hash], entry.callID == callID,
                let at = entry.places.firstIndex(of: place)
            else { return }
            entry.places.remove(at: at)
            if entry.places.isEmpty {
                entries[hash] = nil
                filter.remove(hash)
            } else {
                entries[hash] = entry
            }
        }
    }
}

/// Says of most hashes that are not there that they are not, without a lock: how many there are that begin alike.
final class Filter: @unchecked Sendable {
    private static let size = 16_384
    /// Lives as long as the process.
    private let counts: UnsafeMutablePointer<Atomic<Int32>>
    private let all = Atomic<Int>(0)

    init() {
        counts = .allocate(capacity: Self.size)
        for at in 0..<Self.size { (counts + at).initialize(to: Atomic(0)) }
    }

    deinit {
        counts.deinitialize(count: Self.size)
        counts.deallocate()
    }

    @inline(__always) private func slot(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash) & (Self.size - 1)
    }

    @inline(__always) func mayHave(_ hash: UInt64) -> Bool {
        counts[slot(hash)].load(ordering: .acquiring) != 0
    }
    var isEmpty: Bool { all.load(ordering: .relaxed) == 0 }
    var count: Int { all.load(ordering: .relaxed) }

    func add(_ hash: UInt64) {
        counts[slot(hash)].add(1, ordering: .acquiringAndReleasing)
        all.add(1, ordering: .relaxed)
    }
    func remove(_ hash: UInt64) {
        counts[slot(hash)].subtract(1, ordering: .acquiringAndReleasing)
        all.subtract(1, ordering: .relaxed)
    }
}
