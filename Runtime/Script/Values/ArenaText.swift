// SPDX-License-Identifier: Apache-2.0
import Message

/// Text that grows in a message's arena. It doubles when it runs out; say how much it will be, and it does
/// not.
struct ArenaText {
    private let message: Message
    private(set) var base: UnsafeMutablePointer<UInt8>
    private(set) var count = 0
    private var room: Int

    init(_ message: Message, room: Int) {
        self.message = message
        self.room = max(room, 16)
        base = message.bytes(self.room)
    }

    var slice: Slice { Slice(base: UnsafePointer(base), count: count) }

    private mutating func need(_ more: Int) {
        guard count + more > room else { return }
        room = max(room * 2, count + more)
        let larger = message.bytes(room)
        larger.update(from: base, count: count)
        base = larger
    }

    mutating func append(_ byte: UInt8) {
        need(1)
        base[count] = byte
        count += 1
    }

    mutating func append(_ text: Slice) {
        guard let source = text.base, text.count > 0 else { return }
        need(text.count)
        (base + count).update(from: source, count: text.count)
        count += text.count
    }

    mutating func append(_ number: Int64) { append(message.decimal(number)) }

    mutating func append(hexadecimal number: UInt64, digits: Int = 1) {
        var left = max(digits, (64 - number.leadingZeroBitCount + 3) / 4)
        while left > 0 {
            left -= 1
            let digit = UInt8(truncatingIfNeeded: number >> UInt64(left * 4)) & 15
            append(digit < 10 ? digit + UInt8(ascii: "0") : digit - 10 + UInt8(ascii: "a"))
        }
    }
}

extension Message {
    /// Room for bytes in the arena.
    func bytes(_ count: Int) -> UnsafeMutablePointer<UInt8> {
        alloc(max(count, 1)).assumingMemoryBound(to: UInt8.self)
    }
}
