// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message
import Script
import Worker

extension Setup {
    /// The filters of the transports that there are sockets for; a transport without them is told where its line
    /// stands.
    func takeFilters() {
        func filter(_ name: String) -> Filter? {
            guard let plugin = loader.offerer(of: "filter.\(name)"),
                let table = loader.offeredTable("filter.\(name)", by: plugin)
            else { return nil }
            return Filter(
                name, table.assumingMemoryBound(to: mt_filter_api.self), host: plugin.host.asHost,
                note: UnsafeRawPointer(plugin.host.pointee.filter))
        }
        host.group?.takeUnretainedValue().filters = Filters(tls: filter("tls"), ws: filter("ws"))
        var told: Set<Int> = []
        for socket in network.sockets {
            let missing = Filters.names(of: socket.transport).filter {
                loader.offerer(of: "filter.\($0)") == nil
            }
            .map { Self.carriers[$0] ?? $0 }
            // A line that was to load it and failed has been told of already, and so has this one.
            guard !missing.isEmpty, !missing.contains(where: loader.failed.contains),
                told.insert(socket.place).inserted
            else { continue }
            let lines = missing.map { "loadmodule \"\($0).so\"" }.joined(separator: " and ")
            diagnostics.error(
                "cannot listen on \(socket.text): \(Listening.nothingCarries) \(socket.transport.name)",
                at: listening.place(socket.place), help: "add \(lines)")
        }
    }

    /// The plugins that offer the filters.
    private static let carriers = ["ws": "websocket"]

    /// Each filter looks at each of its sockets.
    func askFilters() {
        for socket in network.sockets {
            for name in Filters.names(of: socket.transport) {
                guard let plugin = loader.offerer(of: "filter.\(name)"), !plugin.isBroken,
                    let table = loader.offeredTable("filter.\(name)", by: plugin)?
                        .assumingMemoryBound(to: mt_filter_api.self), let listen = table.pointee.listen
                else { continue }
                _ = failures.take()
                CallNote.ofThread.pointee.site = plugin.host.pointee.filter
                let result = listen(plugin.host.asHost, Immortal.text(socket.text), socket.id)
                CallNote.ofThread.pointee.site = nil
                let failure = failures.take()
                guard result < 0 else { continue }
                let mend = failure?.help ?? "see what it has logged, or ask its author"
                diagnostics.error(
                    "\(plugin.name): \(failure?.what ?? "it cannot serve \(socket.text), and does not say why")",
                    at: listening.place(socket.place) ?? plugin.place, help: mend.isEmpty ? nil : mend)
            }
        }
    }
}
