// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import UsrlocLogic

/// The table "location_attrs", version 1: a row for each attribute of a contact. It has no key, as Kamailio's has none: the
/// rows of a contact are erased and written together.
struct AttributeRows: @unchecked Sendable {
    private enum Column: Int { case id, ruid, username, domain, name, type, value, modified }

    private let api: UnsafePointer<mt_store_api>
    private let store: OpaquePointer

    /// Nil when the store refuses, and has said why.
    init?(_ table: String, _ url: StorageURL) {
        guard let api = url.store else { return nil }
        self.api = api
        func column(
            _ name: StaticString, _ type: Int, key: Int = 0, length: UInt32 = 0, _ fallback: StaticString?
        )
            -> mt_column
        {
            mt_column(
                name: Self.pointer(name), type: UInt32(type), key: UInt32(key), length: length, reserved: 0,
                fallback: fallback.map(Self.pointer))
        }
        let columns = [
            column("id", Int(MT_INT), key: Int(MT_SERIAL), nil),
            column("ruid", Int(MT_STR), length: 64, ""), column("username", Int(MT_STR), length: 64, ""),
            column("domain", Int(MT_STR), length: 64, nil), column("aname", Int(MT_STR), length: 64, ""),
            column("atype", Int(MT_INT), "0"), column("avalue", Int(MT_STR), length: 512, ""),
            column("last_modified", Int(MT_TIME), "2000-01-01 00:00:01"),
        ]
        let indexes = [
            mt_index(columns: Self.pointer("username,domain,ruid"), unique: 0, reserved: 0),
            mt_index(columns: Self.pointer("last_modified"), unique: 0, reserved: 0),
        ]
        var opened: OpaquePointer?
        let name = "\(table)_attrs"
        let isOpen = name.withCString { name in
            columns.withUnsafeBufferPointer { columns in
                indexes.withUnsafeBufferPointer { indexes in
                    var table = mt_table()
                    table.name = name
                    table.revision = 1
                    if !versionTable.value { table.flags = UInt32(MT_UNVERSIONED) }
                    table.columns = mt_list(
                        items: columns.baseAddress, count: UInt32(columns.count),
                        stride: UInt32(MemoryLayout<mt_column>.stride))
                    table.indexes = mt_list(
                        items: indexes.baseAddress, count: UInt32(indexes.count),
                        stride: UInt32(MemoryLayout<mt_index>.stride))
                    return api.pointee.open(Server.host, url.text, &table, &opened) > 0
                }
            }
        }
        guard isOpen, let opened else { return nil }
        store = opened
    }

    private static func pointer(_ text: StaticString) -> UnsafePointer<CChar> {
        UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
    }

    /// Takes the place of what there is of this contact.
    func write(_ contact: ul_contact, _ call: UnsafeMutablePointer<mt_call>, _ update: PendingUpdate?) {
        erase(contact.ruid, call, update)
        let (user, domain) = Rows.parts(of: contact.aor)
        KeptAttributes.each(contact.attributes) { name, value, isNumber in
            withUnsafeTemporaryAllocation(of: mt_value.self, capacity: 8) { row in
                row.initialize(repeating: mt_value())
                func put(_ column: Column, _ value: mt_value) { row[column.rawValue] = value }
                put(.ruid, mt_value(contact.ruid))
                put(.username, mt_value(user))
                if domain.len > 0 { put(.domain, mt_value(domain)) }
                put(.name, mt_value(name))
                put(.type, mt_value(isNumber ? 0 : 2))
                put(.value, mt_value(value))
                put(.modified, mt_value(Int(contact.modified)))
                let held = Told(update).held
                if api.pointee.put(call, store, row.baseAddress, Told.done, held.toOpaque()) <= 0 {
                    held.takeRetainedValue().update?.finished(mt_result(MT_ERROR))
                }
            }
        }
    }

    func erase(_ ruid: mt_str, _ call: UnsafeMutablePointer<mt_call>, _ update: PendingUpdate?) {
        var match = Self.match(.ruid, mt_value(ruid))
        let held = Told(update).held
        if api.pointee.erase(call, store, &match, 1, Told.done, held.toOpaque()) <= 0 {
            held.takeRetainedValue().update?.finished(mt_result(MT_ERROR))
        }
    }

    private static func match(_ column: Column, _ value: mt_value) -> mt_match {
        var match = mt_match()
        match.column = UInt32(column.rawValue)
        match.op = UInt32(MT_EQ)
        match.value = value
        return match
    }

    /// [main] All there are.
    func load() -> AttributeReading {
        let reading = AttributeReading()
        _ = api.pointee.load(
            Server.host, store, nil, 0, AttributeReading.row, Unmanaged.passUnretained(reading).toOpaque())
        return reading
    }

    /// Those of somebody; `done` is called with what was found. False: it is not.
    func find(
        _ aor: mt_str, _ call: UnsafeMutablePointer<mt_call>,
        _ done: @escaping (UnsafeMutablePointer<mt_call>, AttributeReading) -> Void
    ) -> Bool {
        let (user, domain) = Rows.parts(of: aor)
        var matches = [Self.match(.username, mt_value(user))]
        if domain.len > 0 { matches.append(Self.match(.domain, mt_value(domain))) }
        let reading = AttributeReading(done)
        let held = Unmanaged.passRetained(reading)
        let code = matches.withUnsafeBufferPointer {
            api.pointee.find(
                call, store, $0.baseAddress, UInt32($0.count), AttributeReading.row, AttributeReading.done,
                held.toOpaque())
        }
        if code <= 0 { held.release() }
        return code > 0
    }

    fileprivate static func take(_ row: UnsafePointer<mt_value>) -> (
        ruid: mt_str, name: mt_str, value: mt_str, isNumber: Bool
    ) {
        func text(_ column: Column) -> mt_str {
            row[column.rawValue].type == UInt32(MT_STR) ? row[column.rawValue].str : mt_str()
        }
        // Kamailio: bit 1 says that the value is a text.
        let type = row[Column.type.rawValue]
        return (
            text(.ruid), text(.name), text(.value), type.type == UInt32(MT_INT) && type.num & 2 == 0
        )
    }
}

/// A REGISTER is told when one of its rows is on the disk.
private final class Told: @unchecked Sendable {
    let update: PendingUpdate?

    init(_ update: PendingUpdate?) {
        self.update = update
        update?.expect()
    }

    var held: Unmanaged<Told> { .passRetained(self) }

    static let done: mt_fn = { raw in
        guard let raw, let user = raw.pointee.user else { return Outcome.error.code }
        Unmanaged<Told>.fromOpaque(user).takeRetainedValue().update?.finished(raw.pointee.result)
        return Outcome.yes.code
    }
}

/// What was read, by the name of the contact.
final class AttributeReading: @unchecked Sendable {
    private var found: [String: KeptAttributes] = [:]
    private let then: ((UnsafeMutablePointer<mt_call>, AttributeReading) -> Void)?

    init(_ then: ((UnsafeMutablePointer<mt_call>, AttributeReading) -> Void)? = nil) { self.then = then }

    static let row: mt_fn = { raw in
        guard let raw, let user = raw.pointee.user, let row = raw.pointee.args, raw.pointee.argc >= 8 else {
            return Outcome.error.code
        }
        let reading = Unmanaged<AttributeReading>.fromOpaque(user).takeUnretainedValue()
        let (ruid, name, value, isNumber) = AttributeRows.take(row)
        let text = Array(UnsafeRawBufferPointer(start: value.ptr, count: value.len))
        reading.found[String(Text(unchecked: ruid)), default: KeptAttributes()].add(
            Array(UnsafeRawBufferPointer(start: name.ptr, count: name.len)),
            isNumber ? .number(Text(unchecked: value).integer ?? 0) : .text(text))
        return Outcome.yes.code
    }

    static let done: mt_fn = { raw in
        guard let raw, let user = raw.pointee.user else { return Outcome.error.code }
        let reading = Unmanaged<AttributeReading>.fromOpaque(user).takeRetainedValue()
        reading.then?(raw, reading)
        return Outcome.yes.code
    }

    /// The contact with its attributes, lent while the closure runs.
    func with<Result>(_ contact: ul_contact, _ body: (ul_contact) -> Result) -> Result {
        guard !found.isEmpty, let kept = found[String(Text(unchecked: contact.ruid))] else {
            return body(contact)
        }
        return kept.bytes.withUnsafeBytes { bytes in
            var contact = contact
            contact.attributes = mt_str(
                ptr: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), len: bytes.count)
            return body(contact)
        }
    }
}
