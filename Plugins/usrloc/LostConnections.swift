// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit
import Synchronization
import UsrlocLogic

/// Which contacts came over which connection: for those who want them gone when it is (`handle_lost_tcp`), and with
/// `db_mode` 3, where contacts come from rows, whose numbers of connections may be those of other servers.
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

    static func isNoted(by domain: Domain) -> Bool { handlesLostConnections.value || domain.keeping.fetches }

    /// Did the contact come over that connection, to this process, and is it open?
    static func has(_ connection: UInt64, _ ruid: mt_str, _ domain: Domain) -> Bool {
        guard connection != 0, let start = ruid.ptr else { return false }
        return places.withLock { places in
            (places[connection] ?? []).contains { place in
                place.domain === domain && place.ruid.count == ruid.len
                    && place.ruid.withUnsafeBytes {
                        memcmp($0.baseAddress.unsafelyUnwrapped, start, ruid.len) == 0
                    }
            }
        }
    }

    /// The hook on "core.closed".
    static func closed(_ call: borrowing Call) -> Outcome {
        guard let flow = call.data(as: mt_flow.self), flow.pointee.connection != 0 else { return .yes }
        let connection = flow.pointee.connection
        let raw = call.raw
        let gone = places.withLock { $0.isEmpty ? nil : $0.removeValue(forKey: connection) }
        guard handlesLostConnections.value else { return .yes }
        for place in gone ?? [] {
            place.ruid.withUnsafeBufferPointer {
                _ = place.domain.table.remove(
                    hash: place.hash, ruid: mt_str(ptr: $0.baseAddress, len: $0.count), connection: connection
                ) { place.domain.write($0, raw) }
            }
        }
        return .yes
    }
}
