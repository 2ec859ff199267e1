// SPDX-License-Identifier: Apache-2.0
import CMartlet
import CSQLite
import PluginKit
import SQLLogic
import SQLStore

extension Connection {
    var dialect: Dialect { .sqlite }
    func begin() throws(SQLFailure) { try run("BEGIN IMMEDIATE") }
    func commit() throws(SQLFailure) { try run("COMMIT") }
    func rollback() {
        if isInTransaction { _ = try? run("ROLLBACK") }  // It is over either way.
    }

    /// A database on the disk is one file, and nobody else makes its tables for us.
    func prepare(_ tables: [OpenTable], _ settings: StoreSettings) throws(SQLFailure) {
        for table in tables { try prepare(table, settings) }
    }

    private func prepare(_ table: OpenTable, _ settings: StoreSettings) throws(SQLFailure) {
        table.refusal = nil
        let layout = table.layout
        let plan = Migration.plan(
            layout, columns: try columns(of: layout.name),
            version: try version(of: layout.name, in: settings.versionTable),
            versionTable: settings.versionTable, isReadOnly: settings.isReadOnly)
        switch plan {
        case .refuse(let what, let help): table.refusal = (what, help)
        case .statements(let statements): for sql in statements { try run(sql) }
        }
        guard table.refusal == nil, !settings.isReadOnly, !layout.keys.isEmpty else { return }
        // A table that was made elsewhere may lack what tells its rows apart.
        do throws(SQLFailure) {
            _ = try statement(table.putSQL)
        } catch {
            for sql in layout.indexStatements().prefix(1) { try run(sql) }
        }
    }

    /// Does what a job asks for.
    func perform(_ job: inout Job) throws(SQLFailure) {
        let layout = job.table.layout
        switch job.work {
        case .put:
            let statement = try statement(job.table.putSQL)
            defer { sqlite3_clear_bindings(statement) }
            _ = bindRow(job, statement)
            _ = try step(statement)
            sqlite3_reset(statement)
        case .claim(let conditions):
            guard let sql = Statement.claim(layout, conditions) else { throw malformed }
            let statement = try statement(sql)
            defer { sqlite3_clear_bindings(statement) }
            let width = bindRow(job, statement)
            bind(conditions, job.values, layout, statement, from: layout.columns.count, after: width)
            _ = try step(statement)
            job.number = sqlite3_changes(handle) > 0 ? 1 : 0
            sqlite3_reset(statement)
        case .erase(let conditions):
            let statement = try select(Statement.erase(layout, conditions), conditions, job)
            _ = try step(statement)
            sqlite3_reset(statement)
        case .count(let conditions, let column):
            let sql = Statement.count(layout, distinct: column, conditions)
            let statement = try select(sql, conditions, job)
            if try step(statement) { job.number = Int(sqlite3_column_int64(statement, 0)) }
            sqlite3_reset(statement)
        case .find(let conditions, _):
            let statement = try select(Statement.find(layout, conditions), conditions, job)
            while try step(statement) {
                job.rows.append(
                    PackedValues(layout.columns.count) { read(statement, Int32($0), layout.columns[$0]) })
            }
            sqlite3_reset(statement)
        }
    }

    /// All rows of a query, lent one by one.
    func visit(
        _ layout: TableLayout, _ conditions: [Statement.Condition], _ values: PackedValues,
        _ row: (UnsafePointer<mt_value>) -> Bool
    ) throws(SQLFailure) {
        guard let sql = Statement.find(layout, conditions) else { throw malformed }
        let statement = try statement(sql)
        bind(conditions, values, layout, statement)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        while try step(statement) {
            let lent = PackedValues(layout.columns.count) { read(statement, Int32($0), layout.columns[$0]) }
            let goesOn = row(UnsafePointer(lent.values))
            lent.free()
            if !goesOn { return }
        }
    }

    private var malformed: SQLFailure {
        SQLFailure("a comparison that does not exist was asked for", nil)
    }

    private func select(
        _ sql: String?, _ conditions: [Statement.Condition], _ job: Job
    ) throws(SQLFailure) -> OpaquePointer {
        guard let sql else { throw malformed }
        let statement = try statement(sql)
        bind(conditions, job.values, job.table.layout, statement)
        return statement
    }

    /// How many values it has.
    private func bindRow(_ job: Job, _ statement: OpaquePointer) -> Int32 {
        var position: Int32 = 0
        for (index, column) in job.table.layout.columns.enumerated() where !column.isSerial {
            position += 1
            bind(job.values.values[index], column, statement, position, usesFallback: true)
        }
        return position
    }

    private func bind(
        _ conditions: [Statement.Condition], _ values: PackedValues, _ layout: TableLayout,
        _ statement: OpaquePointer, from start: Int = 0, after last: Int32 = 0
    ) {
        var position = last
        for (index, condition) in conditions.enumerated() where !condition.isNull {
            position += 1
            bind(
                values.values[start + index], layout.columns[condition.column], statement, position,
                usesFallback: false)
        }
    }

    /// The texts live in the job, longer than the statement runs.
    private func bind(
        _ value: mt_value, _ column: TableLayout.Column, _ statement: OpaquePointer, _ position: Int32,
        usesFallback: Bool
    ) {
        guard value.type != UInt32(MT_NULL) else {
            if usesFallback, let fallback = column.fallback {
                sqlite3_bind_text(statement, position, fallback, -1, copied)
            } else {
                sqlite3_bind_null(statement, position)
            }
            return
        }
        if value.type == UInt32(MT_STR) {
            if column.kind == .bytes {
                sqlite3_bind_blob(statement, position, value.str.ptr, Int32(value.str.len), nil)
            } else {
                sqlite3_bind_text(statement, position, value.str.ptr, Int32(value.str.len), nil)
            }
            return
        }
        switch column.kind {
        case .number, .text, .bytes: sqlite3_bind_int64(statement, position, value.num)
        case .time: sqlite3_bind_text(statement, position, LocalTime.text(Int(value.num)), -1, copied)
        case .decimal: sqlite3_bind_double(statement, position, Double(value.num) / 1000)
        }
    }

    /// Lent until the next step.
    private func read(_ statement: OpaquePointer, _ index: Int32, _ column: TableLayout.Column) -> mt_value {
        let type = sqlite3_column_type(statement, index)
        guard type != SQLITE_NULL else { return mt_value() }
        switch column.kind {
        case .number: return mt_value(Int(sqlite3_column_int64(statement, index)))
        case .decimal:
            let number = Number.thousandths(sqlite3_column_double(statement, index))
            return number.map { mt_value($0) } ?? mt_value()
        case .time:
            let seconds: Int? =
                switch type {
                case SQLITE_INTEGER: LocalTime.seconds(Int(sqlite3_column_int64(statement, index)))
                case SQLITE_FLOAT: LocalTime.seconds(julianDay: sqlite3_column_double(statement, index))
                default:
                    sqlite3_column_text(statement, index).flatMap { LocalTime.seconds(String(cString: $0)) }
                }
            return seconds.map { mt_value($0) } ?? mt_value()
        case .text, .bytes:
            let bytes =
                column.kind == .bytes
                ? sqlite3_column_blob(statement, index)
                : sqlite3_column_text(statement, index).map { UnsafeRawPointer($0) }
            let count = Int(sqlite3_column_bytes(statement, index))
            guard let bytes, count > 0 else { return mt_value(mt_str("")) }
            return mt_value(mt_str(ptr: bytes.assumingMemoryBound(to: CChar.self), len: count))
        }
    }
}

private let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
