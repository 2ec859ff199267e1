// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// A counter by name: of any plugin, of the server, or one that only the configuration names. From any
/// thread.
///
///     guard let received = Statistic.named("core:rcv_requests") else { return .no }
///     Host.log(.info, "\(received.value) requests")
@frozen public struct Statistic: Equatable, Sendable {
    public let number: UInt32
    @inlinable public init(number: UInt32) { self.number = number }

    /// "name" or "group:name".
    @inlinable public static func named(_ name: some Textual & ~Escapable) -> Statistic? {
        let number = name.withRaw { Server.statistic.pointee.find($0) }
        return number == 0 ? nil : Statistic(number: number)
    }
    /// On the main thread only, in `Start`.
    public static func define(
        _ group: some Textual & ~Escapable, _ name: some Textual & ~Escapable
    ) -> Statistic? {
        let number = group.withRaw { group in
            name.withRaw { Server.statistic.pointee.define(Server.host, group, $0) }
        }
        return number == 0 ? nil : Statistic(number: number)
    }

    @inlinable public var value: Int { Int(Server.statistic.pointee.read(number)) }
    @inlinable @discardableResult public func add(_ count: Int = 1) -> Outcome {
        Outcome(code: Server.statistic.pointee.add(number, Int64(count)))
    }
    @inlinable @discardableResult public func reset() -> Outcome {
        Outcome(code: Server.statistic.pointee.reset(number))
    }
}
