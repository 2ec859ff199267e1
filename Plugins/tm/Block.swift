// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Some bytes of a worker's own, in a piece of memory that is used again and again.
struct Block {
    var bytes: UnsafeMutablePointer<UInt8>?
    var count = 0
    /// What it can hold.
    var room = 0
}

/// Free pieces of memory by their size: a multiple of 128 bytes up to 1 KiB, and twice as much each time up to 64 KiB. What
/// is larger comes from malloc and goes back to it.
struct BlockPool {
    private struct Shelf {
        /// The first word of a free piece leads to the next.
        var first: UnsafeMutableRawPointer?
        var count = 0
        /// The fewest that lay here since `trim` looked last.
        var fewest = 0
    }

    private static let sizes = 14
    private static let largest = 65_536
    private let shelves: UnsafeMutablePointer<Shelf>

    init() {
        shelves = .allocate(capacity: Self.sizes)
        shelves.initialize(repeating: Shelf(), count: Self.sizes)
    }

    func take(_ count: Int) -> Block {
        guard count <= Self.largest else { return fresh(count) }
        let size = Self.size(for: max(count, 1))
        guard let first = pick(size) else { return fresh(Self.room(of: size)) }
        return Block(bytes: first.assumingMemoryBound(to: UInt8.self), room: Self.room(of: size))
    }

    func give(_ block: inout Block) {
        guard let bytes = block.bytes else { return }
        if block.room <= Self.largest {
            let shelf = shelves + Self.size(for: block.room)
            UnsafeMutableRawPointer(bytes).storeBytes(
                of: shelf.pointee.first, as: UnsafeMutableRawPointer?.self)
            shelf.pointee.first = UnsafeMutableRawPointer(bytes)
            shelf.pointee.count += 1
        } else {
            Glibc.free(bytes)
        }
        block = Block()
    }

    private func pick(_ size: Int) -> UnsafeMutableRawPointer? {
        let shelf = shelves + size
        guard let first = shelf.pointee.first else { return nil }
        shelf.pointee.first = first.load(as: UnsafeMutableRawPointer?.self)
        shelf.pointee.count -= 1
        if shelf.pointee.count < shelf.pointee.fewest { shelf.pointee.fewest = shelf.pointee.count }
        return first
    }

    /// Gives back what lay there since the last time, but `least` of each size, and no more than `most`, so that nobody
    /// waits for it. False: there is more.
    func trim(keeping least: Int, atMost most: Int) -> Bool {
        var left = most
        for size in 0..<Self.sizes {
            let count = max(min(shelves[size].fewest - least, left), 0)
            let isAll = count < left
            for _ in 0..<count { Glibc.free(pick(size)) }
            left -= count
            shelves[size].fewest = isAll ? shelves[size].count : shelves[size].fewest - count
        }
        return left > 0
    }

    private func fresh(_ room: Int) -> Block {
        guard let raw = malloc(room) else { return Block() }
        return Block(bytes: raw.assumingMemoryBound(to: UInt8.self), room: room)
    }

    private static func size(for count: Int) -> Int {
        count <= 1024 ? (count - 1) >> 7 : 7 + (Int.bitWidth - (count - 1).leadingZeroBitCount) - 10
    }

    private static func room(of size: Int) -> Int { size < 8 ? (size + 1) << 7 : 1024 << (size - 7) }
}
