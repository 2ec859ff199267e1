// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// A number that counts something, or shows how much of it there is now. From any thread, wait-free.
///
///     private let refused = Counter("refused", "Requests answered with 422.")
///     private let waiting = Counter("waiting", gauge: true, "Requests that wait for an answer.")
///
///     refused.add()
///     waiting.add(-1)
public final class Counter: Declaration, @unchecked Sendable {
    /// Written once, when the plugin is put together.
    @usableFromInline @exclusivity(unchecked) var index = UInt32.max
    @usableFromInline let name: StaticString
    @usableFromInline let help: StaticString
    @usableFromInline let kind: UInt32

    @inlinable public init(_ name: StaticString, gauge: Bool = false, _ help: StaticString) {
        self.name = name
        self.help = help
        kind = gauge ? 1 : 0
    }

    @inlinable public func add(_ count: Int = 1) {
        Server.host.pointee.count(Server.host, index, Int64(count))
    }

    public func declare(in tables: inout Tables) {
        index = UInt32(tables.counters.count)
        tables.counters.append(mt_counter(name: name.pointer, kind: kind, reserved: 0, help: help.pointer))
    }
}
