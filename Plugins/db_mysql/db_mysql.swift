// SPDX-License-Identifier: Apache-2.0
// Keeps tables on MariaDB and MySQL servers: "store.mysql".
import CMartlet
import PluginKit
import SQLLogic
import SQLStore

private let connectTimeout = Param<Int>(
    "connect_timeout", default: "5", in: 1...60, "How long to wait for a connection, in seconds.")
private let receiveTimeout = Param<Int>(
    "receive_timeout", default: "0", in: 0...600, "As timeout_interval, when that is not set; 0: 10.")
private let sendTimeout = Param<Int>(
    "send_timeout", default: "0", in: 0...600, "Accepted; see timeout_interval.")
private let timeoutInterval = Param<Int>(
    "timeout_interval", default: "0", in: 0...600, "How long a statement may take, in seconds; 0: 10.")
private let connections = Param<Int>(
    "connections", default: "4", in: 1...64, "How many connections a database has at most.")
private let versionTable = Param<Text>(
    "version_table", default: "version", is: .verbatim, "The table that lists the versions of tables.")
private let encryption = Param<Int>(
    "opt_ssl_mode", default: "0", in: 0...5,
    "Encryption: 0 as my.cnf has it, 1 never, 2 if possible, 3 always, 4 and 5 with a certificate that is verified."
)
private func accepted(_ name: StaticString, _ fallback: StaticString) -> Param<Int> {
    Param<Int>(name, default: fallback, in: 0...86_400, "Accepted; has no effect here.")
}
private let withoutEffect = [
    accepted("ping_interval", "300"), accepted("retries", "1"), accepted("auto_reconnect", "1"),
    accepted("server_timezone", "0"), accepted("insert_delayed", "0"), accepted("update_affected_found", "0"),
    accepted("unsigned_type", "0"),
]

private let refusedRows = Counter("refused_rows", "Rows that the database takes at no time.")

/// All databases, by their URLs. Changed on the main thread before traffic only.
nonisolated(unsafe) private var databases: [Database] = []

private let plugin = Plugin("db_mysql", "1.0.0", "Keeps tables on MariaDB and MySQL servers.") {
    [connectTimeout, receiveTimeout, sendTimeout, timeoutInterval, connections, encryption]
    withoutEffect
    versionTable
    refusedRows

    Offer("store.mysql", 1, 0) { head in
        Store.api(head) { host, url, table, out in open(host, url, table, out) }
    }
    // Before anybody else looks into the tables, after privileges were given up.
    Hook("core.ready", order: -1000) { _ in
        for database in databases where !database.start() {
            return Host.fail(
                "there can be no thread for \(database.shown)", help: "see the limits: ulimit -u")
        }
        return .yes
    }
    Stop { for database in databases { database.stop() } }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }

private func open(
    _ host: UnsafePointer<mt_host>?, _ text: mt_str, _ table: UnsafePointer<mt_table>?,
    _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> mt_result {
    let text = String(Text(unchecked: text))
    guard let url = DatabaseURL(text) else {
        // Not the URL itself: there may be a password in it.
        return Store.fail(
            host, "the URL names no database", "write mysql://user:password@host:port/database")
    }
    if let option = url.options.first {
        return Store.fail(
            host, "the URL has an option \"\(option.name)\", which db_mysql does not have",
            "socket=/path is the only one; others go into a group of my.cnf: mysql://[group]user@host/database"
        )
    }
    let database: Database
    if let known = databases.first(where: { $0.name == text }) {
        database = known
    } else {
        var limits = Limits()
        limits.connect = connectTimeout.value
        let said = [timeoutInterval.value, receiveTimeout.value].first { $0 > 0 }
        if let said { limits.statement = said }
        limits.encryption = Encryption(rawValue: encryption.value) ?? .library
        database = Database(
            text, shown: url.shown, .mysql, StoreSettings(versionTable: String(versionTable.value)),
            connections: connections.value
        ) { [limits] () throws(SQLFailure) in try Connection(url, limits) }
        database.refused = { refusedRows.add() }
        databases.append(database)
    }
    return Store.add(table, to: database, host, out)
}
