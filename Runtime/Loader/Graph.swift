// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Script

/// What `martlet graph` prints: the plugins of a configuration with their needs and offers, as text and for Graphviz.
extension Setup {
    /// The text stands in comments, so that the whole is one file for Graphviz.
    public var graph: String {
        var lines: [String] = []
        for plugin in loader.plugins { lines += described(plugin).map { "// \($0)" } }
        lines.append("digraph plugins {")
        lines.append("    rankdir=LR;")
        lines.append("    node [shape=box];")
        for plugin in loader.plugins {
            lines.append(
                "    \(quoted(plugin.name)) [label=\(quoted("\(plugin.name) \(plugin.table.version)"))];")
        }
        for plugin in loader.plugins {
            for need in others(plugin) {
                let style = need.isLate ? " style=dotted" : need.isOptional ? " style=dashed" : ""
                let missing = loader.offerer(of: need.id) == nil
                if missing, need.isOptional { continue }
                let target = loader.offerer(of: need.id)?.name ?? "\(need.id)?"
                lines.append(
                    "    \(quoted(plugin.name)) -> \(quoted(target)) [label=\(quoted(version(need)))\(style)];"
                )
            }
        }
        lines.append("}")
        return lines.map { $0 + "\n" }.joined()
    }

    private func described(_ plugin: Plugin) -> [String] {
        var lines = [
            "\(plugin.name) \(plugin.table.version), ABI \(plugin.table.abi.major).\(plugin.table.abi.minor), \(plugin.place)"
        ]
        for need in others(plugin) {
            let kind = need.isLate ? " (late)" : need.isOptional ? " (optional)" : ""
            let from =
                loader.offerer(of: need.id).map { "from \($0.file), line \($0.place.line)" } ?? "not there"
            lines.append("    needs \(version(need))\(kind), \(from)")
        }
        for offer in plugin.table.offers {
            lines.append("    offers \(offer.id) \(offer.version.major).\(offer.version.minor)")
        }
        for hook in plugin.table.hooks {
            lines.append("    hooks \(hook.event)\(hook.isOptional ? " (optional)" : "")")
        }
        return lines
    }

    /// Needs that other plugins meet; what the server offers is there for everybody.
    private func others(_ plugin: Plugin) -> [PluginTable.Need] {
        plugin.table.needs.filter { loader.interfaces.table($0.id) == nil }
    }

    private func version(_ need: PluginTable.Need) -> String { "\(need.id) \(need.major).\(need.minor)" }
    private func quoted(_ text: String) -> String { JSONText.quoted(text) }
}
