// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Memory for the texts of dialogs, of one worker: taken and given back in steps of 32 bytes, and used again by whoever
/// needs as much. It is cut from large pieces, so that a dialog costs what it holds and little more.
struct Pool: ~Copyable {
    private static let step = 32
    private static let largest = 4096
    private static let piece = 1 << 18
    private let free: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    private var next: UnsafeMutableRawPointer?
    private var left = 0

    init() {
        let classes = Self.largest / Self.step + 1
        free = .allocate(capacity: classes)
        free.initialize(repeating: nil, count: classes)
    }

    /// As much as was asked for, or a little more.
    mutating func take(_ wanted: Int) -> UnsafeMutableRawPointer {
        let size = (max(wanted, 1) + Self.step - 1) / Self.step
        guard size * Self.step <= Self.largest else { return Self.fresh(wanted) }
        if let first = free[size] {
            free[size] = first.load(as: UnsafeMutableRawPointer?.self)
            return first
        }
        if left < size * Self.step {
            next = Self.fresh(Self.piece)
            left = Self.piece
        }
        let taken = next.unsafelyUnwrapped
        next = taken + size * Self.step
        left -= size * Self.step
        return taken
    }

    /// `count`: what was asked for.
    mutating func give(_ memory: UnsafeMutableRawPointer, _ count: Int) {
        let size = (max(count, 1) + Self.step - 1) / Self.step
        guard size * Self.step <= Self.largest else { return Glibc.free(memory) }
        memory.storeBytes(of: free[size], as: UnsafeMutableRawPointer?.self)
        free[size] = memory
    }

    private static func fresh(_ count: Int) -> UnsafeMutableRawPointer {
        guard let memory = malloc(count) else { fatalError("out of memory for dialogs") }
        return memory
    }
}
