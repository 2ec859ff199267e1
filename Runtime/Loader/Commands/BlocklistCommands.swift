// SPDX-License-Identifier: Apache-2.0
import Worker

/// `dst_blocklist.*`: the addresses that nothing is sent to for a while.
struct BlocklistCommands {
    let blocklist: Blocklist

    func register(in commands: Commands) {
        commands.add("dst_blocklist.view", "The addresses that nothing is sent to.") { run in
            each { transport, entry, seconds in
                run.structure {
                    run.put("protocol", transport)
                    run.put("ip", entry.place.endpoint.address)
                    run.put("port", Int(entry.place.endpoint.port))
                    run.put("expires in (s)", seconds)
                    run.put("flags", Int(entry.reason.rawValue))
                }
            }
        }
        commands.add("dst_blocklist.debug", "The same, one value after the other.") { run in
            each { transport, entry, seconds in
                run.put(transport)
                run.put(entry.place.endpoint.address)
                run.put(Int(entry.place.endpoint.port))
                run.put(seconds)
                run.put(Int(entry.reason.rawValue))
            }
        }
        commands.add("dst_blocklist.mem_info", "How much memory they take, and may take.") { run in
            run.put(blocklist.usedMemory)
            run.put(blocklist.settings.memory)
        }
        commands.add("dst_blocklist.delete_all", "Forgets all but what is permanent.") { _ in
            blocklist.removeAll(permanentToo: false)
        }
        commands.add(
            "dst_blocklist.add",
            "Adds an address. Arguments: IP PORT (0 any) PROTOCOL (0 any, 1 udp, 2 tcp, 3 tls, 4 sctp, 5 ws, 6 wss) FLAGS (1 permanent)."
        ) { run in
            guard let text = run.arguments.text(0), let endpoint = Endpoint(text),
                let port = run.arguments.number(1).flatMap(UInt16.init(exactly:)),
                let number = run.arguments.number(2), Self.numbers.indices.contains(number),
                let flags = run.arguments.number(3).flatMap(UInt32.init(exactly:))
            else { return run.fail(400, "IP PORT PROTOCOL FLAGS are needed") }
            var place = endpoint
            place.port = port
            blocklist.add(
                Blocklist.Place(place, Self.numbers[number]), Blocklist.Reason(rawValue: flags).union(.byHand)
            )
        }
    }

    /// Transports as callers number them.
    private static let numbers: [Transport?] = [nil, .udp, .tcp, .tls, .sctp, .ws, .wss]

    private func each(_ body: (String, Blocklist.Entry, Int) -> Void) {
        let now = Resolver.now
        for entry in blocklist.all() {
            let seconds = entry.until == .max ? 0 : Int((max(entry.until, now) - now) / 1_000_000_000)
            body(entry.place.transport?.name ?? "*", entry, seconds)
        }
    }
}
