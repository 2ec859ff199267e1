// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc

/// A contact as it lies in memory: one piece, its texts behind it.
///
/// It is changed in place when what is new fits, which a refresh nearly always does.
struct Contact {
    typealias Pointer = UnsafeMutablePointer<Contact>

    var next: Pointer?
    /// Unix time; 0: never.
    var expires: Int64
    var modified: Int64
    var connection: UInt64
    var cseq, methods, flags, cflags, regID, socket, serverID: UInt32
    /// Another one after each change: so whoever wrote one to a database can tell whether it is still that.
    var version: UInt32
    /// Room for texts.
    var capacity: UInt32
    /// In thousandths, or -1.
    var q: Int16
    var isDirty: Bool
    var lengths: (UInt16, UInt16, UInt16, UInt16, UInt16, UInt16, UInt16, UInt16)

    func lives(at now: Int64) -> Bool { expires == 0 || expires > now }

    /// Longer than that cannot be kept.
    static var longestText: Int { Int(UInt16.max) }

    static func make(_ source: ul_contact, ruid: mt_str) -> Pointer {
        let size = textSize(source, ruid)
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: MemoryLayout<Contact>.stride + size, alignment: MemoryLayout<Contact>.alignment)
        let contact = memory.bindMemory(to: Contact.self, capacity: 1)
        contact.initialize(
            to: Contact(
                next: nil, expires: 0, modified: 0, connection: 0, cseq: 0, methods: 0, flags: 0, cflags: 0,
                regID: 0, socket: 0, serverID: 0, version: 0, capacity: UInt32(size), q: -1, isDirty: false,
                lengths: (0, 0, 0, 0, 0, 0, 0, 0)))
        contact.fill(source, ruid: ruid)
        return contact
    }

    static func textSize(_ source: ul_contact, _ ruid: mt_str) -> Int {
        source.uri.len + source.received.len + source.path.len + source.call_id.len + source.user_agent.len
            + source.instance.len + ruid.len + source.attributes.len
    }
}

extension Contact.Pointer {
    var texts: UnsafeMutablePointer<CChar> {
        UnsafeMutableRawPointer(self + 1).assumingMemoryBound(to: CChar.self)
    }

    /// Of all texts but the address of record, in bytes.
    var textSize: Int {
        let all = pointee.lengths
        return Int(all.0) + Int(all.1) + Int(all.2) + Int(all.3) + Int(all.4) + Int(all.5) + Int(all.6)
            + Int(all.7)
    }

    /// Takes everything over but the place in the list. There is room enough.
    func fill(_ source: ul_contact, ruid: mt_str) {
        var place = texts
        func put(_ text: mt_str) -> UInt16 {
            if text.len > 0 { memcpy(place, text.ptr, text.len) }
            place += text.len
            return UInt16(text.len)
        }
        pointee.lengths = (
            put(source.uri), put(source.received), put(source.path), put(source.call_id),
            put(source.user_agent), put(source.instance), put(ruid), put(source.attributes)
        )
        setNumbers(source)
    }

    func setNumbers(_ source: ul_contact) {
        pointee.expires = source.expires
        pointee.modified = source.modified
        pointee.connection = source.connection
        pointee.cseq = source.cseq
        pointee.methods = source.methods
        pointee.flags = source.flags
        pointee.cflags = source.cflags
        pointee.regID = source.reg_id
        pointee.socket = source.socket
        pointee.serverID = source.server_id
        pointee.q = Int16(truncatingIfNeeded: source.q)
        pointee.version &+= 1
    }

    /// Lent: valid as long as nobody changes or frees it.
    func view(aor: mt_str) -> ul_contact {
        var place = UnsafePointer(texts)
        func take(_ count: UInt16) -> mt_str {
            defer { place += Int(count) }
            return count == 0 ? mt_str() : mt_str(ptr: place, len: Int(count))
        }
        var view = ul_contact()
        view.size = UInt32(MemoryLayout<ul_contact>.size)
        let lengths = pointee.lengths
        view.uri = take(lengths.0)
        view.received = take(lengths.1)
        view.path = take(lengths.2)
        view.call_id = take(lengths.3)
        view.user_agent = take(lengths.4)
        view.instance = take(lengths.5)
        view.ruid = take(lengths.6)
        view.attributes = take(lengths.7)
        view.aor = aor
        view.q = Int32(pointee.q)
        view.expires = pointee.expires
        view.modified = pointee.modified
        view.connection = pointee.connection
        view.cseq = pointee.cseq
        view.methods = pointee.methods
        view.flags = pointee.flags
        view.cflags = pointee.cflags
        view.reg_id = pointee.regID
        view.socket = pointee.socket
        view.server_id = pointee.serverID
        view.dirty = pointee.isDirty ? 1 : 0
        return view
    }

    func freeContact() { UnsafeMutableRawPointer(self).deallocate() }
}

extension ul_contact {
    /// Copies the texts behind each other to `place`, and answers what lends them there.
    public func moved(to place: UnsafeMutablePointer<CChar>) -> ul_contact {
        var copy = self
        var place = place
        func keep(_ text: mt_str) -> mt_str {
            guard text.len > 0 else { return text }
            memcpy(place, text.ptr, text.len)
            defer { place += text.len }
            return mt_str(ptr: UnsafePointer(place), len: text.len)
        }
        copy.uri = keep(uri)
        copy.received = keep(received)
        copy.path = keep(path)
        copy.call_id = keep(call_id)
        copy.user_agent = keep(user_agent)
        copy.instance = keep(instance)
        copy.ruid = keep(ruid)
        copy.aor = keep(aor)
        copy.attributes = keep(attributes)
        return copy
    }

    public var textSize: Int { Contact.textSize(self, ruid) + aor.len }

    public func lives(at now: Int) -> Bool { expires == 0 || expires > now }
}

/// A contact that outlives whoever lent it. To be freed once.
public struct KeptContact: @unchecked Sendable {
    public let contact: ul_contact
    private let memory: UnsafeMutablePointer<CChar>

    public init(_ lent: ul_contact) {
        memory = .allocate(capacity: max(lent.textSize, 1))
        contact = lent.moved(to: memory)
    }

    public func free() { memory.deallocate() }
}

func sameText(_ a: mt_str, _ b: mt_str) -> Bool {
    a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0)
}
