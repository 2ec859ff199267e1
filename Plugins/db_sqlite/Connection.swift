// SPDX-License-Identifier: Apache-2.0
import CSQLite
import SQLLogic
import SQLStore

/// How a file is used.
struct FileSettings: Sendable {
    var isReadOnly = false
    var journalMode = "WAL"
    var synchronous = "FULL"
    /// In milliseconds.
    var busyTimeout = 2000
}

/// An open database file, and the statements that were prepared on it. For one thread at a time.
final class Connection: StoreConnection {
    let handle: OpaquePointer
    private let path: String
    private var prepared: [String: OpaquePointer] = [:]
    /// Which file it was: another one may come to lie under its name.
    private let identity: FileIdentity?

    init(_ path: String, _ settings: FileSettings) throws(SQLFailure) {
        var opened: OpaquePointer?
        let mode = settings.isReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        let code = sqlite3_open_v2(path, &opened, mode | SQLITE_OPEN_NOMUTEX, nil)
        guard let opened else { throw SQLFailure("out of memory", .other(code)) }
        guard code == SQLITE_OK else {
            let text = String(cString: sqlite3_errmsg(opened))
            sqlite3_close_v2(opened)
            throw SQLFailure(text, Trouble.Kind(code))
        }
        handle = opened
        self.path = path
        sqlite3_extended_result_codes(opened, 1)
        sqlite3_busy_timeout(opened, Int32(settings.busyTimeout))
        identity = FileIdentity(path)
        if !settings.isReadOnly {
            // A file that cannot have this mode, as on some network file systems, keeps its own.
            try run("PRAGMA journal_mode = \(settings.journalMode)")
            try run("PRAGMA synchronous = \(settings.synchronous)")
        }
        // Only now is the file read for the first time: a damaged one shows here.
        try run("SELECT COUNT(*) FROM sqlite_master")
    }

    deinit {
        for statement in prepared.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(handle)
    }

    var failure: SQLFailure {
        let code = sqlite3_extended_errcode(handle)
        let text = String(cString: sqlite3_errmsg(handle))
        switch code & 0xff {
        case SQLITE_ERROR, SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_TOOBIG, SQLITE_RANGE, SQLITE_MISUSE,
            SQLITE_SCHEMA:
            return SQLFailure(text, nil, isOfRow: Refusal.sqlite(code))
        default: return SQLFailure(text, Trouble.Kind(code))
        }
    }

    var staleness: String? {
        guard let identity, FileIdentity(path) != identity else { return nil }
        return "is another file now"
    }

    /// One statement without answers that count.
    func run(_ sql: String) throws(SQLFailure) {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw failure }
    }

    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Prepared once, and handed out again, reset.
    func statement(_ sql: String) throws(SQLFailure) -> OpaquePointer {
        if let known = prepared[sql] { return known }
        var made: OpaquePointer?
        guard sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &made, nil) == SQLITE_OK,
            let made
        else { throw failure }
        prepared[sql] = made
        return made
    }

    /// The columns of a table; nil when there is none.
    func columns(of table: String) throws(SQLFailure) -> [String]? {
        let statement = try statement("SELECT name FROM pragma_table_info(?)")
        defer { sqlite3_reset(statement) }
        sqlite3_bind_text(statement, 1, table, -1, transient)
        var names: [String] = []
        while try step(statement) {
            guard let text = sqlite3_column_text(statement, 0) else { continue }
            names.append(String(cString: text))
        }
        return names.isEmpty ? nil : names
    }

    /// What the version table says; nil when it says nothing, or is not there.
    func version(of table: String, in versions: String) throws(SQLFailure) -> Int? {
        guard try columns(of: versions) != nil else { return nil }
        let statement = try statement(
            "SELECT table_version FROM \(Dialect.sqlite.quoted(versions)) WHERE table_name = ?")
        defer { sqlite3_reset(statement) }
        sqlite3_bind_text(statement, 1, table, -1, transient)
        return try step(statement) ? Int(sqlite3_column_int64(statement, 0)) : nil
    }

    /// True: there is a row.
    func step(_ statement: OpaquePointer) throws(SQLFailure) -> Bool {
        switch sqlite3_step(statement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default:
            let failure = failure
            sqlite3_reset(statement)
            throw failure
        }
    }
}

/// SQLite copies the text.
private let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
