// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc
import Synchronization

/// One timer: a cache line.
struct TimerNode {
    /// Generation and state in one word, so that any thread can cancel and know for certain that it was in
    /// time.
    var word: UInt64
    /// Milliseconds of the worker's clock.
    var deadline: UInt64
    var next: UInt32
    var previous: UInt32
    /// 0: once.
    var period: UInt32
    /// The wheel's slot that it is linked into, or `unlinked`.
    var slot: UInt16
    /// Taken by another thread, and to be given back to them.
    var isForeign: Bool
    var job: Job

    static let none = UInt32.max
    static let unlinked = UInt16.max
}

enum TimerState {
    static let free: UInt64 = 0
    static let armed: UInt64 = 1
    /// Cancelled, or about to run for the last time.
    static let dead: UInt64 = 2
}

/// The timers of one worker, set or free.
///
/// The worker takes and gives nodes without a lock. Another thread may take one as well, from a list of its
/// own behind a lock. A node whose generations are used up is not used again, so that an id never comes
/// twice.
final class TimerNodes: @unchecked Sendable {
    private let slab = Slab<TimerNode>()
    private var free = TimerNode.none
    private let foreign = Mutex<UInt32>(TimerNode.none)

    @inline(__always) subscript(index: UInt32) -> UnsafeMutablePointer<TimerNode> { slab[index] }

    /// For an index from outside.
    func checked(_ index: UInt32) -> UnsafeMutablePointer<TimerNode>? { slab.checked(index) }

    /// [worker] `none` when 16 million are in use.
    func take() -> UInt32 {
        if free == TimerNode.none { free = grow() }
        guard free != TimerNode.none else { return TimerNode.none }
        let index = free
        free = self[index].pointee.next
        return index
    }

    /// [worker]
    func give(_ index: UInt32) {
        let node = self[index]
        let generation = cl_load64(&node.pointee.word) >> 2
        cl_store64(&node.pointee.word, generation << 2 | TimerState.free)
        guard generation < UInt64(UInt32.max) else { return }
        if node.pointee.isForeign {
            foreign.withLock {
                node.pointee.next = $0
                $0 = index
            }
        } else {
            node.pointee.next = free
            free = index
        }
    }

    /// [any]
    func takeForeign() -> UInt32 {
        foreign.withLock { head in
            if head == TimerNode.none { head = grow() }
            guard head != TimerNode.none else { return TimerNode.none }
            let index = head
            head = self[index].pointee.next
            self[index].pointee.isForeign = true
            return index
        }
    }

    /// The first of a list of new nodes.
    private func grow() -> UInt32 {
        let made = slab.grow {
            TimerNode(
                word: 0, deadline: 0, next: $0 + 1, previous: TimerNode.none, period: 0,
                slot: TimerNode.unlinked,
                isForeign: false, job: Job({ _, _, _ in }))
        }
        guard let made else { return TimerNode.none }
        self[made.upperBound - 1].pointee.next = TimerNode.none
        return made.lowerBound
    }
}
