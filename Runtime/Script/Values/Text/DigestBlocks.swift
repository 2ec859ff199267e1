// SPDX-License-Identifier: Apache-2.0
import Message

/// Cuts a text into the blocks that a digest is made of: the last ones padded, with the length in bits at the
/// end.
enum DigestBlocks {
    static func forEach(
        _ text: Slice, size: Int, lengthBytes: Int, bigEndian: Bool, _ body: (UnsafeRawPointer) -> Void
    ) {
        var done = 0
        if let base = text.base {
            while done + size <= text.count {
                body(UnsafeRawPointer(base + done))
                done += size
            }
        }
        withUnsafeTemporaryAllocation(byteCount: 2 * size, alignment: 16) { last in
            for index in 0..<(2 * size) { last[index] = 0 }
            let rest = text.count - done
            for index in 0..<rest { last[index] = text[done + index] }
            last[rest] = 0x80
            let total = rest + 1 + lengthBytes <= size ? size : 2 * size
            let bits = UInt64(text.count) &* 8
            for index in 0..<8 {
                let shift = UInt64(bigEndian ? 8 * index : 56 - 8 * index)
                last[total - 1 - index] = UInt8(truncatingIfNeeded: bits >> shift)
            }
            if !bigEndian {
                for index in 0..<8 {
                    last[total - 8 + index] = UInt8(truncatingIfNeeded: bits >> UInt64(8 * index))
                }
            }
            guard let start = last.baseAddress else { return }
            body(UnsafeRawPointer(start))
            if total > size { body(UnsafeRawPointer(start + size)) }
        }
    }
}

/// Constants at an address of their own: reading one counts no reference.
struct DigestTable<Word: FixedWidthInteger>: @unchecked Sendable {
    private let words: UnsafePointer<Word>

    init(_ all: [Word]) {
        let place = UnsafeMutablePointer<Word>.allocate(capacity: all.count)
        place.initialize(from: all, count: all.count)
        words = UnsafePointer(place)
    }

    @inline(__always) subscript(index: Int) -> Word { words[index] }
}
