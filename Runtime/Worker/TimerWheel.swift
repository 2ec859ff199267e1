// SPDX-License-Identifier: Apache-2.0

/// Timers by the time they are due: five wheels of 256 slots, the first of a millisecond each.
///
/// A timer goes where its deadline first differs from now, seen as bytes; when time gets to a slot of a
/// higher wheel, what is in it moves down. So setting and stopping a timer take the same time however many
/// there are, and two that are due together run in the order in which they were set.
struct TimerWheel {
    private static let levels = 5
    /// The list of what is being run now.
    private static let firing = UInt16(levels * 256)

    private let nodes: TimerNodes
    private let heads: UnsafeMutablePointer<UInt32>
    private let tails: UnsafeMutablePointer<UInt32>
    /// One bit per slot: is anything in it?
    private let used: UnsafeMutablePointer<UInt64>
    private(set) var now: UInt64
    private(set) var count = 0

    init(nodes: TimerNodes, now: UInt64) {
        self.nodes = nodes
        self.now = now
        let slots = Int(TimerWheel.firing) + 1
        heads = .allocate(capacity: slots)
        heads.initialize(repeating: TimerNode.none, count: slots)
        tails = .allocate(capacity: slots)
        tails.initialize(repeating: TimerNode.none, count: slots)
        used = .allocate(capacity: slots / 64 + 1)
        used.initialize(repeating: 0, count: slots / 64 + 1)
    }

    func release() {
        heads.deallocate()
        tails.deallocate()
        used.deallocate()
    }

    /// The deadline must not be in the past.
    mutating func link(_ index: UInt32) {
        let deadline = nodes[index].pointee.deadline
        let differing = deadline ^ now
        let level = differing == 0 ? 0 : min((63 - differing.leadingZeroBitCount) / 8, TimerWheel.levels - 1)
        append(
            index, UInt16(level * 256) + UInt16(truncatingIfNeeded: (deadline >> (UInt64(level) * 8)) & 255))
        count += 1
    }

    mutating func unlink(_ index: UInt32) {
        let node = nodes[index]
        let slot = Int(node.pointee.slot)
        let (before, after) = (node.pointee.previous, node.pointee.next)
        if before == TimerNode.none { heads[slot] = after } else { nodes[before].pointee.next = after }
        if after == TimerNode.none { tails[slot] = before } else { nodes[after].pointee.previous = before }
        if heads[slot] == TimerNode.none { used[slot / 64] &= ~(1 << UInt64(slot % 64)) }
        node.pointee.slot = TimerNode.unlinked
        count -= 1
    }

    /// When something is to be done next: a timer is due, or has to move down.
    func next() -> UInt64? {
        for level in 0..<TimerWheel.levels {
            let shift = UInt64(level) * 8
            let here = Int((now >> shift) & 255)
            guard let slot = firstUsed(level, from: level == 0 ? here : here + 1) else { continue }
            let lap = level == TimerWheel.levels - 1 ? 0 : now & ~(1 << (shift + 8) - 1)
            return lap | (UInt64(slot) << shift)
        }
        return nil
    }

    /// Time passes up to `time`. Answers whether anything is due, for `takeDue`; call again until not.
    mutating func advance(to time: UInt64) -> Bool {
        while let due = next(), due <= time {
            now = max(now, due)
            let here = Int(now & 255)
            if heads[here] != TimerNode.none {
                move(slot: here, to: TimerWheel.firing)
                return true
            }
            for level in stride(from: TimerWheel.levels - 1, to: 0, by: -1) {
                // A wheel's slot begins when all lower bytes are zero.
                guard now & (1 << (UInt64(level) * 8) - 1) == 0 else { continue }
                cascade(level * 256 + Int((now >> (UInt64(level) * 8)) & 255))
            }
        }
        now = max(now, time)
        return false
    }

    /// The next of those that are due; it is linked nowhere then.
    mutating func takeDue() -> UInt32? {
        let index = heads[Int(TimerWheel.firing)]
        guard index != TimerNode.none else { return nil }
        unlink(index)
        return index
    }

    private func firstUsed(_ level: Int, from: Int) -> Int? {
        guard from < 256 else { return nil }
        var word = from / 64
        var bits = used[level * 4 + word] & (~0 << UInt64(from % 64))
        while bits == 0 {
            word += 1
            guard word < 4 else { return nil }
            bits = used[level * 4 + word]
        }
        return word * 64 + bits.trailingZeroBitCount
    }

    private mutating func append(_ index: UInt32, _ slot: UInt16) {
        let node = nodes[index]
        let tail = tails[Int(slot)]
        node.pointee.slot = slot
        node.pointee.previous = tail
        node.pointee.next = TimerNode.none
        if tail == TimerNode.none { heads[Int(slot)] = index } else { nodes[tail].pointee.next = index }
        tails[Int(slot)] = index
        used[Int(slot) / 64] |= 1 << UInt64(slot % 64)
    }

    private mutating func detach(_ slot: Int) -> UInt32 {
        let head = heads[slot]
        heads[slot] = TimerNode.none
        tails[slot] = TimerNode.none
        used[slot / 64] &= ~(1 << UInt64(slot % 64))
        return head
    }

    private mutating func move(slot: Int, to other: UInt16) {
        var index = detach(slot)
        while index != TimerNode.none {
            let next = nodes[index].pointee.next
            append(index, other)
            index = next
        }
    }

    private mutating func cascade(_ slot: Int) {
        var index = detach(slot)
        while index != TimerNode.none {
            let next = nodes[index].pointee.next
            count -= 1
            link(index)
            index = next
        }
    }
}
