// SPDX-License-Identifier: Apache-2.0

/// Timers with a resolution of a second for entries that have numbers: to set, change and take one away is a few
/// loads and stores, whatever there is besides, and nothing is allocated once there were as many entries.
///
/// Entries hang in lists by their second modulo the number of lists; those whose time has come hang in one more, from
/// which they are taken one by one, so that many in one second need not be worked off in one go.
public struct Wheel: ~Copyable {
    private struct Node {
        var next: UInt32 = 0
        var previous: UInt32 = 0
        /// 0: it hangs nowhere.
        var due: UInt32 = 0
    }

    private static let size: UInt32 = 4096
    private static let ready: UInt32 = size
    /// Places 0 ... size are the heads of the lists, as rings; entry n is at size + n.
    private var nodes: UnsafeMutablePointer<Node>
    private var room: Int
    private var now: UInt32
    public private(set) var count = 0

    public init(at now: UInt32) {
        room = Int(Self.size) + 1024
        nodes = .allocate(capacity: room)
        nodes.initialize(repeating: Node(), count: room)
        self.now = now
        for head in 0...Self.size {
            nodes[Int(head)].next = head
            nodes[Int(head)].previous = head
        }
    }

    deinit { nodes.deallocate() }

    /// Numbers start at 1. What is due at once is ready at once.
    public mutating func set(_ entry: UInt32, at due: UInt32) {
        let place = Self.size + entry
        if Int(place) >= room { grow(to: Int(place) + 1) }
        let due = max(due, 1)
        if nodes[Int(place)].due != 0 {
            if nodes[Int(place)].due == due { return }
            unlink(place)
        }
        nodes[Int(place)].due = due
        link(place, due <= now ? Self.ready : due % Self.size)
    }

    public mutating func remove(_ entry: UInt32) {
        let place = Self.size + entry
        guard Int(place) < room, nodes[Int(place)].due != 0 else { return }
        unlink(place)
        nodes[Int(place)].due = 0
    }

    /// When it is due; 0: never.
    public func due(_ entry: UInt32) -> UInt32 {
        let place = Int(Self.size + entry)
        return place < room ? nodes[place].due : 0
    }

    /// It is so late now. Clocks may jump: not all seconds between are looked at twice.
    public mutating func advance(to time: UInt32) {
        guard time > now else { return }
        let first = time - now >= Self.size ? time - Self.size + 1 : now + 1
        now = time
        for second in first...time {
            let head = second % Self.size
            var place = nodes[Int(head)].next
            while place != head {
                let next = nodes[Int(place)].next
                if nodes[Int(place)].due <= time {
                    unlink(place)
                    link(place, Self.ready)
                }
                place = next
            }
        }
    }

    public var hasReady: Bool { nodes[Int(Self.ready)].next != Self.ready }

    /// The next of those whose time has come; it hangs nowhere any more.
    public mutating func take() -> UInt32? {
        let place = nodes[Int(Self.ready)].next
        guard place != Self.ready else { return nil }
        unlink(place)
        nodes[Int(place)].due = 0
        return place - Self.size
    }

    /// At the end of its list: who was due first is taken first.
    private mutating func link(_ place: UInt32, _ head: UInt32) {
        let last = nodes[Int(head)].previous
        nodes[Int(place)].next = head
        nodes[Int(place)].previous = last
        nodes[Int(last)].next = place
        nodes[Int(head)].previous = place
        count += 1
    }

    private mutating func unlink(_ place: UInt32) {
        let node = nodes[Int(place)]
        nodes[Int(node.previous)].next = node.next
        nodes[Int(node.next)].previous = node.previous
        count -= 1
    }

    private mutating func grow(to wanted: Int) {
        let larger = max(wanted, room + room / 2)
        let new = UnsafeMutablePointer<Node>.allocate(capacity: larger)
        new.moveInitialize(from: nodes, count: room)
        (new + room).initialize(repeating: Node(), count: larger - room)
        nodes.deallocate()
        nodes = new
        room = larger
    }
}
