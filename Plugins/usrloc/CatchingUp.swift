// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import UsrlocLogic

/// What could not be written when it happened is written when the database can be used again: looked after
/// once a second, and without a pause as long as it goes well.
extension Domain {
    private static let portion = 500

    /// On a worker.
    func catchUp(_ call: UnsafeMutablePointer<mt_call>) {
        guard database != nil, keeping.writes || keeping.loads else { return }
        let (reads, writes) = backlog.withLock { backlog in
            if backlog.isCatchingUp { return (false, false) }
            return (!backlog.isLoaded, backlog.hasFailed && backlog.isLoaded)
        }
        if reads { readLate(call) }
        if writes, keeping.writes { writeLate(call) }
    }

    private func readLate(_ call: UnsafeMutablePointer<mt_call>) {
        guard let database else { return }
        backlog.withLock { $0.isCatchingUp = true }
        let late = Unmanaged.passRetained(LateRead(self))
        // Rows come in one piece: that is for once, and only when the database was missing at the start.
        let code = database.api.pointee.find(
            call, database.store, nil, 0, LateRead.row, LateRead.done, late.toOpaque())
        if code <= 0 {
            late.release()
            backlog.withLock { $0.isCatchingUp = false }
        }
    }

    private func writeLate(_ call: UnsafeMutablePointer<mt_call>) {
        let erasures = backlog.withLock { backlog in
            backlog.isCatchingUp = true
            backlog.hasFailed = false
            defer { backlog.erasures = [] }
            return backlog.erasures
        }
        var rest = Domain.portion
        let user = Unmanaged.passRetained(LateWrite(self, isAll: true))
        let update = PendingUpdate(call, LateWrite.done, user.toOpaque())
        for ruid in erasures {
            ruid.withUnsafeBufferPointer {
                var contact = ul_contact()
                contact.ruid = mt_str(ptr: $0.baseAddress, len: $0.count)
                write(.erased(contact), call, update)
            }
        }
        for shard in 0..<table.shardCount where rest > 0 {
            var portion: [(KeptContact, UInt32)] = []
            table.unwritten(shard: shard) { contact, version in
                guard rest > 0 else { return }
                rest -= 1
                portion.append((KeptContact(contact), version))
            }
            for (kept, version) in portion {
                write(.written(kept.contact, version: version), call, update)
                kept.free()
            }
        }
        user.takeUnretainedValue().isAll = rest > 0
        if update.complete() != nil {
            user.release()
            backlog.withLock { $0.isCatchingUp = false }
        }
    }
}

/// The rows of a database that was not there at the start.
private final class LateRead {
    private let domain: Domain
    init(_ domain: Domain) { self.domain = domain }

    static let row: mt_fn = { raw in
        guard let raw, let user = raw.pointee.user, let row = raw.pointee.args else {
            return Outcome.error.code
        }
        let domain = Unmanaged<LateRead>.fromOpaque(user).takeUnretainedValue().domain
        guard domain.keeping.loads else { return Outcome.yes.code }
        _ = Rows.contact(row, Int(raw.pointee.argc)) { contact in
            guard contact.lives(at: Domain.now), contact.aor.len > 0 else { return }
            var contact = contact
            contact.connection = 0
            // Somebody has registered again meanwhile: the row is of no more use.
            if !domain.table.restore(contact), domain.keeping.writes { domain.erase(contact.ruid, raw) }
        }
        return Outcome.yes.code
    }

    static let done: mt_fn = { raw in
        guard let raw, let user = raw.pointee.user else { return Outcome.error.code }
        let domain = Unmanaged<LateRead>.fromOpaque(user).takeRetainedValue().domain
        let succeeded = raw.pointee.result > 0
        domain.backlog.withLock {
            $0.isCatchingUp = false
            if succeeded {
                $0.isLoaded = true
                $0.hasFailed = true
            }
        }
        if succeeded {
            Host.log(.warning, "the table \(domain.name) has its database again")
            domain.catchUp(raw)
        }
        return Outcome.yes.code
    }
}

/// A portion of what could not be written before.
private final class LateWrite {
    private let domain: Domain
    /// Nothing is left behind it.
    var isAll: Bool

    init(_ domain: Domain, isAll: Bool) {
        self.domain = domain
        self.isAll = isAll
    }

    static let done: mt_fn = { raw in
        guard let raw, let user = raw.pointee.user else { return Outcome.error.code }
        let late = Unmanaged<LateWrite>.fromOpaque(user).takeRetainedValue()
        let goesOn = late.domain.backlog.withLock { backlog in
            backlog.isCatchingUp = false
            // It was all taken back when this portion failed.
            if backlog.hasFailed { return false }
            if !late.isAll { backlog.hasFailed = true }
            return !late.isAll
        }
        if goesOn { late.domain.catchUp(raw) }
        return Outcome.yes.code
    }
}
