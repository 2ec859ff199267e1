// SPDX-License-Identifier: Apache-2.0
// Keeps tables in files of the system's SQLite: "store.sqlite".
import CMartlet
import Db_sqliteLogic
import PluginKit
import SQLLogic
import SQLStore

private let readOnly = Params<Text>(
    "db_set_readonly", is: .verbatim, "A file that is never written: its path.")
private let journalMode = Params<Text>(
    "db_set_journal_mode", is: .verbatim, "How a file keeps its journal: path:WAL, DELETE, TRUNCATE, ...")
private let synchronous = Param<Text>(
    "synchronous", default: "full", is: .verbatim,
    "full: what is done survives a power failure; normal: only a crash of the server; off: neither.")
private let busyTimeout = Param<Milliseconds>(
    "busy_timeout", default: "2s", in: 0...60_000,
    "How long to wait for another process that has the file locked.")
private let versionTable = Param<Text>(
    "version_table", default: "version", is: .verbatim, "The table that lists the versions of tables.")

private let refusedRows = Counter("refused_rows", "Rows that the database takes at no time.")

/// All files, by their paths. Changed on the main thread before traffic only.
nonisolated(unsafe) private var databases: [Database] = []

private let plugin = Plugin("db_sqlite", "1.0.0", "Keeps tables in files of the system's SQLite.") {
    readOnly
    journalMode
    synchronous
    busyTimeout
    versionTable
    refusedRows

    Offer("store.sqlite", 1, 0) { head in
        Store.api(head) { host, url, table, out in open(host, url, table, out) }
    }
    Start {
        let words = ["full", "normal", "off", "extra"]
        guard words.contains(String(synchronous.value).lowercased()) else {
            return Host.fail(
                "synchronous must be full, normal or off, not \"\(synchronous.value)\"",
                help: "the default is full")
        }
        return .yes
    }
    // Before anybody else looks into the files, after privileges were given up.
    Hook("core.ready", order: -1000) { _ in
        for database in databases where !database.start() {
            return Host.fail("there can be no thread for \(database.name)", help: "see the limits: ulimit -u")
        }
        return .yes
    }
    Stop { for database in databases { database.stop() } }
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }

// MARK: - what is offered

private func open(
    _ host: UnsafePointer<mt_host>?, _ url: mt_str, _ table: UnsafePointer<mt_table>?,
    _ out: UnsafeMutablePointer<OpaquePointer?>?
) -> mt_result {
    let url = String(Text(unchecked: url))
    guard let file = DatabaseFile(url: url) else {
        return Store.fail(host, "\"\(url)\" names no file", "write sqlite:///path/file.db")
    }
    let database: Database
    if let known = databases.first(where: { $0.name == file.path }) {
        database = known
    } else {
        let settings = settings(of: file.path)
        database = Database(
            file.path, .sqlite,
            StoreSettings(isReadOnly: settings.isReadOnly, versionTable: String(versionTable.value))
        ) { () throws(SQLFailure) in try Connection(file.path, settings) }
        database.refused = { refusedRows.add() }
        databases.append(database)
    }
    return Store.add(table, to: database, host, out)
}

private func settings(of path: String) -> FileSettings {
    var settings = FileSettings()
    settings.synchronous = String(synchronous.value)
    settings.busyTimeout = busyTimeout.value.count
    for line in 0..<readOnly.count where readOnly[line] == path { settings.isReadOnly = true }
    for line in 0..<journalMode.count {
        guard let setting = DatabaseFile.setting(String(journalMode[line])), setting.path == path else {
            continue
        }
        settings.journalMode = setting.word
    }
    return settings
}
