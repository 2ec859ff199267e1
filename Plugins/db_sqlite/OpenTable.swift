// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Db_sqliteLogic

/// A table that a plugin has opened: what is behind its mt_store. It lives as long as the process.
final class OpenTable: @unchecked Sendable {
    let layout: TableLayout
    let putSQL: String
    unowned let database: Database
    /// Why it cannot be used, though the database is there. Under the database's lock.
    var refusal: (what: String, help: String)?

    init(_ layout: TableLayout, in database: Database) {
        self.layout = layout
        self.database = database
        putSQL = Statement.put(layout)
    }

    var opaque: OpaquePointer { OpaquePointer(Unmanaged.passUnretained(self).toOpaque()) }

    static func of(_ store: OpaquePointer?) -> OpenTable? {
        store.map { Unmanaged<OpenTable>.fromOpaque(UnsafeRawPointer($0)).takeUnretainedValue() }
    }

    /// Makes the table, or brings it up to date.
    func prepare(on connection: Connection, _ settings: DatabaseSettings) throws(SQLiteFailure) {
        refusal = nil
        let plan = Migration.plan(
            layout, columns: try connection.columns(of: layout.name),
            version: try connection.version(of: layout.name, in: settings.versionTable),
            versionTable: settings.versionTable, isReadOnly: settings.isReadOnly)
        switch plan {
        case .refuse(let what, let help): refusal = (what, help)
        case .statements(let statements): for sql in statements { try connection.run(sql) }
        }
        guard refusal == nil, !settings.isReadOnly, !layout.keys.isEmpty else { return }
        // A table that was made elsewhere may lack what tells its rows apart.
        do throws(SQLiteFailure) {
            _ = try connection.statement(putSQL)
        } catch {
            for sql in layout.indexStatements.prefix(1) { try connection.run(sql) }
        }
    }
}
