// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Some bytes of a worker's own, in a piece of memory that is used again and again.
struct Block {
    var bytes: UnsafeMutablePointer<UInt8>?
    var count = 0
    /// What it can hold.
    var room = 0
    /// That is 256 << size, up to 64 KiB.
    fileprivate var size: UInt8 = 0
}

/// Free pieces of memory by their size. What is larger than 64 KiB comes from malloc and goes back to it.
struct BlockPool {
    private static let sizes = 9
    private let free: UnsafeMutablePointer<UnsafeMutableRawPointer?>

    init() {
        free = .allocate(capacity: Self.sizes)
        free.initialize(repeating: nil, count: Self.sizes)
    }

    func take(_ count: Int) -> Block {
        var size = 0
        while size < Self.sizes, 256 << size < count { size += 1 }
        guard size < Self.sizes, let first = free[size] else {
            let room = size < Self.sizes ? 256 << size : count
            guard let raw = malloc(room) else { return Block() }
            return Block(bytes: raw.assumingMemoryBound(to: UInt8.self), room: room, size: UInt8(size))
        }
        // The first word of a free piece leads to the next.
        free[size] = first.load(as: UnsafeMutableRawPointer?.self)
        return Block(bytes: first.assumingMemoryBound(to: UInt8.self), room: 256 << size, size: UInt8(size))
    }

    func give(_ block: inout Block) {
        guard let bytes = block.bytes else { return }
        if Int(block.size) < Self.sizes {
            let raw = UnsafeMutableRawPointer(bytes)
            raw.storeBytes(of: free[Int(block.size)], as: UnsafeMutableRawPointer?.self)
            free[Int(block.size)] = raw
        } else {
            Glibc.free(bytes)
        }
        block = Block()
    }
}
