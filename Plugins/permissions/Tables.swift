// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PermissionsLogic
import PluginKit

/// A table in the database, as this plugin reads it.
struct StoredTable: @unchecked Sendable {
    let api: UnsafePointer<mt_store_api>
    let store: OpaquePointer

    struct Column {
        let name: String
        let isText: Bool
        let length: Int
        /// Nil: it may be absent.
        let fallback: String?
    }

    /// [main]. Nil when the store refuses, and has said why.
    static func open(_ name: String, revision: Int, _ columns: [Column], _ url: StorageURL) -> StoredTable? {
        guard let api = url.store else { return nil }
        var texts: [UnsafeMutablePointer<CChar>] = []
        defer { for text in texts { Glibc.free(text) } }
        func text(_ text: String) -> UnsafePointer<CChar>? {
            guard let copy = strdup(text) else { return nil }
            texts.append(copy)
            return UnsafePointer(copy)
        }
        var list = [mt_column()]
        list[0].name = text("id")
        list[0].type = UInt32(MT_INT)
        list[0].key = UInt32(MT_SERIAL)
        for column in columns {
            var item = mt_column()
            item.name = text(column.name)
            item.type = UInt32(column.isText ? MT_STR : MT_INT)
            item.length = UInt32(column.length)
            item.fallback = column.fallback.flatMap { text($0) }
            list.append(item)
        }
        var table = mt_table()
        table.name = text(name)
        table.revision = UInt32(revision)
        var opened: OpaquePointer?
        let isOpen = list.withUnsafeBufferPointer { list in
            table.columns = mt_list(
                items: list.baseAddress, count: UInt32(list.count),
                stride: UInt32(MemoryLayout<mt_column>.stride))
            return api.pointee.open(Server.host, url.text, &table, &opened) > 0
        }
        guard isOpen, let opened else { return nil }
        return StoredTable(api: api, store: opened)
    }
}

/// A row that was read: its values, copied.
struct Row {
    private let values: [Cell]
    private enum Cell {
        case null
        case number(Int)
        case text(String)
    }

    init(_ call: UnsafeMutablePointer<mt_call>) {
        values = (0..<Int(call.pointee.argc)).map { index in
            let value = call.pointee.args[index]
            switch Int(value.type) {
            case Int(MT_INT): return .number(Int(value.num))
            case Int(MT_STR): return .text(String(Text(unchecked: value.str)))
            default: return .null
            }
        }
    }

    func text(_ column: Int) -> String? {
        guard column < values.count else { return nil }
        switch values[column] {
        case .null: return nil
        case .number(let number): return String(number)
        case .text(let text): return text
        }
    }

    func number(_ column: Int) -> Int? {
        guard column < values.count else { return nil }
        switch values[column] {
        case .null: return nil
        case .number(let number): return number
        case .text(let text): return Int(text)
        }
    }
}

/// Reads all rows that match.
final class Reading: @unchecked Sendable {
    private var rows: [Row] = []
    private let finish: (Bool, [Row]) -> Void

    /// - Parameter finish: hears whether the database has answered, and what.
    private init(_ finish: @escaping (Bool, [Row]) -> Void) { self.finish = finish }

    /// [main], before traffic. False: it could not be read, which has been said.
    static func load(_ table: StoredTable, _ body: ([Row]) -> Void) -> Bool {
        let reading = Reading { _, _ in }
        let code = table.api.pointee.load(
            Server.host, table.store, nil, 0, row, Unmanaged.passUnretained(reading).toOpaque())
        guard code > 0 else { return false }
        body(reading.rows)
        return true
    }

    /// Without waiting; the closure runs on the worker of the call. False: it will not.
    static func find(
        _ call: UnsafeMutablePointer<mt_call>, _ table: StoredTable, _ match: mt_match? = nil,
        _ finish: @escaping (Bool, [Row]) -> Void
    ) -> Bool {
        let held = Unmanaged.passRetained(Reading(finish))
        var match = match ?? mt_match()
        let count: UInt32 = match.value.type == UInt32(MT_NULL) ? 0 : 1
        let code = table.api.pointee.find(call, table.store, &match, count, row, done, held.toOpaque())
        if code <= 0 { held.release() }
        return code > 0
    }

    private static let row: mt_fn = { raw in
        guard let raw, let user = raw.pointee.user else { return Outcome.error.code }
        Unmanaged<Reading>.fromOpaque(user).takeUnretainedValue().rows.append(Row(raw))
        return Outcome.yes.code
    }
    private static let done: mt_fn = { raw in
        guard let raw, let user = raw.pointee.user else { return Outcome.error.code }
        let reading = Unmanaged<Reading>.fromOpaque(user).takeRetainedValue()
        reading.finish(raw.pointee.result > 0, reading.rows)
        return Outcome.yes.code
    }
}
