// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import RegistrarLogic

/// A table argument: a name, and the table itself when the name is a constant.
struct Table: Scriptable, @unchecked Sendable {
    let raw: OpaquePointer?

    static var type: UInt32 { UInt32(MT_STR) }
    static func read(_ value: UnsafePointer<mt_value>) -> Table {
        Table(
            raw: value.pointee.ptr.map { OpaquePointer($0) }
                ?? usrloc.table.pointee.find_table(value.pointee.str))
    }

    /// The name is written in the script: the table is made, if it is new.
    static let prepare: mt_fn = { raw in
        guard let raw else { return Outcome.error.code }
        let name = raw.pointee.args.pointee.str
        // Why there can be none has been told.
        guard let table = usrloc.table.pointee.table(Server.host, name) else { return Outcome.error.code }
        raw.pointee.out.pointee.ptr = UnsafeMutableRawPointer(table)
        return Outcome.yes.code
    }

    static func argument() -> Arg<Table> {
        Arg("table", Table.self, prepare: Table.prepare, "As \"location\".")
    }
}

/// Whose contacts are meant, in the message's memory.
enum Key {
    static func of(_ uri: Text, _ message: Message) throws(Refusal) -> mt_str {
        guard let parsed = URI(uri) else { throw .badAoR }
        let room = message.allocate(AddressOfRecord.longest).bindMemory(to: UInt8.self)
        do throws(AddressOfRecord.Fault) {
            let length = try Rules.address.write(user: parsed.user, host: parsed.host, into: room)
            return mt_str(
                ptr: UnsafeRawPointer(room.baseAddress.unsafelyUnwrapped).assumingMemoryBound(to: CChar.self),
                len: length)
        } catch {
            throw error == .tooLong ? .aorTooLong : .badAoR
        }
    }
}

extension Message {
    /// The contacts of an address of record, best first, in the message's memory.
    ///
    /// - Parameter withExpired: those too whose time is over and that are still there.
    func contacts(_ table: Table, _ key: mt_str, withExpired: Bool = false) -> UnsafeBufferPointer<ul_contact>
    {
        var count: UInt32 = 0
        let list =
            withExpired
            ? usrloc.table.pointee.kept(raw, table.raw, key, &count)
            : usrloc.table.pointee.contacts(raw, table.raw, key, &count)
        return UnsafeBufferPointer(start: list, count: list == nil ? 0 : Int(count))
    }
}
