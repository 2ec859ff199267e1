// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit
import TmLogic

/// The transactions of one worker, which alone touches it.
///
/// They stand in pieces of 256 that never move, so a number leads to one with two loads. Those that requests may belong
/// to hang in lists by the key of what a request and its ACK and CANCEL have in common.
struct Table {
    private static let buckets = 65_536
    private static let pieces = 65_536

    let worker: UInt32
    private let lists: UnsafeMutablePointer<UInt32>
    private let memory: UnsafeMutablePointer<TransactionPointer?>
    private var made: UInt32 = 1  // 0 is none
    private var free: UInt32 = 0
    private var freeBranch: BranchPointer?
    let blocks = BlockPool()
    let streams = Streams()
    private(set) var count = 0
    /// Those whose 2xx was made here, also within a dialog, and those that owe the script's end an error.
    var awaitingACK = 0
    var awaitingInDialog = 0
    var owingErrors = 0
    /// The request that arrived last, its key and its Via: most go on to have a transaction made.
    var arrived: OpaquePointer?
    var arrivedKey: UInt64 = 0
    var arrivedVia = TopVia()

    init(worker: UInt32) {
        self.worker = worker
        // Zero pages that cost nothing until they are used.
        lists = Self.pages(Self.buckets * MemoryLayout<UInt32>.stride).bindMemory(
            to: UInt32.self, capacity: Self.buckets)
        memory = Self.pages(Self.pieces * MemoryLayout<TransactionPointer?>.stride).bindMemory(
            to: TransactionPointer?.self, capacity: Self.pieces)
    }

    private static func pages(_ size: Int) -> UnsafeMutableRawPointer {
        let raw = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let raw, raw != MAP_FAILED else { fatalError("out of memory for transactions") }
        return raw
    }

    @inline(__always) private func at(_ index: UInt32) -> TransactionPointer {
        memory[Int(index >> 8)].unsafelyUnwrapped + Int(index & 255)
    }

    // MARK: - finding

    func find(_ handle: Handle) -> TransactionPointer? {
        guard handle.worker == worker, let there = occupant(handle.index) else { return nil }
        return there.pointee.generation == handle.generation ? there : nil
    }

    /// Whoever stands there now.
    func occupant(_ index: UInt32) -> TransactionPointer? {
        guard index > 0, index < made, at(index).pointee.created != 0 else { return nil }
        return at(index)
    }

    /// The INVITE for an ACK or a CANCEL, or the request that came again.
    func find(_ key: UInt64, _ method: UInt8) -> TransactionPointer? {
        var index = lists[Int(truncatingIfNeeded: key) & (Self.buckets - 1)]
        while index != 0 {
            let transaction = at(index)
            if transaction.pointee.key == key, transaction.pointee.method == method { return transaction }
            index = transaction.pointee.next
        }
        return nil
    }

    /// All that are there, however they stand.
    func each(_ body: (TransactionPointer) -> Void) { _ = each(from: 1, made, body) }

    /// Of so many places from that one on. False: there are no more behind them.
    func each(from first: UInt32, _ count: UInt32, _ body: (TransactionPointer) -> Void) -> Bool {
        let end = min(first + count, made)
        guard first < end else { return false }
        for index in first..<end where at(index).pointee.created != 0 { body(at(index)) }
        return end < made
    }

    // MARK: - making and giving back

    /// nil when there are 16 million.
    mutating func make(at now: UInt64) -> TransactionPointer? {
        if free == 0 { grow() }
        guard free != 0 else { return nil }
        let index = free
        let transaction = at(index)
        free = transaction.pointee.next
        let generation = transaction.pointee.generation &+ 1
        transaction.initialize(to: Transaction(index: index))
        transaction.pointee.generation = generation == 0 ? 1 : generation
        transaction.pointee.worker = worker
        transaction.pointee.created = now
        count += 1
        return transaction
    }

    private mutating func grow() {
        guard made < 0xff_ff00 else { return }
        let first = made & ~255
        let piece = TransactionPointer.allocate(capacity: 256)
        for offset in 0..<256 { (piece + offset).initialize(to: Transaction(index: first + UInt32(offset))) }
        memory[Int(first >> 8)] = piece
        for index in stride(from: first + 255, through: max(first, 1), by: -1) {
            at(index).pointee.next = free
            free = index
        }
        made = first + 256
    }

    func list(_ transaction: TransactionPointer) {
        let bucket = Int(truncatingIfNeeded: transaction.pointee.key) & (Self.buckets - 1)
        transaction.pointee.next = lists[bucket]
        lists[bucket] = transaction.pointee.index
        transaction.pointee.flags.insert(.listed)
    }

    private func unlist(_ transaction: TransactionPointer) {
        guard transaction.pointee.has(.listed) else { return }
        transaction.pointee.flags.remove(.listed)
        let bucket = Int(truncatingIfNeeded: transaction.pointee.key) & (Self.buckets - 1)
        let index = transaction.pointee.index
        if lists[bucket] == index {
            lists[bucket] = transaction.pointee.next
            return
        }
        var before = lists[bucket]
        while before != 0 {
            let after = at(before).pointee.next
            if after == index {
                at(before).pointee.next = transaction.pointee.next
                return
            }
            before = after
        }
    }

    mutating func release(_ transaction: TransactionPointer) {
        unlist(transaction)
        while let branch = transaction.pointee.first {
            transaction.pointee.first = branch.pointee.next
            streams.remove(branch)
            branch.pointee.next = freeBranch
            freeBranch = branch
        }
        blocks.give(&transaction.pointee.lastReply)
        transaction.pointee.created = 0
        transaction.pointee.next = free
        free = transaction.pointee.index
        count -= 1
    }

    /// One more branch, the last.
    mutating func addBranch(_ transaction: TransactionPointer) -> BranchPointer {
        let branch: BranchPointer
        if let spare = freeBranch {
            branch = spare
            freeBranch = spare.pointee.next
        } else {
            let piece = BranchPointer.allocate(capacity: 64)
            for offset in 1..<64 {
                (piece + offset).initialize(to: Branch())
                (piece + offset).pointee.next = freeBranch
                freeBranch = piece + offset
            }
            branch = piece
        }
        branch.initialize(to: Branch())
        branch.pointee.number = transaction.pointee.branchCount
        branch.pointee.transaction = transaction
        transaction.pointee.branchCount += 1
        if let last = transaction.pointee.last {
            last.pointee.next = branch
        } else {
            transaction.pointee.first = branch
        }
        transaction.pointee.last = branch
        return branch
    }
}

/// One per worker, made before any traffic. That it starts as nothing spares each access the question whether it is there.
nonisolated(unsafe) private var allTables: UnsafeMutablePointer<Table>?

var tables: UnsafeMutablePointer<Table> { @inline(__always) get { allTables.unsafelyUnwrapped } }

func makeTables() {
    let count = max(Host.workers, 1)
    let made = UnsafeMutablePointer<Table>.allocate(capacity: count)
    for worker in 0..<count { (made + worker).initialize(to: Table(worker: UInt32(worker))) }
    allTables = made
}

@inline(__always) func table(_ call: CallPointer) -> UnsafeMutablePointer<Table> {
    tables + Int(call.pointee.worker)
}

@inline(__always) func table(_ transaction: TransactionPointer) -> UnsafeMutablePointer<Table> {
    tables + Int(transaction.pointee.worker)
}

/// Milliseconds of the loop's clock.
@inline(__always) func milliseconds() -> UInt64 { Server.loop.pointee.ticks() / 1_000_000 }

extension UnsafeMutablePointer where Pointee == Transaction {
    @inline(__always) func eachBranch(_ body: (BranchPointer) -> Void) {
        var branch = pointee.first
        while let here = branch {
            branch = here.pointee.next
            body(here)
        }
    }

    func branch(_ number: Int) -> BranchPointer? {
        var branch = pointee.first
        while let here = branch, Int(here.pointee.number) != number { branch = here.pointee.next }
        return branch
    }
}
