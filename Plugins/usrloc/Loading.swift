// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import UsrlocLogic

// What the database has, into memory: all of it at the start, or one record at a time.
extension Domain {
    /// What every query asks for.
    private func withMatches<Result>(
        _ more: [mt_match] = [], _ body: (UnsafePointer<mt_match>?, UInt32) -> Result
    ) -> Result {
        var matches = more
        if serverIDFilter.value {
            var match = mt_match()
            match.column = UInt32(Column.serverID.rawValue)
            match.op = UInt32(MT_EQ)
            match.value = mt_value(serverID.value)
            matches.append(match)
        }
        return matches.withUnsafeBufferPointer { body($0.baseAddress, UInt32($0.count)) }
    }

    /// [main] At core.ready. False: the server shall not start.
    func load() -> Bool {
        guard let database else { return true }
        let loading = Loading(self, keeping.loads ? database.attributes?.load() : nil)
        // Without memory there is nothing to read; this only asks whether the table is there.
        var nobody = mt_match()
        nobody.column = UInt32(Column.ruid.rawValue)
        nobody.op = UInt32(MT_EQ)
        nobody.value = mt_value(mt_str("-"))
        let code = withMatches(keeping.loads ? [] : [nobody]) { matches, count in
            database.api.pointee.load(
                Server.host, database.store, matches, count, Loading.row,
                Unmanaged.passUnretained(loading).toOpaque())
        }
        if code > 0 {
            backlog.withLock { $0.isLoaded = true }
            if keeping.loads {
                Host.log(.info, "\(name): \(table.contactCount) contacts of \(table.userCount) users")
            }
            return true
        }
        if databaseRequired.value { return false }
        Host.log(
            .warning,
            "the table \(name) serves from memory: its database cannot be used, and is caught up with when it can"
        )
        return true
    }

    /// Reads a record before it is used, where there is nothing in memory to rely on.
    func fetch(
        _ call: UnsafeMutablePointer<mt_call>, _ aor: mt_str, _ done: mt_fn?, _ user: UnsafeMutableRawPointer?
    ) -> mt_result {
        guard keeping.fetches, let database, let done else { return mt_result(MT_OK) }
        let fetching = Fetching(self, aor, done, user)
        guard let attributes = database.attributes else { return fetching.start(call) }
        let isAsked = attributes.find(aor, call) { call, reading in
            fetching.attributes = reading
            if fetching.start(call) != mt_result(MT_SUSPEND) { fetching.end(call, succeeded: false) }
        }
        return mt_result(isAsked ? MT_SUSPEND : MT_ERROR)
    }

    fileprivate func find(
        _ call: UnsafeMutablePointer<mt_call>, _ aor: mt_str, _ fetching: UnsafeMutableRawPointer
    ) -> mt_result {
        guard let database else { return mt_result(MT_ERROR) }
        let (name, domain) = Rows.parts(of: aor)
        var matches = [mt_match()]
        matches[0].column = UInt32(Column.username.rawValue)
        matches[0].op = UInt32(MT_EQ)
        matches[0].value = mt_value(name)
        if domain.len > 0 {
            var match = mt_match()
            match.column = UInt32(Column.domain.rawValue)
            match.op = UInt32(MT_EQ)
            match.value = mt_value(domain)
            matches.append(match)
        }
        return withMatches(matches) {
            database.api.pointee.find(call, database.store, $0, $1, Fetching.row, Fetching.done, fetching)
        }
    }
}

/// Reading a whole table.
private final class Loading {
    private let domain: Domain
    private let attributes: AttributeReading?
    init(_ domain: Domain, _ attributes: AttributeReading?) {
        self.domain = domain
        self.attributes = attributes
    }

    static let row: mt_fn = { raw in
        guard let raw, let user = raw.pointee.user, let row = raw.pointee.args else {
            return Outcome.error.code
        }
        let loading = Unmanaged<Loading>.fromOpaque(user).takeUnretainedValue()
        _ = Rows.contact(row, Int(raw.pointee.argc)) { contact in
            guard contact.lives(at: Domain.now), contact.aor.len > 0 else { return }
            var contact = contact
            contact.connection = 0
            guard let attributes = loading.attributes else {
                _ = loading.domain.table.restore(contact)
                return
            }
            attributes.with(contact) { _ = loading.domain.table.restore($0) }
        }
        return Outcome.yes.code
    }
}

/// Reading one record.
private final class Fetching {
    private let domain: Domain
    private let aor: [CChar]
    private let then: mt_fn
    private let user: UnsafeMutableRawPointer?
    private var rows: [KeptContact] = []
    var attributes: AttributeReading?

    init(_ domain: Domain, _ aor: mt_str, _ then: @escaping mt_fn, _ user: UnsafeMutableRawPointer?) {
        self.domain = domain
        self.aor = Array(UnsafeBufferPointer(start: aor.ptr, count: aor.len))
        self.then = then
        self.user = user
    }

    static let row: mt_fn = { raw in
        guard let raw, let user = raw.pointee.user, let row = raw.pointee.args else {
            return Outcome.error.code
        }
        let fetching = Unmanaged<Fetching>.fromOpaque(user).takeUnretainedValue()
        _ = Rows.contact(row, Int(raw.pointee.argc)) { contact in
            var contact = contact
            contact.connection = LostConnections.connection(of: contact, fetching.domain)
            guard let attributes = fetching.attributes else {
                return fetching.rows.append(KeptContact(contact))
            }
            attributes.with(contact) { fetching.rows.append(KeptContact($0)) }
        }
        return Outcome.yes.code
    }

    static let done: mt_fn = { raw in
        guard let raw, let user = raw.pointee.user else { return Outcome.error.code }
        let fetching = Unmanaged<Fetching>.fromOpaque(user).takeRetainedValue()
        return fetching.end(raw, succeeded: raw.pointee.result > 0)
    }

    /// MT_SUSPEND: it is read.
    func start(_ call: UnsafeMutablePointer<mt_call>) -> mt_result {
        let held = Unmanaged.passRetained(self)
        let code = aor.withUnsafeBufferPointer {
            domain.find(call, mt_str(ptr: $0.baseAddress, len: $0.count), held.toOpaque())
        }
        if code > 0 { return mt_result(MT_SUSPEND) }
        held.release()
        return mt_result(MT_ERROR)
    }

    @discardableResult
    func end(_ call: UnsafeMutablePointer<mt_call>, succeeded: Bool) -> mt_result {
        finish(succeeded: succeeded)
        call.pointee.user = user
        return then(call)
    }

    private func finish(succeeded: Bool) {
        let now = Domain.now
        // Without an answer, what was read last is the best there is.
        if succeeded {
            let living = rows.map(\.contact).filter { $0.lives(at: now) }
            aor.withUnsafeBufferPointer {
                domain.table.replace(mt_str(ptr: $0.baseAddress, len: $0.count), living, now: now)
            }
        }
        for row in rows { row.free() }
    }
}
