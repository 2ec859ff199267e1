// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import Synchronization
import UsrlocLogic

let contactExpired = Event(
    "contact-expired", "A contact has had its time, and is no more. Data: ul_contact.")

/// Removing what has had its time: one part of each table at a time, so that nobody notices.
enum Expiring {
    private static let step = Atomic<Int>(0)

    /// On the first worker.
    static func start() {
        let parts = LocationTable.partCount
        Loop.every(.milliseconds(max(timerInterval.value * 1000 / parts, 5)), on: 0) { call in
            let part = step.add(1, ordering: .relaxed).oldValue % parts
            for domain in Domain.all { expire(domain, part, call) }
            return .yes
        }
        if cleansConnections.value { Loop.post(to: 0) { cleanConnections($0) } }
        Loop.every(.seconds(1), on: 0) { call in
            for domain in Domain.all { domain.catchUp(call.raw) }
            return .yes
        }
        guard Domain.all.contains(where: { $0.keeping.fetches }) else { return }
        Loop.every(.seconds(timerInterval.value), on: 0) { call in
            for domain in Domain.all where domain.keeping.fetches { tidy(domain, call) }
            return .yes
        }
    }

    private static func expire(_ domain: Domain, _ part: Int, _ call: borrowing Call) {
        var gone: [KeptContact] = []
        let raw = call.raw
        domain.table.expire(shard: part, now: Domain.now) { contact in
            domain.write(.erased(contact), raw)
            gone.append(KeptContact(contact))
        }
        guard !gone.isEmpty else { return }
        if closesExpiredConnections.value {
            for kept in gone where kept.contact.connection != 0 { close(kept.contact.connection) }
        }
        if let blank = OwnMessage.request("OPTIONS", "sip:usrloc@localhost.invalid") {
            for kept in gone {
                var contact = kept.contact
                withUnsafePointer(to: &contact) { _ = contactExpired.emit(call, blank.message, $0) }
            }
        }
        for kept in gone { kept.free() }
    }

    /// Connections do not outlive a process: what came over one before cannot be reached by it any more.
    private static func cleanConnections(_ call: borrowing Call) -> Outcome {
        var match = mt_match()
        match.column = UInt32(Column.connection.rawValue)
        match.op = UInt32(MT_GT)
        match.value = mt_value(0)
        for domain in Domain.all where domain.keeping.writes {
            guard let database = domain.database else { continue }
            _ = database.api.pointee.erase(call.raw, database.store, &match, 1, nil, nil)
        }
        return .yes
    }

    private static func close(_ connection: UInt64) {
        var flow = mt_flow()
        flow.protocol = UInt32(MT_TCP)
        flow.connection = connection
        _ = Server.net.pointee.close(&flow)
    }

    /// Without memory: what was read for one request is not kept long, and what has expired is erased where
    /// it is.
    private static func tidy(_ domain: Domain, _ call: borrowing Call) {
        domain.table.forget(fetchedBefore: Domain.now - 30)
        guard let database = domain.database else { return }
        var match = mt_match()
        match.column = UInt32(Column.expires.rawValue)
        match.op = UInt32(MT_LE)
        match.value = mt_value(Domain.now)
        _ = database.api.pointee.erase(call.raw, database.store, &match, 1, nil, nil)
    }
}
