// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Script

/// Who wants to hear of what: hooks by event, in their order.
///
/// Built once, before traffic, into flat memory: emitting an event that nobody hooks costs one comparison.
struct Events {
    /// The server's own, by their numbers here.
    enum Core: Int, CaseIterable {
        case ready, worker, request, reply, finished, sending, opened, closed, reloaded, copied,
            foreign, http, complete
    }

    /// One hook, bound to the plugin it belongs to.
    struct Bound {
        let call: mt_fn
        let user: UnsafeMutableRawPointer?
        let host: UnsafePointer<mt_host>
        let site: UnsafePointer<CallSite>
    }

    /// The hooks of one event, and the event_route of its name if the script has one.
    struct Entry {
        var first: UnsafeMutablePointer<Bound>
        var count: Int
        var route: UInt32
    }

    static let core = Set(Core.allCases.map { "core.\($0)" })

    private(set) var names: [String] = Core.allCases.map { "core.\($0)" }
    private var hooks: [[(order: Int32, line: Int, bound: Bound)]] = Core.allCases.map { _ in [] }
    /// Valid after `freeze`.
    private(set) var entries: UnsafeMutablePointer<Entry>?

    /// Gives a plugin's events their numbers, one after the other, and answers the first.
    mutating func define(_ plugin: Plugin) -> Int {
        let first = names.count
        for event in plugin.table.events {
            names.append("\(plugin.name).\(event.name)")
            hooks.append([])
        }
        return first
    }

    mutating func hook(_ plugin: Plugin) {
        for hook in plugin.table.hooks {
            guard let event = names.firstIndex(of: hook.event) else { continue }
            let bound = Bound(
                call: hook.call, user: hook.user, host: plugin.host.asHost,
                site: .init(CallSite.make(plugin.host.pointee.name, "the hook on \(hook.event)")))
            hooks[event].append((hook.order, plugin.index, bound))
        }
    }

    /// Those of one event in their order, before they are laid out.
    func bound(_ event: Core) -> [Bound] {
        hooks[event.rawValue].sorted { ($0.order, $0.line) < ($1.order, $1.line) }.map(\.bound)
    }

    /// Lays the hooks out: lower order first, then file order. `route` finds the event_route of a name.
    mutating func freeze(route: (String) -> UInt32) {
        let entries = UnsafeMutablePointer<Entry>.allocate(capacity: names.count)
        for (event, list) in hooks.enumerated() {
            let sorted = list.sorted { ($0.order, $0.line) < ($1.order, $1.line) }
            let first = UnsafeMutablePointer<Bound>.allocate(capacity: max(1, sorted.count))
            for (index, hook) in sorted.enumerated() { (first + index).initialize(to: hook.bound) }
            (entries + event).initialize(
                to: Entry(first: first, count: sorted.count, route: route(Self.routeName(names[event]))))
        }
        self.entries = entries
    }

    /// "tm.local-request" is event_route[tm:local-request].
    static func routeName(_ event: String) -> String {
        guard let dot = event.firstIndex(of: ".") else { return event }
        return event[..<dot] + ":" + event[event.index(after: dot)...]
    }
}
