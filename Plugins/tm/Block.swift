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
    private static let sizes = 14
    private static let largest = 65_536
    private let free: UnsafeMutablePointer<UnsafeMutableRawPointer?>

    init() {
        free = .allocate(capacity: Self.sizes)
        free.initialize(repeating: nil, count: Self.sizes)
    }

    func take(_ count: Int) -> Block {
        guard count <= Self.largest else { return fresh(count) }
        let size = Self.size(for: max(count, 1))
        guard let first = free[size] else { return fresh(Self.room(of: size)) }
        // The first word of a free piece leads to the next.
        free[size] = first.load(as: UnsafeMutableRawPointer?.self)
        return Block(bytes: first.assumingMemoryBound(to: UInt8.self), room: Self.room(of: size))
    }

    func give(_ block: inout Block) {
        guard let bytes = block.bytes else { return }
        if block.room <= Self.largest {
            let size = Self.size(for: block.room)
            UnsafeMutableRawPointer(bytes).storeBytes(of: free[size], as: UnsafeMutableRawPointer?.self)
            free[size] = UnsafeMutableRawPointer(bytes)
        } else {
            Glibc.free(bytes)
        }
        block = Block()
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
