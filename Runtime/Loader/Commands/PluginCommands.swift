// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// `plugin.*`: what is loaded, and with which settings.
struct PluginCommands {
    let setup: Setup

    func register(in commands: Commands) {
        commands.add(
            "plugin.list",
            "The loaded plugins: version, ABI, needs, offers and parameters in effect. Arguments: names."
        ) { run in
            let wanted = (0..<run.arguments.count).compactMap { run.arguments.text($0) }
            for plugin in setup.loader.plugins where wanted.isEmpty || wanted.contains(plugin.name) {
                tell(plugin, run)
            }
            for name in wanted where !setup.loader.plugins.contains(where: { $0.name == name }) {
                run.fail(404, "no plugin is called \(name)")
            }
        }
    }

    private func tell(_ plugin: Plugin, _ run: CommandRun) {
        let table = plugin.table
        run.structure {
            run.put("name", plugin.name)
            run.put("version", table.version)
            run.put("abi", "\(table.abi.major).\(table.abi.minor)")
            run.put("file", plugin.path)
            run.put("line", "\(plugin.place.file.name):\(plugin.place.line)")
            run.put("help", table.help)
            // Every plugin may need what the server offers; what matters is what it needs of others.
            run.list("needs") {
                for need in table.needs where setup.loader.interfaces.table(need.id) == nil {
                    run.put(described(need))
                }
            }
            run.list("offers") {
                for offer in table.offers {
                    run.put("\(offer.id) \(offer.version.major).\(offer.version.minor)")
                }
            }
            run.structure("parameters") {
                for (index, field) in table.parameters.enumerated() { tell(field, plugin.values[index], run) }
            }
        }
    }

    private func described(_ need: PluginTable.Need) -> String {
        let kind = need.isLate ? ", late" : need.isOptional ? ", optional" : ""
        let offerer = setup.loader.offerer(of: need.id).map { ", from \($0.file)" } ?? ", not there"
        return "\(need.id) \(need.major).\(need.minor)\(kind)\(offerer)"
    }

    private func tell(_ field: PluginTable.Field, _ value: mt_value, _ run: CommandRun) {
        if field.has(MT_SECRET) { return run.put(field.name, "(secret)") }
        if field.has(MT_MANY) {
            let lines = value.ptr.map {
                UnsafeBufferPointer(start: $0.assumingMemoryBound(to: mt_value.self), count: Int(value.num))
            }
            return run.list(field.name) {
                for line in lines ?? .init(start: nil, count: 0) { put("", line, run) }
            }
        }
        put(field.name, value, run)
    }

    private func put(_ key: String, _ value: mt_value, _ run: CommandRun) {
        switch Int(value.type) {
        case MT_INT, MT_BOOL, MT_MS: run.put(key, Int(value.num))
        case MT_NULL: run.put(key, "")
        default: run.put(key, Slice(value.str).string)
        }
    }
}
