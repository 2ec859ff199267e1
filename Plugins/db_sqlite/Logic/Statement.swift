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
        func sql(_ layout: TableLayout) -> String? {
            guard layout.columns.indices.contains(column) else { return nil }
            let name = quoted(layout.columns[column].name)
            switch (Int(comparison), isNull) {
            case (Int(MT_EQ), true): return "\(name) IS NULL"
            case (Int(MT_NE), true): return "\(name) IS NOT NULL"
            case (_, true): return nil
            case (Int(MT_EQ), _): return "\(name) = ?"
            case (Int(MT_NE), _): return "\(name) <> ?"
            case (Int(MT_LT), _): return "\(name) < ?"
            case (Int(MT_LE), _): return "\(name) <= ?"
            case (Int(MT_GT), _): return "\(name) > ?"
            case (Int(MT_GE), _): return "\(name) >= ?"
            default: return nil
            }
        }
    }

    public static func quoted(_ name: String) -> String {
        var text = "\""
        for character in name {
            if character == "\"" { text.append(character) }
            text.append(character)
        }
        return text + "\""
    }

    static func literal(_ text: String) -> String {
        var quoted = "'"
        for character in text {
            if character == "'" { quoted.append(character) }
            quoted.append(character)
        }
        return quoted + "'"
    }

    static func list(_ names: some Sequence<String>) -> String {
        names.map { quoted($0) }.joined(separator: ", ")
    }

    /// Adds a row, or replaces what the table's own columns hold in the row of that key: columns that nobody told
    /// us of keep what they have.
    public static func put(_ layout: TableLayout) -> String {
        let given = layout.given.map(\.name)
        let marks = given.map { _ in "?" }.joined(separator: ", ")
        var sql = "INSERT INTO \(quoted(layout.name)) (\(list(given))) VALUES (\(marks))"
        let keys = layout.keys.map(\.name)
        guard !keys.isEmpty else { return sql }
        let changes = layout.given.filter { !$0.isKey }
            .map { "\(quoted($0.name)) = excluded.\(quoted($0.name))" }
        sql += " ON CONFLICT (\(list(keys))) DO "
        sql += changes.isEmpty ? "NOTHING" : "UPDATE SET \(changes.joined(separator: ", "))"
        return sql
    }

    public static func find(_ layout: TableLayout, _ conditions: [Condition]) -> String? {
        filtered("SELECT \(list(layout.columns.map(\.name))) FROM \(quoted(layout.name))", layout, conditions)
    }

    /// Of rows, or of different values of a column.
    public static func count(
        _ layout: TableLayout, distinct column: Int? = nil, _ conditions: [Condition]
    ) -> String? {
        var what = "*"
        if let column {
            guard layout.columns.indices.contains(column) else { return nil }
            what = "DISTINCT \(quoted(layout.columns[column].name))"
        }
        return filtered("SELECT COUNT(\(what)) FROM \(quoted(layout.name))", layout, conditions)
    }

    public static func erase(_ layout: TableLayout, _ conditions: [Condition]) -> String? {
        filtered("DELETE FROM \(quoted(layout.name))", layout, conditions)
    }

    private static func filtered(_ sql: String, _ layout: TableLayout, _ conditions: [Condition]) -> String? {
        var parts: [String] = []
        for condition in conditions {
            guard let part = condition.sql(layout) else { return nil }
            parts.append(part)
        }
        return parts.isEmpty ? sql : "\(sql) WHERE \(parts.joined(separator: " AND "))"
    }
}
