// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Memory that goes with the message and is recycled with it.
extension Message {
    /// `count` bytes, aligned to 16, not zeroed. From the arena while that lasts, then from malloc.
    ///
    /// Safe because what is handed out is inside the arena or a chunk, and never handed out twice.
    @inlinable public func alloc(_ count: Int) -> UnsafeMutableRawPointer {
        let used = store.pointee.arenaUsed
        if count >= 0, count <= store.pointee.arenaRoom &- used {
            store.pointee.arenaUsed = (used &+ count &+ 15) & ~15
            return UnsafeMutableRawPointer(store.pointee.arena + used)
        }
        return allocMore(max(count, 0))
    }

    @usableFromInline func allocMore(_ count: Int) -> UnsafeMutableRawPointer {
        if isInFirstArena, count <= Layout.secondArenaSize {
            store.pointee.arena =
                (UnsafeMutableRawPointer(store) + Layout.secondArena).assumingMemoryBound(to: UInt8.self)
            store.pointee.arenaRoom = Layout.secondArenaSize
            store.pointee.arenaUsed = (count + 15) & ~15
            return UnsafeMutableRawPointer(store.pointee.arena)
        }
        let head = MemoryLayout<Chunk>.stride
        if let chunk = store.pointee.chunks, count <= chunk.pointee.room - chunk.pointee.used {
            let place = UnsafeMutableRawPointer(chunk) + head + chunk.pointee.used
            chunk.pointee.used = min((chunk.pointee.used + count + 15) & ~15, chunk.pointee.room)
            return place
        }
        let room = (max(count, 16_384 - head) + 15) & ~15
        guard let raw = malloc(head + room) else { fatalError("out of memory for a message") }
        let chunk = raw.bindMemory(to: Chunk.self, capacity: 1)
        chunk.initialize(to: Chunk(next: nil, used: (count + 15) & ~15, room: room, padding: 0))
        // A large one that is full at once goes behind the one that still has room.
        if let first = store.pointee.chunks,
            room - chunk.pointee.used < first.pointee.room - first.pointee.used
        {
            chunk.pointee.next = first.pointee.next
            first.pointee.next = chunk
        } else {
            chunk.pointee.next = store.pointee.chunks
            store.pointee.chunks = chunk
        }
        return raw + head
    }

    /// A copy that lives as long as the message; absent stays absent.
    @inlinable public func keepBytes(_ slice: Slice) -> Slice {
        guard let base = slice.base else { return .absent }
        let copy = alloc(slice.count)
        memcpy(copy, base, slice.count)
        return Slice(base: copy.assumingMemoryBound(to: UInt8.self), count: slice.count)
    }

    /// The pieces one after the other; absent ones add nothing.
    func keep(_ a: Slice, _ b: Slice, _ c: Slice = .absent, _ d: Slice = .absent, _ e: Slice = .absent)
        -> Slice
    {
        let total = a.count + b.count + c.count + d.count + e.count
        let copy = alloc(total).assumingMemoryBound(to: UInt8.self)
        var end = copy
        func append(_ piece: Slice) {
            guard let base = piece.base else { return }
            memcpy(end, base, piece.count)
            end += piece.count
        }
        append(a)
        append(b)
        append(c)
        append(d)
        append(e)
        return Slice(base: copy, count: total)
    }

    /// The word of plugin `index`, zero at first, at a fixed place while the message lives.
    public func slot(_ index: Int) -> UnsafeMutablePointer<UInt64> {
        let inline = Layout.slotCount
        precondition(index >= 0, "plugins are counted from 0")
        guard index >= inline else { return store.pointee.slots + index }
        var page = store.pointee.moreSlots
        var pages = 0
        var last = page
        while let here = page {
            if pages == index / inline - 1 { return here.pointee.words + index % inline }
            pages += 1
            last = here
            page = here.pointee.next
        }
        while true {
            let raw = alloc(MemoryLayout<SlotPage>.stride + inline * 8)
            memset(raw, 0, MemoryLayout<SlotPage>.stride + inline * 8)
            let fresh = raw.bindMemory(to: SlotPage.self, capacity: 1)
            let words = (raw + MemoryLayout<SlotPage>.stride).bindMemory(to: UInt64.self, capacity: inline)
            fresh.initialize(to: SlotPage(next: nil, words: words))
            if let previous = last { previous.pointee.next = fresh } else { store.pointee.moreSlots = fresh }
            last = fresh
            if pages == index / inline - 1 { return words + index % inline }
            pages += 1
        }
    }

    /// Overwrites what slices of it point to: the last thing before it is given back, when mistakes are looked for.
    public func poison() {
        if let start = bytes.base { memset(UnsafeMutableRawPointer(mutating: start), 0xdd, bytes.count) }
        if !isInFirstArena { memset(UnsafeMutableRawPointer(store) + Layout.arena, 0xdd, Layout.arenaSize) }
        memset(store.pointee.arena, 0xdd, store.pointee.arenaUsed)
    }

    private var isInFirstArena: Bool { store.pointee.arenaRoom == Layout.arenaSize }

    /// Gives back what came from malloc.
    func freeMemory() {
        while let chunk = store.pointee.chunks {
            store.pointee.chunks = chunk.pointee.next
            free(chunk)
        }
        if let fields = store.pointee.fields, fields != store.pointee.firstFields {
            store.pointee.fields = nil
            free(fields)
        }
    }
}
