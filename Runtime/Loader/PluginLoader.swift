// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import Script

/// Turns the `loadmodule` lines of a configuration into plugins that are checked, bound to each other and set up.
///
/// It goes on after every problem, so that one run tells all of them. Nothing of a plugin's own code runs here but
/// `martlet_plugin`; `init` comes later, when the whole file is known to be right.
final class PluginLoader {
    private(set) var plugins: [Plugin] = []
    /// Files that could not be loaded: what they would have offered is unknown, and so not missed.
    private(set) var failed: Set<String> = []
    /// Plugins that no line of their own has loaded, but the need of another: such a line may still come.
    private var brought: Set<String> = []
    /// URLs that modparam lines give, and to whom.
    private var urls: [(modules: ModuleNames, name: String, text: String)] = []
    let diagnostics: Diagnostics
    let interfaces: Interfaces
    private(set) var search: PluginSearch

    /// `path` is `-L`: it wins over the file's own loadpath.
    init(diagnostics: Diagnostics, interfaces: Interfaces, path: String? = nil, listed: [String] = []) {
        self.diagnostics = diagnostics
        self.interfaces = interfaces
        search = PluginSearch(listed: path.map { [$0] } ?? listed)
    }

    // MARK: - read and check

    /// `evaluate` replaces the variables in what `loadmodulex` says.
    func load(_ configuration: Configuration, evaluate: (Text) -> Result<Text, PluginFault>) {
        for item in configuration.items {
            guard case .moduleParameter(let line) = item.kind, case .string(let text) = line.value.value,
                !line.evaluated, text.string.contains("://")
            else { continue }
            urls.append((ModuleNames(line.modules.value.string), line.name.value.string, text.string))
        }
        for item in configuration.items {
            guard case .loadModule(var line) = item.kind else { continue }
            if line.evaluated {
                switch evaluate(line.name.value) {
                case .success(let text): line.name.value = text
                case .failure(let fault):
                    diagnostics.error(fault.what, at: line.name.place, help: fault.help)
                    continue
                }
            }
            load(line)
        }
        for plugin in plugins {
            let errors = diagnostics.count(.error)
            resolve(plugin)
            checkHooks(of: plugin)
            if diagnostics.count(.error) > errors { plugin.isBroken = true }
        }
    }

    private func load(_ line: LoadModule) {
        let file = line.name.value.string
        let place = line.name.place
        guard !file.isEmpty else {
            return diagnostics.error(
                "loadmodule needs the name of a plugin", at: place, help: "loadmodule \"tm.so\"")
        }
        let path: String
        switch search.find(file) {
        case .found(let found), .foreign(let found): path = found
        case .missing:
            failed.insert(PluginSearch.base(file))
            let mend = "install the plugin, or take the line out"
            if file.hasPrefix("/") {
                return diagnostics.error("there is no file \(file)", at: place, help: mend)
            }
            return diagnostics.error(
                "\(shown(file)) is not in the plugin folders", at: place,
                notes: search.folders.map { "looked in \($0)" },
                help: Suggestion.help(for: PluginSearch.base(file), in: search.available()) ?? mend)
        }
        let ignoresRepeats = line.options?.value.string.contains("o") ?? false
        do throws(PluginFault) {
            let table = try Plugin.open(path, file: shown(file))
            if let earlier = plugins.first(where: { $0.name == table.name }) {
                let isClaimed = earlier.path == path && brought.remove(table.name) != nil
                if ignoresRepeats || isClaimed { return }
                throw PluginFault(
                    "\(earlier.path == path ? shown(file) : "a plugin called \(table.name)") is loaded already",
                    notes: ["\(earlier.file) was loaded on line \(earlier.place.line)"],
                    help: "take this line out", quotes: true)
            }
            for offer in table.offers {
                guard !offer.id.hasPrefix("martlet.") else {
                    throw PluginFault(
                        "\(shown(file)) offers \"\(offer.id)\", which only the server itself may",
                        help: "this is for its author to mend")
                }
                guard let other = plugins.first(where: { $0.table.offers.contains { $0.id == offer.id } })
                else { continue }
                throw PluginFault(
                    "\(shown(file)) offers \"\(offer.id)\", and \(other.file), on line \(other.place.line), offers it too",
                    help: "load one of the two", quotes: true)
            }
            for need in table.needs where need.isBrought { bring(need.id, for: line) }
            bringStores(for: line, table)
            plugins.append(
                Plugin(table: table, file: shown(file), path: path, place: place, index: plugins.count))
        } catch {
            failed.insert(PluginSearch.base(file))
            diagnostics.add(
                Diagnostic(
                    .error, at: place, error.what, notes: error.notes, help: error.help, quotes: error.quotes)
            )
        }
    }

    /// Loads the plugin called so on behalf of another, unless something offers that already. One that is not there
    /// is missed when needs are resolved.
    private func bring(_ id: String, for bringer: LoadModule) {
        guard offerer(of: id) == nil, case .found = search.find(id) else { return }
        brought.insert(id)
        var line = bringer
        line.name.value = Text(id)
        load(line)
    }

    /// A storage URL names its database, so that the database alone may be chosen on the command line: where no line
    /// so far loads what stores under "sqlite", db_sqlite comes by itself.
    private func bringStores(for line: LoadModule, _ table: PluginTable) {
        for (modules, name, text) in urls {
            guard let end = text.firstRange(of: "://"),
                table.parameters.contains(where: { $0.name == name && $0.type == MT_URL }),
                modules.includes(table.name)
            else { continue }
            let scheme = text[..<end.lowerBound]
            if offerer(of: "store.\(scheme)") == nil { bring("db_\(scheme)", for: line) }
        }
    }

    /// "tm", "tm.so" and "/opt/x/tm.so" are all told as "tm.so".
    private func shown(_ file: String) -> String {
        let last = file.split(separator: "/").last.map(String.init) ?? file
        return last.hasSuffix(".so") ? last : last + ".so"
    }

    // MARK: - resolve

    private func resolve(_ plugin: Plugin) {
        for need in plugin.table.needs {
            if let table = interfaces.table(need.id) {
                let version = (Int(table.pointee.major), Int(table.pointee.minor))
                if fits(version, need) {
                    plugin.table.fill(need, with: UnsafeRawPointer(table))
                } else {
                    diagnostics.error(
                        "\(plugin.name) needs \"\(need.id)\" \(need.major).\(need.minor), "
                            + "and this server has \(version.0).\(version.1)", at: plugin.place,
                        help: "use a newer server, or an older \(plugin.file)")
                }
                continue
            }
            guard let offerer = offerer(of: need.id) else {
                if !need.isOptional { reportMissing(need, of: plugin) }
                continue
            }
            let offer = offerer.table.offers.first { $0.id == need.id }!.version
            guard fits(offer, need) else {
                diagnostics.error(
                    "\(plugin.name) needs \"\(need.id)\" \(need.major).\(need.minor) or later, and \(offerer.file), "
                        + "on line \(offerer.place.line), offers \(offer.major).\(offer.minor)",
                    at: plugin.place,
                    help: offer.major == need.major
                        ? "use a newer \(offerer.file)" : "use versions of the two that go together")
                continue
            }
            if offerer.index > plugin.index && !need.isLate {
                let mend = "move line \(offerer.place.line) above line \(plugin.place.line)"
                diagnostics.error(
                    need.isOptional
                        ? "\(plugin.name) uses \"\(need.id)\", and a later line loads it"
                        : "\(plugin.name) needs \"\(need.id)\" \(need.major).\(need.minor) or later, "
                            + "and no earlier line loads it", at: plugin.place,
                    notes: [offers(offerer.file, "on line \(offerer.place.line)", need.id, offer)], help: mend
                )
                continue
            }
            if offerer.index != plugin.index || need.isLate || need.isOptional {
                if !need.isLate { plugin.table.fill(need, with: offeredTable(need.id, by: offerer)) }
            } else {
                diagnostics.error(
                    "\(plugin.name) needs \"\(need.id)\", which it offers itself", at: plugin.place,
                    help: "this is for its author to mend")
            }
        }
    }

    /// The slots of late needs, after every init.
    func fillLateNeeds() {
        for plugin in plugins {
            for need in plugin.table.needs where need.isLate {
                guard interfaces.table(need.id) == nil, let offerer = offerer(of: need.id) else { continue }
                plugin.table.fill(need, with: offeredTable(need.id, by: offerer))
            }
        }
    }

    func offerer(of id: String) -> Plugin? { plugins.first { $0.table.offers.contains { $0.id == id } } }

    func offeredTable(_ id: String, by plugin: Plugin) -> UnsafeRawPointer? {
        plugin.table.offers.first { $0.id == id }.map { UnsafeRawPointer($0.table) }
    }

    private func fits(_ version: (major: Int, minor: Int), _ need: PluginTable.Need) -> Bool {
        version.major == need.major && version.minor >= need.minor
    }

    private func offers(_ file: String, _ where: String, _ id: String, _ version: (major: Int, minor: Int))
        -> String
    {
        "\(file), \(`where`), offers \"\(id)\" \(version.major).\(version.minor)"
    }

    private func reportMissing(_ need: PluginTable.Need, of plugin: Plugin) {
        let wanted = "\(plugin.name) needs \"\(need.id)\" \(need.major).\(need.minor)"
        guard !need.id.hasPrefix("martlet.") else {
            return diagnostics.error(
                "\(wanted), and this server has no such interface", at: plugin.place,
                help: Suggestion.help(for: need.id, in: Interfaces.names)
                    ?? "use a newer server, or an older \(plugin.file)")
        }
        // A line that was to load it and failed has been told of already.
        if failed.contains(need.id) { return }
        let what = "\(wanted) or later, and no \(need.isLate ? "" : "earlier ")line loads it"
        let line = plugin.place.line
        for (file, table) in unloaded {
            guard let offer = table.offers.first(where: { $0.id == need.id }) else { continue }
            return diagnostics.error(
                what, at: plugin.place, notes: [offers(file, "in the plugin folder", need.id, offer.version)],
                help: "put loadmodule \"\(file)\" "
                    + (need.isLate ? "into the file" : "above line \(line)"))
        }
        diagnostics.error(
            what, at: plugin.place,
            help: "load a plugin that offers \"\(need.id)\"" + (need.isLate ? "" : " above line \(line)"))
    }

    /// The plugins that lie in the folders and that no line loads: looked at only to make a message better.
    lazy var unloaded: [(file: String, table: PluginTable)] = {
        let loaded = Set(plugins.map { PluginSearch.base($0.file) })
        return search.available().filter { !loaded.contains($0) }.compactMap { name in
            guard case .found(let path) = search.find(name),
                let table = try? Plugin.open(path, file: name + ".so")
            else { return nil }  // What cannot be opened offers nothing; nobody asked for it.
            return (name + ".so", table)
        }
    }()

    private func checkHooks(of plugin: Plugin) {
        for hook in plugin.table.hooks where !hook.isOptional && !Events.core.contains(hook.event) {
            let owner = hook.event.split(separator: ".").first.map(String.init) ?? ""
            let emitter = plugins.first { $0.name == owner }
            let events = emitter?.table.events.map { "\(owner).\($0.name)" } ?? []
            if events.contains(hook.event) || failed.contains(owner) { continue }
            let mend =
                if owner == "core" {
                    near(hook.event, in: Events.core) ?? "use a newer server, or an older \(plugin.file)"
                } else if emitter != nil {
                    near(hook.event, in: events) ?? "use versions of the two that go together"
                } else {
                    "put loadmodule \"\(owner).so\" into the file"
                }
            diagnostics.error(
                "\(plugin.name) hooks the event \"\(hook.event)\", which nobody emits", at: plugin.place,
                help: mend)
        }
    }

    /// What may have been meant. Only the part behind the dot is compared: the other is the same in all of them.
    private func near(_ event: String, in events: some Sequence<String>) -> String? {
        func last(_ name: String) -> String {
            String(name[name.index(after: name.firstIndex(of: ".") ?? name.startIndex)...])
        }
        let nearest = Suggestion.nearest(to: last(event), in: events.map(last))
        return nearest.flatMap { name in events.first { last($0) == name } }.map { "did you mean \"\($0)\"?" }
    }

    // MARK: - what is loaded

    /// The table that a loaded plugin offers under this name.
    func offer(_ id: String) -> UnsafeRawPointer? { offerer(of: id).flatMap { offeredTable(id, by: $0) } }

    /// The same, of a plugin that is initialised before that one.
    func offer(_ id: String, before plugin: Plugin) -> UnsafeRawPointer? {
        offerer(of: id).flatMap { $0.index < plugin.index ? offeredTable(id, by: $0) : nil }
    }

    func variable(named name: String) -> VariableCallout? {
        for plugin in plugins {
            guard let variable = plugin.table.variables.first(where: { $0.name == name }) else { continue }
            let nothing: mt_fn = { _ in mt_result(MT_NO) }
            return VariableCallout(
                get: variable.get ?? nothing, set: variable.set, user: variable.user,
                host: OpaquePointer(plugin.host.asHost))
        }
        return nil
    }

    /// Whether something that a plugin needs is broken, so that it could not work either.
    func dependsOnBroken(_ plugin: Plugin) -> Bool {
        plugin.table.needs.contains { need in
            guard interfaces.table(need.id) == nil else { return false }
            guard let offerer = offerer(of: need.id) else { return !need.isOptional }
            return offerer.isBroken && offerer.index != plugin.index && !need.isOptional
        }
    }
}
