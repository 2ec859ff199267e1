// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Script

/// Gives plugins the values of their `modparam` lines, and the defaults of what no line sets.
///
/// Types are strict, as everybody knows them: a number for a number, a text for a text. A value is converted
/// and checked once, here; what a plugin reads later is ready.
struct ParameterSetter {
    let loader: PluginLoader
    let values: ValueCompiler
    /// Replaces the variables in what `modparamx` says.
    let evaluate: (Text) -> Result<Text, PluginFault>
    /// What a plugin said to `fail`; reading it takes it away.
    let takeFailure: () -> (what: String, help: String)?
    var diagnostics: Diagnostics { loader.diagnostics }

    func apply(_ configuration: Configuration) {
        for plugin in loader.plugins { setDefaults(of: plugin, many: false) }
        // A line that cannot be read may have set anything.
        var isIncomplete = false
        for item in configuration.items {
            guard case .moduleParameter(let line) = item.kind else { continue }
            if let line = evaluated(line) { apply(line) } else { isIncomplete = true }
        }
        for plugin in loader.plugins {
            setDefaults(of: plugin, many: true)
            for (index, field) in plugin.table.parameters.enumerated()
            where field.has(MT_REQUIRED) && !plugin.isSet[index] && !isIncomplete {
                plugin.isBroken = true
                diagnostics.error(
                    "\(plugin.name) needs its parameter \"\(field.name)\"", at: plugin.place,
                    help: "modparam(\"\(plugin.name)\", \"\(field.name)\", ...): \(described(field))")
            }
        }
    }

    // MARK: - lines

    /// nil when it cannot be, which has been told.
    private func evaluated(_ line: ModuleParameter) -> ModuleParameter? {
        guard line.evaluated else { return line }
        var line = line
        var isFine = true
        func replace(_ text: Text, at place: Place) -> Text {
            switch evaluate(text) {
            case .success(let text): return text
            case .failure(let fault):
                diagnostics.error(fault.what, at: place, help: fault.help)
                isFine = false
                return text
            }
        }
        line.modules.value = replace(line.modules.value, at: line.modules.place)
        line.name.value = replace(line.name.value, at: line.name.place)
        switch line.value.value {
        case .string(let text): line.value.value = .string(replace(text, at: line.value.place))
        case .variable(let text):
            let text = replace(Text(text), at: line.value.place)
            // A variable that is a number gives a number.
            line.value.value = Int(text.string).map { .integer($0) } ?? .string(text)
        case .integer, .word: break
        }
        return isFine ? line : nil
    }

    private func apply(_ line: ModuleParameter) {
        let modules = line.modules.value.string
        let targets = plugins(matching: line.modules)
        if targets.isEmpty {
            // What a plugin that could not be loaded would have taken is not known.
            if alternatives(modules).contains(where: loader.failed.contains) { return }
            let near = Suggestion.nearest(to: modules, in: loader.plugins.map(\.name))
            return diagnostics.error(
                "no loaded plugin is called \"\(modules)\"", at: line.modules.place,
                help: near.map { "did you mean \"\($0)\"?" }
                    ?? "put loadmodule \"\(modules).so\" above this line")
        }
        for plugin in targets {
            let errors = diagnostics.count(.error)
            set(line, of: plugin)
            if diagnostics.count(.error) > errors { plugin.isBroken = true }
        }
    }

    private func plugins(matching modules: Placed<Text>) -> [Plugin] {
        let chosen = ModuleNames(modules.value.string).chosen(from: loader.plugins.map(\.name))
        return loader.plugins.filter { chosen.contains($0.name) }
    }

    private func alternatives(_ modules: String) -> [String] {
        modules.split(whereSeparator: { "|()".contains($0) }).map(String.init)
    }

    private func set(_ line: ModuleParameter, of plugin: Plugin) {
        let name = line.name.value.string
        guard let index = plugin.table.parameters.firstIndex(where: { $0.name == name }) else {
            let near = Suggestion.nearest(to: name, in: plugin.table.parameters.map(\.name))
            let known = plugin.table.parameters.map(\.name).joined(separator: ", ")
            return diagnostics.error(
                "\(plugin.name) has no parameter \"\(name)\"", at: line.name.place,
                help: near.map { "did you mean \"\($0)\"?" }
                    ?? (known.isEmpty ? "it has none at all; take the line out" : "it has \(known)"))
        }
        let field = plugin.table.parameters[index]
        plugin.isSet[index] = true
        guard let value = converted(line.value, field, of: plugin) else { return }
        if field.has(MT_MANY) {
            append(value, to: plugin.values + index)
        } else {
            plugin.values[index] = value
        }
    }

    func append(_ value: mt_value, to slot: UnsafeMutablePointer<mt_value>) {
        // Each line gets a new array; the old ones are few, small, and as long-lived as the process.
        let count = Int(slot.pointee.num)
        let all = UnsafeMutablePointer<mt_value>.allocate(capacity: count + 1)
        if count > 0, let old = slot.pointee.ptr?.assumingMemoryBound(to: mt_value.self) {
            all.update(from: old, count: count)
        }
        (all + count).initialize(to: value)
        slot.pointee.type = value.type
        slot.pointee.num = Int64(count + 1)
        slot.pointee.str = value.str
        slot.pointee.ptr = UnsafeMutableRawPointer(all)
    }
}
