// SPDX-License-Identifier: Apache-2.0
// Keeps tables on PostgreSQL servers: "store.postgres".
import CMartlet
import PluginKit
import SQLLogic
import SQLStore

private let connectTimeout = Param<Milliseconds>(
    "connect_timeout", default: "5s", in: 1000...60_000, "How long to wait for a connection.")
private let statementTimeout = Param<Milliseconds>(
    "statement_timeout", default: "10s", in: 100...600_000, "How long a statement may take.")
private let connections = Param<Int>(
    "connections", default: "4", in: 1...64, "How many connections a database has at most.")
private let versionTable = Param<Text>(
    "version_table", default: "version", is: .verbatim, "The table that lists the versions of tables.")
private let keepAlive = Param<Int>(
    "tcp_keepalive", default: "0", in: 0...86_400, "Seconds between signs of life; 0: as the system has it.")
private let listens = Param<Bool>(
    "listen", default: "1", "0: nobody is told what other servers write; whoever wants to know looks.")
private let retries = Param<Int>("retries", default: "2", in: 0...100, "Accepted; has no effect here.")
private let timeout = Param<Int>("timeout", default: "0", in: 0...86_400, "Accepted; see statement_timeout.")
private let lockset = Param<Int>("lockset", default: "4", in: 0...100, "Accepted; has no effect here.")
private let settings = Params<Text>(
    "con_param", is: .verbatim, "Settings of libpq for every connection: name=value;name=value.")
private let escape = Param<Int>(
    "bytea_output_escape", default: "1", in: 0...1, "Accepted; has no effect here.")

private let sent = Counter("notifications_sent", "Other servers were told of a table that was written to.")
private let received = Counter(
    "notifications_received", "Other servers have told of a table that is watched here.")
private let listening = Counter("listening", gauge: true, "Connections that listen for what others tell.")

private let refusedRows = Counter("refused_rows", "Rows that the database takes at no time.")

/// All databases, by their URLs. Changed on the main thread before traffic only.
nonisolated(unsafe) private var databases: [Database] = []

private let plugin = Plugin("db_postgres", "1.0.0", "Keeps tables on PostgreSQL servers.") {
    [connectTimeout, statementTimeout]
    [connections, keepAlive, retries, timeout, lockset, escape]
    listens
    versionTable
    settings
    [sent, received, listening, refusedRows].map { $0 as any Declaration }

    Offer("store.postgres", 1, 0) { head in
        Store.api(head, watches: true) { host, url, table, out in open(host, url, table, out) }
    }
    Start {
        for line in 0..<settings.count {
            guard let options = DatabaseURL.Option.list(String(settings[line])) else {
                return Host.fail(
                    "con_param must be name=value;name=value", help: "connect_timeout=5;keepalives_idle=30")
            }
            if let name = Connection.unknown(options) {
                return Host.fail(
                    "libpq has no setting \"\(name)\", which con_param names",
                    help: "see \"Parameter Key Words\" in the manual of PostgreSQL")
            }
        }
        return .yes
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
            host, "the URL names no database", "write postgres://user:password@host:port/database")
    }
    if let name = Connection.unknown(url.options) {
        return Store.fail(
            host, "libpq has no setting \"\(name)\", which the URL names",
            "socket=/folder, or what \"Parameter Key Words\" in the manual of PostgreSQL lists, as sslmode=require"
        )
    }
    let database: Database
    if let known = databases.first(where: { $0.name == text }) {
        database = known
    } else {
        var limits = Limits()
        limits.connect = connectTimeout.value.count
        limits.statement = statementTimeout.value.count
        limits.keepAlive = keepAlive.value
        for line in 0..<settings.count {
            limits.settings += DatabaseURL.Option.list(String(settings[line])) ?? []
        }
        limits.settings += url.options
        database = Database(
            text, shown: url.shown, .postgres, StoreSettings(versionTable: String(versionTable.value)),
            connections: connections.value, news: news(of: url, limits)
        ) { [limits] () throws(SQLFailure) in try Connection(url, limits) }
        database.refused = { refusedRows.add() }
        databases.append(database)
    }
    return Store.add(table, to: database, host, out)
}

/// Who is told is told in any case: another server may listen.
private func news(of url: DatabaseURL, _ limits: Limits) -> NewsSource {
    let open = { () throws(SQLFailure) -> any NewsConnection in
        let connection = try Connection(url, limits, as: "martlet listens")
        try connection.listen()
        return connection
    }
    return NewsSource(
        told: { sent.add($0) }, heard: { received.add($0) }, listening: { listening.add($0) },
        open: listens.value ? open : nil)
}
