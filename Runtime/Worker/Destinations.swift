// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message
import Synchronization

/// The domain that a connection was opened for, in any case of its letters; 0 for an address, and for connections that
/// others opened.
struct DomainHash: Hashable {
    let value: UInt64
    static let none = DomainHash(value: 0)

    /// FNV-1a. Whoever finds two domains of one hash gains a connection that has proved one of them only to itself.
    static func of(_ name: Slice) -> DomainHash {
        guard name.count > 0 else { return none }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for i in 0..<name.count {
            let byte = name[i]
            let lower = byte &- 65 < 26 ? byte | 0x20 : byte
            hash = (hash ^ UInt64(lower)) &* 0x100_0000_01b3
        }
        return DomainHash(value: hash)
    }
}

/// Which connection leads to an address, for all workers: what is open is used again, whoever opened it. And by which
/// socket it came, for one that has become a WebSocket came by one of another transport.
final class Destinations: Sendable {
    private struct Key: Hashable {
        let endpoint: Endpoint
        let transport: Transport
        let name: DomainHash
    }
    struct Way {
        let id: UInt64
        let socket: UInt32
    }
    private final class Shard: Sendable {
        let map = Mutex<[Key: Way]>([:])
    }
    private static let count = 16
    private let shards: [Shard]

    init() { shards = (0..<Destinations.count).map { _ in Shard() } }

    /// The newest one wins.
    func add(_ endpoint: Endpoint, _ transport: Transport, _ name: DomainHash, _ flow: mt_flow) {
        let key = Key(endpoint: endpoint, transport: transport, name: name)
        shard(key).map.withLock { $0[key] = Way(id: flow.connection, socket: flow.socket) }
    }

    func remove(_ endpoint: Endpoint, _ transport: Transport, _ name: DomainHash, _ id: UInt64) {
        let key = Key(endpoint: endpoint, transport: transport, name: name)
        shard(key).map.withLock { if $0[key]?.id == id { $0[key] = nil } }
    }

    func find(_ endpoint: Endpoint, _ transport: Transport, _ name: DomainHash) -> Way? {
        let key = Key(endpoint: endpoint, transport: transport, name: name)
        return shard(key).map.withLock { $0[key] }
    }

    private func shard(_ key: Key) -> Shard {
        shards[
            Int(truncatingIfNeeded: key.endpoint.low >> 56 ^ UInt64(key.endpoint.port))
                & (Destinations.count - 1)]
    }
}
