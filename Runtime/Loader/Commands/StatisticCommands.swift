// SPDX-License-Identifier: Apache-2.0
import Worker

/// `stats.*`: what was counted. A name is `all`, a group with a colon behind it, `group:name`, or a name.
struct StatisticCommands {
    let statistics: Statistics

    private struct Found {
        let id: Statistics.ID
        let group, name: String
    }

    func register(in commands: Commands) {
        commands.add(
            "stats.get_statistics", "Counters, as group:name = value. Arguments: all, GROUP: or NAME."
        ) { run in
            each(run) { run.put("\($0.group):\($0.name) = \(statistics.read($0.id))") }
        }
        commands.add("stats.fetch", "Counters as text. Arguments: all, GROUP: or NAME.") { run in
            run.structure { each(run) { run.put("\($0.group).\($0.name)", "\(statistics.read($0.id))") } }
        }
        commands.add("stats.fetchn", "Counters as numbers. Arguments: all, GROUP: or NAME.") { run in
            run.structure { each(run) { run.put("\($0.group).\($0.name)", Int(statistics.read($0.id))) } }
        }
        commands.add("stats.reset_statistics", "Sets counters to 0. Arguments: all, GROUP: or NAME.") { run in
            each(run) { statistics.reset($0.id) }
        }
        commands.add("stats.clear_statistics", "Sets counters to 0 and tells what they were.") { run in
            each(run) {
                let before = statistics.read($0.id)
                statistics.reset($0.id)
                run.put("\($0.group):\($0.name) = (\(before) -> \(statistics.read($0.id)))")
            }
        }
    }

    private func each(_ run: CommandRun, _ body: (Found) -> Void) {
        guard run.arguments.count > 0 else { return run.fail(400, "which counters? all, GROUP: or NAME") }
        for index in 0..<run.arguments.count {
            for found in find(run.arguments.text(index) ?? "") { body(found) }
        }
    }

    private func find(_ wanted: String) -> [Found] {
        let all = statistics.entries.enumerated().dropFirst().map {
            Found(
                id: Statistics.ID(rawValue: UInt32($0.offset)), group: $0.element.group, name: $0.element.name
            )
        }
        if wanted == "all" { return all }
        if wanted.hasSuffix(":") { return all.filter { $0.group == wanted.dropLast() } }
        // The answer of a name is the one that scripts get for it.
        guard let id = statistics.find(wanted.replacingDotByColon) ?? statistics.find(wanted) else {
            return []
        }
        return all.filter { $0.id == id }
    }
}

extension String {
    /// "sl.200_replies" as "sl:200_replies".
    fileprivate var replacingDotByColon: String {
        guard !contains(":"), let dot = firstIndex(of: ".") else { return self }
        return self[..<dot] + ":" + self[index(after: dot)...]
    }
}
