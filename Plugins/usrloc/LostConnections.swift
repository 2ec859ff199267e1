// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import Synchronization
import UsrlocLogic

/// Which contacts came over which connection, for those who want them gone when it is (`handle_lost_tcp`).
enum LostConnections {
    private struct Place {
        let domain: Domain
        let hash: UInt32
        let ruid: [CChar]
    }
    private static let places = Mutex<[UInt64: [Place]]>([:])

    static func note(_ change: Change, _ domain: Domain) {
        guard case .written(let contact, _) = change, contact.connection != 0 else { return }
        let ruid = Array(UnsafeBufferPointer(start: contact.ruid.ptr, count: contact.ruid.len))
        let place = Place(domain: domain, hash: hashOfAoR(contact.aor), ruid: ruid)
        places.withLock { places in
            var known = places[contact.connection] ?? []
            guard !known.contains(where: { $0.domain === domain && $0.ruid == ruid }) else { return }
            known.append(place)
            places[contact.connection] = known
        }
    }

    /// The hook on "core.closed".
    static func closed(_ call: borrowing Call) -> Outcome {
        guard handlesLostConnections.value, let flow = call.data(as: mt_flow.self) else { return .yes }
        let connection = flow.pointee.connection
        let raw = call.raw
        for place in places.withLock({ $0.removeValue(forKey: connection) }) ?? [] {
            place.ruid.withUnsafeBufferPointer {
                _ = place.domain.table.remove(
                    hash: place.hash, ruid: mt_str(ptr: $0.baseAddress, len: $0.count), connection: connection
                ) { place.domain.write($0, raw) }
            }
        }
        return .yes
    }
}
