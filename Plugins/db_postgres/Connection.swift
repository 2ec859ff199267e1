// SPDX-License-Identifier: Apache-2.0
import CPostgres
import Glibc
import PluginKit
import SQLLogic
import SQLStore

/// How long things may take, in milliseconds.
struct Limits: Sendable {
    var connect = 5000
    var statement = 10_000
    var keepAlive = 0
    /// Settings of libpq. The last one of a name counts.
    var settings: [DatabaseURL.Option] = []
}

/// A connection to a PostgreSQL server, by libpq. For one thread at a time.
///
/// Statements are sent, and their answers waited for here: so a server that has gone without a word keeps nobody
/// longer than the limit.
final class Connection: ServerConnection {
    let handle: OpaquePointer
    private let limits: Limits
    /// Statements that the server has prepared, by their text.
    private var prepared: [String: String] = [:]

    /// - Parameter name: what the server shows it as, in `pg_stat_activity`.
    init(_ url: DatabaseURL, _ limits: Limits, as name: String = "martlet") throws(SQLFailure) {
        self.limits = limits
        let options = limits.settings.filter { $0.name == "options" }.map { " " + $0.value }.joined()
        var settings: [(String, String)] = [
            ("dbname", url.database), ("application_name", name), ("client_encoding", "UTF8"),
            ("connect_timeout", String(max(limits.connect / 1000, 2))),
            (
                "options",
                "-c statement_timeout=\(limits.statement) -c standard_conforming_strings=on\(options)"
            ),
            ("tcp_user_timeout", String(limits.statement)), ("keepalives", "1"),
        ]
        if !url.user.isEmpty { settings.append(("user", url.user)) }
        if !url.password.isEmpty { settings.append(("password", url.password)) }
        if let place = url.socket ?? (url.host.isEmpty ? nil : url.host) { settings.append(("host", place)) }
        if let port = url.port { settings.append(("port", String(port))) }
        if limits.keepAlive > 0 { settings.append(("keepalives_idle", String(limits.keepAlive))) }
        for option in limits.settings where option.name != "options" {
            settings.append((option.name, option.value))
        }
        let names = settings.map { strdup($0.0) }
        let values = settings.map { strdup($0.1) }
        defer { for text in names + values { free(text) } }
        let keys = names.map { UnsafePointer($0) } + [nil]
        let words = values.map { UnsafePointer($0) } + [nil]
        guard let made = PQconnectdbParams(keys, words, 0) else {
            throw SQLFailure("out of memory", .away)
        }
        guard PQstatus(made) == CONNECTION_OK else {
            let text = Connection.line(PQerrorMessage(made))
            PQfinish(made)
            throw SQLFailure(text, .away)
        }
        handle = made
        // What the server remarks on is not for standard error.
        _ = PQsetNoticeProcessor(made, { _, _ in }, nil)
        guard PQsetnonblocking(made, 1) == 0 else {
            throw SQLFailure("it cannot be made non-blocking", .away)
        }
    }

    deinit { PQfinish(handle) }

    /// The first one that libpq does not have, or that is said otherwise.
    static func unknown(_ options: [DatabaseURL.Option]) -> String? {
        guard let all = PQconndefaults() else { return nil }
        defer { PQconninfoFree(all) }
        var names: Set<String> = []
        var one = all
        while let name = one.pointee.keyword {
            names.insert(String(cString: name))
            one += 1
        }
        // Texts are taken as UTF-8, whatever is set.
        names.remove("client_encoding")
        return options.first { !names.contains($0.name) }?.name
    }

    var dialect: Dialect { .postgres }
    var staleness: String? { nil }

    func rollback() {
        guard PQtransactionStatus(handle) != PQTRANS_IDLE else { return }
        _ = try? query("ROLLBACK", [], ignored)  // It is over either way.
    }

    /// For all servers that make tables in one database: 0x4d52544c is "MRTL".
    func lock() throws(SQLFailure) { try query("SELECT pg_advisory_lock(1297241164)", [], ignored) }
    func unlock() throws(SQLFailure) { try query("SELECT pg_advisory_unlock(1297241164)", [], ignored) }

    func columns(of table: String) throws(SQLFailure) -> [String]? {
        var names: [String] = []
        try query(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped",
            [.text(dialect.quoted(table))]
        ) { row in
            if let name = row[0] { names.append(String(decoding: name, as: UTF8.self)) }
            return true
        }
        return names.isEmpty ? nil : names
    }

    /// `\x` and two digits for each byte.
    func decoded(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        func digit(_ byte: UInt8) -> UInt8 { byte < 58 ? byte &- 48 : (byte | 32) &- 87 }
        guard bytes.count >= 2, bytes[0] == UInt8(ascii: "\\"), bytes[1] == UInt8(ascii: "x") else {
            return []
        }
        return stride(from: 2, to: bytes.count - 1, by: 2).map {
            digit(bytes[$0]) << 4 | digit(bytes[$0 + 1])
        }
    }

    // MARK: - statements

    func query(
        _ sql: String, _ values: [SQLValue], _ row: ([UnsafeRawBufferPointer?]) -> Bool
    ) throws(SQLFailure) {
        let name = values.isEmpty ? nil : try prepare(sql, values)
        // All values in one piece, each with a zero behind it.
        var memory: [UInt8] = []
        var places: [Int?] = []
        for value in values {
            switch value {
            case .null: places.append(nil)
            case .text(let text):
                places.append(memory.count)
                memory += Array(text.utf8)
                memory.append(0)
            case .bytes(let bytes):
                places.append(memory.count)
                memory += Array(bytes)
                memory.append(0)
            }
        }
        memory.append(0)
        let sent: Int32 = memory.withUnsafeBufferPointer { memory in
            guard let name else { return PQsendQueryParams(handle, sql, 0, nil, nil, nil, nil, 0) }
            let start = UnsafeRawPointer(memory.baseAddress)
            let pointers = places.map { place in
                place.flatMap { start.map { $0.assumingMemoryBound(to: CChar.self) }?.advanced(by: $0) }
            }
            var lengths: [Int32] = []
            var formats: [Int32] = []
            for value in values {
                if case .bytes(let bytes) = value {
                    lengths.append(Int32(bytes.count))
                    formats.append(1)
                } else {
                    lengths.append(0)
                    formats.append(0)
                }
            }
            return PQsendQueryPrepared(handle, name, Int32(values.count), pointers, lengths, formats, 0)
        }
        guard sent == 1 else { throw broken() }
        try results(row)
    }

    private func prepare(_ sql: String, _ values: [SQLValue]) throws(SQLFailure) -> String {
        if let known = prepared[sql] { return known }
        let name = "martlet_\(prepared.count)"
        guard PQsendPrepare(handle, name, sql, 0, nil) == 1 else { throw broken() }
        try results(ignored)
        prepared[sql] = name
        return name
    }

    /// Takes all answers there are to what was sent.
    private func results(_ row: ([UnsafeRawBufferPointer?]) -> Bool) throws(SQLFailure) {
        let end = Loop.ticks + UInt64(limits.statement + 1000) * 1_000_000
        var failure: SQLFailure?
        while true {
            try wait(until: end)
            guard let result = PQgetResult(handle) else { break }
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_TUPLES_OK: lend(result, row)
            case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY, PGRES_NONFATAL_ERROR: break
            default: if failure == nil { failure = self.failure(result) }
            }
        }
        if let failure { throw failure }
        if PQstatus(handle) != CONNECTION_OK { throw broken() }
    }

    private func wait(until end: UInt64) throws(SQLFailure) {
        while true {
            let isSent = PQflush(handle)
            guard isSent >= 0 else { throw broken() }
            if isSent == 0, PQisBusy(handle) == 0 { return }
            let now = Loop.ticks
            guard now < end else { throw SQLFailure("it does not answer", .away) }
            let events = Int16(POLLIN | (isSent > 0 ? POLLOUT : 0))
            var waiting = pollfd(fd: PQsocket(handle), events: events, revents: 0)
            let milliseconds = Int32((end - now) / 1_000_000) + 1
            if poll(&waiting, 1, milliseconds) < 0, errno != EINTR { throw broken() }
            if waiting.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0, PQconsumeInput(handle) == 0 {
                throw broken()
            }
        }
    }

    private func lend(_ result: OpaquePointer, _ row: ([UnsafeRawBufferPointer?]) -> Bool) {
        let width = PQnfields(result)
        for line in 0..<PQntuples(result) {
            let columns = (0..<width).map { column -> UnsafeRawBufferPointer? in
                guard PQgetisnull(result, line, column) == 0 else { return nil }
                return UnsafeRawBufferPointer(
                    start: PQgetvalue(result, line, column), count: Int(PQgetlength(result, line, column)))
            }
            if !row(columns) { return }
        }
    }

    // MARK: - what is wrong

    private func failure(_ result: OpaquePointer) -> SQLFailure {
        let text = Connection.line(PQresultErrorMessage(result))
        // "severity", 'C': the SQLSTATE, whose first two characters are a class.
        let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) } ?? ""
        if PQstatus(handle) != CONNECTION_OK { return SQLFailure(text, .away) }
        switch state.prefix(2) {
        // A statement that took too long is its own trouble; the server is there.
        case "57" where state == "57014": return SQLFailure(text, nil)
        case "08", "57": return SQLFailure(text, .away)
        case "53": return SQLFailure(text, state == "53100" ? .full : .away)
        // Serialisation failures and deadlocks: the whole transaction is over, and may be tried again.
        case "40": return SQLFailure(text, .locked)
        case "25": return SQLFailure(text, state == "25006" ? .readOnly : nil)
        default: return SQLFailure(text, nil, isOfRow: Refusal.postgres(state))
        }
    }

    /// The server does not say which one: 1043 is VARCHAR, 1042 CHAR.
    func tooLong(_ job: Job) -> [String] {
        var limits: [String: Int] = [:]
        // Nobody is told of what cannot be found out: there is an error already.
        try? query(
            "SELECT attname, atttypmod - 4 FROM pg_attribute WHERE attrelid = to_regclass($1) AND atttypid IN (1042, 1043) AND atttypmod > 4",
            [.text(dialect.quoted(job.table.layout.name))]
        ) { row in
            if let name = row[0], let length = row[1] {
                limits[String(decoding: name, as: UTF8.self)] = Int(String(decoding: length, as: UTF8.self))
            }
            return true
        }
        return job.table.layout.columns.enumerated().compactMap { at, column in
            let text = job.values.values[at].str
            guard let limit = limits[column.name], text.len > limit else { return nil }
            let bytes = UnsafeRawBufferPointer(start: text.ptr, count: text.len)
            return String(decoding: bytes, as: UTF8.self).unicodeScalars.count > limit ? column.name : nil
        }
    }

    func broken() -> SQLFailure { SQLFailure(Connection.line(PQerrorMessage(handle)), .away) }

    /// An error as one line.
    private static func line(_ text: UnsafePointer<CChar>?) -> String {
        let text = text.map { String(cString: $0) } ?? ""
        let line = text.split(whereSeparator: \.isNewline).joined(separator: "; ")
        return line.isEmpty ? "the connection has ended" : line
    }
}
