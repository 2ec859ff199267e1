// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Memory for many of one kind, in pieces of 256 that never move: a number leads to one with two loads.
///
/// Zeroes are where nobody was yet. A piece that nobody needs any more goes back to the system, with `trim`.
@frozen public struct Pieces<Element> {
    @usableFromInline static var piece: Int { 256 }
    @usableFromInline static var count: Int { Int(Places.most) / piece }
    @usableFromInline static var size: Int { (piece * MemoryLayout<Element>.stride + 4095) & ~4095 }

    @usableFromInline var places = Places()
    @usableFromInline let memory: UnsafeMutablePointer<UnsafeMutablePointer<Element>?>
    /// Nobody ever was from here on.
    public private(set) var end: UInt32 = 0
    @usableFromInline var live = 0
    /// The most that were there since `trim` looked last.
    @usableFromInline var peak = 0
    /// Places that have memory.
    public private(set) var room = 0

    @inlinable public init() {
        memory = ZeroPages.take(Self.count * MemoryLayout<UnsafeMutablePointer<Element>?>.stride)
            .bindMemory(to: UnsafeMutablePointer<Element>?.self, capacity: Self.count)
    }

    /// nil: there is no memory there.
    @inlinable public subscript(_ index: UInt32) -> UnsafeMutablePointer<Element>? {
        @inline(__always) get { memory[Int(index >> 8)].map { $0 + Int(index & 255) } }
    }

    /// nil: there are 16 million.
    @inlinable public mutating func take() -> (index: UInt32, there: UnsafeMutablePointer<Element>)? {
        guard let index = places.take() else { return nil }
        live += 1
        if live > peak { peak = live }
        if let there = self[index] { return (index, there) }
        return (index, grow(index))
    }

    @inline(never) @usableFromInline mutating func grow(_ index: UInt32) -> UnsafeMutablePointer<Element> {
        memory[Int(index >> 8)] = ZeroPages.take(Self.size).bindMemory(to: Element.self, capacity: Self.piece)
        room += Self.piece
        end = max(end, (index | 255) + 1)
        return self[index].unsafelyUnwrapped
    }

    @inlinable public mutating func give(_ index: UInt32) {
        places.give(index)
        live -= 1
    }

    /// Gives back what nobody needed since the last time, but a quarter of what was needed, and `least`; no more than
    /// `most` pieces, so that nobody waits for it. `leave` gets what goes, the first place and all 256. False: there is more,
    /// and it is as little needed for having waited.
    public mutating func trim(
        keeping least: Int, atMost most: Int,
        _ leave: (UInt32, UnsafeMutableBufferPointer<Element>) -> Void = { _, _ in }
    ) -> Bool {
        let needed = max(peak + peak / 4, least)
        var left = most
        var first = end
        while first > 0, left > 0, room - Self.piece >= needed {
            first -= UInt32(Self.piece)
            guard let there = self[first], places.isEmpty(from: first, words: Self.piece / 64) else {
                continue
            }
            leave(first, UnsafeMutableBufferPointer(start: there, count: Self.piece))
            ZeroPages.give(there, Self.size)
            memory[Int(first >> 8)] = nil
            room -= Self.piece
            left -= 1
        }
        if left > 0 { peak = live }
        return left > 0
    }
}
