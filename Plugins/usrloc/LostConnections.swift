// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit
import Synchronization
import UsrlocLogic

/// Which contacts came over which connection: for those who want them gone when it is (`handle_lost_tcp`), and with
/// `db_mode` 3, where contacts come from rows, whose numbers of connections may be those of other servers.
enum LostConnections {
    private struct Place: Hashable {
        let domain: Domain
        let hash: UInt32
        let ruid: [CChar]

        init(_ contact: ul_contact, _ domain: Domain) {
            self.domain = domain
            hash = hashOfAoR(contact.aor)
            ruid = Array(UnsafeBufferPointer(start: contact.ruid.ptr, count: contact.ruid.len))
        }

        static func == (one: Self, other: Self) -> Bool {
            one.domain === other.domain && one.hash == other.hash && one.ruid == other.ruid
        }

        func hash(into hasher: inout Hasher) { hasher.combine(ruid) }
    }

    /// What came over one connection, and until when it is there.
    private struct Places {
        private var all: [Place: Int64] = [:]
        /// So many are looked through for those that nobody has taken away, but time.
        private var most = 64

        var isEmpty: Bool { all.isEmpty }
        var contacts: some Collection<Place> { all.keys }
        func has(_ place: Place) -> Bool { all[place] != nil }
        mutating func remove(_ place: Place) { all[place] = nil }

        mutating func add(_ place: Place, until expires: Int64) {
            all[place] = expires
            guard all.count > most else { return }
            let now = Domain.now
            all = all.filter { $0.value == 0 || $0.value > now }
            most = max(2 * all.count, 64)
        }
    }
    private static let places = Mutex<[UInt64: Places]>([:])

    static func note(_ change: Change, _ domain: Domain) {
        switch change {
        case .written(let contact, _):
            guard contact.connection != 0 else { return }
            let place = Place(contact, domain)
            places.withLock {
                $0[contact.connection, default: Places()].add(place, until: contact.expires)
            }
        case .erased(let contact):
            guard contact.connection != 0 else { return }
            let place = Place(contact, domain)
            places.withLock {
                $0[contact.connection]?.remove(place)
                if $0[contact.connection]?.isEmpty == true { $0[contact.connection] = nil }
            }
        }
    }

    static func isNoted(by domain: Domain) -> Bool { handlesLostConnections.value || domain.keeping.fetches }

    /// The number of a contact's connection, as far as it means something here: it came over that one, to this process,
    /// and it is open. One that this server had and lost is one that never opens; those of others count as none.
    static func connection(of contact: ul_contact, _ domain: Domain) -> UInt64 {
        guard contact.connection != 0 else { return 0 }
        let place = Place(contact, domain)
        if places.withLock({ $0[contact.connection]?.has(place) == true }) { return contact.connection }
        return serverID.value != 0 && contact.server_id == serverID.value ? .max : 0
    }

    /// The hook on "core.closed".
    static func closed(_ call: borrowing Call) -> Outcome {
        guard let flow = call.data(as: mt_flow.self), flow.pointee.connection != 0 else { return .yes }
        let connection = flow.pointee.connection
        let raw = call.raw
        let gone = places.withLock { $0.isEmpty ? nil : $0.removeValue(forKey: connection) }
        guard handlesLostConnections.value else { return .yes }
        guard let gone else { return .yes }
        for place in gone.contacts {
            place.ruid.withUnsafeBufferPointer {
                _ = place.domain.table.remove(
                    hash: place.hash, ruid: mt_str(ptr: $0.baseAddress, len: $0.count), connection: connection
                ) { place.domain.write($0, raw) }
            }
        }
        return .yes
    }
}
