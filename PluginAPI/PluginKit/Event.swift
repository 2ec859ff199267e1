// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// An event that other plugins can hook, "plugin.name" to them, and scripts as event_route[plugin:name].
///
///     private let routed = Event("routed", "A Route of ours was taken. Data: rr_routed.")
///     routed.emit(call, call.message, &data)
public final class Event: Declaration, @unchecked Sendable {
    /// Written once, when the plugin is put together.
    @usableFromInline @exclusivity(unchecked) var index = UInt32.max
    @usableFromInline let name: StaticString
    @usableFromInline let help: StaticString

    @inlinable public init(_ name: StaticString, _ help: StaticString) {
        self.name = name
        self.help = help
    }

    /// Does anybody listen? From "core.ready" on the answer stays.
    public var isHeard: Bool { Server.host.pointee.heard(Server.host, index) }

    /// Runs the hooks, then the event_route. `.stop` when one of them consumed it.
    @inlinable @discardableResult
    public func emit(_ call: borrowing Call, _ message: Message, _ data: UnsafeRawPointer? = nil) -> Outcome {
        emit(call.raw, message.raw, data)
    }

    /// Without a message.
    @inlinable @discardableResult
    public func emit(_ call: borrowing Call, _ data: UnsafeRawPointer? = nil) -> Outcome {
        emit(call.raw, nil, data)
    }

    /// Inside an interface's function the call is its caller's; the event is ours.
    @inlinable func emit(
        _ call: UnsafeMutablePointer<mt_call>, _ message: OpaquePointer?, _ data: UnsafeRawPointer?
    )
        -> Outcome
    {
        let caller = call.pointee.host
        call.pointee.host = Server.host
        defer { call.pointee.host = caller }
        return Outcome(code: Server.host.pointee.emit(call, index, message, data))
    }

    public func declare(in tables: inout Tables) {
        index = UInt32(tables.events.count)
        tables.events.append(mt_event(name: name.pointer, help: help.pointer))
    }
}

/// What to do when an event happens: one of the server's (core.complete, core.ready, core.worker, core.request,
/// core.reply, core.finished, core.sending, core.opened, core.closed, core.reloaded) or another plugin's. Lower order
/// runs earlier; `.stop` ends the event.
///
///     Hook("core.request", order: -100) { call in call.message.method == .ack ? .stop : .yes }
///     Hook("rr.routed", optional: true) { call in
///         guard let routed = call.data(as: rr_routed.self) else { return .yes }
///         ...
///     }
public struct Hook: Declaration, Sendable {
    private let event: StaticString
    private let order: Int32
    private let flags: UInt32
    private let box: Box

    /// - Parameter optional: the plugin that emits the event may be missing.
    public init(
        _ event: StaticString, order: Int = 0, optional: Bool = false,
        _ body: @escaping @Sendable (borrowing Call) -> Outcome
    ) {
        self.event = event
        self.order = Int32(clamping: order)
        flags = optional ? UInt32(MT_OPTIONAL) : 0
        box = Box(body)
    }

    public func declare(in tables: inout Tables) {
        tables.hooks.append(
            mt_hook(event: event.pointer, call: Box.enter, user: tables.keep(box), order: order, flags: flags)
        )
    }
}
