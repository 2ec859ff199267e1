// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit
import UsrlocLogic

/// Contacts as rows of the table "location", version 9.
enum Rows {
    private static let count = Column.allCases.count

    /// How databases say "never": what stands in the column by default.
    private static let never: StaticString = "2030-05-28 21:32:15"
    private static let neverSeconds: Int = {
        var parts = tm()
        parts.tm_year = 130
        parts.tm_mon = 4
        parts.tm_mday = 28
        parts.tm_hour = 21
        parts.tm_min = 32
        parts.tm_sec = 15
        parts.tm_isdst = -1
        return Int(mktime(&parts))
    }()

    /// Opens the table; nil when the store refuses, and has said why.
    static func open(_ name: String, _ url: StorageURL) -> OpaquePointer? {
        guard let store = url.store else { return nil }
        var columns: [mt_column] = []
        var texts: [UnsafeMutablePointer<CChar>] = []
        defer { texts.forEach { Glibc.free($0) } }
        func text(_ text: String) -> UnsafePointer<CChar>? {
            guard let copy = strdup(text) else { return nil }
            texts.append(copy)
            return UnsafePointer(copy)
        }
        func add(_ column: Column, _ type: Int, key: Int = 0, length: Int = 0, _ fallback: StaticString?) {
            columns.append(
                mt_column(
                    name: text(columnName(column)), type: UInt32(type), key: UInt32(key),
                    length: UInt32(length),
                    reserved: 0,
                    fallback: fallback.map {
                        UnsafeRawPointer($0.utf8Start).assumingMemoryBound(to: CChar.self)
                    }))
        }
        let number = Int(MT_INT)
        let string = Int(MT_STR)
        add(.id, number, key: Int(MT_SERIAL), nil)
        add(.ruid, string, key: Int(MT_KEY), length: 64, "")
        add(.username, string, length: 64, "")
        add(.domain, string, length: 64, nil)
        add(.contact, string, length: 512, "")
        add(.received, string, length: 128, nil)
        add(.path, string, length: 512, nil)
        add(.expires, Int(MT_TIME), never)
        add(.q, Int(MT_DECIMAL), "1.0")
        add(.callid, string, length: 255, "Default-Call-ID")
        add(.cseq, number, "1")
        add(.modified, Int(MT_TIME), "2000-01-01 00:00:01")
        add(.flags, number, "0")
        add(.cflags, number, "0")
        add(.userAgent, string, length: 255, "")
        add(.socket, string, length: 64, nil)
        add(.methods, number, nil)
        add(.instance, string, length: 255, nil)
        add(.regID, number, "0")
        add(.serverID, number, "0")
        add(.connection, number, "0")
        add(.keepalive, number, "0")
        add(.partition, number, "0")
        func index(_ columns: Column...) -> mt_index {
            mt_index(
                columns: text(columns.map { columnName($0) }.joined(separator: ",")), unique: 0, reserved: 0)
        }
        let indexes = [
            index(.username, .domain, .contact), index(.expires), index(.connection),
            index(.serverID, .connection),
        ]
        var table = mt_table()
        table.name = text(name)
        table.revision = 9
        if !versionTable.value { table.flags = UInt32(MT_UNVERSIONED) }
        var opened: OpaquePointer?
        return columns.withUnsafeBufferPointer { columns in
            indexes.withUnsafeBufferPointer { indexes in
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

    // MARK: - writing

    /// Lends the row of a contact.
    static func with<Result>(_ contact: ul_contact, _ body: (UnsafePointer<mt_value>) -> Result) -> Result {
        withUnsafeTemporaryAllocation(of: mt_value.self, capacity: count) { row in
            row.initialize(repeating: mt_value())
            func put(_ column: Column, _ number: Int) { row[column.rawValue] = mt_value(number) }
            func put(_ column: Column, _ text: mt_str) {
                if text.len > 0 { row[column.rawValue] = mt_value(text) }
            }
            let (user, domain) = parts(of: contact.aor)
            put(.ruid, contact.ruid)
            row[Column.username.rawValue] = mt_value(user)
            put(.domain, domain)
            put(.contact, contact.uri)
            put(.received, contact.received)
            put(.path, contact.path)
            if contact.expires != 0 { put(.expires, Int(contact.expires)) }
            put(.q, contact.q < 0 ? -1000 : Int(contact.q))
            put(.callid, contact.call_id)
            put(.cseq, Int(contact.cseq))
            put(.modified, Int(contact.modified))
            put(.flags, Int(contact.flags))
            put(.cflags, Int(contact.cflags))
            put(.userAgent, contact.user_agent)
            if contact.methods != UL_ANY_METHOD { put(.methods, Int(contact.methods)) }
            put(.instance, contact.instance)
            put(.regID, Int(contact.reg_id))
            put(.serverID, serverID.value)
            put(.connection, Int(truncatingIfNeeded: contact.connection))
            let start = UnsafePointer(row.baseAddress.unsafelyUnwrapped)
            guard contact.socket != UL_NO_SOCKET else { return body(start) }
            return SocketNames.with(contact.socket) { name in
                put(.socket, name)
                return body(start)
            }
        }
    }

    /// The columns username and domain of an address of record.
    static func parts(of aor: mt_str) -> (user: mt_str, domain: mt_str) {
        guard useDomain.value, let at = Text(unchecked: aor).firstIndex(of: UInt8(ascii: "@")) else {
            return (aor, mt_str())
        }
        return (
            mt_str(ptr: aor.ptr, len: at), mt_str(ptr: aor.ptr + at + 1, len: aor.len - at - 1)
        )
    }

    // MARK: - reading

    /// The contact of a row, lent as long as the row is and the closure runs. Nil when the row is none.
    static func contact<Result>(
        _ row: UnsafePointer<mt_value>, _ columns: Int, _ body: (ul_contact) -> Result
    ) -> Result? {
        guard columns >= count else { return nil }
        func text(_ column: Column) -> mt_str {
            let value = row[column.rawValue]
            return value.type == UInt32(MT_STR) ? value.str : mt_str()
        }
        func number(_ column: Column) -> Int? {
            let value = row[column.rawValue]
            return value.type == UInt32(MT_INT) ? Int(value.num) : nil
        }
        var contact = ul_contact()
        contact.size = UInt32(MemoryLayout<ul_contact>.size)
        contact.uri = text(.contact)
        contact.ruid = text(.ruid)
        guard contact.uri.len > 0, contact.ruid.len > 0 else { return nil }
        contact.received = text(.received)
        contact.path = text(.path)
        contact.call_id = text(.callid)
        contact.user_agent = text(.userAgent)
        contact.instance = text(.instance)
        let expires = number(.expires) ?? neverSeconds
        contact.expires = expires >= neverSeconds ? 0 : Int64(expires)
        let q = number(.q) ?? -1
        contact.q = q < 0 ? -1 : Int32(clamping: q)
        contact.modified = Int64(number(.modified) ?? 0)
        contact.cseq = UInt32(truncatingIfNeeded: number(.cseq) ?? 0)
        contact.flags = UInt32(truncatingIfNeeded: number(.flags) ?? 0)
        contact.cflags = UInt32(truncatingIfNeeded: number(.cflags) ?? 0)
        contact.methods = UInt32(truncatingIfNeeded: number(.methods) ?? -1)
        contact.reg_id = UInt32(truncatingIfNeeded: number(.regID) ?? 0)
        contact.server_id = UInt32(truncatingIfNeeded: number(.serverID) ?? 0)
        // Of which process that is a number the row does not say.
        contact.connection = UInt64(truncatingIfNeeded: number(.connection) ?? 0)
        if cleansConnections.value, number(.connection) ?? 0 > 0 { return nil }
        let socket = text(.socket)
        contact.socket = socket.len > 0 ? SocketNames.find(socket) : UL_NO_SOCKET
        if skipsForeignSockets.value, socket.len > 0, contact.socket == UL_NO_SOCKET { return nil }
        let user = text(.username)
        guard useDomain.value else {
            contact.aor = user
            return body(contact)
        }
        let domain = text(.domain)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: user.len + domain.len + 2) { room in
            guard let start = room.baseAddress else { return nil }
            if user.len > 0 { memcpy(start, user.ptr, user.len) }
            var length = user.len
            if length > 0 {
                start[length] = 64
                length += 1
            }
            if domain.len > 0 { memcpy(start + length, domain.ptr, domain.len) }
            contact.aor = mt_str(ptr: start, len: length + domain.len)
            return body(contact)
        }
    }
}
