// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// An array that grows and never moves or shrinks, so that a place in it can be pointed to by any thread.
///
/// Its elements must be trivial: they are overwritten and never deinitialised.
final class Slab<Element>: @unchecked Sendable {
    private static var chunk: Int { 1024 }
    private static var chunks: Int { 16384 }

    private let table: UnsafeMutablePointer<UnsafeMutablePointer<Element>?>
    private let made = Atomic<UInt32>(0)
    private let growing = Mutex<Void>(())

    init() {
        table = .allocate(capacity: Slab.chunks)
        table.initialize(repeating: nil, count: Slab.chunks)
    }

    deinit {
        for i in 0..<Slab.chunks { table[i]?.deallocate() }
        table.deallocate()
    }

    /// For an index that was handed out.
    @inline(__always) subscript(index: UInt32) -> UnsafeMutablePointer<Element> {
        table[Int(index) / Slab.chunk].unsafelyUnwrapped + Int(index) % Slab.chunk
    }

    /// For an index from outside.
    @inline(__always) func checked(_ index: UInt32) -> UnsafeMutablePointer<Element>? {
        index < count ? self[index] : nil
    }

    var count: UInt32 { made.load(ordering: .acquiring) }

    /// Makes the next lot of elements; their indices. nil when there are 16 million.
    func grow(_ make: (UInt32) -> Element) -> Range<UInt32>? {
        growing.withLock { _ in
            let start = made.load(ordering: .relaxed)
            let index = Int(start) / Slab.chunk
            guard index < Slab.chunks else { return nil }
            let elements = UnsafeMutablePointer<Element>.allocate(capacity: Slab.chunk)
            for i in 0..<Slab.chunk { (elements + i).initialize(to: make(start + UInt32(i))) }
            table[index] = elements
            made.store(start + UInt32(Slab.chunk), ordering: .releasing)
            return start..<start + UInt32(Slab.chunk)
        }
    }
}
