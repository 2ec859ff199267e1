// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import Synchronization
import UsrlocLogic

/// A REGISTER that waits until what it has changed is on the disk. On one worker.
final class PendingUpdate: @unchecked Sendable {
    private let done: mt_fn
    private let user: UnsafeMutableRawPointer?
    private let host: UnsafePointer<mt_host>?
    private let worker: UInt32
    private var left = 0
    private var isComplete = false
    private var result = mt_result(MT_OK)

    init(_ call: UnsafeMutablePointer<mt_call>, _ done: @escaping mt_fn, _ user: UnsafeMutableRawPointer?) {
        self.done = done
        self.user = user
        host = call.pointee.host
        worker = call.pointee.worker
    }

    func expect() { left += 1 }

    /// Everything has been asked for. Nil: it is to be waited for; else how it went.
    func complete() -> mt_result? {
        isComplete = true
        return left > 0 ? nil : result
    }

    func finished(_ outcome: mt_result, isLost: Bool = false) {
        if outcome <= 0, databaseRequired.value || isLost { result = mt_result(MT_ERROR) }
        left -= 1
        guard left == 0, isComplete else { return }
        var call = mt_call()
        call.host = host
        call.user = user
        call.worker = worker
        call.result = result
        _ = done(&call)
    }
}

/// One row on its way to the database.
private final class Write: @unchecked Sendable {
    private let domain: Domain
    private let hash: UInt32
    private let ruid: [CChar]
    /// Nil: it is erased.
    private let version: UInt32?
    private let update: PendingUpdate?

    init(_ domain: Domain, _ contact: ul_contact, version: UInt32?, _ update: PendingUpdate?) {
        self.domain = domain
        hash = hashOfAoR(contact.aor)
        ruid = Array(UnsafeBufferPointer(start: contact.ruid.ptr, count: contact.ruid.len))
        self.version = version
        self.update = update
    }

    static let done: mt_fn = { raw in
        guard let raw, let user = raw.pointee.user else { return Outcome.error.code }
        let result = raw.pointee.result
        let write = Unmanaged<Write>.fromOpaque(user).takeRetainedValue()
        write.finished(result)
        return Outcome.yes.code
    }

    func finished(_ result: mt_result) {
        // What the database takes at no time is not tried again.
        let isRefused = result == mt_result(MT_NO)
        if result > 0 || isRefused {
            if let version {
                ruid.withUnsafeBufferPointer {
                    domain.table.written(
                        hash: hash, ruid: mt_str(ptr: $0.baseAddress, len: $0.count), version: version)
                }
            }
        } else {
            domain.backlog.withLock {
                $0.hasFailed = true
                if version == nil, $0.erasures.count < 100_000 { $0.erasures.append(ruid) }
            }
        }
        // Without memory it is nowhere.
        update?.finished(result, isLost: isRefused && domain.keeping.fetches)
    }
}

extension Domain {
    /// Tells the database of a change. Called in the order in which a contact changes.
    func write(_ change: Change, _ call: UnsafeMutablePointer<mt_call>, _ update: PendingUpdate? = nil) {
        guard keeping.writes, let database else { return }
        let write: Write
        let code: mt_result
        let held: Unmanaged<Write>
        switch change {
        case .written(let contact, let version):
            write = Write(self, contact, version: version, update)
            held = .passRetained(write)
            update?.expect()
            // First, so that a row that is there has its attributes.
            database.attributes?.write(contact, call, update)
            code = Rows.with(contact) {
                database.api.pointee.put(call, database.store, $0, Write.done, held.toOpaque())
            }
        case .erased(let contact):
            write = Write(self, contact, version: nil, update)
            held = .passRetained(write)
            update?.expect()
            database.attributes?.erase(contact.ruid, call, update)
            code = erase(contact.ruid, call, Write.done, held.toOpaque())
        }
        if code <= 0 { held.takeRetainedValue().finished(mt_result(MT_ERROR)) }
    }

    @discardableResult
    func erase(
        _ ruid: mt_str, _ call: UnsafeMutablePointer<mt_call>, _ done: mt_fn? = nil,
        _ user: UnsafeMutableRawPointer? = nil
    ) -> mt_result {
        guard let database else { return mt_result(MT_ERROR) }
        var match = mt_match()
        match.column = UInt32(Column.ruid.rawValue)
        match.op = UInt32(MT_EQ)
        match.value = mt_value(ruid)
        return database.api.pointee.erase(call, database.store, &match, 1, done, user)
    }
}
