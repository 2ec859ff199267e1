// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Which connection leads to an address, for all workers: what is open is used again, whoever opened it.
final class Destinations: Sendable {
    private struct Key: Hashable {
        let endpoint: Endpoint
        let transport: Transport
    }
    private final class Shard: Sendable {
        let map = Mutex<[Key: UInt64]>([:])
    }
    private static let count = 16
    private let shards: [Shard]

    init() { shards = (0..<Destinations.count).map { _ in Shard() } }

    /// The newest one wins.
    func add(_ endpoint: Endpoint, _ transport: Transport, _ id: UInt64) {
        let key = Key(endpoint: endpoint, transport: transport)
        shard(key).map.withLock { $0[key] = id }
    }

    func remove(_ endpoint: Endpoint, _ transport: Transport, _ id: UInt64) {
        let key = Key(endpoint: endpoint, transport: transport)
        shard(key).map.withLock { if $0[key] == id { $0[key] = nil } }
    }

    func find(_ endpoint: Endpoint, _ transport: Transport) -> UInt64? {
        let key = Key(endpoint: endpoint, transport: transport)
        return shard(key).map.withLock { $0[key] }
    }

    private func shard(_ key: Key) -> Shard {
        shards[
            Int(truncatingIfNeeded: key.endpoint.low >> 56 ^ UInt64(key.endpoint.port))
                & (Destinations.count - 1)]
    }
}
