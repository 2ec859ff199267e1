// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import UsrlocLogic

/// `xavp_contact`: what a script puts into that XAVP of a REGISTER stays with its contacts, and is there again where they
/// are looked up.
enum Attributes {
    static var isUsed: Bool { contactVariable.value != nil }

    private static var name: mt_str {
        if let name = contactVariable.value { name.raw } else { mt_str() }
    }

    /// What the script has said about the contacts of this message, in its memory.
    static func read(_ message: OpaquePointer) -> mt_str {
        var kept = KeptAttributes()
        let api = Server.attribute.pointee
        let kind = UInt32(MT_A_XAVP)
        var index: UInt32 = 0
        while true {
            let member = api.name(message, kind, name, index)
            guard member.len > 0 else { break }
            index += 1
            var value = mt_value()
            guard api.get(message, kind, name, member, 0, &value) > 0 else { continue }
            let isKept =
                value.type == UInt32(MT_INT)
                ? kept.add(bytes(member), .number(Int(value.num)))
                : value.type == UInt32(MT_STR) && kept.add(bytes(member), .text(bytes(value.str)))
            if !isKept {
                Host.log(
                    .warning, "xavp_contact: \(String(Text(unchecked: member))) cannot be kept with a contact"
                )
            }
        }
        guard !kept.bytes.isEmpty, let room = Server.message.pointee.alloc(message, kept.bytes.count) else {
            return mt_str()
        }
        kept.bytes.withUnsafeBytes {
            room.copyMemory(from: $0.baseAddress.unsafelyUnwrapped, byteCount: $0.count)
        }
        return mt_str(ptr: room.assumingMemoryBound(to: CChar.self), len: kept.bytes.count)
    }

    private static func bytes(_ text: mt_str) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: text.ptr, count: text.len))
    }

    /// In front of what is there; members come out in the order in which they were written.
    static func restore(_ message: OpaquePointer, _ contact: ul_contact) {
        guard isUsed else { return }
        var empty = mt_value()
        let api = Server.attribute.pointee
        let kind = UInt32(MT_A_XAVP)
        _ = api.add(message, kind, name, mt_str(), &empty)
        KeptAttributes.each(contact.attributes) { member, text, isNumber in
            var value = mt_value(text)
            if isNumber { value = mt_value(Text(unchecked: text).integer ?? 0) }
            _ = api.set(message, kind, name, member, 0, &value)
        }
    }

    /// The contacts of an update, each with what the script has said.
    static func with<Result>(
        _ contacts: UnsafeBufferPointer<ul_contact>, of message: OpaquePointer?,
        _ body: (UnsafeBufferPointer<ul_contact>) -> Result
    ) -> Result {
        guard isUsed, let message, !contacts.isEmpty else { return body(contacts) }
        let attributes = read(message)
        return withUnsafeTemporaryAllocation(of: ul_contact.self, capacity: contacts.count) { copies in
            for index in contacts.indices {
                var copy = contacts[index]
                copy.attributes = attributes
                copies.initializeElement(at: index, to: copy)
            }
            return body(UnsafeBufferPointer(copies))
        }
    }
}
