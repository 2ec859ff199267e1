// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// What a pool keeps, at a fixed address for as long as one of its messages lives.
@usableFromInline struct PoolState: ~Copyable {
    var free: UnsafeMutablePointer<Storage>?
    var live = 0
    var blocks = 0
    /// The most messages that were out since `trim` looked last.
    var peak = 0
    /// Blocks without memory of their own, which cannot hold their list themselves.
    var cold: UnsafeMutablePointer<UnsafeMutableRawPointer>?
    var coldCount = 0
    var coldRoom = 0
    var serial: UInt64 = 0
    var worker: UInt32
    /// The thread that took a message last: the pool's own.
    let owner = Atomic<UInt>(0)
    /// Messages given back by other threads, newest first: a stack that is pushed to by anybody and emptied at once.
    let returned = Atomic<UInt>(0)

    init(worker: UInt32) { self.worker = worker }
}

/// Where a worker's messages come from and go back to; a handle to copy at will.
///
/// `take` belongs to one thread. `release` of a message may happen on any: what comes back from elsewhere waits on
/// a lock-free list until the next `take` finds its own list empty. A pool is as large as the most messages that were
/// alive at once; what a burst has left is given back to the system by `trim`.
@frozen public struct MessagePool: @unchecked Sendable {
    @usableFromInline let state: UnsafeMutablePointer<PoolState>

    @usableFromInline init(state: UnsafeMutablePointer<PoolState>) { self.state = state }

    public init(worker: Int = 0) {
        state = .allocate(capacity: 1)
        state.initialize(to: PoolState(worker: UInt32(truncatingIfNeeded: worker)))
    }

    /// An empty message with one reference.
    public func take() -> Message {
        let state = state
        state.pointee.owner.store(UInt(pthread_self()), ordering: .relaxed)
        if state.pointee.free == nil { collect() }
        let block = state.pointee.free ?? makeBlock()
        state.pointee.free = block.pointee.nextFree
        state.pointee.live += 1
        if state.pointee.live > state.pointee.peak { state.pointee.peak = state.pointee.live }
        state.pointee.serial += 1
        reset(block)
        return Message(store: block)
    }

    /// Messages that are out, after taking in what other threads gave back.
    public var live: Int {
        collect()
        return state.pointee.live
    }

    /// Blocks that have memory: without `trim`, the most messages that were out at once.
    public var blocks: Int { state.pointee.blocks }

    /// On the pool's own thread, now and then. Gives back the memory of blocks that nobody needed since the last time;
    /// a quarter more than were needed, and `least`, stay, and no more than `most` go at once, so that nobody waits for it.
    ///
    /// Their addresses are kept: blocks lie one beside the other, and without each single one the system would have as
    /// many mappings as messages.
    public func trim(keeping least: Int, atMost most: Int) {
        collect()
        let needed = max(state.pointee.peak + state.pointee.peak / 4, least)
        let count = min(state.pointee.blocks - needed, most)
        state.pointee.peak = state.pointee.live
        guard count > 0, makeColdRoom(count) else { return }
        for _ in 0..<count {
            guard let block = state.pointee.free else { return }
            state.pointee.free = block.pointee.nextFree
            madvise(block, Layout.size, MADV_DONTNEED)
            state.pointee.cold?[state.pointee.coldCount] = UnsafeMutableRawPointer(block)
            state.pointee.coldCount += 1
            state.pointee.blocks -= 1
        }
    }

    private func makeColdRoom(_ count: Int) -> Bool {
        guard state.pointee.coldCount + count > state.pointee.coldRoom else { return true }
        let room = max(2 * state.pointee.coldRoom, state.pointee.coldCount + count)
        guard
            let grown = realloc(
                state.pointee.cold, room * MemoryLayout<UnsafeMutableRawPointer>.stride)
        else { return false }
        state.pointee.cold = grown.assumingMemoryBound(to: UnsafeMutableRawPointer.self)
        state.pointee.coldRoom = room
        return true
    }

    /// Gives all memory back, if every message is; otherwise leaves everything where it is and answers false.
    @discardableResult public func close() -> Bool {
        collect()
        guard state.pointee.live == 0 else { return false }
        while let block = state.pointee.free {
            state.pointee.free = block.pointee.nextFree
            munmap(block, Layout.size)
        }
        for index in 0..<state.pointee.coldCount {
            if let cold = state.pointee.cold { munmap(cold[index], Layout.size) }
        }
        Glibc.free(state.pointee.cold)
        state.deinitialize(count: 1)
        state.deallocate()
        return true
    }

    /// Takes in what other threads gave back.
    private func collect() {
        var next = UnsafeMutablePointer<Storage>(
            bitPattern: state.pointee.returned.exchange(0, ordering: .acquiring))
        while let block = next {
            next = block.pointee.nextFree
            block.pointee.nextFree = state.pointee.free
            state.pointee.free = block
            state.pointee.live -= 1
        }
    }

    /// On its own thread onto the free list, else onto the list of returns.
    func give(_ block: UnsafeMutablePointer<Storage>) {
        if state.pointee.owner.load(ordering: .relaxed) == UInt(pthread_self()) {
            block.pointee.nextFree = state.pointee.free
            state.pointee.free = block
            state.pointee.live -= 1
            return
        }
        var top = state.pointee.returned.load(ordering: .relaxed)
        while true {
            block.pointee.nextFree = UnsafeMutablePointer(bitPattern: top)
            let (done, now) = state.pointee.returned.weakCompareExchange(
                expected: top, desired: UInt(bitPattern: block), successOrdering: .releasing,
                failureOrdering: .relaxed)
            if done { return }
            top = now
        }
    }

    /// Safe because a block is `Layout.size` bytes, and the parts that the pointers name lie in it one after another.
    private func makeBlock() -> UnsafeMutablePointer<Storage> {
        let raw = takeMemory()
        let block = raw.bindMemory(to: Storage.self, capacity: 1)
        block.pointee.home = state
        block.pointee.nextFree = nil
        block.pointee.buffer = (raw + Layout.buffer).assumingMemoryBound(to: UInt8.self)
        block.pointee.arena = (raw + Layout.arena).assumingMemoryBound(to: UInt8.self)
        block.pointee.firstFields = (raw + Layout.fields).assumingMemoryBound(to: Field.self)
        block.pointee.firstOfKind = (raw + Layout.firstOfKind).assumingMemoryBound(to: UInt16.self)
        block.pointee.slots = (raw + Layout.slots).assumingMemoryBound(to: UInt64.self)
        block.pointee.names = HeaderNames.pointer
        state.pointee.blocks += 1
        return block
    }

    /// Zeroes, as fresh memory is.
    private func takeMemory() -> UnsafeMutableRawPointer {
        if state.pointee.coldCount > 0, let cold = state.pointee.cold {
            state.pointee.coldCount -= 1
            return cold[state.pointee.coldCount]
        }
        guard
            let raw = mmap(
                nil, Layout.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
            raw != MAP_FAILED
        else { fatalError("out of memory for messages") }
        // A page of 2 MiB would make every part of it resident, of which most is never touched.
        madvise(raw, Layout.size, MADV_NOHUGEPAGE)
        return raw
    }

    private func reset(_ block: UnsafeMutablePointer<Storage>) {
        memset(UnsafeMutableRawPointer(block) + Layout.zeroed, 0, Layout.fields - Layout.zeroed)
        block.pointee.arena = (UnsafeMutableRawPointer(block) + Layout.arena).assumingMemoryBound(
            to: UInt8.self)
        block.pointee.arenaRoom = Layout.arenaSize
        block.pointee.references = 1
        block.pointee.worker = state.pointee.worker
        block.pointee.serial = state.pointee.serial
        block.pointee.fields = block.pointee.firstFields
        block.pointee.fieldCapacity = Int32(Layout.fieldCount)
        block.pointee.fieldCount = 1  // 0 means "none"
    }
}
