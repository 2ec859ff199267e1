// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// A number that counts something, or shows how much of it there is now. From any thread, wait-free.
///
///     private let refused = Counter("refused", "Requests answered with 422.")
///     private let waiting = Counter("waiting", gauge: true, "Requests that wait for an answer.")
///
///     refused.add()
///     waiting.add(-1)
@frozen public struct Counter: Declaration, @unchecked Sendable {
    @usableFromInline let index: UnsafeMutablePointer<UInt32>
    private let counter: mt_counter

    public init(_ name: StaticString, gauge: Bool = false, _ help: StaticString) {
        index = .allocate(capacity: 1)
        index.initialize(to: .max)
        counter = mt_counter(
            name: name.pointer, kind: UInt32(gauge ? MT_GAUGE : MT_COUNTER), reserved: 0, help: help.pointer)
    }

    @inlinable public func add(_ count: Int = 1) {
        Server.host.pointee.count(Server.host, index.pointee, Int64(count))
    }

    public func declare(in tables: inout Tables) {
        index.pointee = UInt32(tables.counters.count)
        tables.counters.append(counter)
    }
}
