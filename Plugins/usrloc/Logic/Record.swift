// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc

/// An address of record and its contacts. The key follows it in memory.
struct Record {
    typealias Pointer = UnsafeMutablePointer<Record>

    var next: Pointer?
    var first: Contact.Pointer?
    let hash: UInt32
    let keyCount: UInt32
    /// When it was last read from the database, where that is done for each request. Unix time.
    var fetched: Int64

    static func make(_ key: mt_str, _ hash: UInt32) -> Pointer {
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: MemoryLayout<Record>.stride + key.len, alignment: MemoryLayout<Record>.alignment)
        let record = memory.bindMemory(to: Record.self, capacity: 1)
        record.initialize(
            to: Record(next: nil, first: nil, hash: hash, keyCount: UInt32(key.len), fetched: 0))
        if key.len > 0 { memcpy(record + 1, key.ptr, key.len) }
        return record
    }
}

extension Record.Pointer {
    var key: mt_str {
        mt_str(
            ptr: UnsafeRawPointer(self + 1).assumingMemoryBound(to: CChar.self), len: Int(pointee.keyCount))
    }

    /// Before the first that is worse; among equals the newest comes first.
    func insert(_ contact: Contact.Pointer, byTime: Bool) {
        var before: Contact.Pointer?
        if !byTime {
            var at = pointee.first
            while let other = at, other.pointee.q > contact.pointee.q {
                before = other
                at = other.pointee.next
            }
        }
        if let before {
            contact.pointee.next = before.pointee.next
            before.pointee.next = contact
        } else {
            contact.pointee.next = pointee.first
            pointee.first = contact
        }
    }

    func remove(_ contact: Contact.Pointer) {
        if pointee.first == contact {
            pointee.first = contact.pointee.next
            return
        }
        var at = pointee.first
        while let other = at {
            if other.pointee.next == contact {
                other.pointee.next = contact.pointee.next
                return
            }
            at = other.pointee.next
        }
    }

    func freeRecord() { UnsafeMutableRawPointer(self).deallocate() }
}

/// FNV-1a, its bits mixed: the same after a restart, for a temporary GRUU has it in it.
public func hashOfAoR(_ aor: mt_str) -> UInt32 {
    var hash: UInt32 = 0x811c_9dc5
    for at in 0..<aor.len { hash = (hash ^ UInt32(UInt8(bitPattern: aor.ptr[at]))) &* 0x0100_0193 }
    hash = (hash ^ hash >> 16) &* 0x85eb_ca6b
    hash = (hash ^ hash >> 13) &* 0xc2b2_ae35
    return hash ^ hash >> 16
}
