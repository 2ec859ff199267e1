// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import UsrlocLogic

/// The functions of usrloc_api.
enum Interface {
    static func fill(_ head: mt_head) -> usrloc_api {
        usrloc_api(
            head: head,
            table: { _, name in
                Domain.make(String(Text(unchecked: name)))?.opaque
            },
            find_table: { Domain.find($0)?.opaque },
            uses_domain: { useDomain.value },
            needs_database: { databaseRequired.value && Keeping.mode > 0 },
            waits: { table in
                Domain.with(table, otherwise: false) {
                    $0.keeping.fetches || $0.keeping.writes && $0.keeping.waits
                }
            },
            fetch: { call, table, aor, done, user in
                guard let call else { return mt_result(MT_ERROR) }
                return Domain.with(table, otherwise: mt_result(MT_ERROR)) { $0.fetch(call, aor, done, user) }
            },
            contacts: { message, table, aor, count in
                guard let message else { return nil }
                return Domain.with(table, otherwise: nil) {
                    Interface.contacts(Message(message), $0, aor, count)
                }
            },
            contact: { message, table, hash, ruid in
                guard let message, let domain = Domain.of(table) else { return nil }
                return Interface.contact(Message(message), domain, hash, ruid)
            },
            hash: { hashOfAoR($0) },
            update: { call, table, update, done, user in
                guard let call, let update else { return mt_result(MT_ERROR) }
                let contacts = UnsafeBufferPointer(
                    start: update.pointee.contacts, count: Int(update.pointee.count))
                return Domain.with(table, otherwise: mt_result(MT_ERROR)) { domain in
                    Attributes.with(contacts, of: call.pointee.msg) {
                        Interface.update(call, domain, update, $0, done, user)
                    }
                }
            },
            remove: { call, table, aor, ruid in
                guard let call, let domain = Domain.of(table) else { return mt_result(MT_ERROR) }
                return mt_result(domain.remove(call, aor, ruid) > 0 ? MT_OK : MT_NO)
            },
            next_table: { Domain.next(after: Domain.of($0))?.opaque },
            parts: { UInt32(LocationTable.partCount) },
            visit: { call, table, part, each, user in
                guard let call, let each, let domain = Domain.of(table) else { return }
                domain.visit(part: Int(part), call, each, user)
            },
            nat_flag: { Int32(natFlag.value) },
            kept: { message, table, aor, count in
                guard let message, let domain = Domain.of(table) else { return nil }
                return Interface.contacts(Message(message), domain, aor, count, since: 0)
            },
            restore: { message, contact in
                guard let message, let contact else { return }
                Attributes.restore(message, contact.pointee)
            },
            has_attributes: { Attributes.isUsed },
            advertise_sockets: { SocketNames.areAdvertised = true })
    }

    private static func contacts(
        _ message: Message, _ domain: Domain, _ aor: mt_str, _ count: UnsafeMutablePointer<UInt32>?,
        since now: Int = Domain.now
    ) -> UnsafePointer<ul_contact>? {
        var list: UnsafeMutablePointer<ul_contact>?
        let found = domain.table.read(aor, now: now) { contacts, bytes in
            let place = room(message, contacts, bytes)
            list = place?.0
            return place
        }
        count?.pointee = UInt32(found)
        return found > 0 ? list.map { UnsafePointer($0) } : nil
    }

    private static func contact(
        _ message: Message, _ domain: Domain, _ hash: UInt32, _ ruid: mt_str
    ) -> UnsafePointer<ul_contact>? {
        var one: UnsafeMutablePointer<ul_contact>?
        let found = domain.table.find(hash: hash, ruid: ruid, now: Domain.now) { bytes in
            let place = room(message, 1, bytes)
            one = place?.0
            return place
        }
        return found ? one.map { UnsafePointer($0) } : nil
    }

    private static func room(_ message: Message, _ contacts: Int, _ bytes: Int) -> (
        UnsafeMutablePointer<ul_contact>, UnsafeMutablePointer<CChar>
    )? {
        let size = MemoryLayout<ul_contact>.stride * contacts
        guard let start = message.allocate(size + max(bytes, 1)).baseAddress else { return nil }
        return (
            start.bindMemory(to: ul_contact.self, capacity: contacts),
            (start + size).bindMemory(to: CChar.self, capacity: max(bytes, 1))
        )
    }

    private static func update(
        _ call: UnsafeMutablePointer<mt_call>, _ domain: Domain, _ update: UnsafeMutablePointer<ul_update>,
        _ contacts: UnsafeBufferPointer<ul_contact>, _ done: mt_fn?, _ user: UnsafeMutableRawPointer?
    ) -> mt_result {
        let asked = update.pointee
        let writes = domain.keeping.writes && asked.flags & UInt32(UL_MEMORY) == 0
        let pending = writes && domain.keeping.waits ? done.map { PendingUpdate(call, $0, user) } : nil
        for contact in contacts where !fits(contact) { return mt_result(MT_ERROR) }
        let result = domain.table.update(
            asked.aor, contacts, replaces: asked.flags & UInt32(UL_REPLACE) != 0,
            most: Int(asked.max_contacts), now: Domain.now
        ) { change in
            if writes { domain.write(change, call, pending) }
            if LostConnections.isNoted(by: domain) { LostConnections.note(change, domain) }
        }
        switch result {
        case .old: return mt_result(UL_OLD)
        case .full: return mt_result(UL_FULL)
        case .done(let inserted, let updated, let removed):
            update.pointee.inserted = UInt32(inserted)
            update.pointee.updated = UInt32(updated)
            update.pointee.removed = UInt32(removed)
            // What it has asked for comes back by this worker's loop: not before this returns.
            guard let pending else { return mt_result(MT_OK) }
            return pending.complete() ?? mt_result(MT_SUSPEND)
        }
    }

    /// Lengths of texts are kept in 16 bits.
    private static func fits(_ contact: ul_contact) -> Bool {
        let longest = max(
            max(contact.uri.len, contact.received.len), max(contact.path.len, contact.call_id.len),
            max(contact.user_agent.len, contact.instance.len))
        return longest <= 65_535
    }
}

extension Domain {
    func remove(_ call: UnsafeMutablePointer<mt_call>, _ aor: mt_str, _ ruid: mt_str) -> Int {
        if aor.ptr == nil {
            guard ruid.ptr != nil else { return 0 }
            return table.remove(ruid: ruid) { write($0, call) }
        }
        return table.remove(aor, ruid: ruid) { write($0, call) }
    }
}
