// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import Glibc
import PluginKit

/// Calls as rows of the tables "dialog", version 7, and "dialog_vars", version 1.
enum Rows {
    // MARK: - the tables

    /// nil when the store refuses, and has said why.
    static func openDialogs(_ url: StorageURL) -> OpaquePointer? {
        var layout = Layout()
        for column in Column.allCases {
            switch column {
            case .id: layout.add("id", MT_INT, key: Int(MT_SERIAL), fallback: nil)
            case .entry, .number: layout.add(name(column), MT_INT, key: Int(MT_KEY), fallback: nil)
            case .state, .started, .timeout, .flags, .properties:
                layout.add(name(column), MT_INT, fallback: "0")
            case .callID, .fromURI, .toURI, .callerContact, .calleeContact, .requestURI:
                layout.add(name(column), MT_STR, length: 255, fallback: "")
            case .fromTag, .toTag: layout.add(name(column), MT_STR, length: 128, fallback: "")
            case .callerSequence, .calleeSequence:
                layout.add(name(column), MT_STR, length: 20, fallback: "0")
            case .callerRoutes, .calleeRoutes, .data:
                layout.add(name(column), MT_STR, length: 512, fallback: nil)
            case .callerSocket, .calleeSocket:
                layout.add(name(column), MT_STR, length: 64, fallback: "")
            case .route: layout.add(name(column), MT_STR, length: 32, fallback: nil)
            }
        }
        return layout.open(
            url, String(tableName.value), revision: 7,
            indexes: ["\(name(Column.entry)),\(name(Column.number))", name(Column.callID)])
    }

    static func openVariables(_ url: StorageURL) -> OpaquePointer? {
        var layout = Layout()
        layout.add("id", MT_INT, key: Int(MT_SERIAL), fallback: nil)
        layout.add(name(VariableColumn.entry), MT_INT, key: Int(MT_KEY), fallback: nil)
        layout.add(name(VariableColumn.number), MT_INT, key: Int(MT_KEY), fallback: nil)
        layout.add(name(VariableColumn.key), MT_STR, key: Int(MT_KEY), length: 128, fallback: "")
        layout.add(name(VariableColumn.value), MT_STR, length: 512, fallback: "")
        return layout.open(
            url, String(variablesTableName.value), revision: 1,
            indexes: ["\(name(VariableColumn.entry)),\(name(VariableColumn.number))"])
    }

    /// A table as it is described to the store.
    struct Layout: ~Copyable {
        private var columns: [mt_column] = []
        private var texts: [UnsafeMutablePointer<CChar>] = []

        init() {}

        deinit { for text in texts { free(text) } }

        private mutating func text(_ text: String) -> UnsafePointer<CChar>? {
            guard let copy = strdup(text) else { return nil }
            texts.append(copy)
            return UnsafePointer(copy)
        }

        mutating func add(_ name: String, _ type: Int, key: Int = 0, length: Int = 0, fallback: String?) {
            let name = text(name)
            let fallback = fallback.flatMap { text($0) }
            columns.append(
                mt_column(
                    name: name, type: UInt32(type), key: UInt32(key), length: UInt32(length), reserved: 0,
                    fallback: fallback))
        }

        mutating func open(_ url: StorageURL, _ name: String, revision: UInt32, indexes names: [String])
            -> OpaquePointer?
        {
            guard let store = url.store else { return nil }
            var indexes: [mt_index] = []
            for columns in names {
                indexes.append(mt_index(columns: text(columns), unique: 0, reserved: 0))
            }
            var table = mt_table()
            table.name = text(name)
            table.revision = revision
            var opened: OpaquePointer?
            return columns.withUnsafeBufferPointer { columns in
                indexes.withUnsafeMutableBufferPointer { indexes in
                    table.columns = mt_list(
                        items: columns.baseAddress, count: UInt32(columns.count),
                        stride: UInt32(MemoryLayout<mt_column>.stride))
                    table.indexes = mt_list(
                        items: indexes.baseAddress, count: UInt32(indexes.count),
                        stride: UInt32(MemoryLayout<mt_index>.stride))
                    guard store.pointee.open(Server.host, url.text, &table, &opened) > 0 else { return nil }
                    return opened
                }
            }
        }
    }

    // MARK: - writing

    /// Lends the row of a dialog.
    static func with(_ dialog: DialogPointer, _ body: (UnsafePointer<mt_value>) -> mt_result) -> mt_result {
        withUnsafeTemporaryAllocation(of: mt_value.self, capacity: Column.allCases.count) { row in
            row.initialize(repeating: mt_value())
            func put(_ column: Column, _ number: Int) { row[column.rawValue] = mt_value(number) }
            func put(_ column: Column, _ text: mt_str) { row[column.rawValue] = mt_value(text) }
            func put(_ column: Column, _ part: Texts.Part) {
                let text = dialog.text(part)
                put(column, text.ptr == nil ? mt_str("") : text)
            }
            let life = dialog.pointee.life
            put(.entry, Int(dialog.pointee.entry))
            put(.number, Int(dialog.pointee.id))
            put(.callID, .callID)
            put(.fromURI, .fromURI)
            put(.fromTag, .fromTag)
            put(.toURI, .toURI)
            put(.toTag, .toTag)
            put(.callerContact, .callerContact)
            put(.calleeContact, .calleeContact)
            put(.callerRoutes, .callerRoutes)
            put(.calleeRoutes, .calleeRoutes)
            put(.requestURI, .requestURI)
            put(.callerSocket, socketText(dialog.pointee.callerSocket))
            put(.calleeSocket, socketText(dialog.pointee.calleeSocket))
            put(.state, Int(life.state.rawValue))
            put(.started, Int(life.started))
            put(.timeout, Int(life.deadline))
            put(.flags, Int(dialog.pointee.flags))
            put(.properties, Int(dialog.pointee.properties.rawValue))
            if dialog.pointee.route != 0 {
                put(.route, Server.script.pointee.route_name(dialog.pointee.route))
            }
            return "\(dialog.pointee.callerSequence)".withRaw { caller in
                "\(dialog.pointee.calleeSequence)".withRaw { callee in
                    saved(dialog).text.withRaw { data in
                        put(.callerSequence, caller)
                        put(.calleeSequence, callee)
                        put(.data, data)
                        return row.baseAddress.map { body(UnsafePointer($0)) } ?? mt_result(MT_ERROR)
                    }
                }
            }
        }
    }

    private static func socketText(_ socket: UInt16) -> mt_str {
        guard socket != .max, UInt32(socket) < Server.net.pointee.sockets() else { return mt_str("") }
        return Server.net.pointee.socket(UInt32(socket))
    }

    /// What has no column of its own.
    static func saved(_ dialog: DialogPointer) -> SavedData {
        let life = dialog.pointee.life
        var data = SavedData()
        if Sharing.isOn { data.server = Sharing.own }
        data.numbers["created"] = Int(life.created)
        data.numbers["lifetime"] = Int(life.lifetime)
        if life.limit != 0 { data.numbers["limit"] = Int(life.limit) }
        if life.wish != 0 { data.numbers["wish"] = Int(life.wish) }
        if life.warning != 0 { data.numbers["warning"] = Int(life.warning) }
        if dialog.pointee.cookie != dialog.pointee.id { data.numbers["cookie"] = Int(dialog.pointee.cookie) }
        if life.owner != 0 { data.texts["owner"] = Owners.name(Int(life.owner)) }
        if let words = dialog.pointee.words {
            for owner in 0..<Owners.count where words[owner] != 0 {
                data.numbers["@\(Owners.name(owner + 1))"] = Int(Int64(bitPattern: words[owner]))
            }
        }
        for (name, part) in [("callerWay", Texts.Part.callerWay), ("calleeWay", .calleeWay)] {
            if let way = Way(dialog.text(part)) { data.texts[name] = hex(way) }
        }
        var one = dialog.pointee.memberships
        while let here = one {
            data.profiles.append(
                SavedData.Membership(
                    Profiles.definition(Int(here.pointee.number)).name,
                    String(Text(unchecked: here.text))))
            one = here.pointee.next
        }
        return data
    }

    /// Connections do not outlive the server: a way over one is not kept.
    private static func hex(_ way: Way) -> String {
        var way = way
        way.connection = 0
        return way.with { bytes in
            (0..<bytes.len).map { index in
                let byte = String(UInt8(bitPattern: bytes.ptr[index]), radix: 16)
                return byte.count == 1 ? "0" + byte : byte
            }.joined()
        }
    }

    static func way(_ hex: String) -> Way? {
        let digits = Array(hex.utf8)
        guard digits.count == 2 * MemoryLayout<Way>.size else { return nil }
        var bytes: [CChar] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(CChar(bitPattern: byte))
        }
        return bytes.withUnsafeBufferPointer { Way(mt_str(ptr: $0.baseAddress, len: $0.count)) }
    }

    /// Lends the row of a variable.
    static func with(
        _ dialog: DialogPointer, _ variable: UnsafeMutablePointer<NamedText>,
        _ body: (UnsafePointer<mt_value>) -> mt_result
    ) -> mt_result {
        withUnsafeTemporaryAllocation(of: mt_value.self, capacity: VariableColumn.allCases.count) { row in
            row.initialize(repeating: mt_value())
            row[VariableColumn.entry.rawValue] = mt_value(Int(dialog.pointee.entry))
            row[VariableColumn.number.rawValue] = mt_value(Int(dialog.pointee.id))
            row[VariableColumn.key.rawValue] = mt_value(variable.name)
            row[VariableColumn.value.rawValue] = mt_value(variable.text)
            return row.baseAddress.map { body(UnsafePointer($0)) } ?? mt_result(MT_ERROR)
        }
    }
}
