// SPDX-License-Identifier: Apache-2.0
import CMartlet

// What happens to contacts without a REGISTER: loading, removing, expiring, writing.
extension LocationTable {
    /// Puts a contact there that a database has, with its name and its times. What is there already is newer,
    /// and stays: false says that the row is of no more use.
    @discardableResult public func restore(_ contact: ul_contact) -> Bool {
        let hash = hashOfAoR(contact.aor)
        let shard = shard(hash)
        return shard.writing {
            let known = shard.find(contact.aor, hash)
            var next = known?.pointee.first
            while let other = next {
                next = other.pointee.next
                let view = other.view(aor: mt_str())
                if sameText(view.ruid, contact.ruid) { return true }
                if options.matching.matches(view, contact) { return false }
            }
            let record = known ?? Record.make(contact.aor, hash)
            let fresh = Contact.make(contact, ruid: contact.ruid)
            shard.linking {
                record.insert(fresh, byTime: options.byTime)
                if known == nil { shard.link(record) }
            }
            counted(users: known == nil ? 1 : 0, contacts: 1)
            return true
        }
    }

    /// Makes a record what the database says it is.
    public func replace(_ aor: mt_str, _ contacts: [ul_contact], now: Int) {
        let hash = hashOfAoR(aor)
        let shard = shard(hash)
        shard.writing {
            guard let record = shard.find(aor, hash) else { return }
            while let first = record.pointee.first { remove(first, of: record, in: shard) { _ in } }
            dropIfEmpty(record, in: shard)
        }
        // The last one comes first among equals.
        for contact in contacts.reversed() { restore(contact) }
        shard.writing { shard.find(aor, hash)?.pointee.fetched = Int64(now) }
    }

    /// Takes records out of memory that were read from the database before that time; nothing happens to the
    /// rows.
    public func forget(fetchedBefore time: Int) {
        for shard in shards {
            shard.writing {
                shard.eachRecord { record in
                    guard record.pointee.fetched < Int64(time) else { return }
                    while let first = record.pointee.first { remove(first, of: record, in: shard) { _ in } }
                    dropIfEmpty(record, in: shard)
                }
            }
        }
    }

    /// Removes a contact by its name, or all of a record. How many.
    public func remove(_ aor: mt_str, ruid: mt_str, changed: (Change) -> Void) -> Int {
        let hash = hashOfAoR(aor)
        let shard = shard(hash)
        return shard.writing {
            shard.find(aor, hash).map { remove(from: $0, in: shard, ruid, changed) } ?? 0
        }
    }

    /// The same, wherever it is. This walks over everything.
    public func remove(ruid: mt_str, changed: (Change) -> Void) -> Int {
        for shard in shards {
            var count = 0
            shard.writing {
                shard.eachRecord { record in
                    if count == 0 { count = remove(from: record, in: shard, ruid, changed) }
                }
            }
            if count > 0 { return count }
        }
        return 0
    }

    /// Removes a contact by its name, as long as it is on that connection.
    public func remove(
        hash: UInt32, ruid: mt_str, connection: UInt64, changed: (Change) -> Void
    ) -> Bool {
        let shard = shard(hash)
        return shard.writing {
            var next = shard.slots[Int(hash) & (shard.slotCount - 1)]
            while let record = next {
                next = record.pointee.next
                guard record.pointee.hash == hash else { continue }
                var contact = record.pointee.first
                while let one = contact {
                    contact = one.pointee.next
                    guard sameText(one.view(aor: mt_str()).ruid, ruid) else { continue }
                    guard one.pointee.connection == connection else { return false }
                    remove(one, of: record, in: shard, changed)
                    dropIfEmpty(record, in: shard)
                    return true
                }
            }
            return false
        }
    }

    private func remove(
        from record: Record.Pointer, in shard: Shard, _ ruid: mt_str, _ changed: (Change) -> Void
    ) -> Int {
        var count = 0
        var next = record.pointee.first
        while let contact = next {
            next = contact.pointee.next
            guard ruid.ptr == nil || sameText(contact.view(aor: mt_str()).ruid, ruid) else { continue }
            remove(contact, of: record, in: shard, changed)
            count += 1
        }
        dropIfEmpty(record, in: shard)
        return count
    }

    /// Removes what has had its time, in one shard. The closure is lent each: it may copy.
    public func expire(shard index: Int, now: Int, _ expired: (ul_contact) -> Void) {
        let shard = shards[index]
        shard.writing {
            shard.eachRecord { record in
                var next = record.pointee.first
                while let contact = next {
                    next = contact.pointee.next
                    guard !contact.pointee.lives(at: Int64(now)) else { continue }
                    counted(users: 0, contacts: 0, expired: 1)
                    remove(contact, of: record, in: shard) { change in
                        if case .erased(let view) = change { expired(view) }
                    }
                }
                dropIfEmpty(record, in: shard)
            }
        }
    }

    /// It is in the database now, unless it has changed since.
    public func written(hash: UInt32, ruid: mt_str, version: UInt32) {
        let shard = shard(hash)
        shard.writing {
            var next = shard.slots[Int(hash) & (shard.slotCount - 1)]
            while let record = next {
                next = record.pointee.next
                guard record.pointee.hash == hash else { continue }
                var contact = record.pointee.first
                while let one = contact {
                    contact = one.pointee.next
                    guard one.pointee.version == version, sameText(one.view(aor: mt_str()).ruid, ruid) else {
                        continue
                    }
                    one.pointee.isDirty = false
                    return
                }
            }
        }
    }

    /// Shows what the database does not have yet, in one shard.
    public func unwritten(shard index: Int, _ body: (ul_contact, _ version: UInt32) -> Void) {
        let shard = shards[index]
        shard.writing {
            shard.eachRecord { record in
                var contact = record.pointee.first
                while let one = contact {
                    contact = one.pointee.next
                    if one.pointee.isDirty { body(one.view(aor: record.key), one.pointee.version) }
                }
            }
        }
    }
}

extension Shard {
    /// While it is being written. The closure may drop the record.
    func eachRecord(_ body: (Record.Pointer) -> Void) {
        for slot in 0..<slotCount {
            var next = slots[slot]
            while let record = next {
                next = record.pointee.next
                body(record)
            }
        }
    }
}
