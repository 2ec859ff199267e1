// SPDX-License-Identifier: Apache-2.0

/// What databases write differently.
public enum Dialect: Equatable, Sendable {
    case sqlite, postgres, mysql

    /// A name that cannot end its quotes.
    public func quoted(_ name: String) -> String {
        let mark: Character = self == .mysql ? "`" : "\""
        var text = String(mark)
        for character in name {
            if character == mark { text.append(character) }
            text.append(character)
        }
        return text + String(mark)
    }

    func list(_ names: some Sequence<String>) -> String {
        names.map { quoted($0) }.joined(separator: ", ")
    }

    /// The place of the nth value, from 1.
    func mark(_ position: Int) -> String { self == .postgres ? "$\(position)" : "?" }

    /// A text in a statement that the server makes for itself.
    func literal(_ text: String) -> String {
        var quoted = "'"
        for character in text {
            if character == "'" || (self == .mysql && character == "\\") { quoted.append(character) }
            quoted.append(character)
        }
        return quoted + "'"
    }

    /// A row of that key is changed and not added: `keys` tell rows apart.
    func replacing(_ keys: [String], _ changed: [String]) -> String {
        switch self {
        case .sqlite, .postgres:
            let changes = changed.map { "\(quoted($0)) = excluded.\(quoted($0))" }
            return " ON CONFLICT (\(list(keys))) DO "
                + (changes.isEmpty ? "NOTHING" : "UPDATE SET \(changes.joined(separator: ", "))")
        case .mysql:
            let names = changed.isEmpty ? Array(keys.prefix(1)) : changed
            let changes = names.map { "\(quoted($0)) = VALUES(\(quoted($0)))" }
            return " ON DUPLICATE KEY UPDATE \(changes.joined(separator: ", "))"
        }
    }

    /// The same, when the row that is there is as `condition` says: with qualified names, and evaluated once.
    func replacing(_ keys: [String], _ changed: [String], where condition: String) -> String {
        guard !condition.isEmpty else { return replacing(keys, changed) }
        let names = changed.isEmpty ? Array(keys.prefix(1)) : changed
        switch self {
        case .sqlite, .postgres:
            return replacing(keys, names) + " WHERE \(condition)"
        case .mysql:
            // The first change decides, while all columns are what they were.
            let changes = names.enumerated().map { at, name in
                let decides = at == 0 ? "(\(Dialect.verdict) := (\(condition)))" : Dialect.verdict
                return "\(quoted(name)) = IF(\(decides), VALUES(\(quoted(name))), \(quoted(name)))"
            }
            return " ON DUPLICATE KEY UPDATE \(changes.joined(separator: ", "))"
        }
    }

    /// Where MySQL keeps whether a row was as it had to be. 1: it was, or there was none.
    static let verdict = "@martlet_claim"
    public static let resetVerdict = "SET \(verdict) = 1"
    public static let readVerdict = "SELECT \(verdict)"

    /// As a column stands in CREATE TABLE. `isIndexed`: an index needs its length.
    func definition(_ column: TableLayout.Column, isIndexed: Bool) -> String {
        let name = quoted(column.name)
        if column.isSerial {
            return switch self {
            case .sqlite: "\(name) INTEGER PRIMARY KEY NOT NULL"
            case .postgres: "\(name) BIGSERIAL PRIMARY KEY NOT NULL"
            case .mysql: "\(name) BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL"
            }
        }
        let type = type(column, isIndexed: isIndexed)
        guard let fallback = column.fallback else { return "\(name) \(type) DEFAULT NULL" }
        switch column.kind {
        case .number, .decimal: return "\(name) \(type) NOT NULL DEFAULT \(fallback)"
        case .text, .bytes, .time:
            // MySQL takes no literal for these two, but an expression, since 8.0.13; MariaDB both, since 10.2.1.
            let isLarge = self == .mysql && (type == "TEXT" || type == "BLOB")
            let value = isLarge ? "(\(literal(fallback)))" : literal(fallback)
            return "\(name) \(type) NOT NULL DEFAULT \(value)"
        }
    }

    /// Telephones write longer texts than the usual lengths: only SQLite's are no limits, so elsewhere there are none.
    private func type(_ column: TableLayout.Column, isIndexed: Bool) -> String {
        switch (column.kind, self) {
        case (.number, .sqlite): "INTEGER"
        case (.number, _): "BIGINT"
        case (.text, .sqlite): column.length > 0 ? "VARCHAR(\(column.length))" : "TEXT"
        case (.text, .postgres): "TEXT"
        case (.text, .mysql): isIndexed ? "VARCHAR(\(column.length > 0 ? column.length : 255))" : "TEXT"
        case (.bytes, .postgres): "BYTEA"
        case (.bytes, .mysql): isIndexed ? "VARBINARY(255)" : "BLOB"
        case (.bytes, .sqlite): "BLOB"
        case (.time, .mysql): "DATETIME"
        case (.time, _): "TIMESTAMP"
        case (.decimal, .sqlite): "REAL"
        case (.decimal, .postgres): "DOUBLE PRECISION"
        case (.decimal, .mysql): "DOUBLE"
        }
    }
}
