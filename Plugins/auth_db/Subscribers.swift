// SPDX-License-Identifier: Apache-2.0
import Auth_dbLogic
import CMartlet
import Glibc
import PluginKit

/// A table of subscribers, open in the database. It lives as long as the process.
final class Subscribers: @unchecked Sendable {
    let name: String
    let store: OpaquePointer
    let api: UnsafePointer<mt_store_api>

    private init(_ name: String, _ store: OpaquePointer, _ api: UnsafePointer<mt_store_api>) {
        self.name = name
        self.store = store
        self.api = api
    }

    /// Grows on the main thread before traffic only.
    nonisolated(unsafe) private static var all: [Subscribers] = []

    static func find(_ name: Text) -> Subscribers? {
        for table in all where name.equals(table.name) { return table }
        return nil
    }

    /// [main], while the script is read. Nil when the store refuses, and has said why.
    static func open(_ name: String) -> Subscribers? {
        if let known = all.first(where: { $0.name == name }) { return known }
        guard let api = databaseURL.value.store else { return nil }
        var texts: [UnsafeMutablePointer<CChar>] = []
        defer { for text in texts { Glibc.free(text) } }
        func text(_ text: String) -> UnsafePointer<CChar>? {
            guard let copy = strdup(text) else { return nil }
            texts.append(copy)
            return UnsafePointer(copy)
        }
        let columns = Settings.columns.names.enumerated().map { index, name in
            var column = mt_column()
            column.name = text(name)
            column.type = UInt32(index == 0 ? MT_INT : MT_STR)
            column.key = UInt32(index == 0 ? MT_SERIAL : 0)
            let isStandard = index < Columns.standard.count
            column.length = UInt32(isStandard ? Columns.standard[index].1 : 255)
            column.fallback = isStandard && index > 0 ? text("") : nil
            return column
        }
        var index = mt_index()
        index.columns = text("\(Settings.columns.names[1]),\(Settings.columns.names[2])")
        index.unique = 1
        var table = mt_table()
        table.name = text(name)
        table.revision = 7
        table.flags = versionTable.value ? 0 : UInt32(MT_UNVERSIONED)
        var opened: OpaquePointer?
        let isOpen = columns.withUnsafeBufferPointer { columns in
            withUnsafePointer(to: &index) { index in
                table.columns = mt_list(
                    items: columns.baseAddress, count: UInt32(columns.count),
                    stride: UInt32(MemoryLayout<mt_column>.stride))
                table.indexes = mt_list(items: index, count: 1, stride: UInt32(MemoryLayout<mt_index>.stride))
                return api.pointee.open(Server.host, databaseURL.value.text, &table, &opened) > 0
            }
        }
        guard isOpen, let opened else { return nil }
        let subscribers = Subscribers(name, opened, api)
        all.append(subscribers)
        return subscribers
    }
}

/// A table argument: a name, and the table itself when the name is a constant.
struct TableArgument: Scriptable, @unchecked Sendable {
    let table: Subscribers?

    static var type: UInt32 { UInt32(MT_STR) }
    static func read(_ value: UnsafePointer<mt_value>) -> TableArgument {
        if let ready = value.pointee.ptr {
            return TableArgument(table: Unmanaged<Subscribers>.fromOpaque(ready).takeUnretainedValue())
        }
        return TableArgument(table: Subscribers.find(Text(unchecked: value.pointee.str)))
    }

    private static let prepare: mt_fn = { raw in
        guard let raw else { return Outcome.error.code }
        let name = Text(unchecked: raw.pointee.args.pointee.str)
        guard !name.isEmpty else { return Host.fail("a table has a name", help: "as \"subscriber\"").code }
        guard databaseURL.value.store != nil else {
            return Host.fail("there can be no table \"\(name)\"", help: "see db_url of auth_db").code
        }
        // Why there can be none has been told.
        guard let table = Subscribers.open(String(name)) else { return Outcome.error.code }
        raw.pointee.out.pointee.ptr = Unmanaged.passUnretained(table).toOpaque()
        return Outcome.yes.code
    }

    static var argument: Arg<TableArgument> {
        Arg("table", TableArgument.self, prepare: prepare, "As \"subscriber\".")
    }
}
