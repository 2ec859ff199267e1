// SPDX-License-Identifier: Apache-2.0
import CMariaDB
import Glibc
import PluginKit
import SQLLogic
import SQLStore

/// How long things may take, in seconds.
struct Limits: Sendable {
    var connect = 5
    var statement = 10
    var encryption = Encryption.library
}

/// Whether a connection is encrypted: opt_ssl_mode, with the numbers of MySQL's SSL_MODE_*.
enum Encryption: Int, Sendable {
    /// As the library and my.cnf have it.
    case library
    case never, preferred, required
    /// The certificate is from somebody whom we trust, and has the name of the host: this library looks at both or at none.
    case verified, identified

    var isNeeded: Bool { rawValue >= Encryption.required.rawValue }
}

/// A connection to a MariaDB or MySQL server. For one thread at a time.
///
/// Values are written into the statement as hexadecimal literals: nothing in them can end a literal, whatever the
/// server's character set and SQL mode are.
final class Connection: ServerConnection {
    private let handle: UnsafeMutablePointer<MYSQL>
    private var isInTransaction = false

    init(_ url: DatabaseURL, _ limits: Limits) throws(SQLFailure) {
        guard let made = mysql_init(nil) else { throw SQLFailure("out of memory", .away) }
        var connect = UInt32(limits.connect)
        var statement = UInt32(limits.statement)
        mysql_options(made, MYSQL_OPT_CONNECT_TIMEOUT, &connect)
        mysql_options(made, MYSQL_OPT_READ_TIMEOUT, &statement)
        mysql_options(made, MYSQL_OPT_WRITE_TIMEOUT, &statement)
        mysql_options(made, MYSQL_SET_CHARSET_NAME, "utf8mb4")
        if let group = url.group { mysql_options(made, MYSQL_READ_DEFAULT_GROUP, group) }
        if limits.encryption != .library {
            var isWanted: my_bool = limits.encryption == .never ? 0 : 1
            var isVerified: my_bool = limits.encryption.rawValue >= Encryption.verified.rawValue ? 1 : 0
            mysql_options(made, MYSQL_OPT_SSL_ENFORCE, &isWanted)
            mysql_options(made, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &isVerified)
        }
        // "localhost" is the socket to this library, unless there is a port.
        let host = url.host == "localhost" && url.port != nil ? "127.0.0.1" : url.host
        let connected = mysql_real_connect(
            made, host.isEmpty ? nil : host, url.user.isEmpty ? nil : url.user,
            url.password.isEmpty ? nil : url.password, url.database, UInt32(url.port ?? 0), url.socket, 0)
        guard connected != nil else {
            let text = String(cString: mysql_error(made))
            mysql_close(made)
            throw SQLFailure(text.isEmpty ? "there is no answer" : text, .away)
        }
        // A server that has no TLS is not always an error to the library.
        guard !limits.encryption.isNeeded || mysql_get_ssl_cipher(made) != nil else {
            mysql_close(made)
            throw SQLFailure(
                "it does not encrypt, and opt_ssl_mode is \(limits.encryption.rawValue)", .away)
        }
        handle = made
        // Modes that others have set must not change what statements mean; times are local ones already.
        try query("SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'", [], ignored)
        // READ COMMITTED: what another server has written is seen by the next question.
        try query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", [], ignored)
    }

    deinit { mysql_close(handle) }

    var dialect: Dialect { .mysql }
    var staleness: String? { nil }

    func begin() throws(SQLFailure) {
        try query("BEGIN", [], ignored)
        isInTransaction = true
    }
    func commit() throws(SQLFailure) {
        try query("COMMIT", [], ignored)
        isInTransaction = false
    }
    func rollback() {
        guard isInTransaction else { return }
        isInTransaction = false
        _ = try? query("ROLLBACK", [], ignored)  // It is over either way.
    }

    func lock() throws(SQLFailure) { try query("SELECT GET_LOCK('martlet', 5)", [], ignored) }
    func unlock() throws(SQLFailure) { try query("SELECT RELEASE_LOCK('martlet')", [], ignored) }

    func columns(of table: String) throws(SQLFailure) -> [String]? {
        var names: [String] = []
        try query(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?",
            [.text(table)]
        ) { row in
            if let name = row[0] { names.append(String(decoding: name, as: UTF8.self)) }
            return true
        }
        return names.isEmpty ? nil : names
    }

    func decoded(_ bytes: UnsafeRawBufferPointer) -> [UInt8] { Array(bytes) }

    // MARK: - statements

    func query(
        _ sql: String, _ values: [SQLValue], _ row: ([UnsafeRawBufferPointer?]) -> Bool
    ) throws(SQLFailure) {
        let bytes = Connection.filled(sql, values)
        let code = bytes.withUnsafeBytes {
            mysql_real_query(handle, $0.baseAddress?.assumingMemoryBound(to: CChar.self), UInt($0.count))
        }
        guard code == 0 else {
            // The index is there already: there are no words to say "unless" with.
            if mysql_errno(handle) == 1061 { return }
            throw failure()
        }
        guard let result = mysql_store_result(handle) else {
            if mysql_errno(handle) != 0 { throw failure() }
            return
        }
        defer { mysql_free_result(result) }
        let width = Int(mysql_num_fields(result))
        while let line = mysql_fetch_row(result), let lengths = mysql_fetch_lengths(result) {
            let columns = (0..<width).map { column -> UnsafeRawBufferPointer? in
                guard let start = line[column] else { return nil }
                return UnsafeRawBufferPointer(start: start, count: Int(lengths[column]))
            }
            if !row(columns) { return }
        }
    }

    /// The statement with each `?` replaced by a literal. The statements are the server's own, and have no other `?`.
    private static func filled(_ sql: String, _ values: [SQLValue]) -> [UInt8] {
        guard !values.isEmpty else { return Array(sql.utf8) }
        var bytes: [UInt8] = []
        var next = 0
        for byte in sql.utf8 {
            guard byte == UInt8(ascii: "?"), next < values.count else {
                bytes.append(byte)
                continue
            }
            switch values[next] {
            case .null: bytes += Array("NULL".utf8)
            case .text(let text): bytes += Array("_utf8mb4 x'".utf8) + hexadecimal(text.utf8) + [39]
            case .bytes(let raw): bytes += Array("x'".utf8) + hexadecimal(raw) + [39]
            }
            next += 1
        }
        return bytes
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return text
    }

    private func failure() -> SQLFailure {
        let text = String(cString: mysql_error(handle))
        switch mysql_errno(handle) {
        // Those of the client, and what ends a connection or keeps others out: mysqld_error.h.
        case 2000...2999, 1040, 1042, 1043, 1047, 1053, 1077, 1079, 1080, 1081, 1129, 1152...1161, 1184, 1203,
            1226, 1927:
            return SQLFailure(text, .away)
        // A deadlock, or a lock that was waited for too long.
        case 1205, 1213: return SQLFailure(text, .locked)
        case 1021, 1114: return SQLFailure(text, .full)
        case 1290, 1792, 1836: return SQLFailure(text, .readOnly)
        case let number:
            let state = String(cString: mysql_sqlstate(handle))
            return SQLFailure(text, nil, isOfRow: Refusal.mysql(number, state))
        }
    }
}
