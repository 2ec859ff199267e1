// SPDX-License-Identifier: Apache-2.0

/// Answers leave a connection in the order in which its requests came (RFC 9112, 9.3.2), whichever is ready first.
///
/// Each request takes a turn. When its answer is ready it says so with its `Waiter`, and is told of all who may answer now.
public struct Turns<Waiter> {
    private struct Turn {
        let number: UInt64
        var isReady = false
        /// nil: nobody waits any more.
        var waiter: Waiter?
    }
    private var queues: [UInt64: [Turn]] = [:]
    private var last: UInt64 = 0

    public init() {}

    public var isEmpty: Bool { queues.isEmpty }

    public mutating func take(on connection: UInt64) -> UInt64 {
        last += 1
        queues[connection, default: []].append(Turn(number: last))
        return last
    }

    /// - Parameter waiter: nil: it needs its turn no more.
    /// - Returns: those whose turn it is, in order.
    public mutating func ready(_ number: UInt64, on connection: UInt64, _ waiter: Waiter?) -> [Waiter] {
        guard var queue = queues[connection], let place = queue.firstIndex(where: { $0.number == number })
        else {
            return []
        }
        queue[place].isReady = true
        queue[place].waiter = waiter
        let count = queue.firstIndex { !$0.isReady } ?? queue.count
        let next = queue[..<count].compactMap(\.waiter)
        queue.removeFirst(count)
        queues[connection] = queue.isEmpty ? nil : queue
        return next
    }
}
