// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// An interface of another plugin. The loader checks that it is there, in that version, and fills it in
/// before `Start`.
///
///     private let sl = Need("sl", 1, as: sl_api.self)
///     private let outbound = Need("outbound", 1, as: outbound_api.self, .optional)
///
///     sl.reply(call, 404, "Not Found")
///     if outbound.isThere { outbound.table.pointee.use(call.raw, call.message.raw) }
public final class Need<API>: Declaration, @unchecked Sendable {
    /// Written by the loader, before `Start` or, when late, before "core.ready".
    @usableFromInline @exclusivity(unchecked) var slot: UnsafePointer<API>?
    @usableFromInline let id: StaticString
    @usableFromInline let major: UInt16
    @usableFromInline let minor: UInt16
    @usableFromInline let flags: UInt32

    @inlinable public init(
        _ id: StaticString, _ major: UInt16, _ minor: UInt16 = 0, as api: API.Type,
        _ options: NeedOptions = []
    ) {
        slot = nil
        self.id = id
        self.major = major
        self.minor = minor
        flags = options.rawValue
    }

    @inlinable public var isThere: Bool { slot != nil }
    /// The table. Only after `isThere` when the need is optional.
    @inlinable public var table: UnsafePointer<API> { slot! }

    public func declare(in tables: inout Tables) {
        // The address of a stored property of an object that is never freed: the plugin keeps its
        // declarations.
        let place = withUnsafeMutablePointer(to: &slot) {
            UnsafeMutableRawPointer($0).assumingMemoryBound(to: UnsafeRawPointer?.self)
        }
        tables.boxes.append(self)
        tables.needs.append(mt_need(id: id.pointer, major: major, minor: minor, flags: flags, slot: place))
    }
}

/// How badly it is needed.
@frozen public struct NeedOptions: OptionSet, Sendable {
    public let rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// May be missing; ask `isThere`.
    @inlinable public static var optional: NeedOptions { NeedOptions(rawValue: 1 << 0) }
    /// May be loaded on a later line: it is there from "core.ready" on, not yet in `Start`.
    @inlinable public static var late: NeedOptions { NeedOptions(rawValue: 1 << 1) }
    /// If no earlier line loads one that offers it, the plugin called like the interface is loaded before this one.
    @inlinable public static var bring: NeedOptions { NeedOptions(rawValue: 1 << 7) }
}

/// An interface for other plugins: a table of C functions that starts with an mt_head.
///
///     Offer("sl", 1, 0) { head in
///         sl_api(
///             head: head,
///             reply: { raw, status, reason in reply(Call(raw!), Int(status), reason).code },
///             ...)
///     }
public struct Offer: Declaration, @unchecked Sendable {
    private let id: StaticString
    private let table: UnsafeRawPointer

    public init<API>(_ id: StaticString, _ major: UInt16, _ minor: UInt16 = 0, _ make: (mt_head) -> API) {
        self.id = id
        let table = UnsafeMutablePointer<API>.allocate(capacity: 1)
        table.initialize(
            to: make(mt_head(size: UInt32(MemoryLayout<API>.stride), major: major, minor: minor)))
        self.table = UnsafeRawPointer(table)
    }

    public func declare(in tables: inout Tables) {
        tables.offers.append(mt_offer(id: id.pointer, table: table.assumingMemoryBound(to: mt_head.self)))
    }
}
