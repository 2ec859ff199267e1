// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import SQLLogic
import Synchronization

/// The functions of "store.SCHEME", over databases of any kind.
public enum Store {
    /// The table of functions. `open` finds the database of a URL; nil, when it has told why there is none.
    ///
    /// - Parameter watches: databases of this kind have a `NewsSource`.
    public static func api(_ head: mt_head, watches: Bool = false, open: @escaping mt_store_open)
        -> mt_store_api
    {
        let watching: mt_store_watch = { call, store, changed, user in watch(call, store, changed, user) }
        return mt_store_api(
            head: head, open: open,
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
            load: { host, store, matches, count, row, user in load(host, store, matches, count, row, user) },
            claim: { call, store, row, matches, count, done, user in
                claim(call, store, row, matches, count, done, user)
            },
            watch: watches ? watching : nil)
    }

    private typealias mt_store_watch =
        @convention(c) (
            UnsafeMutablePointer<mt_call>?, OpaquePointer?, mt_fn?, UnsafeMutableRawPointer?
        ) -> mt_result

    public typealias mt_store_open =
        @convention(c) (
            UnsafePointer<mt_host>?, mt_str, UnsafePointer<mt_table>?, UnsafeMutablePointer<OpaquePointer?>?
        ) -> mt_result

    /// Adds a table to a database, in the name of the plugin that asked.
    public static func add(
        _ table: UnsafePointer<mt_table>?, to database: Database, _ host: UnsafePointer<mt_host>?,
        _ out: UnsafeMutablePointer<OpaquePointer?>?
    ) -> mt_result {
        guard let table, let layout = TableLayout(table.pointee) else {
            return fail(
                host, "the description of a table cannot be read", "that is a mistake of the plugin")
        }
        out?.pointee = database.add(layout).opaque
        return mt_result(MT_OK)
    }

    /// In the name of the plugin that asked: the server shows its line.
    public static func fail(_ host: UnsafePointer<mt_host>?, _ what: String, _ help: String) -> mt_result {
        guard let host else { return mt_result(MT_ERROR) }
        return what.withRaw { what in help.withRaw { host.pointee.fail(host, what, $0) } }
    }
}

private func put(
    _ call: UnsafeMutablePointer<mt_call>?, _ store: OpaquePointer?, _ row: UnsafePointer<mt_value>?,
    _ done: mt_fn?, _ user: UnsafeMutableRawPointer?
) -> mt_result {
    guard let call, let row, let table = OpenTable.of(store) else { return mt_result(MT_ERROR) }
    table.lane.ask(
        Job(
            table: table, work: .put, values: PackedValues(row, table.layout.columns.count),
            host: call.pointee.host, worker: call.pointee.worker, done: done, user: user))
    return mt_result(MT_OK)
}

private func claim(
    _ call: UnsafeMutablePointer<mt_call>?, _ store: OpaquePointer?, _ row: UnsafePointer<mt_value>?,
    _ matches: UnsafePointer<mt_match>?, _ count: UInt32, _ done: mt_fn?, _ user: UnsafeMutableRawPointer?
) -> mt_result {
    guard let call, let row, let table = OpenTable.of(store) else { return mt_result(MT_ERROR) }
    let conditions = conditions(matches, count)
    let width = table.layout.columns.count
    let values = PackedValues(width + conditions.count) { at in
        at < width ? row[at] : matches.unsafelyUnwrapped[at - width].value
    }
    table.lane.ask(
        Job(
            table: table, work: .claim(conditions), values: values, host: call.pointee.host,
            worker: call.pointee.worker, done: done, user: user))
    return mt_result(MT_OK)
}

private func watch(
    _ call: UnsafeMutablePointer<mt_call>?, _ store: OpaquePointer?, _ changed: mt_fn?,
    _ user: UnsafeMutableRawPointer?
) -> mt_result {
    guard let call, let changed, let table = OpenTable.of(store) else { return mt_result(MT_ERROR) }
    guard let listener = table.lane.database.listener else { return mt_result(MT_NO) }
    table.isWatched.store(true, ordering: .relaxed)
    let watcher = Watcher(
        table.layout.name, host: call.pointee.host, worker: call.pointee.worker, changed, user)
    return mt_result(listener.add(watcher) ? MT_OK : MT_NO)
}

private func ask(
    _ call: UnsafeMutablePointer<mt_call>?, _ store: OpaquePointer?, _ matches: UnsafePointer<mt_match>?,
    _ count: UInt32, _ done: mt_fn?, _ user: UnsafeMutableRawPointer?,
    _ work: ([Statement.Condition]) -> Job.Work
) -> mt_result {
    guard let call, let table = OpenTable.of(store) else { return mt_result(MT_ERROR) }
    let (conditions, values) = taken(matches, count)
    table.lane.ask(
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
    let failure = table.lane.load(table, conditions, values) { lent in
        var call = mt_call()
        call.host = host
        call.user = user
        call.args = lent
        call.argc = UInt32(table.layout.columns.count)
        return row(&call) > 0
    }
    guard let failure else { return mt_result(MT_OK) }
    return Store.fail(host, failure.what, failure.help)
}

private func taken(_ matches: UnsafePointer<mt_match>?, _ count: UInt32) -> (
    [Statement.Condition], PackedValues
) {
    let conditions = conditions(matches, count)
    return (conditions, PackedValues(conditions.count) { matches.unsafelyUnwrapped[$0].value })
}

private func conditions(_ matches: UnsafePointer<mt_match>?, _ count: UInt32) -> [Statement.Condition] {
    (0..<(matches == nil ? 0 : Int(count))).map { index in
        let match = matches.unsafelyUnwrapped[index]
        return Statement.Condition(
            column: Int(match.column), comparison: match.op, isNull: match.value.type == UInt32(MT_NULL))
    }
}
