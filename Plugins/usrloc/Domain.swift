// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import Synchronization
import UsrlocLogic

/// A table of contacts, in memory and in the database: what is behind a ul_table. It lives as long as the
/// process.
final class Domain: Sendable {
    let name: String
    let table: LocationTable
    let keeping: Keeping
    /// The database's table, and how to use it. Set before traffic.
    let database: Database?

    struct Database: @unchecked Sendable {
        let api: UnsafePointer<mt_store_api>
        let store: OpaquePointer
        /// With `xavp_contact`.
        let attributes: AttributeRows?
    }

    /// What is not in the database as it should be.
    struct Backlog {
        /// Its rows have been read.
        var isLoaded = false
        /// A write has failed, and none has succeeded since.
        var hasFailed = false
        var isCatchingUp = false
        /// Rows that could not be erased.
        var erasures: [[CChar]] = []
    }
    let backlog = Mutex(Backlog())

    private init(_ name: String, _ table: LocationTable, _ keeping: Keeping, _ database: Database?) {
        self.name = name
        self.table = table
        self.keeping = keeping
        self.database = database
    }

    // MARK: - all of them

    /// Grows on the main thread before traffic only.
    nonisolated(unsafe) private(set) static var all: [Domain] = []
    /// Set by `Start`.
    nonisolated(unsafe) static var ruids: RUID?

    /// [main], before traffic. Nil when its table cannot be opened, which has been said.
    static func make(_ name: String) -> Domain? {
        if let known = all.first(where: { $0.name == name }) { return known }
        guard let ruids else { return nil }
        let keeping = Keeping(mode: Keeping.mode)
        var database: Database?
        if Keeping.mode > 0, let url = databaseURL.value, let api = url.store {
            guard let store = Rows.open(name, url) else { return nil }
            var attributes: AttributeRows?
            if Attributes.isUsed {
                attributes = AttributeRows(name, url)
                guard attributes != nil else { return nil }
            }
            database = Database(api: api, store: store, attributes: attributes)
        }
        var options = LocationTable.Options()
        options.matching = Matching(rawValue: matchingMode.value) ?? .contact
        options.cseqDelay = cseqDelay.value
        options.byTime = timeOrder.value
        let statistics = Tally(name)
        let table = LocationTable(name, options, ruids) { statistics.add($0, $1, $2) }
        let domain = Domain(name, table, keeping, database)
        all.append(domain)
        return domain
    }

    static func find(_ name: mt_str) -> Domain? {
        let name = Text(unchecked: name)
        for domain in all where name.equals(domain.name) { return domain }
        return nil
    }

    /// The first behind nil.
    static func next(after domain: Domain?) -> Domain? {
        guard let domain else { return all.first }
        guard let index = all.firstIndex(where: { $0 === domain }), index + 1 < all.count else { return nil }
        return all[index + 1]
    }

    var opaque: OpaquePointer { OpaquePointer(Unmanaged.passUnretained(self).toOpaque()) }

    static func of(_ table: OpaquePointer?) -> Domain? {
        table.map { Unmanaged<Domain>.fromOpaque(UnsafeRawPointer($0)).takeUnretainedValue() }
    }

    /// The same, without counting references: it lives as long as the process.
    @inline(__always)
    static func with<Result>(
        _ table: OpaquePointer?, otherwise: Result, _ body: (Domain) -> Result
    ) -> Result {
        guard let table else { return otherwise }
        return Unmanaged<Domain>.fromOpaque(UnsafeRawPointer(table))._withUnsafeGuaranteedRef(body)
    }

    static var now: Int { Loop.clock / 1000 }
}

/// The statistics of a table, and the one of all of them.
private struct Tally: Sendable {
    private let users, contacts, expired, registered: Statistic?

    init(_ name: String) {
        users = Statistic.define("usrloc", "\(name)-users")
        contacts = Statistic.define("usrloc", "\(name)-contacts")
        expired = Statistic.define("usrloc", "\(name)-expires")
        registered =
            Statistic.named("usrloc:registered_users") ?? Statistic.define("usrloc", "registered_users")
    }

    func add(_ userChange: Int, _ contactChange: Int, _ expiredChange: Int) {
        if userChange != 0 {
            users?.add(userChange)
            registered?.add(userChange)
        }
        if contactChange != 0 { contacts?.add(contactChange) }
        if expiredChange != 0 { expired?.add(expiredChange) }
    }
}
