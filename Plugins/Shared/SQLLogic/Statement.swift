// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// SQL for what is done with a table: made once per shape, and then prepared.
public enum Statement {
    /// What a row has to be like: column, comparison, and whether it is compared with nothing at all.
    public struct Condition: Hashable, Sendable {
        public let column: Int
        public let comparison: UInt32
        public let isNull: Bool

        public init(column: Int, comparison: UInt32, isNull: Bool) {
            self.column = column
            self.comparison = comparison
            self.isNull = isNull
        }

        /// Nil when there is no such column or comparison.
        /// - Parameter isQualified: the name of the table stands before that of the column.
        func sql(_ layout: TableLayout, _ dialect: Dialect, _ mark: String, isQualified: Bool = false)
            -> String?
        {
            guard layout.columns.indices.contains(column) else { return nil }
            let table = isQualified ? dialect.quoted(layout.name) + "." : ""
            let name = table + dialect.quoted(layout.columns[column].name)
            switch (Int(comparison), isNull) {
            case (Int(MT_EQ), true): return "\(name) IS NULL"
            case (Int(MT_NE), true): return "\(name) IS NOT NULL"
            case (_, true): return nil
            case (Int(MT_EQ), _): return "\(name) = \(mark)"
            case (Int(MT_NE), _): return "\(name) <> \(mark)"
            case (Int(MT_LT), _): return "\(name) < \(mark)"
            case (Int(MT_LE), _): return "\(name) <= \(mark)"
            case (Int(MT_GT), _): return "\(name) > \(mark)"
            case (Int(MT_GE), _): return "\(name) >= \(mark)"
            default: return nil
            }
        }
    }

    /// Adds a row, or replaces what the table's own columns hold in the row of that key: columns that nobody told
    /// us of keep what they have.
    public static func put(_ layout: TableLayout, _ dialect: Dialect = .sqlite) -> String {
        let given = layout.given.map(\.name)
        let marks = given.indices.map { dialect.mark($0 + 1) }.joined(separator: ", ")
        let sql = "INSERT INTO \(dialect.quoted(layout.name)) (\(dialect.list(given))) VALUES (\(marks))"
        let keys = layout.keys.map(\.name)
        guard !keys.isEmpty else { return sql }
        return sql + dialect.replacing(keys, layout.given.filter { !$0.isKey }.map(\.name))
    }

    /// The same, unless the row of that key is not as it has to be. The values of the conditions follow those of the row;
    /// a row is answered when it was put, except by MySQL, which keeps its verdict in a variable. Nil: the table has no
    /// key, or there is no such column or comparison.
    public static func claim(
        _ layout: TableLayout, _ conditions: [Condition], _ dialect: Dialect = .sqlite
    ) -> String? {
        let given = layout.given.map(\.name)
        let keys = layout.keys.map(\.name)
        guard !keys.isEmpty else { return nil }
        var parts: [String] = []
        var marks = given.count
        for condition in conditions {
            if !condition.isNull { marks += 1 }
            guard let part = condition.sql(layout, dialect, dialect.mark(marks), isQualified: true) else {
                return nil
            }
            parts.append(part)
        }
        let values = given.indices.map { dialect.mark($0 + 1) }.joined(separator: ", ")
        let sql = "INSERT INTO \(dialect.quoted(layout.name)) (\(dialect.list(given))) VALUES (\(values))"
        return sql
            + dialect.replacing(
                keys, layout.given.filter { !$0.isKey }.map(\.name), where: parts.joined(separator: " AND "))
            + (dialect == .postgres ? " RETURNING 1" : "")
    }

    public static func find(
        _ layout: TableLayout, _ conditions: [Condition], _ dialect: Dialect = .sqlite
    ) -> String? {
        let columns = dialect.list(layout.columns.map(\.name))
        return filtered("SELECT \(columns) FROM \(dialect.quoted(layout.name))", layout, conditions, dialect)
    }

    /// Of rows, or of different values of a column.
    public static func count(
        _ layout: TableLayout, distinct column: Int? = nil, _ conditions: [Condition],
        _ dialect: Dialect = .sqlite
    ) -> String? {
        var what = "*"
        if let column {
            guard layout.columns.indices.contains(column) else { return nil }
            what = "DISTINCT \(dialect.quoted(layout.columns[column].name))"
        }
        return filtered(
            "SELECT COUNT(\(what)) FROM \(dialect.quoted(layout.name))", layout, conditions, dialect)
    }

    public static func erase(
        _ layout: TableLayout, _ conditions: [Condition], _ dialect: Dialect = .sqlite
    ) -> String? {
        filtered("DELETE FROM \(dialect.quoted(layout.name))", layout, conditions, dialect)
    }

    private static func filtered(
        _ sql: String, _ layout: TableLayout, _ conditions: [Condition], _ dialect: Dialect
    ) -> String? {
        var parts: [String] = []
        var marks = 0
        for condition in conditions {
            if !condition.isNull { marks += 1 }
            guard let part = condition.sql(layout, dialect, dialect.mark(marks)) else { return nil }
            parts.append(part)
        }
        return parts.isEmpty ? sql : "\(sql) WHERE \(parts.joined(separator: " AND "))"
    }
}
