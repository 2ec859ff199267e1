// SPDX-License-Identifier: Apache-2.0

/// What has to happen to a table before it can be used: nothing, some statements, or that somebody looks at it.
public enum Migration: Equatable, Sendable {
    case statements([String])
    case refuse(what: String, help: String)

    /// - Parameters:
    ///   - columns: those the table has; nil when there is no such table.
    ///   - version: what "version" says of it; nil when it says nothing.
    public static func plan(
        _ layout: TableLayout, columns: [String]?, version: Int?, versionTable: String, isReadOnly: Bool,
        _ dialect: Dialect = .sqlite
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
                "ALTER TABLE \(dialect.quoted(layout.name)) ADD COLUMN \(layout.definition($0, dialect))"
            }
            // A table that was made elsewhere has the indexes that it needs, unless it had to grow.
            if !missing.isEmpty { sql += layout.indexStatements(dialect) }
            if layout.isVersioned, version != layout.revision {
                sql += layout.versionStatements(versionTable, dialect)
            }
            statements = sql
        } else {
            var sql = [layout.createStatement(dialect)] + layout.indexStatements(dialect)
            if layout.isVersioned { sql += layout.versionStatements(versionTable, dialect) }
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
    func definition(_ column: Column, _ dialect: Dialect) -> String {
        let isIndexed = column.isKey || indexes.contains { $0.columns.contains(column.name) }
        return dialect.definition(column, isIndexed: isIndexed)
    }

    func createStatement(_ dialect: Dialect) -> String {
        let columns = columns.map { definition($0, dialect) }.joined(separator: ", ")
        let name = dialect.quoted(name)
        return switch dialect {
        case .sqlite: "CREATE TABLE \(name) (\(columns))"
        // Another server may make it at the same moment.
        case .postgres: "CREATE TABLE IF NOT EXISTS \(name) (\(columns))"
        // As everywhere else, Bob and bob are two.
        case .mysql:
            "CREATE TABLE IF NOT EXISTS \(name) (\(columns)) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
        }
    }

    public func indexStatements(_ dialect: Dialect = .sqlite) -> [String] {
        var all = indexes
        let keys = keys.map(\.name)
        if !keys.isEmpty, !all.contains(where: { $0.columns == keys && $0.isUnique }) {
            all.insert(Index(keys, isUnique: true), at: 0)
        }
        return all.map { index in
            let title = dialect.quoted("\(name)_\(index.columns.joined(separator: "_"))_idx")
            // MySQL has no such words: one that is there is answered with an error, which is known.
            let unless = dialect == .mysql ? "" : "IF NOT EXISTS "
            return "CREATE \(index.isUnique ? "UNIQUE " : "")INDEX \(unless)\(title) "
                + "ON \(dialect.quoted(name)) (\(dialect.list(index.columns)))"
        }
    }

    func versionStatements(_ table: String, _ dialect: Dialect) -> [String] {
        let table = dialect.quoted(table)
        let text = dialect.literal(name)
        let (id, name, version) = (
            dialect.quoted("id"), dialect.quoted("table_name"), dialect.quoted("table_version")
        )
        let serial =
            switch dialect {
            case .sqlite: "INTEGER PRIMARY KEY NOT NULL"
            case .postgres: "SERIAL PRIMARY KEY NOT NULL"
            case .mysql: "INT UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL"
            }
        return [
            "CREATE TABLE IF NOT EXISTS \(table) (\(id) \(serial), "
                + "\(name) VARCHAR(32) NOT NULL UNIQUE, \(version) INTEGER NOT NULL DEFAULT 0)",
            "DELETE FROM \(table) WHERE \(name) = \(text)",
            "INSERT INTO \(table) (\(name), \(version)) VALUES (\(text), \(revision))",
        ]
    }
}
