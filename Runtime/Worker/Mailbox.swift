// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc
import Synchronization

/// Letters from any thread to one worker: a stack that anybody pushes to and the worker empties at once, then
/// reverses.
///
/// The worker is woken only if it sleeps, and once: before it sleeps it says so and looks again, whoever
/// pushes looks whether it said so. Both orders are sequentially consistent, so one of them sees the other.
final class Mailbox: Sendable {
    private let top = Atomic<UInt>(0)
    private let asleep = Atomic<Bool>(false)
    /// Letters of this worker that others have read.
    private let returned = Atomic<UInt>(0)
    let descriptor: Int32

    init() { descriptor = cl_wakeup_make() }

    deinit {
        empty()
        close(descriptor)
    }

    /// Nobody will read them any more.
    func empty() {
        for first in [takeAll(), takeReturned()] {
            var next = first
            while let letter = next {
                next = letter.pointee.next
                Letter.free(letter)
            }
        }
    }

    /// [any] Without waking.
    func push(_ letter: LetterPointer) { push(letter, letter, onto: top, .sequentiallyConsistent) }

    /// [any] Wakes the worker if it sleeps.
    func wake() {
        guard asleep.load(ordering: .sequentiallyConsistent),
            asleep.exchange(false, ordering: .sequentiallyConsistent)
        else { return }
        var one: UInt64 = 1
        _ = write(descriptor, &one, 8)
    }

    /// Is there nothing to read? Then a push from now on wakes.
    func mayStartSleeping() -> Bool {
        asleep.store(true, ordering: .sequentiallyConsistent)
        if top.load(ordering: .sequentiallyConsistent) == 0 { return true }
        asleep.store(false, ordering: .relaxed)
        return false
    }

    func wokeUp() { asleep.store(false, ordering: .relaxed) }

    var isEmpty: Bool { top.load(ordering: .relaxed) == 0 }

    /// All letters, oldest first.
    func takeAll() -> LetterPointer? {
        guard top.load(ordering: .relaxed) != 0 else { return nil }
        var next = LetterPointer(bitPattern: top.exchange(0, ordering: .acquiring))
        var first: LetterPointer?
        while let letter = next {
            next = letter.pointee.next
            letter.pointee.next = first
            first = letter
        }
        return first
    }

    func giveBack(_ first: LetterPointer, _ last: LetterPointer) {
        push(first, last, onto: returned, .releasing)
    }

    func takeReturned() -> LetterPointer? {
        guard returned.load(ordering: .relaxed) != 0 else { return nil }
        return LetterPointer(bitPattern: returned.exchange(0, ordering: .acquiring))
    }

    @inline(__always) private func push(
        _ first: LetterPointer, _ last: LetterPointer, onto stack: borrowing Atomic<UInt>,
        _ ordering: AtomicUpdateOrdering
    ) {
        var old = stack.load(ordering: .relaxed)
        while true {
            last.pointee.next = LetterPointer(bitPattern: old)
            let (done, now) = stack.weakCompareExchange(
                expected: old, desired: UInt(bitPattern: first), successOrdering: .sequentiallyConsistent,
                failureOrdering: .relaxed)
            if done { return }
            old = now
        }
    }
}
