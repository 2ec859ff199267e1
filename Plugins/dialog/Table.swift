// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import Glibc
import PluginKit

/// The dialogs of one worker, which alone touches it.
///
/// They stand in pieces of 256 that never move, so a number leads to one with two loads; and hang in lists by the hash
/// of their Call-ID.
struct Table: ~Copyable {
    private static let buckets = 1 << 18
    private static let pieces = 65_536

    let worker: UInt32
    private let lists: UnsafeMutablePointer<UInt32>
    private let memory: UnsafeMutablePointer<DialogPointer?>
    private(set) var made: UInt32 = 1  // 0 is none
    private var free: UInt32 = 0
    private(set) var count = 0
    var pool = Pool()
    /// What time changes next about a dialog, and when it is to be pinged.
    var timers: Wheel
    var pings: Wheel
    var transactions = TransactionMap()
    var numbers: NumberSource
    /// Those that are to be written, by their numbers: a ring that grows.
    var unsaved = Queue()
    var isDraining = false
    var isSaving = false
    /// What a command wants added to the BYEs of a dialog, by its place, for those that are sent again.
    var byeHeaders: [UInt32: String] = [:]

    init(worker: UInt32, _ numbers: NumberSource, at now: UInt32) {
        self.worker = worker
        self.numbers = numbers
        timers = Wheel(at: now)
        pings = Wheel(at: now)
        // Zero pages that cost nothing until they are used.
        lists = Self.pages(Self.buckets * MemoryLayout<UInt32>.stride).bindMemory(
            to: UInt32.self, capacity: Self.buckets)
        memory = Self.pages(Self.pieces * MemoryLayout<DialogPointer?>.stride).bindMemory(
            to: DialogPointer?.self, capacity: Self.pieces)
    }

    private static func pages(_ size: Int) -> UnsafeMutableRawPointer {
        let raw = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let raw, raw != MAP_FAILED else { fatalError("out of memory for dialogs") }
        return raw
    }

    @inline(__always) private func at(_ index: UInt32) -> DialogPointer {
        memory[Int(index >> 8)].unsafelyUnwrapped + Int(index & 255)
    }

    // MARK: - finding

    /// Whoever stands there.
    func occupant(_ index: UInt32) -> DialogPointer? {
        guard index > 0, index < made, at(index).pointee.isPresent else { return nil }
        return at(index)
    }

    func find(_ number: DialogNumber) -> DialogPointer? {
        guard number.worker == worker, let there = occupant(number.index) else { return nil }
        return there.pointee.generation == number.generation ? there : nil
    }

    /// The first with that Call-ID of which `isIt` is true.
    func first(_ callID: mt_str, _ isIt: (DialogPointer) -> Bool) -> DialogPointer? {
        first(callID, CallHash.full(Text(unchecked: callID)), isIt)
    }

    func first(_ callID: mt_str, _ hash: UInt32, _ isIt: (DialogPointer) -> Bool) -> DialogPointer? {
        var index = lists[Int(hash) & (Self.buckets - 1)]
        while index != 0 {
            let dialog = at(index)
            if dialog.pointee.hash == hash, isSame(dialog.text(.callID), callID), isIt(dialog) {
                return dialog
            }
            index = dialog.pointee.next
        }
        return nil
    }

    /// Of so many places from that one on. False: there are no more behind them.
    func each(from first: UInt32, _ count: UInt32, _ body: (DialogPointer) -> Void) -> Bool {
        let end = min(first + count, made)
        guard first < end else { return false }
        for index in first..<end where at(index).pointee.isPresent { body(at(index)) }
        return end < made
    }

    // MARK: - making and giving back

    /// nil when there are 16 million, or the texts are too long.
    mutating func make(_ callID: mt_str, _ hash: UInt32? = nil, _ text: (Texts.Part) -> mt_str?)
        -> DialogPointer?
    {
        if free == 0 { grow() }
        guard free != 0 else { return nil }
        let index = free
        let dialog = at(index)
        let following = dialog.pointee.next
        let generation = dialog.pointee.generation &+ 1
        dialog.initialize(to: Dialog(index: index))
        dialog.pointee.generation = generation == 0 ? 1 : generation
        dialog.pointee.worker = UInt8(truncatingIfNeeded: worker)
        guard dialog.pointee.texts.rewrite(&pool, text) else {
            dialog.pointee.next = following
            return nil
        }
        free = following
        dialog.pointee.marks = .present
        dialog.pointee.hash = hash ?? CallHash.full(Text(unchecked: callID))
        let bucket = Int(dialog.pointee.hash) & (Self.buckets - 1)
        dialog.pointee.next = lists[bucket]
        lists[bucket] = index
        count += 1
        let owners = Owners.count
        if owners > 0 {
            let words = pool.take(owners * 8).bindMemory(to: UInt64.self, capacity: owners)
            words.initialize(repeating: 0, count: owners)
            dialog.pointee.words = words
        }
        return dialog
    }

    private mutating func grow() {
        guard made < 0xff_ff00 else { return }
        let first = made & ~255
        let piece = DialogPointer.allocate(capacity: 256)
        for offset in 0..<256 { (piece + offset).initialize(to: Dialog(index: first + UInt32(offset))) }
        memory[Int(first >> 8)] = piece
        for index in stride(from: first + 255, through: max(first, 1), by: -1) {
            at(index).pointee.next = free
            free = index
        }
        made = first + 256
    }

    mutating func release(_ dialog: DialogPointer) {
        timers.remove(dialog.pointee.index)
        pings.remove(dialog.pointee.index)
        if !byeHeaders.isEmpty { byeHeaders[dialog.pointee.index] = nil }
        unlist(dialog)
        dialog.pointee.texts.free(&pool)
        if let words = dialog.pointee.words { pool.give(words, Owners.count * 8) }
        dialog.pointee.words = nil
        empty(&dialog.pointee.variables)
        empty(&dialog.pointee.memberships)
        empty(&dialog.pointee.early)
        dialog.pointee.marks = []
        dialog.pointee.next = free
        free = dialog.pointee.index
        count -= 1
    }

    private func unlist(_ dialog: DialogPointer) {
        let bucket = Int(dialog.pointee.hash) & (Self.buckets - 1)
        let index = dialog.pointee.index
        if lists[bucket] == index {
            lists[bucket] = dialog.pointee.next
            return
        }
        var before = lists[bucket]
        while before != 0 {
            let after = at(before).pointee.next
            if after == index {
                at(before).pointee.next = dialog.pointee.next
                return
            }
            before = after
        }
    }

    mutating func empty(_ list: inout UnsafeMutablePointer<NamedText>?) {
        while let one = list {
            list = one.pointee.next
            one.free(&pool)
        }
    }

    /// The texts that changed. False: they are too long, and are as they were.
    @discardableResult
    mutating func rewrite(_ dialog: DialogPointer, _ change: (Texts.Part) -> mt_str?) -> Bool {
        dialog.pointee.texts.rewrite(&pool, change)
    }
}

/// Numbers of dialogs, first in, first out.
struct Queue {
    private var items: [UInt64] = []
    private var start = 0

    var isEmpty: Bool { start == items.count }

    mutating func add(_ number: UInt64) { items.append(number) }

    mutating func take() -> UInt64? {
        guard start < items.count else { return nil }
        let number = items[start]
        start += 1
        if start == items.count {
            items.removeAll(keepingCapacity: true)
            start = 0
        }
        return number
    }
}

@inline(__always) func isSame(_ a: mt_str, _ b: mt_str) -> Bool {
    a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0)
}

/// One per worker. Made on the main thread before any traffic.
nonisolated(unsafe) private(set) var tables: UnsafeMutablePointer<Table>! = nil

func makeTables() {
    let count = max(Host.workers, 1)
    let now = Now.seconds
    let random = UInt32.random(in: .min ... .max)
    var first = UInt32(truncatingIfNeeded: firstNumber.value)
    var step = UInt32(truncatingIfNeeded: numberStep.value)
    if Sharing.isOn, firstNumber.value <= 0, step == 1 {
        // Servers whose numbers differ never make the same one.
        step = 256
        first = random & ~255 | UInt32(truncatingIfNeeded: Sharing.own) & 255
    }
    let all = UnsafeMutablePointer<Table>.allocate(capacity: count)
    for worker in 0..<count {
        (all + worker).initialize(
            to: Table(
                worker: UInt32(worker),
                NumberSource(
                    start: first, step: step, worker: UInt32(worker), workers: UInt32(count), random: random),
                at: now))
    }
    tables = all
}

@inline(__always) func table(_ call: CallPointer) -> UnsafeMutablePointer<Table> {
    tables + Int(call.pointee.worker)
}

@inline(__always) func table(_ dialog: DialogPointer) -> UnsafeMutablePointer<Table> {
    tables + Int(dialog.pointee.worker)
}

/// The dialog of that number, on its own worker only.
func find(_ number: UInt64) -> DialogPointer? {
    let number = DialogNumber(number: number)
    guard number != .none, Int(number.worker) < max(Host.workers, 1) else { return nil }
    return tables[Int(number.worker)].find(number)
}

enum Now {
    /// Unix time.
    static var seconds: UInt32 { UInt32(truncatingIfNeeded: Server.loop.pointee.clock() / 1000) }
}
