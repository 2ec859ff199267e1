// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Puts pieces one after the other into memory of limited room.
///
/// Pieces that are neighbours where they come from are copied in one go. It goes on counting when the room is used
/// up, so the answer tells how much is needed. Safe because nothing is copied that does not fit as a whole.
struct Writer {
    private let place: UnsafeMutableRawPointer
    private let room: Int
    private(set) var needed = 0
    /// What is to be copied next.
    private var run: UnsafePointer<UInt8>?
    private var runEnd: UnsafePointer<UInt8>?

    init(place: UnsafeMutableRawPointer, room: Int) {
        self.place = place
        self.room = room
    }

    @inline(__always) mutating func put(_ base: UnsafePointer<UInt8>, _ count: Int) {
        if runEnd != base {
            flush()
            run = base
        }
        runEnd = base + count
    }

    @inline(__always) mutating func put(_ slice: Slice) {
        if let base = slice.base, slice.count > 0 { put(base, slice.count) }
    }

    mutating func put(number: Int) {
        flush()
        var bytes: (UInt64, UInt64, UInt64) = (0, 0, 0)
        withUnsafeMutableBytes(of: &bytes) { text in
            var at = text.count
            var rest = number.magnitude
            repeat {
                at -= 1
                text[at] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            put(Slice(UnsafeRawBufferPointer(rebasing: text[at...])))
            // Before the digits go out of scope.
            flush()
        }
    }

    mutating func flush() {
        if let run, let runEnd, runEnd > run {
            let count = runEnd - run
            if count <= room &- needed { memcpy(place + needed, run, count) }
            needed &+= count
        }
        run = nil
        runEnd = nil
    }

    mutating func finish() -> Int {
        flush()
        return needed
    }
}
