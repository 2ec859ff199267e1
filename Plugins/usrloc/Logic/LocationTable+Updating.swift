// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// What has become of a contact, for a database to follow.
public enum Change {
    case written(ul_contact, version: UInt32)
    case erased(ul_contact)
}

public enum UpdateResult: Equatable, Sendable {
    case done(inserted: Int, updated: Int, removed: Int)
    /// A CSeq that is older than what is known.
    case old
    case full
}

extension LocationTable {
    /// What is to be done with one contact of an update.
    private enum Step {
        case nothing
        case insert
        case update(Contact.Pointer)
        case remove(Contact.Pointer)

        var contact: Contact.Pointer? {
            switch self {
            case .nothing, .insert: nil
            case .update(let contact), .remove(let contact): contact
            }
        }
    }

    /// Does what a REGISTER asks for: all of it, or nothing.
    ///
    /// - Parameters:
    ///   - replaces: what the update does not name is taken away.
    ///   - most: how many contacts there may be; 0: any number. It keeps nobody from refreshing.
    ///   - changed: hears of each change; what it is lent it may copy.
    public func update(
        _ aor: mt_str, _ contacts: UnsafeBufferPointer<ul_contact>, replaces: Bool = false, most: Int = 0,
        now: Int, changed: (Change) -> Void
    ) -> UpdateResult {
        let hash = hashOfAoR(aor)
        return withShard(hash) { shard in
            shard.writing {
                let record = shard.find(aor, hash)
                return withUnsafeTemporaryAllocation(of: Step.self, capacity: max(contacts.count, 1)) {
                    steps in
                    steps.initialize(repeating: .nothing)
                    guard decide(record, contacts, steps, now) else { return .old }
                    let (kept, inserted) = count(record, contacts, steps, replaces, now)
                    if most > 0, inserted > 0, kept + inserted > most { return .full }
                    return perform(shard, record, aor, hash, contacts, steps, replaces, now, changed)
                }
            }
        }
    }

    private func decide(
        _ record: Record.Pointer?, _ contacts: UnsafeBufferPointer<ul_contact>,
        _ steps: UnsafeMutableBufferPointer<Step>, _ now: Int
    ) -> Bool {
        for index in contacts.indices {
            let asked = contacts[index]
            // Named twice: the later one counts.
            for earlier in 0..<index where options.matching.matches(contacts[earlier], asked) {
                steps[earlier] = .nothing
            }
            guard let known = find(record, asked) else {
                steps[index] = asked.expires == Int64(UL_GONE) ? .nothing : .insert
                continue
            }
            // Nor is one known contact changed twice.
            for earlier in 0..<index where steps[earlier].contact == known { steps[earlier] = .nothing }
            let view = known.view(aor: mt_str())
            let isGone = asked.expires == Int64(UL_GONE)
            guard known.pointee.lives(at: Int64(now)) else {
                steps[index] = isGone ? .remove(known) : .update(known)
                continue
            }
            switch News.of(asked, to: view, now: now, delay: options.cseqDelay) {
            case .old: return false
            case .repeated: steps[index] = .nothing
            case .news: steps[index] = isGone ? .remove(known) : .update(known)
            }
        }
        return true
    }

    private func find(_ record: Record.Pointer?, _ asked: ul_contact) -> Contact.Pointer? {
        var next = record?.pointee.first
        while let contact = next {
            if options.matching.matches(contact.view(aor: mt_str()), asked) { return contact }
            next = contact.pointee.next
        }
        return nil
    }

    /// How many there will be of those that are there, and how many new ones.
    private func count(
        _ record: Record.Pointer?, _ contacts: UnsafeBufferPointer<ul_contact>,
        _ steps: UnsafeMutableBufferPointer<Step>, _ replaces: Bool, _ now: Int
    ) -> (kept: Int, inserted: Int) {
        var kept = 0
        var inserted = 0
        record?.each(now) { _ in kept += 1 }
        if replaces { kept = 0 }
        for step in steps {
            switch step {
            case .nothing: break
            case .insert: inserted += 1
            case .update(let contact):
                if replaces { kept += 1 } else if !contact.pointee.lives(at: Int64(now)) { inserted += 1 }
            case .remove: if !replaces { kept -= 1 }
            }
        }
        return (kept, inserted)
    }

    private func perform(
        _ shard: Shard, _ known: Record.Pointer?, _ aor: mt_str, _ hash: UInt32,
        _ contacts: UnsafeBufferPointer<ul_contact>, _ steps: UnsafeMutableBufferPointer<Step>,
        _ replaces: Bool, _ now: Int, _ changed: (Change) -> Void
    ) -> UpdateResult {
        var inserted = 0
        var updated = 0
        var removed = 0
        var record = known
        if replaces, let record {
            var next = record.pointee.first
            while let contact = next {
                next = contact.pointee.next
                let view = contact.view(aor: mt_str())
                guard !contacts.contains(where: { options.matching.matches(view, $0) }) else { continue }
                remove(contact, of: record, in: shard, changed)
                removed += 1
            }
        }
        for index in contacts.indices {
            var asked = contacts[index]
            asked.modified = Int64(now)
            switch steps[index] {
            case .nothing: break
            case .insert:
                let place = record ?? Record.make(aor, hash)
                insert(asked, into: place, isNew: record == nil, in: shard, changed)
                record = place
                inserted += 1
            case .update(let contact):
                guard let record else { break }
                change(contact, to: asked, of: record, in: shard, changed)
                updated += 1
            case .remove(let contact):
                guard let record else { break }
                remove(contact, of: record, in: shard, changed)
                removed += 1
            }
        }
        if let record { dropIfEmpty(record, in: shard) }
        return .done(inserted: inserted, updated: updated, removed: removed)
    }

    private func insert(
        _ asked: ul_contact, into record: Record.Pointer, isNew: Bool, in shard: Shard,
        _ changed: (Change) -> Void
    ) {
        let contact = ruids.next { name in
            Contact.make(asked, ruid: mt_str(ptr: name.baseAddress, len: name.count))
        }
        contact.pointee.isDirty = true
        shard.linking {
            record.insert(contact, byTime: options.byTime)
            if isNew { shard.link(record) }
        }
        counted(users: isNew ? 1 : 0, contacts: 1)
        changed(.written(contact.view(aor: record.key), version: contact.pointee.version))
    }

    private func change(
        _ contact: Contact.Pointer, to asked: ul_contact, of record: Record.Pointer, in shard: Shard,
        _ changed: (Change) -> Void
    ) {
        let known = contact.view(aor: mt_str())
        let moves = options.byTime || Int32(contact.pointee.q) != asked.q
        var now = contact
        if Contact.sameTexts(known, asked) {
            shard.linking {
                contact.setNumbers(asked)
                if moves { record.remove(contact) }
                if moves { record.insert(contact, byTime: options.byTime) }
            }
        } else {
            now = Contact.make(asked, ruid: known.ruid)
            now.pointee.version = contact.pointee.version &+ 1
            shard.linking {
                if moves {
                    record.remove(contact)
                    record.insert(now, byTime: options.byTime)
                } else {
                    record.swap(contact, for: now)
                }
            }
            contact.freeContact()
        }
        now.pointee.isDirty = true
        changed(.written(now.view(aor: record.key), version: now.pointee.version))
    }

    /// While the shard is being written.
    func remove(
        _ contact: Contact.Pointer, of record: Record.Pointer, in shard: Shard, _ changed: (Change) -> Void
    ) {
        shard.linking { record.remove(contact) }
        counted(users: 0, contacts: -1)
        changed(.erased(contact.view(aor: record.key)))
        contact.freeContact()
    }

    func dropIfEmpty(_ record: Record.Pointer, in shard: Shard) {
        guard record.pointee.first == nil else { return }
        shard.linking { shard.unlink(record) }
        counted(users: -1, contacts: 0)
        record.freeRecord()
    }
}

extension Contact {
    static func sameTexts(_ known: ul_contact, _ asked: ul_contact) -> Bool {
        sameText(known.call_id, asked.call_id) && sameText(known.uri, asked.uri)
            && sameText(known.received, asked.received) && sameText(known.path, asked.path)
            && sameText(known.user_agent, asked.user_agent) && sameText(known.instance, asked.instance)
            && sameText(known.attributes, asked.attributes)
    }
}

extension Record.Pointer {
    /// Puts one where the other was.
    func swap(_ old: Contact.Pointer, for new: Contact.Pointer) {
        new.pointee.next = old.pointee.next
        if pointee.first == old {
            pointee.first = new
            return
        }
        var at = pointee.first
        while let other = at {
            if other.pointee.next == old {
                other.pointee.next = new
                return
            }
            at = other.pointee.next
        }
    }
}
