// SPDX-License-Identifier: Apache-2.0

/// What has to happen to a table before it can be used: nothing, some statements, or that somebody looks at it.
public enum Migration: Equatable, Sendable {
    case statements([String])
    case refuse(what: String, help: String)

    /// - Parameters:
    ///   - columns: those the table has; nil when there is no such table.
    ///   - version: what "version" says of it; nil when it says nothing.
    public static func plan(
        _ layout: TableLayout, columns: [String]?, version: Int?, versionTable: String, isReadOnly: Bool
    ) -> Migration {
        let statements: [String]
        if let columns {
            if layout.isVersioned, let version, version > layout.revision {
                return .refuse(
                    what: "invalid version \(version) for table \(layout.name) found, expected "
                        + "\(layout.revision) (check table structure and table \"\(versionTable)\")",
                    help: "a newer server has made it: use a newer plugin, or another database")
            }
            let present = Set(columns.map { $0.lowercased() })
            let missing = layout.columns.filter { !present.contains($0.name.lowercased()) }
            if let serial = missing.first(where: \.isSerial) {
                return .refuse(
                    what: "the table \(layout.name) has no column \(serial.name)",
                    help: "it was not made for this: use another database, or take the table away")
            }
            var sql = missing.map {
                "ALTER TABLE \(Statement.quoted(layout.name)) ADD COLUMN \($0.definition)"
            }
            // A table that was made elsewhere has the indexes that it needs, unless it had to grow.
            if !missing.isEmpty { sql += layout.indexStatements }
            if layout.isVersioned, version != layout.revision {
                sql += layout.versionStatements(versionTable)
            }
            statements = sql
        } else {
            var sql = [layout.createStatement] + layout.indexStatements
            if layout.isVersioned { sql += layout.versionStatements(versionTable) }
            statements = sql
        }
        if isReadOnly, !statements.isEmpty {
            return .refuse(
                what: columns == nil
                    ? "there is no table \(layout.name), and the database is read-only"
                    : "the table \(layout.name) has to be changed, and the database is read-only",
                help: "take the file out of db_set_readonly once")
        }
        return .statements(statements)
    }
}

extension TableLayout {
    var createStatement: String {
        "CREATE TABLE \(Statement.quoted(name)) (\(columns.map(\.definition).joined(separator: ", ")))"
    }

    public var indexStatements: [String] {
        var all = indexes
        let keys = keys.map(\.name)
        if !keys.isEmpty, !all.contains(where: { $0.columns == keys && $0.isUnique }) {
            all.insert(Index(keys, isUnique: true), at: 0)
        }
        return all.map { index in
            let title = Statement.quoted("\(name)_\(index.columns.joined(separator: "_"))_idx")
            return "CREATE \(index.isUnique ? "UNIQUE " : "")INDEX IF NOT EXISTS \(title) "
                + "ON \(Statement.quoted(name)) (\(Statement.list(index.columns)))"
        }
    }

    func versionStatements(_ table: String) -> [String] {
        let table = Statement.quoted(table)
        let name = Statement.literal(name)
        return [
            "CREATE TABLE IF NOT EXISTS \(table) (\"id\" INTEGER PRIMARY KEY NOT NULL, "
                + "\"table_name\" VARCHAR(32) NOT NULL UNIQUE, \"table_version\" INTEGER NOT NULL DEFAULT 0)",
            "DELETE FROM \(table) WHERE \"table_name\" = \(name)",
            "INSERT INTO \(table) (\"table_name\", \"table_version\") VALUES (\(name), \(revision))",
        ]
    }
}

extension TableLayout.Column {
    /// As it stands in CREATE TABLE.
    var definition: String {
        let name = Statement.quoted(name)
        if isSerial { return "\(name) INTEGER PRIMARY KEY NOT NULL" }
        let type: String
        switch kind {
        case .number: type = "INTEGER"
        case .text: type = length > 0 ? "VARCHAR(\(length))" : "TEXT"
        case .bytes: type = "BLOB"
        case .time: type = "TIMESTAMP"
        case .decimal: type = "REAL"
        }
        guard let fallback else { return "\(name) \(type) DEFAULT NULL" }
        switch kind {
        case .number, .decimal: return "\(name) \(type) NOT NULL DEFAULT \(fallback)"
        case .text, .bytes, .time: return "\(name) \(type) NOT NULL DEFAULT \(Statement.literal(fallback))"
        }
    }
}
