// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Glibc
import Synchronization
import Worker

/// What waits for an answer: scripts on workers, and commands.
///
/// A ticket is owner, generation and index of a slot, and never comes twice. Whoever turns its word from armed to
/// idle, by compare and swap, has the right to continue: the plugin's `resume`, or the timeout. Slots live in blocks
/// that never move, so any thread may look at one; taking and giving back is done by their owner alone.
struct Tickets {
    /// A slot. `word` is the generation, shifted by one, and in the lowest bit whether it is armed.
    struct Slot {
        var word: UInt64
        var machine: UnsafeMutableRawPointer?
        var then: mt_fn?
        var user: UnsafeMutableRawPointer?
        var owner: UnsafePointer<mt_host>?
        var timer: UInt64
        var next: UInt32
    }

    private static let none = UInt32.max
    private static let blockSize = 256, most = 65_536
    static let maximumGeneration: UInt64 = 0xffff_ffff

    private let owner: UInt8
    /// Pointers to the blocks, as words that other threads may read while one is added.
    let blocks: UnsafeMutablePointer<UInt64>
    private var count: UInt32 = 0
    private var free = Tickets.none
    private(set) var armed = 0

    init(owner: UInt8) {
        self.owner = owner
        blocks = .allocate(capacity: Tickets.most)
        blocks.initialize(repeating: 0, count: Tickets.most)
    }

    static func owner(of ticket: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: ticket >> 56) }

    /// A slot that is armed, and its ticket; nil when there are 16 million.
    mutating func take() -> (ticket: UInt64, slot: UnsafeMutablePointer<Slot>)? {
        if free == Tickets.none { grow() }
        guard free != Tickets.none, let slot = slot(free) else { return nil }
        let index = free
        free = slot.pointee.next
        let generation = ((cl_load64(&slot.pointee.word) >> 1) + 1) & Tickets.maximumGeneration
        cl_store64(&slot.pointee.word, generation << 1 | 1)
        armed += 1
        return (UInt64(owner) << 56 | generation << 24 | UInt64(index), slot)
    }

    /// [any] The slot of a ticket, when nobody has continued it yet; from now on nobody else may.
    static func claim(_ ticket: UInt64, in blocks: UnsafeMutablePointer<UInt64>) -> UnsafeMutablePointer<
        Slot
    >? {
        guard let slot = slot(UInt32(ticket & 0xff_ffff), in: blocks) else { return nil }
        let generation = ticket >> 24 & Tickets.maximumGeneration
        return cl_swap64(&slot.pointee.word, generation << 1 | 1, generation << 1) ? slot : nil
    }

    mutating func give(_ index: UInt32) {
        guard let slot = slot(index) else { return }
        slot.pointee.next = free
        free = index
        armed -= 1
    }

    /// The ticket that was last made of a slot.
    func ticket(of index: UInt32, _ slot: UnsafeMutablePointer<Slot>) -> UInt64 {
        UInt64(owner) << 56 | (cl_load64(&slot.pointee.word) >> 1) << 24 | UInt64(index)
    }

    func slot(_ index: UInt32) -> UnsafeMutablePointer<Slot>? { Tickets.slot(index, in: blocks) }

    private static func slot(_ index: UInt32, in blocks: UnsafeMutablePointer<UInt64>)
        -> UnsafeMutablePointer<Slot>?
    {
        let block = Int(index) / Tickets.blockSize
        guard block < Tickets.most else { return nil }
        let base = UInt(cl_load64(blocks + block))
        return UnsafeMutablePointer<Slot>(bitPattern: base).map { $0 + Int(index) % Tickets.blockSize }
    }

    private mutating func grow() {
        let block = Int(count) / Tickets.blockSize
        guard block < Tickets.most else { return }
        let slots = UnsafeMutablePointer<Slot>.allocate(capacity: Tickets.blockSize)
        for index in 0..<Tickets.blockSize {
            let next = index + 1 < Tickets.blockSize ? count + UInt32(index) + 1 : Tickets.none
            (slots + index).initialize(
                to: Slot(word: 0, machine: nil, then: nil, user: nil, owner: nil, timer: 0, next: next))
        }
        cl_store64(blocks + block, UInt64(UInt(bitPattern: slots)))
        free = count
        count += UInt32(Tickets.blockSize)
    }
}
