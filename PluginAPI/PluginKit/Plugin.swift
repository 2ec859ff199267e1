// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// A plugin: its name, and everything it offers and needs, declared in one place.
///
///     // Turns callers away that are on a list.
///     import CMartlet
///     import PluginKit
///
///     private let sl = Need("sl", 1, as: sl_api.self)
///     private let status = Param<Int>("status", default: "403", in: 400...699, "What they are answered.")
///     private let turnedAway = Counter("turned_away", "Requests answered with a refusal.")
///
///     private let plugin = Plugin("doorman", "1.0.0", "Turns callers away.") {
///         sl
///         status
///         turnedAway
///
///         Function("turn_away", in: .request, "Refuses a request from that user.",
///                  Arg("user", Text.self)) { call, user in
///             guard let from = URI(call.message.fromURI), from.user == user else { return .no }
///             turnedAway.add()
///             call.message.append(Line("X-Refused", user))
///             sl.reply(call, status.value, "Not Today")
///             return .stop
///         }
///         Variable("door", "What they are answered.") { call, key in call.answer(status.value) }
///         Hook("core.worker") { call in
///             Host.log(.debug, "the door is open on worker \(call.worker)")
///             return .yes
///         }
///     }
///
///     @c(martlet_plugin)
///     public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }
///
/// Every closure runs on whichever worker has the message, several at once: keep what changes per worker, per
/// message (`message.slot`) or behind a lock. The closures are called without allocation and without
/// reference counting.
public final class Plugin: @unchecked Sendable {
    /// The C tables hold bare pointers to the declarations' boxes, so the plugin, which is never freed, holds
    /// the boxes.
    private let boxes: [AnyObject]
    private let headers: [Header]
    private let table: UnsafeMutablePointer<mt_plugin>
    private let start: [@Sendable () -> Outcome]
    private let stop: [@Sendable () -> Void]

    /// The one that init and stop mean: their C signatures carry nothing else to find it by.
    nonisolated(unsafe) private static var current: Plugin?

    public init(
        _ name: StaticString, _ version: StaticString, _ help: StaticString,
        @Declarations _ declarations: () -> [any Declaration]
    ) {
        Scratch.prepare()
        var tables = Tables()
        Server.declareNeeds(in: &tables)
        for declaration in declarations() { declaration.declare(in: &tables) }
        boxes = tables.boxes
        headers = tables.headers
        start = tables.start
        stop = tables.stop
        table = .allocate(capacity: 1)
        table.initialize(to: tables.plugin(name, version, help))
        table.pointee.`init` = { host in Plugin.begin(host) }
        table.pointee.stop = { _ in Plugin.end() }
    }

    /// What martlet_plugin() returns: the same pointer each time.
    public func export(to hostABI: UInt32) -> UnsafePointer<mt_plugin>? {
        Plugin.current = self
        return UnsafePointer(table)
    }

    private static func begin(_ host: UnsafePointer<mt_host>?) -> mt_result {
        guard let plugin = current, let host else { return Outcome.error.code }
        Server.host = host
        for header in plugin.headers { header.resolve() }
        for start in plugin.start {
            let outcome = start()
            if !outcome.isYes { return outcome.code }
        }
        return Outcome.yes.code
    }

    private static func end() {
        for stop in current?.stop.reversed() ?? [] { stop() }
    }
}

/// Something a plugin declares between the braces of `Plugin`.
public protocol Declaration: Sendable {
    func declare(in tables: inout Tables)
}

/// Gathers declarations; with it a large plugin can group its own:
///
///     @Declarations func flagFunctions() -> [any Declaration] {
///         Function("setflag", ...) { ... }
///         Function("resetflag", ...) { ... }
///     }
@resultBuilder public enum Declarations {
    public static func buildExpression(_ one: some Declaration) -> [any Declaration] { [one] }
    public static func buildExpression(_ many: [any Declaration]) -> [any Declaration] { many }
    public static func buildExpression(_ many: [some Declaration]) -> [any Declaration] { many }
    public static func buildBlock(_ parts: [any Declaration]...) -> [any Declaration] { parts.flatMap { $0 } }
    public static func buildOptional(_ part: [any Declaration]?) -> [any Declaration] { part ?? [] }
    public static func buildEither(first part: [any Declaration]) -> [any Declaration] { part }
    public static func buildEither(second part: [any Declaration]) -> [any Declaration] { part }
    public static func buildArray(_ parts: [[any Declaration]]) -> [any Declaration] { parts.flatMap { $0 } }
}

/// Runs once, on the main thread, when parameters and needs are set and before any traffic. Anything but yes
/// ends the start-up; say why with `Host.fail`.
///
///     Start { sessions.value > 0 ? .yes : Host.fail("no sessions", help: "set modparam sessions") }
public struct Start: Declaration, Sendable {
    let body: @Sendable () -> Outcome
    public init(_ body: @escaping @Sendable () -> Outcome) { self.body = body }
    public func declare(in tables: inout Tables) { tables.start.append(body) }
}

/// Runs once, on the main thread, after the last traffic; in reverse order of the declarations.
public struct Stop: Declaration, Sendable {
    let body: @Sendable () -> Void
    public init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    public func declare(in tables: inout Tables) { tables.stop.append(body) }
}
