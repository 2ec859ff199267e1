// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import SQLLogic

/// A value on its way to a database server.
public enum SQLValue {
    case null
    /// Numbers, times and texts: UTF-8, without a zero byte.
    case text(String)
    case bytes(UnsafeRawBufferPointer)
}

/// For statements whose answer is of no interest.
public func ignored(_ row: [UnsafeRawBufferPointer?]) -> Bool { true }

/// A connection to a database server that speaks in texts: what is left to say for one kind is how a statement is run.
public protocol ServerConnection: StoreConnection {
    /// Runs a statement. The row is lent: for each column its bytes, or nil. False ends it.
    func query(
        _ sql: String, _ values: [SQLValue], _ row: ([UnsafeRawBufferPointer?]) -> Bool
    ) throws(SQLFailure)
    /// The columns of a table; nil when there is none.
    func columns(of table: String) throws(SQLFailure) -> [String]?
    /// Nobody else changes tables until `unlock`.
    func lock() throws(SQLFailure)
    func unlock() throws(SQLFailure)
    /// What a column of bytes is in an answer.
    func decoded(_ bytes: UnsafeRawBufferPointer) -> [UInt8]
}

extension ServerConnection {
    public func begin() throws(SQLFailure) { try query("BEGIN", [], ignored) }
    public func commit() throws(SQLFailure) { try query("COMMIT", [], ignored) }

    public func prepare(_ tables: [OpenTable], _ settings: StoreSettings) throws(SQLFailure) {
        try lock()
        for table in tables {
            do throws(SQLFailure) {
                try prepare(table, settings)
            } catch {
                guard error.trouble == nil else { throw error }
                table.refusal = (
                    "the table \(table.layout.name) cannot be made or brought up to date: \(error.text)",
                    "see the rights of the user, or take the table away"
                )
            }
        }
        try unlock()
    }

    private func prepare(_ table: OpenTable, _ settings: StoreSettings) throws(SQLFailure) {
        table.refusal = nil
        let layout = table.layout
        let columns = try columns(of: layout.name)
        let plan = Migration.plan(
            layout, columns: columns, version: try version(of: layout.name, in: settings.versionTable),
            versionTable: settings.versionTable, isReadOnly: settings.isReadOnly, dialect)
        switch plan {
        case .refuse(let what, let help): table.refusal = (what, help)
        case .statements(let statements): for sql in statements { try query(sql, [], ignored) }
        }
        guard table.refusal == nil, columns != nil, !layout.keys.isEmpty else { return }
        // A table that was made elsewhere may lack what tells its rows apart.
        for sql in layout.indexStatements(dialect).prefix(1) { try query(sql, [], ignored) }
    }

    /// What the version table says; nil when it says nothing, or is not there.
    private func version(of table: String, in versions: String) throws(SQLFailure) -> Int? {
        guard try columns(of: versions) != nil else { return nil }
        let mark = dialect == .postgres ? "$1" : "?"
        var version: Int?
        let sql = "SELECT table_version FROM \(dialect.quoted(versions)) WHERE table_name = \(mark)"
        try query(sql, [.text(table)]) { row in
            version = row[0].flatMap { Int(String(decoding: $0, as: UTF8.self)) }
            return true
        }
        return version
    }

    public func perform(_ job: inout Job) throws(SQLFailure) {
        let layout = job.table.layout
        switch job.work {
        case .put:
            try query(job.table.putSQL, row(job), ignored)
        case .claim(let conditions):
            let sql = try known(Statement.claim(layout, conditions, dialect))
            let values =
                row(job) + given(conditions, job.values, layout, after: layout.columns.count)
            job.number = try claim(sql, values) ? 1 : 0
        case .erase(let conditions):
            try query(
                try known(Statement.erase(layout, conditions, dialect)),
                given(conditions, job.values, layout),
                ignored)
        case .count(let conditions, let column):
            var number = 0
            try query(
                try known(Statement.count(layout, distinct: column, conditions, dialect)),
                given(conditions, job.values, layout)
            ) { row in
                number = row[0].flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
                return true
            }
            job.number = number
        case .find(let conditions, _):
            var rows: [PackedValues] = []
            try query(
                try known(Statement.find(layout, conditions, dialect)), given(conditions, job.values, layout)
            ) { row in
                withRow(row, layout) { lent in rows.append(PackedValues(lent, layout.columns.count)) }
                return true
            }
            job.rows = rows
        }
    }

    /// Was the row put?
    private func claim(_ sql: String, _ values: [SQLValue]) throws(SQLFailure) -> Bool {
        var isPut = false
        guard dialect == .mysql else {
            try query(sql, values) { _ in
                isPut = true
                return true
            }
            return isPut
        }
        try query(Dialect.resetVerdict, [], ignored)
        try query(sql, values, ignored)
        try query(Dialect.readVerdict, []) { row in
            isPut = row[0].map { $0.first == UInt8(ascii: "1") } ?? false
            return true
        }
        return isPut
    }

    private func row(_ job: Job) -> [SQLValue] {
        var values: [SQLValue] = []
        for (index, column) in job.table.layout.columns.enumerated() where !column.isSerial {
            values.append(sent(job.values.values[index], column, usesFallback: true))
        }
        return values
    }

    public func visit(
        _ layout: TableLayout, _ conditions: [Statement.Condition], _ values: PackedValues,
        _ row: (UnsafePointer<mt_value>) -> Bool
    ) throws(SQLFailure) {
        let sql = try known(Statement.find(layout, conditions, dialect))
        try query(sql, given(conditions, values, layout)) { columns in
            var goesOn = true
            withRow(columns, layout) { goesOn = row($0) }
            return goesOn
        }
    }

    private func known(_ sql: String?) throws(SQLFailure) -> String {
        guard let sql else {
            throw SQLFailure("a comparison that does not exist was asked for", nil)
        }
        return sql
    }

    private func given(
        _ conditions: [Statement.Condition], _ values: PackedValues, _ layout: TableLayout,
        after start: Int = 0
    ) -> [SQLValue] {
        conditions.enumerated().filter { !$0.element.isNull }.map {
            sent(values.values[start + $0.offset], layout.columns[$0.element.column], usesFallback: false)
        }
    }

    private func sent(_ value: mt_value, _ column: TableLayout.Column, usesFallback: Bool) -> SQLValue {
        guard value.type != UInt32(MT_NULL) else {
            if usesFallback, let fallback = column.fallback { return .text(fallback) }
            return .null
        }
        if value.type == UInt32(MT_STR) {
            let bytes = UnsafeRawBufferPointer(start: value.str.ptr, count: value.str.len)
            if column.kind == .bytes { return .bytes(bytes) }
            // What telephones send need not be UTF-8; what is kept has to be.
            return .text(String(decoding: bytes.lazy.filter { $0 != 0 }, as: UTF8.self))
        }
        switch column.kind {
        case .number, .text, .bytes: return .text(String(value.num))
        case .time: return .text(LocalTime.text(Int(value.num)))
        case .decimal: return .text(String(Double(value.num) / 1000))
        }
    }

    /// Lends a row as the values that plugins get.
    private func withRow(
        _ row: [UnsafeRawBufferPointer?], _ layout: TableLayout, _ body: (UnsafePointer<mt_value>) -> Void
    ) {
        var blobs: [[UInt8]] = []
        for (index, column) in layout.columns.enumerated() where column.kind == .bytes {
            blobs.append(row[index].map { decoded($0) } ?? [])
        }
        // In one piece, so that the pointers into it stay what they are.
        let all = Array(blobs.joined()) + [0]
        all.withUnsafeBytes { all in
            var at = 0
            var blob = 0
            let values = layout.columns.enumerated().map { index, column -> mt_value in
                defer { if column.kind == .bytes { blob += 1 } }
                guard let bytes = row[index] else { return mt_value() }
                switch column.kind {
                case .number: return number(bytes)
                case .decimal:
                    let text = String(decoding: bytes, as: UTF8.self)
                    return Number.thousandths(text).map { mt_value($0) } ?? mt_value()
                case .time:
                    let text = String(decoding: bytes, as: UTF8.self)
                    return LocalTime.seconds(text).map { mt_value($0) } ?? mt_value()
                case .text: return text(bytes)
                case .bytes:
                    defer { at += blobs[blob].count }
                    return text(UnsafeRawBufferPointer(rebasing: all[at..<at + blobs[blob].count]))
                }
            }
            values.withUnsafeBufferPointer { if let start = $0.baseAddress { body(start) } }
        }
    }

    private func number(_ bytes: UnsafeRawBufferPointer) -> mt_value {
        mt_value(Number.whole(String(decoding: bytes, as: UTF8.self)))
    }

    private func text(_ bytes: UnsafeRawBufferPointer) -> mt_value {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return mt_value(mt_str("")) }
        return mt_value(mt_str(ptr: start.assumingMemoryBound(to: CChar.self), len: bytes.count))
    }
}
