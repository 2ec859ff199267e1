// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit
import TmLogic

/// The transactions of one worker, which alone touches it.
///
/// Those that requests may belong to hang in lists by the key of what a request and its ACK and CANCEL have in common.
struct Table {
    private static let buckets = 65_536

    let worker: UInt32
    private let lists: UnsafeMutablePointer<UInt32>
    private var all = Pieces<Transaction>()
    /// The generation of those whose memory was given back, by 256.
    private let generations: UnsafeMutablePointer<UInt32>
    private var branches = Pieces<Branch>()
    let blocks = BlockPool()
    let streams = Streams()
    private(set) var count = 0
    private var isWatched = false
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
        lists = ZeroPages.take(Self.buckets * MemoryLayout<UInt32>.stride).bindMemory(
            to: UInt32.self, capacity: Self.buckets)
        generations = ZeroPages.take(Int(Places.most >> 8) * MemoryLayout<UInt32>.stride).bindMemory(
            to: UInt32.self, capacity: Int(Places.most >> 8))
        _ = all.take()  // 0 is none
    }

    @inline(__always) private func at(_ index: UInt32) -> TransactionPointer { all[index].unsafelyUnwrapped }

    // MARK: - finding

    func find(_ handle: Handle) -> TransactionPointer? {
        guard handle.worker == worker, let there = occupant(handle.index) else { return nil }
        return there.pointee.generation == handle.generation ? there : nil
    }

    /// Whoever stands there now.
    func occupant(_ index: UInt32) -> TransactionPointer? {
        guard index > 0, index < Places.most, let there = all[index], there.pointee.created != 0 else {
            return nil
        }
        return there
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
    func each(_ body: (TransactionPointer) -> Void) { _ = each(from: 1, all.end, body) }

    /// Of so many places from that one on. False: there are no more behind them.
    func each(from first: UInt32, _ count: UInt32, _ body: (TransactionPointer) -> Void) -> Bool {
        let end = min(first + count, all.end)
        guard first < end else { return false }
        for index in first..<end {
            if let there = all[index], there.pointee.created != 0 { body(there) }
        }
        return end < all.end
    }

    // MARK: - making and giving back

    /// nil when there are 16 million.
    mutating func make(at now: UInt64) -> TransactionPointer? {
        guard let (index, transaction) = all.take() else { return nil }
        let last = transaction.pointee.generation
        transaction.initialize(to: Transaction(index: index))
        transaction.pointee.generation = max((last == 0 ? generations[Int(index >> 8)] : last) &+ 1, 1)
        transaction.pointee.worker = worker
        transaction.pointee.created = now
        count += 1
        if !isWatched, all.room > Self.usual || branches.room > Self.usual { watch() }
        return transaction
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
            branches.give(branch.pointee.index)
        }
        blocks.give(&transaction.pointee.lastReply)
        transaction.pointee.created = 0
        all.give(transaction.pointee.index)
        count -= 1
    }

    /// One more branch, the last. Ends the process when there are 16 million.
    mutating func addBranch(_ transaction: TransactionPointer) -> BranchPointer {
        guard let (index, branch) = branches.take() else { fatalError("out of memory for branches") }
        branch.initialize(to: Branch(index: index))
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

/// What a burst needed goes back when it is over.
extension Table {
    /// So many transactions have memory, whatever happens.
    private static let usual = 1024
    /// In milliseconds: what was not needed for so long goes back, in steps that nobody has to wait for.
    private static let period: UInt32 = 5_000
    private static let step: UInt32 = 100
    private static let mostPieces = 8
    private static let mostBlocks = 2048

    /// Only a table that has grown has a timer: a server that rests sleeps.
    private mutating func watch(after delay: UInt32 = Self.period) {
        isWatched = true
        _ = Server.loop.pointee.after(Server.host, worker, delay, trimmed, nil)
    }

    fileprivate mutating func trim() {
        var isDone = all.trim(keeping: Self.usual, atMost: Self.mostPieces) { first, leaving in
            generations[Int(first >> 8)] = leaving.reduce(generations[Int(first >> 8)]) {
                max($0, $1.generation)
            }
        }
        isDone = branches.trim(keeping: Self.usual, atMost: Self.mostPieces) && isDone
        isDone = blocks.trim(keeping: Self.usual, atMost: Self.mostBlocks) && isDone
        isWatched = false
        if !isDone {
            watch(after: Self.step)
        } else if all.room > Self.usual || branches.room > Self.usual {
            watch()
        }
    }
}

private let trimmed: mt_fn = { call in
    if let call { table(call).pointee.trim() }
    return Outcome.yes.code
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
