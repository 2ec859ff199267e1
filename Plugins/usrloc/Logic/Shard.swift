// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc

/// A part of a table, with its locks.
///
/// `writing` is held by the one who changes something, all the while; `linking` only while pointers change,
/// and by those who read. So a reader waits for a few instructions at most, and never for a writer that
/// thinks, allocates or tells a database; and what a writer looks at cannot change under its hands.
final class Shard {
    private let writing = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let linking = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private(set) var slots: UnsafeMutablePointer<Record.Pointer?>
    private(set) var slotCount = 16
    private(set) var recordCount = 0

    init() {
        pthread_mutex_init(writing, nil)
        pthread_mutex_init(linking, nil)
        slots = .allocate(capacity: slotCount)
        slots.initialize(repeating: nil, count: slotCount)
    }

    deinit {
        for slot in 0..<slotCount {
            var next = slots[slot]
            while let record = next {
                next = record.pointee.next
                var contact = record.pointee.first
                while let one = contact {
                    contact = one.pointee.next
                    one.freeContact()
                }
                record.freeRecord()
            }
        }
        slots.deallocate()
        pthread_mutex_destroy(writing)
        pthread_mutex_destroy(linking)
        writing.deallocate()
        linking.deallocate()
    }

    @inline(__always) func writing<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(writing)
        defer { pthread_mutex_unlock(writing) }
        return body()
    }

    @inline(__always) func linking<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(linking)
        defer { pthread_mutex_unlock(linking) }
        return body()
    }

    func find(_ aor: mt_str, _ hash: UInt32) -> Record.Pointer? {
        var next = slots[Int(hash) & (slotCount - 1)]
        while let record = next {
            if record.pointee.hash == hash, sameText(record.key, aor) { return record }
            next = record.pointee.next
        }
        return nil
    }

    // MARK: While both locks are held

    func link(_ record: Record.Pointer) {
        if recordCount >= slotCount { grow() }
        let slot = Int(record.pointee.hash) & (slotCount - 1)
        record.pointee.next = slots[slot]
        slots[slot] = record
        recordCount += 1
    }

    func unlink(_ record: Record.Pointer) {
        let slot = Int(record.pointee.hash) & (slotCount - 1)
        recordCount -= 1
        if slots[slot] == record {
            slots[slot] = record.pointee.next
            return
        }
        var next = slots[slot]
        while let other = next {
            if other.pointee.next == record {
                other.pointee.next = record.pointee.next
                return
            }
            next = other.pointee.next
        }
    }

    private func grow() {
        let count = slotCount * 2
        let larger = UnsafeMutablePointer<Record.Pointer?>.allocate(capacity: count)
        larger.initialize(repeating: nil, count: count)
        for slot in 0..<slotCount {
            var next = slots[slot]
            while let record = next {
                next = record.pointee.next
                let place = Int(record.pointee.hash) & (count - 1)
                record.pointee.next = larger[place]
                larger[place] = record
            }
        }
        slots.deallocate()
        slots = larger
        slotCount = count
    }
}
