// SPDX-License-Identifier: Apache-2.0
import PluginKit
import Synchronization

/// All shared lines, by name. For any thread: each shard has a lock, which is held while one of its lines decides, and
/// never while anything is sent.
public final class Lines: Sendable {
    private final class Shard: Sendable {
        let groups = Mutex<[UInt64: Group]>([:])
    }

    public static let parts = 64
    private let shards: [Shard]
    private let filter = Filter()
    public let calls = CallTable()
    /// When they have to be looked at.
    public let deadlines = Deadlines()
    private let numbers = Atomic<UInt32>(0)

    /// Of this server among several that share their lines; nil: it is alone. Set before the first line is there.
    nonisolated(unsafe) public var server: Int?

    public init() { shards = (0..<Self.parts).map { _ in Shard() } }

    /// How many there are.
    public var count: Int { filter.count }
    public var isEmpty: Bool { filter.isEmpty }

    /// What the next subscription is called.
    public func nextNumber() -> UInt32 {
        let number = numbers.add(1, ordering: .relaxed).newValue
        return number == 0 ? nextNumber() : number
    }

    private func shard(_ hash: UInt64) -> Shard {
        shards[Int(truncatingIfNeeded: hash >> 32) & (Self.parts - 1)]
    }

    /// Is that a shared line? Most often answered without a lock.
    public func find(_ name: LineName) -> Group? {
        let hash = name.hash
        guard filter.mayHave(hash) else { return nil }
        let (user, host) = (name.user.raw, name.host.raw)
        return shard(hash).groups.withLock { groups in
            guard let group = groups[hash],
                LineName(user: Text(unchecked: user), host: Text(unchecked: host)).equals(group.aor)
            else { return nil }
            return group
        }
    }

    public func find(aor: String) -> Group? {
        aor.withRaw { raw in
            guard let name = LineName(Text(unchecked: raw)) else { return nil }
            return find(name)
        }
    }

    /// Uses a line, alone. Nil: it is no more.
    public func with<Result: Sendable>(_ group: Group, _ body: (Group) -> Result) -> Result? {
        shard(group.hash).groups.withLock { _ in group.isGone ? nil : body(group) }
    }

    /// Uses the line of that name, which is made when there is none. Nil: two names have one hash, which nobody can choose.
    public func make<Result: Sendable>(_ name: LineName, _ body: (Group) -> Result) -> (Group, Result)? {
        let hash = name.hash
        let (user, host) = (name.user.raw, name.host.raw)
        return shard(hash).groups.withLock { groups in
            let name = LineName(user: Text(unchecked: user), host: Text(unchecked: host))
            if let known = groups[hash] {
                return name.equals(known.aor) ? (known, body(known)) : nil
            }
            let new = Group(name, calls, server: server)
            groups[hash] = new
            filter.add(hash)
            return (new, body(new))
        }
    }

    /// A line that nobody uses any more is none.
    public func tidy(_ group: Group) {
        shard(group.hash).groups.withLock { groups in
            guard !group.isGone, group.isIdle, groups[group.hash] === group else { return }
            group.retire()
            deadlines.remove(group)
            groups[group.hash] = nil
            filter.remove(group.hash)
        }
    }

    /// The lines of one part of `parts`.
    public func groups(part: Int) -> [Group] { shards[part].groups.withLock { Array($0.values) } }

    public var all: [Group] { (0..<Self.parts).flatMap { groups(part: $0) } }
}
