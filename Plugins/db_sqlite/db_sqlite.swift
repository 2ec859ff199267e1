// SPDX-License-Identifier: Apache-2.0
// Keeps tables in files of the system's SQLite: "store.sqlite".
import CMartlet
import Db_sqliteLogic
import PluginKit

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

/// All files, by their paths. Changed on the main thread before traffic only.
nonisolated(unsafe) private var databases: [Database] = []

private let plugin = Plugin("db_sqlite", "1.0.0", "Keeps tables in files of the system's SQLite.") {
    readOnly
    journalMode
    synchronous
    busyTimeout
    versionTable

    Offer("store.sqlite", 1, 0) { head in
        mt_store_api(
            head: head,
            open: { host, url, table, out in open(host, url, table, out) },
            find: { call, store, matches, count, row, done, user in
                ask(call, store, matches, count, done, user) { .find($0, row: row) }
            },
            put: { call, store, row, done, user in put(call, store, row, done, user) },
            erase: { call, store, matches, count, done, user in
                ask(call, store, matches, count, done, user) { .erase($0) }
            },
            count: { call, store, column, matches, count, done, user in
                ask(call, store, matches, count, done, user) {
                    .count($0, distinct: column == UInt32.max ? nil : Int(column))
                }
            },
            load: { host, store, matches, count, row, user in load(host, store, matches, count, row, user) })
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
            return Host.fail("there can be no thread for \(database.path)", help: "see the limits: ulimit -u")
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
        return fail(host, "\"\(url)\" names no file", "write sqlite:///path/file.db")
    }
    guard let table, let layout = TableLayout(table.pointee) else {
        return fail(host, "the description of a table cannot be read", "that is a mistake of the plugin")
    }
    let database: Database
    if let known = databases.first(where: { $0.path == file.path }) {
        database = known
    } else {
        database = Database(file.path, settings(of: file.path))
        databases.append(database)
    }
    out?.pointee = database.add(layout).opaque
    return mt_result(MT_OK)
}

private func settings(of path: String) -> DatabaseSettings {
    var settings = DatabaseSettings()
    settings.synchronous = String(synchronous.value)
    settings.busyTimeout = busyTimeout.value.count
    settings.versionTable = String(versionTable.value)
    for line in 0..<readOnly.count where readOnly[line] == path { settings.isReadOnly = true }
    for line in 0..<journalMode.count {
        guard let setting = DatabaseFile.setting(String(journalMode[line])), setting.path == path else {
            continue
        }
        settings.journalMode = setting.word
    }
    return settings
}

private func put(
    _ call: UnsafeMutablePointer<mt_call>?, _ store: OpaquePointer?, _ row: UnsafePointer<mt_value>?,
    _ done: mt_fn?, _ user: UnsafeMutableRawPointer?
) -> mt_result {
    guard let call, let row, let table = OpenTable.of(store) else { return mt_result(MT_ERROR) }
    table.database.ask(
        Job(
            table: table, work: .put, values: PackedValues(row, table.layout.columns.count),
            host: call.pointee.host, worker: call.pointee.worker, done: done, user: user))
    return mt_result(MT_OK)
}

private func ask(
    _ call: UnsafeMutablePointer<mt_call>?, _ store: OpaquePointer?, _ matches: UnsafePointer<mt_match>?,
    _ count: UInt32, _ done: mt_fn?, _ user: UnsafeMutableRawPointer?,
    _ work: ([Statement.Condition]) -> Job.Work
) -> mt_result {
    guard let call, let table = OpenTable.of(store) else { return mt_result(MT_ERROR) }
    let (conditions, values) = taken(matches, count)
    table.database.ask(
        Job(
            table: table, work: work(conditions), values: values, host: call.pointee.host,
            worker: call.pointee.worker, done: done, user: user))
    return mt_result(MT_OK)
}

private func load(
    _ host: UnsafePointer<mt_host>?, _ store: OpaquePointer?, _ matches: UnsafePointer<mt_match>?,
    _ count: UInt32, _ row: mt_fn?, _ user: UnsafeMutableRawPointer?
) -> mt_result {
    guard let table = OpenTable.of(store), let row else { return mt_result(MT_ERROR) }
    let (conditions, values) = taken(matches, count)
    defer { values.free() }
    let failure = table.database.load(table, conditions, values) { lent in
        var call = mt_call()
        call.host = host
        call.user = user
        call.args = lent
        call.argc = UInt32(table.layout.columns.count)
        return row(&call) > 0
    }
    guard let failure else { return mt_result(MT_OK) }
    return fail(host, failure.what, failure.help)
}

private func taken(_ matches: UnsafePointer<mt_match>?, _ count: UInt32) -> (
    [Statement.Condition], PackedValues
) {
    let count = matches == nil ? 0 : Int(count)
    let conditions = (0..<count).map { index in
        let match = matches.unsafelyUnwrapped[index]
        return Statement.Condition(
            column: Int(match.column), comparison: match.op, isNull: match.value.type == UInt32(MT_NULL))
    }
    return (conditions, PackedValues(count) { matches.unsafelyUnwrapped[$0].value })
}

/// In the name of the plugin that asked: the server shows its line.
private func fail(_ host: UnsafePointer<mt_host>?, _ what: String, _ help: String) -> mt_result {
    guard let host else { return mt_result(MT_ERROR) }
    return what.withRaw { what in help.withRaw { host.pointee.fail(host, what, $0) } }
}
